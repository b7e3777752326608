//! The register: what people and makers say of campaigns on single vehicles. It never hides
//! a campaign; it adds who said that it is done.

use std::collections::{BTreeSet, HashMap};

use super::status_file::{self, StatusFile};
use crate::config::Settings;
use crate::domain::facts::{Days, campaign_number, day_of};
use crate::domain::{Error, Timestamp, Vin};
use crate::input::InputSpec;
use crate::store::{
    RecallStatus, StatusesKept, Store, StoreSpec, keep_recall_statuses, take_back_recall_status,
};

/// The register of a store.
#[derive(Debug)]
pub struct Register<'a> {
    /// Where the store is.
    pub settings: &'a Settings,
    /// The time.
    pub now: Timestamp,
}

/// What a person says of a campaign on one vehicle.
#[derive(Debug)]
pub struct Done<'a> {
    /// The vehicle.
    pub vin: Vin,
    /// NHTSA's number of the campaign, as typed.
    pub campaign: &'a str,
    /// When it was done.
    pub day: Option<Days>,
    /// What else there is to say.
    pub note: Option<&'a str>,
    /// Who says so.
    pub said_by: &'a str,
}

/// What a status file was.
#[derive(Debug)]
pub struct StatusImport {
    /// What it says, and what could not be read.
    pub file: StatusFile,
    /// What came of it.
    pub kept: StatusesKept,
    /// Statements about vehicles that are in no output of which the store keeps a snapshot;
    /// `None` where it keeps none.
    pub elsewhere: Option<u64>,
}

impl Register<'_> {
    /// Writes down that a campaign is done on a vehicle, and gives what was written.
    ///
    /// # Errors
    /// 64 where the campaign is not a number of NHTSA's, or the day is to come.
    pub fn done(&self, done: &Done<'_>) -> Result<RecallStatus, Error> {
        // A day may have begun somewhere before it does in UTC.
        if let Some(day) = done.day.filter(|day| *day > day_of(self.now) + 1) {
            let day = crate::domain::facts::day(day).unwrap_or_default();
            return Err(Error::usage(format!("{day} is still to come")));
        }
        let status = RecallStatus {
            vin: done.vin,
            campaign: number(done.campaign)?,
            is_done: true,
            day: done.day,
            note: done.note.map(str::to_owned),
            said_by: done.said_by.to_owned(),
            said_at: self.now,
        };
        keep_recall_statuses(&self.spec(), std::slice::from_ref(&status))?;
        Ok(status)
    }

    /// Takes back what somebody said of a campaign on a vehicle. Whether there was anything.
    ///
    /// # Errors
    /// 64 where the campaign is not a number of NHTSA's.
    pub fn take_back(&self, vin: &Vin, campaign: &str, said_by: &str) -> Result<bool, Error> {
        take_back_recall_status(&self.spec(), (vin, &number(campaign)?), said_by)
    }

    /// Takes in a file of statuses: what of it can be read, all or none of that.
    ///
    /// # Errors
    /// As every input; 64 where a column is missing; 65 where no row can be read.
    pub fn import(&self, input: &InputSpec, said_by: Option<&str>) -> Result<StatusImport, Error> {
        let file = status_file::read(input, said_by, self.now)?;
        let kept = keep_recall_statuses(&self.spec(), &file.statuses)?;
        let elsewhere = self.elsewhere(&file.statuses)?;
        Ok(StatusImport { file, kept, elsewhere })
    }

    fn elsewhere(&self, statuses: &[RecallStatus]) -> Result<Option<u64>, Error> {
        let Some(store) = Store::peek(&self.settings.store)? else { return Ok(None) };
        let view = store.snapshot()?;
        let kept = view.output_snapshots(None)?;
        let mut outputs = BTreeSet::new();
        let latest = kept.iter().filter(|kept| kept.is_readable && outputs.insert(&kept.output));
        let latest: Vec<_> = latest.collect();
        if latest.is_empty() {
            return Ok(None);
        }
        let mut unseen: HashMap<Vin, u64> = HashMap::new();
        for status in statuses {
            *unseen.entry(status.vin).or_default() += 1;
        }
        for vehicle in latest.into_iter().flat_map(|kept| view.vehicles(kept)) {
            unseen.remove(&vehicle?.vin);
        }
        Ok(Some(unseen.values().sum()))
    }

    fn spec(&self) -> StoreSpec<'_> {
        StoreSpec::of(self.settings)
    }
}

fn number(typed: &str) -> Result<String, Error> {
    campaign_number(typed).ok_or_else(|| {
        Error::usage(format!("`{typed}` is not a campaign number of NHTSA's"))
            .hint("it is like 24V001000; `recall_campaigns` of the output has it")
    })
}
