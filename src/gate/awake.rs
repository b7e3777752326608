//! Time limits that count only while this process runs. One that was stopped, as by Ctrl-Z,
//! finds replies that came meanwhile: they are paid for, and must not be late.

use std::time::Duration;

use super::transport_error::TransportError;

/// The steps in which time is counted. A stop of any length takes one at most.
const STEP: Duration = Duration::from_millis(500);

/// The least number of them, so that a short limit survives a stop too.
const STEPS: u32 = 8;

/// What `work` gives, unless that takes longer than `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    tokio::select! {
        biased;
        done = work => done,
        () = awake_for(limit) => Err(TransportError::Late),
    }
}

async fn awake_for(limit: Duration) {
    let mut left = limit;
    while !left.is_zero() {
        let step = STEP.min(limit / STEPS).max(Duration::from_millis(1)).min(left);
        tokio::time::sleep(step).await;
        left -= step;
    }
}
