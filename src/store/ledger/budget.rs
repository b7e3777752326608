//! What one run may use up, over all vendors, and what it has used.

use crate::domain::Micros;
use crate::store::ledger::requests::{Close, RELEASED, RunLimit, RunLimits, Shortage};

/// The run's own limits, and how much of them is used.
#[derive(Debug)]
pub(in crate::store) struct Budget {
    limits: RunLimits,
    calls: u64,
    cost: Micros,
    /// The part of the cost that calls on their way may give back.
    open_cost: Micros,
}

impl Budget {
    pub(in crate::store) fn new(limits: RunLimits) -> Self {
        Self { limits, calls: 0, cost: Micros::ZERO, open_cost: Micros::ZERO }
    }

    /// How many of `want` calls at `price` the limits allow; at least one.
    pub(in crate::store) fn room(&self, price: Micros, want: u64) -> Result<u64, Shortage> {
        let mut room = want;
        if let Some(most) = self.limits.max_calls {
            room = room.min(most.saturating_sub(self.calls));
            if room == 0 && want > 0 {
                return Err(Shortage::Run(RunLimit::Calls(most)));
            }
        }
        if let Some(most) = self.limits.max_cost.filter(|_| price > Micros::ZERO) {
            let affords = |left: Micros| u64::try_from(left.0 / price.0).unwrap_or(0);
            room = room.min(affords(most - self.cost));
            if room == 0 && want > 0 {
                // What is on its way may fail, and cost nothing.
                let at_best = affords(most - self.cost + self.open_cost);
                let used_up = Shortage::Run(RunLimit::Cost(most));
                return Err(if at_best > 0 { Shortage::AfterOpen } else { used_up });
            }
        }
        Ok(room)
    }

    /// A call was entered.
    pub(in crate::store) fn reserve(&mut self, price: Micros) {
        self.calls += 1;
        self.cost += price;
        self.open_cost += price;
    }

    /// A call has ended.
    pub(in crate::store) fn close(&mut self, close: &Close) {
        if close.state == RELEASED {
            // It never left, so that the run may send another.
            self.calls = self.calls.saturating_sub(1);
        }
        self.cost = self.cost - close.price + close.charged;
        self.open_cost = self.open_cost - close.price;
    }

    /// An earlier call was not charged after all.
    pub(in crate::store) fn give_back(&mut self, charged: Micros) {
        self.cost = self.cost - charged;
    }
}
