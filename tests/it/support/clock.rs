//! A clock that can be turned forward, to play through nights.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use vinrich::SystemClock;
use vinrich::domain::time::{Clock, Moment};

/// The machine's clock, as far ahead as it was turned.
pub(crate) struct ScriptedClock {
    machine: SystemClock,
    ahead: AtomicI64,
}

impl ScriptedClock {
    pub(crate) fn new() -> Self {
        Self { machine: SystemClock::new(), ahead: AtomicI64::new(0) }
    }

    /// Lets so much time pass.
    pub(crate) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).expect("less than an age");
        self.ahead.fetch_add(micros, Ordering::AcqRel);
    }
}

impl Clock for ScriptedClock {
    fn now(&self) -> Moment {
        let ahead = self.ahead.load(Ordering::Acquire);
        let Moment { wall, boot } = self.machine.now();
        Moment { wall: wall + ahead, boot: boot + ahead }
    }

    fn boot_id(&self) -> &str {
        self.machine.boot_id()
    }
}
