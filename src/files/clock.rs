//! The machine's clock: the wall, and the kernel's count since boot.

use super::os;
use crate::domain::time::micros;
use crate::domain::{Clock, Moment, Timestamp};

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    boot_id: String,
    started: std::time::Instant,
}

impl SystemClock {
    /// Reads which boot this is.
    pub fn new() -> Self {
        Self { boot_id: os::boot_id(), started: std::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let elapsed = || micros(self.started.elapsed());
        Moment { wall: Timestamp::now(), boot: os::since_boot().unwrap_or_else(elapsed) }
    }

    fn boot_id(&self) -> &str {
        &self.boot_id
    }
}

#[cfg(test)]
#[path = "tests/clock.rs"]
mod tests;
