//! Whether data on this machine are so old that a person should bring newer ones.

use crate::config::Local;
use crate::domain::facts::{Days, day};

/// NHTSA publishes decoder data every month, and its recall file every day.
const OLDEST: Days = 30;

/// What to say of data whose newest part is of the day `newest`.
pub(super) fn warning(local: Local, newest: Days, today: Days) -> Option<String> {
    let age = today.checked_sub(newest).filter(|age| *age > OLDEST)?;
    let newest = day(newest)?;
    Some(match local {
        Local::Vpic => format!(
            "the offline decoder's data end on {newest}, {age} days ago, and know no newer vehicles: \
             newer data come with a newer vinrich"
        ),
        Local::NhtsaFile => format!(
            "NHTSA's recall file in the store ends on {newest}, {age} days ago, and knows no newer recalls: \
             `vinrich recalls update` fetches a newer one"
        ),
    })
}

#[cfg(test)]
#[path = "tests/data_age.rs"]
mod tests;
