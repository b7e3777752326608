//! What the writer is asked, and what it answers.

use std::fmt;
use std::time::Duration;

use crate::domain::{Effect, Key, Micros, Moment, NotAsked, Timestamp};
use crate::store::answers::index::NewAnswer;
use crate::store::ledger::windows::Limits;
use crate::store::{AccountId, SourceId};

/// The state of a call that found no connection: it fills no window.
pub const NOT_SENT: &str = "not_sent";

/// The state of a call that was reserved and given back: it fills no window.
pub const RELEASED: &str = "released";

/// A reservation that was not sent so long after is given back and made anew:
/// a call never leaves later than that, so that a process that dies leaves a
/// known time behind, and a wait that a vendor asks for soon reaches
/// every process.
pub const RESERVED_FOR: Duration = Duration::from_secs(10);

/// What a run may use up, over all vendors.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunLimits {
    /// Calls.
    pub max_calls: Option<u64>,
    /// Money.
    pub max_cost: Option<Micros>,
}

/// A wish to send calls.
#[derive(Debug)]
pub struct Reserve {
    /// Whose quotas and spend limits count.
    pub account: AccountId,
    /// Where the answers will be kept.
    pub source: SourceId,
    /// The account's limits at `now`.
    pub limits: Limits,
    /// Price of one call.
    pub price: Micros,
    /// Now.
    pub now: Moment,
    /// Batches that must stay as they are (retries, halves), one a call.
    pub fixed: Vec<Vec<Key>>,
    /// Keys for batches composed here, the most urgent first.
    pub keys: Vec<Key>,
    /// Keys a call may hold.
    pub batch: usize,
    /// Whether the last batch may be smaller, since no more keys will come.
    pub last: bool,
    /// What sending a call twice does. One that acts is about one key alone.
    pub effect: Effect,
}

/// A wish to know how many calls fit.
#[derive(Debug)]
pub struct RoomWish {
    /// Whose quotas and spend limits count.
    pub account: AccountId,
    /// The account's limits at `now`.
    pub limits: Limits,
    /// A quota whose window is no longer than this is waited for, and does not count.
    pub patience: Duration,
    /// Price of one call.
    pub price: Micros,
    /// Calls wished for.
    pub want: u64,
    /// Now.
    pub now: Moment,
}

/// What became of a [`Reserve`].
#[derive(Debug, Default)]
pub struct Granted {
    /// Reserved, in the ledger, to be sent.
    pub calls: Vec<Call>,
    /// Batches of `fixed` that found no room.
    pub fixed: Vec<Vec<Key>>,
    /// Keys that found no room.
    pub keys: Vec<Key>,
    /// Keys another live run asks about at this moment.
    pub elsewhere: Vec<Key>,
    /// Operations that were sent once, without a known outcome: not to be sent again.
    pub unknown: Vec<Key>,
    /// Why there was no room, and for how long as far as known.
    pub held: Option<Shortage>,
    /// The calls that each window of the limits still allows after these.
    pub left: Vec<u64>,
    /// The place of the spend limit, among the limits', that is why there was no room.
    pub reached: Option<usize>,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Until a call on its way has ended.
    AfterOpen,
    /// For so long.
    After(Duration, NotAsked),
    /// For the rest of this run.
    Run(RunLimit),
}

/// A limit of a run's own, shown as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunLimit {
    /// So many calls.
    Calls(u64),
    /// So much money.
    Cost(Micros),
}

impl fmt::Display for RunLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calls(most) => write!(f, "`--max-calls {most}`"),
            Self::Cost(most) => write!(f, "`--max-cost` of {most}"),
        }
    }
}

/// A call that may be sent.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its row in the ledger.
    pub id: i64,
    /// What it asks about.
    pub keys: Vec<Key>,
    /// The key under which the vendor knows it from its repetitions.
    pub idempotency_key: Option<String>,
}

/// How a call ended.
#[derive(Debug)]
pub struct Close {
    /// Its row in the ledger.
    pub call: i64,
    /// Whose quotas count it.
    pub account: AccountId,
    /// When it ended.
    pub at: Moment,
    /// `ok`, `not_sent` or a fault's code.
    pub state: String,
    /// The HTTP status, where a reply came.
    pub http_status: Option<u16>,
    /// What it was reserved at.
    pub price: Micros,
    /// What it cost.
    pub charged: Micros,
    /// The vendor's name for the request.
    pub request_id: Option<String>,
    /// What sending it twice does.
    pub effect: Effect,
    /// Its answers, when it was answered, and where they are kept.
    pub answers: Option<(SourceId, Vec<NewAnswer>)>,
    /// What that means for the operation it carried out; `None`: it was none, or
    /// its outcome is not known.
    pub operation: Option<OperationEnd>,
}

/// What a call's end says of the operation it carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationEnd {
    /// It was answered.
    Settled,
    /// It was certainly not done.
    NotDone,
}

/// What was found out, by other means than its own reply, of an operation whose
/// outcome was not known.
#[derive(Debug)]
pub struct Reconcile {
    /// Whose operation it is.
    pub source: SourceId,
    /// What was to be done.
    pub key: Key,
    /// When it was frozen: frozen again since, it is another one.
    pub frozen_at: Timestamp,
    /// What it brought; `None`: it was never done.
    pub answer: Option<NewAnswer>,
    /// When that was found out.
    pub at: Timestamp,
}

/// What became of a key that another run was asking about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Its answer is in the store.
    Answered,
    /// The other run still waits, or has not indexed it yet.
    InFlight,
    /// The other run got no answer, or died.
    Free,
}
