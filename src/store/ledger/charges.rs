//! What operations with an idempotency key cost: once, however often sent.
//!
//! A call whose reply was lost may have been charged, so its price stays in the
//! ledger. When the operation is sent again under its key, the vendor charges
//! it only if it did not before: the later call's charge replaces the earlier's.

use rusqlite::params;

use crate::domain::{Effect, Key, Micros};
use crate::store::ledger::requests::{Close, OperationEnd, Reserve};
use crate::store::transaction::Transaction;

/// What a call of this wish may cost on top of what the ledger holds for its
/// operation already.
pub(in crate::store) fn price_still_open(
    tx: &Transaction<'_>,
    wish: &Reserve,
) -> rusqlite::Result<Micros> {
    let mut keys = wish.fixed.iter().flatten().chain(&wish.keys);
    match (wish.effect, keys.next(), keys.next()) {
        (Effect::Idempotent, Some(key), None) if wish.price > Micros::ZERO => {
            Ok((wish.price - charged_so_far(tx, wish, key)?).max(Micros::ZERO))
        }
        _ => Ok(wish.price),
    }
}

/// What this run's earlier calls may have been charged for an operation.
fn charged_so_far(tx: &Transaction<'_>, wish: &Reserve, key: &Key) -> rusqlite::Result<Micros> {
    tx.db
        .prepare_cached(
            "SELECT coalesce(sum(replies.charged), 0)
                 FROM operations
                 JOIN calls ON calls.account = ?1 AND calls.reserved_wall >= operations.frozen_at
                      AND calls.source = operations.source AND calls.keys = operations.key
                 JOIN replies ON replies.call = calls.id
                 WHERE operations.source = ?2 AND operations.key = ?3 AND operations.settled IS NULL
                   AND calls.run = ?4 AND replies.state <> 'ok'",
        )?
        .query_row(params![wish.account.0, wish.source.0, key.to_stored(), tx.run.id], |row| {
            row.get(0).map(Micros)
        })
}

/// Takes back what earlier calls of the same operation may have been charged,
/// now that this one was charged, or answered.
pub(in crate::store) fn charge_once(
    tx: &mut Transaction<'_>,
    close: &Close,
) -> rusqlite::Result<()> {
    let is_charged = close.charged > Micros::ZERO || close.operation == Some(OperationEnd::Settled);
    if close.effect != Effect::Idempotent || !is_charged {
        return Ok(());
    }
    let earlier: Vec<(i64, i64, i64)> = tx
        .db
        .prepare_cached(
            "SELECT earlier.id, earlier.run, replies.charged
                 FROM calls AS this
                 JOIN operations ON operations.source = this.source AND operations.key = this.keys
                 JOIN calls AS earlier ON earlier.account = this.account
                      AND earlier.reserved_wall >= operations.frozen_at
                      AND earlier.source = this.source AND earlier.keys = this.keys
                      AND earlier.id < this.id
                 JOIN replies ON replies.call = earlier.id
                 WHERE this.id = ?1 AND replies.charged > 0 AND replies.state <> 'ok'",
        )?
        .query_map([close.call], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (call, run, charged) in earlier {
        tx.db.prepare_cached("UPDATE replies SET charged = 0 WHERE call = ?1")?.execute([call])?;
        if let Some(account) = tx.ledger.accounts.get_mut(&close.account) {
            account.charge(call, Micros::ZERO);
        }
        if run == tx.run.id {
            tx.ledger.budget.give_back(Micros(charged));
        }
    }
    Ok(())
}
