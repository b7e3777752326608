//! Looking up many vehicles: what the file calls the models of a make is read
//! and folded once, and so is what it says of each name.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use hashbrown::HashMap;
use rusqlite::CachedStatement;

use super::{CampaignId, KeptRecallFile, RecallMatch, UNKNOWN_YEAR};
use crate::domain::facts::day_of;
use crate::domain::{Error, Vehicle};
use crate::matching::{bare, beginnings};
use crate::reference::nhtsa_file::Part;
use crate::store::{Snapshot, failed};

/// Cars of this model year and later are in no report from before 2010: a model
/// year begins on 2 January of the year before at the earliest (40 CFR
/// 85.2304).
const FIRST_YEAR_AFTER_SPLIT: i32 = 2011;

/// A name that the file uses in years this near is the one that it would use: a
/// longer one means another car (Mustang and Mustang Mach-E).
const NEAR: u32 = 2;

/// Finds what the file says about one vehicle after another. Holds no more than
/// the names in the file, and the numbers of the campaigns of those asked about.
pub struct RecallLookup<'s> {
    path: &'s Path,
    models_of: CachedStatement<'s>,
    vehicles_of: CachedStatement<'s>,
    covered: RangeInclusive<i32>,
    /// The makes asked about that the file knows, by their folded names.
    makes: HashMap<String, Make>,
}

impl<'s> RecallLookup<'s> {
    pub(in crate::store) fn new(
        snapshot: &'s Snapshot<'_>,
        held: &[KeptRecallFile],
    ) -> rusqlite::Result<Self> {
        let db = snapshot.db;
        Ok(Self {
            path: &snapshot.path,
            models_of: db.prepare_cached("SELECT model, id FROM recall_models WHERE make = ?1")?,
            vehicles_of: db
                .prepare_cached("SELECT year, campaign FROM recall_vehicles WHERE model = ?1")?,
            covered: covered_years(held),
            makes: HashMap::new(),
        })
    }

    /// What the file knows of one vehicle.
    pub fn find(&mut self, vehicle: &Vehicle) -> Result<RecallMatch, Error> {
        self.look_up(vehicle).map_err(failed("cannot look up the recall file", self.path))
    }

    fn look_up(&mut self, vehicle: &Vehicle) -> rusqlite::Result<RecallMatch> {
        let folded = bare(&vehicle.make);
        if !self.makes.contains_key(&folded) {
            let make = Make::read(&mut self.models_of, &folded)?;
            // Only what is in the file is kept, so that no input makes this grow.
            if make.names.is_empty() {
                return Ok(RecallMatch::UnknownName);
            }
            self.makes.insert(folded.clone(), make);
        }
        let Some(make) = self.makes.get_mut(&folded) else { return Ok(RecallMatch::UnknownName) };
        let asked = bare(&vehicle.model);
        let places = make.places(&vehicle.model, &asked);
        for &place in &places {
            make.names[place].read(&mut self.vehicles_of)?;
        }
        let names: Vec<&Name> = places.into_iter().map(|place| &make.names[place]).collect();
        Ok(find_among(&names, vehicle, &asked, &self.covered))
    }
}

/// What is known of a vehicle by `names`, all those that may mean its model.
fn find_among(
    names: &[&Name],
    vehicle: &Vehicle,
    asked: &str,
    covered: &RangeInclusive<i32>,
) -> RecallMatch {
    let year = vehicle.year;
    if let Some(exact) = names.iter().find(|name| name.text == vehicle.model)
        && let campaigns @ [_, ..] = &exact.campaigns(year).collect::<Vec<_>>()[..]
    {
        return RecallMatch::Found(campaigns.to_vec());
    }
    let same = || names.iter().copied().filter(|name| name.bare == asked);
    let is_named_so = same().any(|name| name.is_used_near(year));
    let counted: Vec<&Name> = if is_named_so { same().collect() } else { names.to_vec() };

    let named: Vec<&Name> =
        counted.iter().copied().filter(|name| name.campaigns(year).next().is_some()).collect();
    if !named.is_empty() {
        let mut campaigns: Vec<CampaignId> =
            named.iter().flat_map(|name| name.campaigns(year)).collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        let names = named.iter().map(|name| name.text.clone()).collect();
        return RecallMatch::Variants { names, campaigns };
    }
    if same().next().is_none() {
        RecallMatch::UnknownName
    } else if counted.iter().any(|name| name.has_unknown_year) {
        RecallMatch::UnknownYear
    } else if !covered.contains(&year) {
        RecallMatch::Uncovered
    } else {
        RecallMatch::Zero
    }
}

/// What the file calls the models of a make.
struct Make {
    /// Ascending.
    names: Vec<Name>,
    /// Places in `names`, by the name.
    by_name: HashMap<String, usize>,
    /// Places in `names`, by the first words of the name: folded, one, two … all.
    by_beginning: HashMap<String, Vec<usize>>,
}

impl Make {
    fn read(models_of: &mut CachedStatement<'_>, folded: &str) -> rusqlite::Result<Self> {
        let mut rows: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut found = models_of.query([folded])?;
        while let Some(row) = found.next()? {
            rows.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let mut make =
            Self { names: Vec::new(), by_name: HashMap::new(), by_beginning: HashMap::new() };
        for (name, rows) in rows {
            make.add(name, rows);
        }
        Ok(make)
    }

    fn add(&mut self, name: String, rows: Vec<i64>) {
        let place = self.names.len();
        for beginning in beginnings(&name).filter(|beginning| !beginning.is_empty()) {
            let places = self.by_beginning.entry(beginning).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        self.by_name.insert(name.clone(), place);
        self.names.push(Name {
            bare: bare(&name),
            text: name,
            rows,
            is_read: false,
            by_year: Vec::new(),
            has_unknown_year: false,
        });
    }

    /// The places of the names that may mean `model`, which is `asked` when folded.
    fn places(&self, model: &str, asked: &str) -> Vec<usize> {
        match self.by_beginning.get(asked) {
            Some(places) => places.clone(),
            // A name without letters and digits has no variants.
            None => self.by_name.get(model).copied().into_iter().collect(),
        }
    }
}

/// One name of a model.
struct Name {
    text: String,
    bare: String,
    /// Its rows of `recall_models`, one a part.
    rows: Vec<i64>,
    is_read: bool,
    /// The campaigns that name it, by year; distinct and in order.
    by_year: Vec<(i32, CampaignId)>,
    /// Whether some campaign names it without a year.
    has_unknown_year: bool,
}

impl Name {
    /// Reads what the file says of it, once.
    fn read(&mut self, vehicles_of: &mut CachedStatement<'_>) -> rusqlite::Result<()> {
        if std::mem::replace(&mut self.is_read, true) {
            return Ok(());
        }
        for model in &self.rows {
            let mut found = vehicles_of.query([model])?;
            while let Some(row) = found.next()? {
                match row.get(0)? {
                    UNKNOWN_YEAR => self.has_unknown_year = true,
                    year => self.by_year.push((year, CampaignId(row.get(1)?))),
                }
            }
        }
        self.by_year.sort_unstable();
        self.by_year.dedup();
        Ok(())
    }

    fn campaigns(&self, year: i32) -> impl Iterator<Item = CampaignId> {
        let first = self.by_year.partition_point(|(of, _)| *of < year);
        let of_year = self.by_year[first..].iter().take_while(move |(of, _)| *of == year);
        of_year.map(|(_, campaign)| *campaign)
    }

    fn is_used_near(&self, year: i32) -> bool {
        self.by_year.iter().any(|(of, _)| of.abs_diff(year) <= NEAR)
    }
}

/// The model years of which the parts that are held have every campaign so far.
/// Cars of the year after next are not built yet when an edition ends.
fn covered_years(held: &[KeptRecallFile]) -> RangeInclusive<i32> {
    let has = |part| held.iter().any(|file| file.part == part);
    let first = if has(Part::Whole) || (has(Part::Pre2010) && has(Part::Post2010)) {
        i32::MIN
    } else if has(Part::Post2010) {
        FIRST_YEAR_AFTER_SPLIT
    } else {
        i32::MAX
    };
    first..=held.iter().map(last_year).max().unwrap_or(i32::MIN)
}

/// An edition that names no day ends on the day of its import at the latest.
fn last_year(file: &KeptRecallFile) -> i32 {
    let days = file.newest.unwrap_or_else(|| day_of(file.imported_at));
    let span = jiff::Span::new().try_days(i64::from(days));
    let day = span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span));
    day.map_or(i32::MIN, |day| i32::from(day.year()) + 1)
}
