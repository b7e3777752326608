//! Which promises the nights have kept.

use super::{Night, Result};

/// Replies that a kill may cost: those in flight, and those waiting to be written.
const COST_OF_A_KILL: u64 = 16 + 64;

/// By so much a run's peak memory may grow from one night to the next.
const MOST_GROWTH: f64 = 16e6;

/// Nights before growth can be told from chance.
const ENOUGH_NIGHTS: usize = 4;

/// Fails and names what was broken, if anything was.
pub(crate) fn judge(nights: &[Night]) -> Result<()> {
    let mut broken: Vec<String> = nights.iter().flat_map(of_one).collect();
    if let Some(growth) = growth(nights).filter(|growth| *growth > MOST_GROWTH) {
        broken.push(format!("memory grows by {:.0} MB a night", growth / 1e6));
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ").into()) }
}

fn of_one(night: &Night) -> Vec<String> {
    let most = night.planned * 6 / 5 + 10 + night.kills as u64 * COST_OF_A_KILL;
    let tests = [
        (night.asked_twice, "VINs asked again though answered"),
        (night.lost, "answers lost"),
        (night.unentered, "calls missing from the ledger"),
        (night.misplaced, "rows misplaced"),
        (night.wrong, "rows wrong"),
        (night.made.saturating_sub(most), "calls too many"),
    ];
    let broken = tests.into_iter().filter(|(count, _)| *count > 0);
    broken.map(|(count, what)| format!("night {}: {count} {what}", night.number)).collect()
}

/// Bytes of peak memory a night, from the second night on: the first has no
/// answers to renew.
fn growth(nights: &[Night]) -> Option<f64> {
    let later = nights.get(1..).filter(|later| later.len() >= ENOUGH_NIGHTS)?;
    let (first, last) = (later.first()?, later.last()?);
    let grown = last.memory.peak as f64 - first.memory.peak as f64;
    Some(grown / (later.len() - 1) as f64)
}
