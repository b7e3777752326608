//! Calls that are not billed, one to each vendor, as a run of their own: each is in
//! the ledger before it is sent, and the run is remembered like any other.

mod trouble;

use futures_util::StreamExt as _;
use serde::Serialize;

use crate::domain::{Error, Exit, Timestamp};
use crate::enrich::session::{Online, Session};
use crate::gate::{Probed, VendorAccount};
use crate::store::DayCalls;
use crate::vendors::Probe;

pub(super) use self::trouble::Trouble;

/// Vendors asked at the same time.
const AT_ONCE: usize = 8;

/// A vendor and the one call it gets.
pub(super) struct Target<'a> {
    pub(super) account: VendorAccount<'a>,
    pub(super) probe: Probe,
}

/// Sends every target its call; what came of each, in their order.
pub(super) fn ask_all<'t>(
    session: &Session<'_>,
    targets: impl IntoIterator<Item = &'t Target<'t>>,
) -> Result<Vec<Probed>, Error> {
    session.online(async |online| {
        let calls = targets.into_iter().map(|target| ask(online, target));
        let probed: Vec<_> = futures_util::stream::iter(calls).buffered(AT_ONCE).collect().await;
        online.shared.writer.settle().await?;
        probed.into_iter().collect()
    })
}

async fn ask(online: &Online<'_>, Target { account, probe }: &Target<'_>) -> Result<Probed, Error> {
    let source = online.source(account, probe.endpoint).await?;
    online.open(account).await?.probe(source, probe).await
}

/// What the ledger holds of a target's account since `since`.
pub(super) fn calls_by_day(
    session: &Session<'_>,
    Target { account, .. }: &Target<'_>,
    since: Timestamp,
) -> Result<Vec<DayCalls>, Error> {
    session.store.snapshot()?.calls_by_day(&account.name(), since)
}

/// Ends the run; `report` is what `vinrich runs show` says of it. One that was stopped
/// ends with that error.
pub(super) fn close(
    session: Session<'_>,
    exit: Exit,
    report: &impl Serialize,
) -> Result<(), Error> {
    let stopped = session.context().cancel.asked();
    session.close_with(stopped.unwrap_or(exit).code(), report)?;
    match stopped {
        Some(exit) => Err(Error::new(exit, "stopped before every vendor had answered")),
        None => Ok(()),
    }
}
