//! Importing a recall file.
//!
//! Rows wait in a temporary database of the connection's own, which no other
//! process sees. Only a file that was good to its last line is copied
//! into the store, in one transaction: a kill or a bad line leaves the edition
//! before it as it was.

use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    UNKNOWN_YEAR, campaign_columns, detail_columns, has_details, merge, merge_details,
    read_campaign, read_details,
};
use crate::domain::facts::{Campaign, Days, day, day_of};
use crate::domain::numbers::thousands;
use crate::domain::{Error, Timestamp};
use crate::matching::bare;
use crate::reference::nhtsa_file::{self, Details, Edition, Part, Record};
use crate::store::run_locks::InUse;
use crate::store::{StoreSpec, failed, open};

/// Model names remembered, so that a row need not look its own up.
const REMEMBERED: usize = 1 << 16;

/// A part that has less than this share of the rows of the edition before it,
/// in percent, is not a newer edition: NHTSA's file only grows.
const SHRUNK: u64 = 90;

/// Where rows wait: as the tables of the store, with ids from 1.
const STAGING: &str = "
    PRAGMA temp_store = FILE;
    CREATE TEMP TABLE staged_campaigns (
        id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, component TEXT, summary TEXT,
        consequence TEXT, remedy TEXT, manufacturer TEXT, park_it INTEGER, park_outside INTEGER,
        reported_on INTEGER
    ) STRICT;
    CREATE TEMP TABLE staged_details (
        campaign INTEGER PRIMARY KEY, maker_number TEXT, units_affected INTEGER,
        built_from INTEGER, built_to INTEGER, owners_notified_on INTEGER, entered_on INTEGER,
        notes TEXT
    ) STRICT;
    CREATE TEMP TABLE staged_models (
        id INTEGER PRIMARY KEY, make TEXT NOT NULL, model TEXT NOT NULL, UNIQUE (make, model)
    ) STRICT;
    CREATE TEMP TABLE staged_vehicles (
        model INTEGER NOT NULL, year INTEGER NOT NULL, campaign INTEGER NOT NULL,
        PRIMARY KEY (model, year, campaign)
    ) STRICT, WITHOUT ROWID;
    BEGIN;";

/// What the file alone tells of a campaign. Stores of schema 4 from before it was kept
/// lack the table, so an import makes it.
const DETAILS: &str = "
    CREATE TABLE IF NOT EXISTS recall_details (
        campaign           INTEGER PRIMARY KEY REFERENCES recall_campaigns (id),
        maker_number       TEXT,
        units_affected     INTEGER,
        built_from         INTEGER,
        built_to           INTEGER,
        owners_notified_on INTEGER,
        entered_on         INTEGER,
        notes              TEXT
    ) STRICT;";

/// What an import did.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What the file is.
    pub edition: Edition,
    /// Distinct campaigns in it.
    pub campaigns: u64,
    /// Distinct makes, models and years in it.
    pub vehicles: u64,
    /// Whether the store held this very text already, and was left as it was.
    pub unchanged: bool,
}

/// Imports the file at `path` in place of the edition before it, which must
/// not be newer or much larger unless `replace` says so. `progress` is called
/// with the rows so far.
pub fn import_recall_file(
    spec: &StoreSpec<'_>,
    path: &Path,
    replace: bool,
    now: Timestamp,
    mut progress: impl FnMut(u64),
) -> Result<Imported, Error> {
    let mut import = Import::begin(spec)?;
    let mut rows = 0;
    let edition = nhtsa_file::read(path, |record| {
        rows += 1;
        progress(rows);
        import.add(record)
    })?;
    if !replace && let Some(doubt) = import.doubt(&edition)? {
        return Err(Error::bad_input(path, doubt)
            .hint("nothing was imported; add `--replace` to import it all the same"));
    }
    import.commit(edition, now)
}

/// A file on its way into the store.
pub(in crate::store) struct Import<'a> {
    spec: &'a StoreSpec<'a>,
    db: Connection,
    /// The campaign of the last row, and its row of `staged_campaigns`.
    campaign: Option<(i64, Known)>,
    /// What the last row said of it; rows mostly say the same.
    said: Option<(Arc<Campaign>, Arc<Details>)>,
    /// Whether that row does not say yet what the campaign says.
    is_dirty: bool,
    models: HashMap<(String, String), i64>,
    _in_use: InUse,
}

/// What the rows so far said of a campaign.
struct Known {
    campaign: Campaign,
    details: Details,
}

impl Known {
    /// Adds what another row says; true if that was news.
    fn add(&mut self, campaign: &Campaign, details: &Details) -> bool {
        merge(&mut self.campaign, campaign) | merge_details(&mut self.details, details)
    }
}

impl<'a> Import<'a> {
    /// Makes sure that there is a store, and a place for rows to wait.
    pub(in crate::store) fn begin(spec: &'a StoreSpec<'a>) -> Result<Self, Error> {
        let in_use = open::ensure(spec)?;
        let db = open::connect_writer(spec.path, spec.durability)?;
        db.execute_batch(STAGING).map_err(failed("cannot stage the recall file", spec.path))?;
        Ok(Self {
            spec,
            db,
            campaign: None,
            said: None,
            is_dirty: false,
            models: HashMap::new(),
            _in_use: in_use,
        })
    }

    /// Takes one row.
    pub(in crate::store) fn add(&mut self, record: &Record) -> Result<(), Error> {
        self.stage(record).map_err(failed("cannot stage the recall file", self.spec.path))
    }

    /// Why an edition cannot be the next one of its part.
    pub(in crate::store) fn doubt(&self, edition: &Edition) -> Result<Option<String>, Error> {
        let held: Option<(i64, Option<Days>)> = self
            .db
            .query_row(
                "SELECT rows, newest FROM recall_files WHERE part = ?1",
                [edition.part.name()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(failed("cannot look up the recall file", self.spec.path))?;
        let Some((rows, newest)) = held else { return Ok(None) };
        let rows = rows.unsigned_abs();
        let name = |days: Option<Days>| days.and_then(day).unwrap_or_else(|| "no day".into());
        Ok(if edition.rows * 100 < rows * SHRUNK {
            Some(format!(
                "it has {} rows, the edition that the store holds has {}: it may be cut off",
                thousands(edition.rows),
                thousands(rows)
            ))
        } else if edition.newest < newest {
            Some(format!(
                "it goes up to {}, the edition that the store holds up to {}",
                name(edition.newest),
                name(newest)
            ))
        } else {
            None
        })
    }

    /// Replaces what the store holds of this part by what was added.
    pub(in crate::store) fn commit(
        mut self,
        edition: Edition,
        now: Timestamp,
    ) -> Result<Imported, Error> {
        self.put_campaign()
            .and_then(|()| self.db.execute_batch("COMMIT; BEGIN IMMEDIATE"))
            .and_then(|()| self.db.execute_batch(DETAILS))
            .and_then(|()| self.replace(edition, now))
            .and_then(|imported| self.db.execute_batch("COMMIT").map(|()| imported))
            .map_err(failed("cannot keep the recall file", self.spec.path))
    }

    fn stage(&mut self, record: &Record) -> rusqlite::Result<()> {
        let campaign = self.campaign(&record.campaign, &record.details)?;
        let model = self.model(&record.make, &record.model)?;
        self.db
            .prepare_cached("INSERT OR IGNORE INTO staged_vehicles VALUES (?1, ?2, ?3)")?
            .execute((model, record.year.unwrap_or(UNKNOWN_YEAR), campaign))?;
        Ok(())
    }

    /// The row of a campaign, which says all that its rows so far said.
    fn campaign(&mut self, said: &Arc<Campaign>, details: &Arc<Details>) -> rusqlite::Result<i64> {
        if let (Some((id, _)), Some((last, last_details))) = (&self.campaign, &self.said)
            && Arc::ptr_eq(last, said)
            && Arc::ptr_eq(last_details, details)
        {
            return Ok(*id);
        }
        self.said = Some((Arc::clone(said), Arc::clone(details)));
        if self.campaign.as_ref().is_none_or(|(_, known)| known.campaign.number != said.number) {
            self.put_campaign()?;
            self.campaign = self.staged_campaign(&said.number)?;
        }
        match &mut self.campaign {
            Some((id, known)) => {
                self.is_dirty |= known.add(said, details);
                Ok(*id)
            }
            none => {
                let known =
                    Known { campaign: Campaign::clone(said), details: Details::clone(details) };
                let id = put(&self.db, None, &known)?;
                *none = Some((id, known));
                Ok(id)
            }
        }
    }

    fn staged_campaign(&self, number: &str) -> rusqlite::Result<Option<(i64, Known)>> {
        let mut find = self.db.prepare_cached(concat!(
            "SELECT id, ",
            campaign_columns!(),
            ", ",
            detail_columns!(),
            " FROM staged_campaigns JOIN staged_details ON campaign = id WHERE number = ?1"
        ))?;
        let known = find.query_row([number], |row| {
            let known = Known { campaign: read_campaign(row, 1)?, details: read_details(row, 10)? };
            Ok((row.get(0)?, known))
        });
        known.optional()
    }

    fn put_campaign(&mut self) -> rusqlite::Result<()> {
        if let Some((id, known)) = &self.campaign
            && std::mem::take(&mut self.is_dirty)
        {
            put(&self.db, Some(*id), known)?;
        }
        Ok(())
    }

    fn model(&mut self, make: &str, model: &str) -> rusqlite::Result<i64> {
        let name = (bare(make), model.to_owned());
        if let Some(id) = self.models.get(&name) {
            return Ok(*id);
        }
        self.db
            .prepare_cached("INSERT OR IGNORE INTO staged_models (make, model) VALUES (?1, ?2)")?
            .execute((&name.0, &name.1))?;
        let id = self
            .db
            .prepare_cached("SELECT id FROM staged_models WHERE make = ?1 AND model = ?2")?
            .query_row((&name.0, &name.1), |row| row.get(0))?;
        if self.models.len() >= REMEMBERED {
            self.models.clear();
        }
        self.models.insert(name, id);
        Ok(id)
    }

    fn replace(&self, mut edition: Edition, now: Timestamp) -> rusqlite::Result<Imported> {
        let count = |sql: &str| self.db.query_row(sql, [], |row| row.get(0)).map(i64::unsigned_abs);
        let campaigns = count("SELECT count(*) FROM staged_campaigns")?;
        let vehicles = count(&format!(
            "SELECT count(*) FROM
                 (SELECT DISTINCT model, year FROM staged_vehicles WHERE year <> {UNKNOWN_YEAR})"
        ))?;
        // A row may name a day to come by a slip; the file cannot know it.
        let today = day_of(now);
        edition.newest = edition.newest.map(|day| day.min(today));
        // What an earlier build imported lacks what this one keeps of the same text.
        let held: Option<Vec<u8>> = self
            .db
            .query_row(
                concat!("SELECT hash FROM recall_files WHERE part = ?1 AND ", has_details!()),
                [edition.part.name()],
                |row| row.get(0),
            )
            .optional()?;
        let unchanged = held.is_some_and(|hash| hash[..] == edition.hash);
        let imported = Imported { edition, campaigns, vehicles, unchanged };
        if !unchanged {
            drop_part(&self.db, imported.edition.part)?;
            let file = insert_file(&self.db, &imported, now)?;
            copy(&self.db, file)?;
        }
        Ok(imported)
    }
}

/// Writes a staged campaign; gives its row.
fn put(db: &Connection, id: Option<i64>, known: &Known) -> rusqlite::Result<i64> {
    let Known { campaign, details } = known;
    let mut insert = db.prepare_cached(concat!(
        "INSERT OR REPLACE INTO staged_campaigns (",
        campaign_columns!(),
        ", id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    ))?;
    let id = insert.insert(params![
        campaign.number,
        campaign.component,
        campaign.summary,
        campaign.consequence,
        campaign.remedy,
        campaign.manufacturer,
        campaign.park_it,
        campaign.park_outside,
        campaign.reported_on,
        id,
    ])?;
    let mut insert = db.prepare_cached(concat!(
        "INSERT OR REPLACE INTO staged_details (",
        detail_columns!(),
        ", campaign) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    ))?;
    insert.execute(params![
        details.maker_number,
        details.units_affected,
        details.built_from,
        details.built_to,
        details.owners_notified_on,
        details.entered_on,
        details.notes,
        id,
    ])?;
    Ok(id)
}

/// Removes the edition that a new one replaces. The whole file replaces both its parts.
fn drop_part(db: &Connection, part: Part) -> rusqlite::Result<()> {
    let mut find = db.prepare("SELECT id, part FROM recall_files")?;
    let held = find
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (file, _) in held.iter().filter(|(_, held)| part == Part::Whole || held == part.name()) {
        db.execute(
            "DELETE FROM recall_vehicles
             WHERE model IN (SELECT id FROM recall_models WHERE file = ?1)",
            [file],
        )?;
        db.execute("DELETE FROM recall_models WHERE file = ?1", [file])?;
        db.execute(
            "DELETE FROM recall_details
             WHERE campaign IN (SELECT id FROM recall_campaigns WHERE file = ?1)",
            [file],
        )?;
        db.execute("DELETE FROM recall_campaigns WHERE file = ?1", [file])?;
        db.execute("DELETE FROM recall_files WHERE id = ?1", [file])?;
    }
    Ok(())
}

fn insert_file(db: &Connection, imported: &Imported, now: Timestamp) -> rusqlite::Result<i64> {
    let Imported { edition, campaigns, vehicles, .. } = imported;
    let warnings = serde_json::Value::from(edition.warnings.clone()).to_string();
    let [rows, campaigns, vehicles] = [edition.rows, *campaigns, *vehicles].map(u64::cast_signed);
    db.prepare(
        "INSERT INTO recall_files
             (part, name, hash, imported_at, newest, rows, campaigns, vehicles, warnings)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .insert(params![
        edition.part.name(),
        edition.name,
        &edition.hash[..],
        now,
        edition.newest,
        rows,
        campaigns,
        vehicles,
        warnings,
    ])
}

/// Copies what was staged, with ids that follow those of the other part.
fn copy(db: &Connection, file: i64) -> rusqlite::Result<()> {
    let last = |table| {
        db.query_row(&format!("SELECT coalesce(max(id), 0) FROM {table}"), [], |row| {
            row.get::<_, i64>(0)
        })
    };
    let (campaigns, models) = (last("recall_campaigns")?, last("recall_models")?);
    db.execute(
        concat!(
            "INSERT INTO recall_campaigns (id, file, ",
            campaign_columns!(),
            ") SELECT id + ?1, ?2, ",
            campaign_columns!(),
            " FROM staged_campaigns ORDER BY id"
        ),
        (campaigns, file),
    )?;
    db.execute(
        concat!(
            "INSERT INTO recall_details (campaign, ",
            detail_columns!(),
            ") SELECT campaign + ?1, ",
            detail_columns!(),
            " FROM staged_details ORDER BY campaign"
        ),
        [campaigns],
    )?;
    db.execute(
        "INSERT INTO recall_models (make, model, file, id)
         SELECT make, model, ?1, id + ?2 FROM staged_models ORDER BY make, model",
        (file, models),
    )?;
    db.execute(
        "INSERT INTO recall_vehicles (model, year, campaign)
         SELECT model + ?1, year, campaign + ?2 FROM staged_vehicles ORDER BY model, year, campaign",
        (models, campaigns),
    )?;
    Ok(())
}
