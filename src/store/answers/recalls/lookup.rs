//! What is read of the imported file: its age, its vehicles, its campaigns.

use std::collections::BTreeMap;

use super::{
    CampaignId, KeptRecallFile, RecallFileInfo, RecallLookup, RecallMatch, campaign_columns, merge,
    read_campaign,
};
use crate::domain::facts::{Campaign, RecallFacts};
use crate::domain::{Error, Vehicle};
use crate::reference::nhtsa_file::Part;
use crate::store::{Snapshot, failed};

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
    pub fn recall_files(&self) -> Result<Vec<KeptRecallFile>, Error> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT part, name, imported_at, newest, rows, campaigns, vehicles, warnings
                     FROM recall_files ORDER BY part",
                )?
                .query_map([], read_kept)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let held = read().map_err(failed("cannot list the recall file", &self.path))?;
        Ok(held.into_iter().flatten().collect())
    }

    /// What looks up vehicles in the file; to be kept for all of them.
    pub fn recall_lookup(&self) -> Result<RecallLookup<'_>, Error> {
        let held = self.recall_files()?;
        RecallLookup::new(self, &held).map_err(failed("cannot look up the recall file", &self.path))
    }

    /// What the file knows of one vehicle.
    pub fn recall_match(&self, vehicle: &Vehicle) -> Result<RecallMatch, Error> {
        self.recall_lookup()?.find(vehicle)
    }

    /// Calls `take` with what the file knows of each of `vehicles`; each comes with
    /// a mark that is handed back.
    pub fn each_recall_match(
        &self,
        vehicles: impl IntoIterator<Item = (u32, Vehicle)>,
        mut take: impl FnMut(u32, RecallMatch),
    ) -> Result<(), Error> {
        let mut filer = self.recall_lookup()?;
        for (mark, vehicle) in vehicles {
            take(mark, filer.find(&vehicle)?);
        }
        Ok(())
    }

    /// The campaigns of `ids`, each number once, ascending.
    pub fn recall_campaigns(&self, ids: &[CampaignId]) -> Result<RecallFacts, Error> {
        self.read_campaigns(ids).map_err(failed("cannot read a recall campaign", &self.path))
    }

    /// A campaign may be in more than one part of the file.
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

/// `None` for a part that this program does not know.
fn read_kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<KeptRecallFile>> {
    let Some(part) = Part::from_name(row.get_ref(0)?.as_str()?) else { return Ok(None) };
    let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
    let warnings: String = row.get(7)?;
    Ok(Some(KeptRecallFile {
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
