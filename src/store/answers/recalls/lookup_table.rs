//! Looking up many vehicles: what the file calls the models of a make is read
//! and folded once, and so is what it says of each name.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use hashbrown::HashMap;
use rusqlite::CachedStatement;

use super::{CampaignId, KeptRecallFile, RecallMatch, RecallsFound, UNKNOWN_YEAR};
use crate::domain::facts::{Doubts, day_of};
use crate::domain::{Error, Vehicle};
use crate::matching::aliases::other_make;
use crate::matching::bare;
use crate::matching::candidates::{Asked, Candidate, List};
use crate::matching::descriptor::Descriptor;
use crate::reference::nhtsa_file::Part;
use crate::store::{Snapshot, failed};

/// Cars of this model year and later are in no report from before 2010: a model
/// year begins on 2 January of the year before at the earliest (40 CFR
/// 85.2304).
const FIRST_YEAR_AFTER_SPLIT: i32 = 2011;

/// A name that the file uses in years this near is the one that it would use: one with
/// a word more means another car (Mustang and Mustang Mach-E).
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

    /// What the file knows of a version of a vehicle.
    pub(crate) fn find(
        &mut self,
        vehicle: &Vehicle,
        version: &Descriptor,
    ) -> Result<RecallMatch, Error> {
        let Vehicle { make, model, year } = vehicle;
        let other = other_make(make, model, *year);
        let other = other.as_ref().map(|other| (other.make.as_str(), other.model.as_str()));
        let mut found = FoundSoFar::default();
        for (make, model) in [Some((make.as_str(), model.as_str())), other].into_iter().flatten() {
            let asked = Asked::new(make, model, version);
            self.look_up(make, &asked, *year, &mut found)
                .map_err(failed("cannot look up the recall file", self.path))?;
        }
        Ok(found.conclude(vehicle, &self.covered))
    }

    fn look_up(
        &mut self,
        make_name: &str,
        asked: &Asked<'_>,
        year: i32,
        found: &mut FoundSoFar,
    ) -> rusqlite::Result<()> {
        let folded = bare(make_name);
        if !self.makes.contains_key(&folded) {
            let make = Make::read(&mut self.models_of, make_name, &folded)?;
            // Only what is in the file is kept, so that no input makes this grow.
            if make.names.is_empty() {
                return Ok(());
            }
            self.makes.insert(folded.clone(), make);
        }
        let Some(make) = self.makes.get_mut(&folded) else { return Ok(()) };
        for place in make.list.beginning_as(asked) {
            make.names[place].read(&mut self.vehicles_of)?;
        }
        let Make { list, names } = make;
        for Candidate { place, doubts, .. } in
            list.candidates(asked, |place| names[place].is_used_near(year))
        {
            found.add(make_name, &names[place], doubts, year);
        }
        Ok(())
    }
}

/// What names that a vehicle may bear say, as they are found.
#[derive(Default)]
struct FoundSoFar {
    /// Each with its make.
    names: Vec<(String, String)>,
    campaigns: BTreeMap<CampaignId, Doubts>,
    /// Whether it surely bears one of the names.
    is_known: bool,
    has_unknown_year: bool,
}

impl FoundSoFar {
    fn add(&mut self, make: &str, name: &Name, doubts: Doubts, year: i32) {
        self.is_known |= doubts.is_empty();
        self.has_unknown_year |= doubts.is_empty() && name.has_unknown_year;
        let mut is_used = false;
        for campaign in name.campaigns(year) {
            is_used = true;
            let known = self.campaigns.entry(campaign).or_insert(doubts);
            // What a name tells without a doubt is not in doubt.
            *known = known.or(doubts);
        }
        if is_used {
            self.names.push((make.to_owned(), name.text.clone()));
        }
    }

    fn conclude(self, vehicle: &Vehicle, covered: &RangeInclusive<i32>) -> RecallMatch {
        let Self { mut names, campaigns, is_known, has_unknown_year } = self;
        if !campaigns.is_empty() {
            names.sort_unstable();
            names.dedup();
            let is_exact = matches!(&names[..], [(make, name)] if *make == vehicle.make && *name == vehicle.model);
            let names = names.into_iter().map(|(_, name)| name).collect();
            let campaigns = campaigns.into_iter().collect();
            RecallMatch::Found(RecallsFound { names, campaigns, is_exact })
        } else if !is_known {
            RecallMatch::UnknownName
        } else if has_unknown_year {
            RecallMatch::UnknownYear
        } else if !covered.contains(&vehicle.year) {
            RecallMatch::Uncovered
        } else {
            RecallMatch::Zero
        }
    }
}

/// What the file calls the models of a make.
struct Make {
    /// Ascending.
    names: Vec<Name>,
    /// The same, taken apart.
    list: List,
}

impl Make {
    fn read(
        models_of: &mut CachedStatement<'_>,
        name: &str,
        folded: &str,
    ) -> rusqlite::Result<Self> {
        let mut rows: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut found = models_of.query([folded])?;
        while let Some(row) = found.next()? {
            rows.entry(row.get(0)?).or_default().push(row.get(1)?);
        }
        let mut list = List::default();
        let entry = |(text, rows): (String, Vec<i64>)| {
            list.add(name, &text);
            Name { text, rows, is_read: false, by_year: Vec::new(), has_unknown_year: false }
        };
        Ok(Self { names: rows.into_iter().map(entry).collect(), list })
    }
}

/// One name of a model.
struct Name {
    text: String,
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
