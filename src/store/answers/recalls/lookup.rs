//! What is read of the imported file: its age, its vehicles, its campaigns.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CampaignId, KeptRecallFile, RecallFileInfo, RecallLookup, campaign_columns, has_details, merge,
    read_campaign,
};
use crate::domain::Error;
use crate::domain::facts::{Campaign, Doubts, RecallDoubt, RecallFacts};
use crate::reference::nhtsa_file::Part;
use crate::store::migration::has_table;
use crate::store::{Snapshot, failed};

/// What is said of a part that an earlier build imported.
const OLDER: &str = "an earlier build imported it without equipment campaigns: import it again";

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
            let whole = self.whole_recall_files()?;
            let mut held = self.db.prepare_cached(
                "SELECT part, name, imported_at, newest, rows, campaigns, vehicles, warnings, id
                 FROM recall_files ORDER BY part",
            )?;
            held.query_map([], |row| read_kept(row, &whole))?.collect::<rusqlite::Result<Vec<_>>>()
        };
        let held = read().map_err(failed("cannot list the recall file", &self.path))?;
        Ok(held.into_iter().flatten().collect())
    }

    /// The parts of which everything is held that an import keeps today.
    fn whole_recall_files(&self) -> rusqlite::Result<Vec<i64>> {
        if !has_table(self.db, "main", "recall_details")? {
            return Ok(Vec::new());
        }
        let mut whole = self
            .db
            .prepare_cached(concat!("SELECT id FROM recall_files WHERE ", has_details!()))?;
        whole.query_map([], |row| row.get(0))?.collect()
    }

    /// Whether an imported part was made of this very text, and all of it is held.
    pub fn holds_recall_text(&self, hash: &[u8; 32]) -> Result<bool, Error> {
        let read = || {
            let mut find = self.db.prepare_cached("SELECT id FROM recall_files WHERE hash = ?1")?;
            let ids = find.query_map([&hash[..]], |row| row.get(0))?;
            let ids = ids.collect::<rusqlite::Result<Vec<i64>>>()?;
            let whole = self.whole_recall_files()?;
            Ok(ids.iter().any(|id| whole.contains(id)))
        };
        read().map_err(failed("cannot look up the recall file", &self.path))
    }

    /// What looks up vehicles in the file; to be kept for all of them.
    pub fn recall_lookup(&self) -> Result<RecallLookup<'_>, Error> {
        let held = self.recall_files()?;
        RecallLookup::new(self, &held).map_err(failed("cannot look up the recall file", &self.path))
    }

    /// The campaigns of `ids`, each number once, ascending; and those of them that are in
    /// doubt.
    pub fn recall_campaigns(
        &self,
        ids: &[(CampaignId, Doubts)],
    ) -> Result<(RecallFacts, Option<RecallDoubt>), Error> {
        self.read_campaigns(ids).map_err(failed("cannot read a recall campaign", &self.path))
    }

    /// What the imported file tells of those of the campaigns `numbers` that it has.
    pub fn campaigns_of_file(
        &self,
        numbers: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Campaign>, Error> {
        let numbers = serde_json::json!(numbers).to_string();
        let read = || {
            let mut find = self.db.prepare_cached(
                "SELECT id FROM recall_campaigns WHERE number IN (SELECT value FROM json_each(?1))",
            )?;
            let ids =
                find.query_map([numbers], |row| Ok((CampaignId(row.get(0)?), Doubts::NONE)))?;
            self.read_campaigns(&ids.collect::<rusqlite::Result<Vec<_>>>()?)
        };
        let (facts, _) = read().map_err(failed("cannot read a recall campaign", &self.path))?;
        let by_number = |campaign: Campaign| (campaign.number.clone(), campaign);
        Ok(facts.campaigns.into_iter().map(by_number).collect())
    }

    /// A campaign may be in more than one part of the file.
    fn read_campaigns(
        &self,
        ids: &[(CampaignId, Doubts)],
    ) -> rusqlite::Result<(RecallFacts, Option<RecallDoubt>)> {
        let mut find = self.db.prepare_cached(concat!(
            "SELECT ",
            campaign_columns!(),
            " FROM recall_campaigns WHERE id = ?1"
        ))?;
        let mut campaigns: BTreeMap<String, (Campaign, Doubts)> = BTreeMap::new();
        for (id, doubts) in ids {
            let campaign = find.query_row([id.0], |row| read_campaign(row, 0))?;
            match campaigns.get_mut(&campaign.number) {
                Some((known, of)) => {
                    merge(known, &campaign);
                    *of = of.or(*doubts);
                }
                None => _ = campaigns.insert(campaign.number.clone(), (campaign, *doubts)),
            }
        }
        Ok(RecallDoubt::apart(campaigns))
    }
}

/// `None` for a part that this program does not know.
fn read_kept(row: &rusqlite::Row<'_>, whole: &[i64]) -> rusqlite::Result<Option<KeptRecallFile>> {
    let Some(part) = Part::from_name(row.get_ref(0)?.as_str()?) else { return Ok(None) };
    let count = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
    let warnings: String = row.get(7)?;
    let mut warnings: Vec<String> = serde_json::from_str(&warnings).unwrap_or_default();
    if !whole.contains(&row.get(8)?) {
        warnings.push(OLDER.to_owned());
    }
    Ok(Some(KeptRecallFile {
        part,
        name: row.get(1)?,
        imported_at: row.get(2)?,
        newest: row.get(3)?,
        rows: count(4)?,
        campaigns: count(5)?,
        vehicles: count(6)?,
        warnings,
    }))
}
