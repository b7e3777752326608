//! What the imported file knows of a vehicle.

use std::collections::BTreeMap;

use rusqlite::CachedStatement;

use super::{
    CampaignId, Filed, HeldRecallFile, RecallFileInfo, campaign_columns, merge, read_campaign,
};
use crate::error::Error;
use crate::facts::{Campaign, RecallFacts};
use crate::key::Vehicle;
use crate::names::{bare, variants};
use crate::recall_file::Part;
use crate::store::{Snapshot, failed};

/// Cars of this model year and later are in no report from before 2010: a model
/// year begins on 2 January of the year before at the earliest (40 CFR
/// 85.2304).
const FIRST_YEAR_AFTER_SPLIT: i32 = 2011;

impl Snapshot<'_> {
    /// Whether any part of the file was imported.
    pub fn has_recall_file(&self) -> Result<bool, Error> {
        self.db
            .query_row("SELECT EXISTS (SELECT 1 FROM recall_files)", [], |row| row.get(0))
            .map_err(failed("cannot look for the recall file", &self.path))
    }

    /// How old the imported file is; `None` where there is none.
    pub fn recall_file(&self) -> Result<Option<RecallFileInfo>, Error> {
        let held = self.recall_files()?;
        let growing = held.iter().filter(|file| file.part != Part::Pre2010);
        let imported_at = growing.map(|file| file.imported_at).min();
        let imported_at = imported_at.or_else(|| held.iter().map(|file| file.imported_at).min());
        let data_as_of = held.iter().filter_map(|file| file.newest).max();
        Ok(imported_at.map(|imported_at| RecallFileInfo { imported_at, data_as_of }))
    }

    /// The parts that were imported.
    pub fn recall_files(&self) -> Result<Vec<HeldRecallFile>, Error> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT part, name, imported_at, newest, rows, campaigns, vehicles, warnings
                     FROM recall_files ORDER BY part",
                )?
                .query_map([], read_held)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let held = read().map_err(failed("cannot list the recall file", &self.path))?;
        Ok(held.into_iter().flatten().collect())
    }

    /// What the file knows of one vehicle.
    pub fn filed(&self, vehicle: &Vehicle) -> Result<Filed, Error> {
        let mut found = Filed::UnknownName;
        self.each_filed([(0, vehicle.clone())], |_, filed| found = filed)?;
        Ok(found)
    }

    /// Calls `take` with what the file knows of each of `vehicles`; each comes with
    /// a mark that is handed back. Quickest when they are sorted.
    pub fn each_filed(
        &self,
        vehicles: impl IntoIterator<Item = (u32, Vehicle)>,
        mut take: impl FnMut(u32, Filed),
    ) -> Result<(), Error> {
        let failed = failed("cannot look up the recall file", &self.path);
        let parts: Vec<Part> = self.recall_files()?.iter().map(|held| held.part).collect();
        let mut finder = Finder::new(self, &parts).map_err(&failed)?;
        for (mark, vehicle) in vehicles {
            take(mark, finder.find(&vehicle).map_err(&failed)?);
        }
        Ok(())
    }

    /// The campaigns of `ids`, each number once, ascending.
    pub fn filed_campaigns(&self, ids: &[CampaignId]) -> Result<RecallFacts, Error> {
        self.read_campaigns(ids).map_err(failed("cannot read a recall campaign", &self.path))
    }

    /// A campaign may stand in more than one part of the file.
    fn read_campaigns(&self, ids: &[CampaignId]) -> rusqlite::Result<RecallFacts> {
        let mut find = self.db.prepare_cached(concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM recall_campaigns WHERE id = ?1"
        ))?;
        let mut campaigns: BTreeMap<String, Campaign> = BTreeMap::new();
        for id in ids {
            let campaign = find.query_row([id.0], |row| read_campaign(row, 0))?;
            match campaigns.get_mut(&campaign.number) {
                Some(known) => _ = merge(known, &campaign),
                None => _ = campaigns.insert(campaign.number.clone(), campaign),
            }
        }
        Ok(RecallFacts { campaigns: campaigns.into_values().collect() })
    }
}

/// Looks up one vehicle after another; remembers the make and the model of the last.
struct Finder<'s> {
    models_of: CachedStatement<'s>,
    campaigns_of: CachedStatement<'s>,
    first_covered_year: i32,
    make: Option<Make>,
    model: Option<Model>,
}

/// What the file calls the models of a make.
struct Make {
    name: String,
    names: Vec<String>,
    /// The rows of `recall_models`, one a part, under each name.
    rows: BTreeMap<String, Vec<i64>>,
}

/// What the file calls one model.
struct Model {
    name: String,
    /// Under that very name.
    exact: Vec<i64>,
    /// Under other spellings.
    variants: Vec<(String, Vec<i64>)>,
    /// Whether the file means this model by one of these names for certain.
    is_known: bool,
}

impl<'s> Finder<'s> {
    fn new(snapshot: &'s Snapshot<'_>, parts: &[Part]) -> rusqlite::Result<Self> {
        let db = snapshot.db;
        Ok(Self {
            models_of: db.prepare_cached("SELECT model, id FROM recall_models WHERE make = ?1")?,
            campaigns_of: db.prepare_cached(
                "SELECT campaign FROM recall_vehicles WHERE model = ?1 AND year = ?2",
            )?,
            first_covered_year: first_covered_year(parts),
            make: None,
            model: None,
        })
    }

    fn find(&mut self, vehicle: &Vehicle) -> rusqlite::Result<Filed> {
        let model = self.model(vehicle)?;
        let filed = self.find_as(&model, vehicle.year);
        self.model = Some(model);
        filed
    }

    /// The model's names in the file: the last one's if it is the same.
    fn model(&mut self, vehicle: &Vehicle) -> rusqlite::Result<Model> {
        let is_same_make = self.make.as_ref().is_some_and(|make| make.name == vehicle.make);
        if let Some(model) = self.model.take()
            && is_same_make
            && model.name == vehicle.model
        {
            return Ok(model);
        }
        if let Some(make) = &self.make
            && is_same_make
        {
            return Ok(make.model(&vehicle.model));
        }
        let make = Make::read(&mut self.models_of, &vehicle.make)?;
        let model = make.model(&vehicle.model);
        self.make = Some(make);
        Ok(model)
    }

    fn find_as(&mut self, model: &Model, year: i32) -> rusqlite::Result<Filed> {
        let campaigns = self.campaigns(&model.exact, year)?;
        if !campaigns.is_empty() {
            return Ok(Filed::Found(campaigns));
        }
        let (mut names, mut campaigns) = (Vec::new(), Vec::new());
        for (name, rows) in &model.variants {
            let found = self.campaigns(rows, year)?;
            if !found.is_empty() {
                names.push(name.clone());
                campaigns.extend(found);
            }
        }
        campaigns.sort_unstable();
        campaigns.dedup();
        Ok(if !campaigns.is_empty() {
            Filed::Variants { names, campaigns }
        } else if !model.is_known {
            Filed::UnknownName
        } else if year < self.first_covered_year {
            Filed::Uncovered
        } else {
            Filed::Zero
        })
    }

    fn campaigns(&mut self, models: &[i64], year: i32) -> rusqlite::Result<Vec<CampaignId>> {
        let mut campaigns = Vec::new();
        for model in models {
            let found = self.campaigns_of.query_map((model, year), |row| row.get(0))?;
            for campaign in found {
                campaigns.push(CampaignId(campaign?));
            }
        }
        Ok(campaigns)
    }
}

impl Make {
    fn read(models_of: &mut CachedStatement<'_>, make: &str) -> rusqlite::Result<Self> {
        let mut rows: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut found = models_of.query([bare(make)])?;
        while let Some(row) = found.next()? {
            rows.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        Ok(Self { name: make.to_owned(), names: rows.keys().cloned().collect(), rows })
    }

    fn model(&self, model: &str) -> Model {
        let exact = self.rows.get(model).cloned().unwrap_or_default();
        let variants: Vec<(String, Vec<i64>)> = variants(model, &self.names)
            .into_iter()
            .map(|name| {
                let rows = self.rows.get(&name).cloned().unwrap_or_default();
                (name, rows)
            })
            .collect();
        let is_same = |(name, _): &(String, _)| bare(name) == bare(model);
        let is_known = !exact.is_empty() || variants.iter().any(is_same);
        Model { name: model.to_owned(), exact, variants, is_known }
    }
}

/// The first model year of which these parts hold every campaign.
fn first_covered_year(parts: &[Part]) -> i32 {
    let has = |part| parts.contains(&part);
    if has(Part::Whole) || (has(Part::Pre2010) && has(Part::Post2010)) {
        i32::MIN
    } else if has(Part::Post2010) {
        FIRST_YEAR_AFTER_SPLIT
    } else {
        i32::MAX
    }
}

/// `None` for a part that this program does not know.
fn read_held(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<HeldRecallFile>> {
    let Some(part) = Part::from_name(row.get_ref(0)?.as_str()?) else { return Ok(None) };
    let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
    let warnings: String = row.get(7)?;
    Ok(Some(HeldRecallFile {
        part,
        name: row.get(1)?,
        imported_at: row.get(2)?,
        newest: row.get(3)?,
        rows: count(4)?,
        campaigns: count(5)?,
        vehicles: count(6)?,
        warnings: serde_json::from_str(&warnings).unwrap_or_default(),
    }))
}
