//! What processes see of each other, the dead ones included.

use super::*;
use crate::config::Durability;
use crate::domain::{Effect, Micros, NotAsked, Timestamp};
use crate::store::ledger::windows::{Limits, Span, Window};
use crate::store::{
    AccountId, AccountName, Call, Close, Granted, HeardWait, Reserve, RunInfo, RunLimit, RunLimits,
    Shortage, SourceName, Store, StoreSpec, WaitWord,
};

const SECOND: i64 = 1_000_000;

/// So many seconds after the start of these stories.
fn at(seconds: i64) -> Moment {
    Moment {
        wall: Timestamp::from_micros((1_800_000_000 + seconds) * SECOND),
        boot: 5000 * SECOND + seconds * SECOND,
    }
}

fn window(calls: u64, seconds: u64) -> Limits {
    let span = Span::Sliding(Duration::from_secs(seconds));
    Limits { windows: vec![Window { calls, span }], spend: Vec::new() }
}

fn mine(vendor: &'static str) -> AccountName {
    AccountName { vendor, origin: "here".into(), account: String::new() }
}

/// One process on a store, and its account at a vendor.
struct Process {
    store: Store<'static>,
    runtime: tokio::runtime::Runtime,
    account: AccountId,
    source: SourceId,
}

impl Process {
    fn start(folder: &tempfile::TempDir, run_id: &str, boot_id: &str, started: Moment) -> Self {
        let path = folder.path().join("store.db");
        let spec = StoreSpec {
            path: &path,
            durability: Durability::Normal,
            must_exist: false,
            limits: RunLimits::default(),
        };
        let info = RunInfo {
            run_id: run_id.into(),
            boot_id: boot_id.into(),
            command: String::new(),
            started,
            output: None,
        };
        let store = Store::open(&spec, &info).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (account, source) = runtime.block_on(async {
            let name = SourceName {
                dataset: None,
                vendor: "carvin",
                endpoint: "decode",
                origin: "here".into(),
            };
            let account = store.writer().account(mine("carvin")).await;
            (account.expect("an account"), store.writer().source(name).await.expect("a source"))
        });
        Self { store, runtime, account, source }
    }

    fn other_account(&self) -> AccountId {
        let account = self.store.writer().account(mine("visor"));
        self.runtime.block_on(account).expect("an account")
    }

    /// Wishes for `calls` calls about nothing in particular.
    fn reserve(&self, account: AccountId, limits: &Limits, calls: usize, now: Moment) -> Granted {
        let wish = Reserve {
            account,
            source: self.source,
            limits: limits.clone(),
            price: Micros::ZERO,
            now,
            fixed: vec![Vec::new(); calls],
            keys: Vec::new(),
            batch: 1,
            last: true,
            effect: Effect::Read,
        };
        self.runtime.block_on(self.store.writer().reserve(wish)).expect("an answer")
    }

    fn close(&self, account: AccountId, call: &Call, at: Moment) {
        let close = Close {
            call: call.id,
            account,
            at,
            state: "ok".into(),
            http_status: Some(200),
            price: Micros::ZERO,
            charged: Micros::ZERO,
            request_id: None,
            effect: Effect::Read,
            answers: None,
            operation: None,
        };
        self.runtime.block_on(self.store.writer().close(close)).expect("queued");
    }

    fn hears(&self, wait: Duration, now: Moment) {
        let heard = HeardWait { account: self.account, now, wait, word: WaitWord::Asked };
        self.runtime.block_on(self.store.writer().keep_wait(heard)).expect("queued");
        self.runtime.block_on(self.store.writer().settle()).expect("kept");
    }

    fn die(self) {
        self.store.writer.die();
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// No room in a window for so many seconds.
fn full_for(seconds: u64) -> Shortage {
    Shortage::After(Duration::from_secs(seconds), NotAsked::Quota)
}

/// The vendor's word holds for so long.
fn waits_for(wait: Duration) -> Shortage {
    Shortage::After(wait, NotAsked::RateLimited)
}

#[test]
fn a_window_is_not_forgotten_when_another_process_writes() {
    let folder = folder();
    let (ours, theirs) =
        (Process::start(&folder, "1", "b", at(0)), Process::start(&folder, "2", "b", at(0)));
    let visor = ours.other_account();
    let limits = window(1, 60);
    let visors = ours.reserve(visor, &limits, 1, at(1)).calls.remove(0);
    // The other process writes, and our next reservation is for another account.
    theirs.reserve(theirs.account, &limits, 1, at(2));
    ours.reserve(ours.account, &limits, 1, at(3));
    // A reply that comes in between must not make visor's window seem empty.
    ours.close(visor, &visors, at(4));
    let again = ours.reserve(visor, &limits, 1, at(5));
    assert_eq!(again.calls.len(), 0);
    assert_eq!(again.held, Some(full_for(59)));
}

#[test]
fn places_of_a_process_that_died_are_free_again_while_another_waits() {
    let folder = folder();
    let (ours, theirs) =
        (Process::start(&folder, "1", "b", at(0)), Process::start(&folder, "2", "b", at(0)));
    let limits = window(2, 10);
    assert_eq!(theirs.reserve(theirs.account, &limits, 2, at(1)).calls.len(), 2);
    let waiting = ours.reserve(ours.account, &limits, 1, at(2));
    assert_eq!(waiting.held, Some(Shortage::AfterOpen));
    theirs.die();
    // What it had sent may have been counted until now, or just after.
    let wait = ours.reserve(ours.account, &limits, 1, at(3)).held;
    assert_eq!(wait, Some(full_for(10 + ON_THE_WIRE.as_secs())));
    assert_eq!(ours.reserve(ours.account, &limits, 2, at(14)).held, Some(full_for(1)));
    assert_eq!(ours.reserve(ours.account, &limits, 2, at(15)).calls.len(), 2);
}

#[test]
fn a_dead_run_counts_from_its_last_send() {
    const DAY: i64 = 24 * 3600;
    let folder = folder();
    let limits = window(2, 86_400);
    let dead = Process::start(&folder, "1", "b", at(0));
    dead.reserve(dead.account, &limits, 2, at(0));
    dead.die();
    // Found the next night, an hour before its calls leave the window.
    let found_at = at(DAY - 3600);
    let next = Process::start(&folder, "2", "b", found_at);
    let bound = RESERVED_FOR + LONGEST_CALL;
    let wait = next.reserve(next.account, &limits, 2, found_at).held;
    assert_eq!(wait, Some(full_for(3600 + bound.as_secs())));
}

#[test]
fn a_clock_far_ahead_hides_no_call() {
    let folder = folder();
    let limits = window(1, 86_400);
    let process = Process::start(&folder, "1", "b", at(0));
    let call = process.reserve(process.account, &limits, 1, at(0)).calls.remove(0);
    process.close(process.account, &call, at(1));
    process.store.finish(at(1), 0, "{}", None).expect("ended");
    let later = |boot| Moment { wall: at(40 * 86_400).wall, boot: at(boot).boot };
    let next = Process::start(&folder, "2", "b", later(10));
    let wait = next.reserve(next.account, &limits, 1, later(11)).held;
    assert_eq!(wait, Some(full_for(86_390)));
}

#[test]
fn calls_before_a_reboot_keep_their_place() {
    let folder = folder();
    let limits = window(2, 3600);
    let before = Process::start(&folder, "1", "b", at(0));
    let call = before.reserve(before.account, &limits, 1, at(0)).calls.remove(0);
    before.close(before.account, &call, at(0));
    before.store.finish(at(1), 0, "{}", None).expect("ended");

    let rebooted = |seconds: i64| Moment { wall: at(seconds).wall, boot: seconds * SECOND };
    let after = Process::start(&folder, "2", "c", rebooted(600));
    assert_eq!(after.reserve(after.account, &limits, 1, rebooted(600)).calls.len(), 1);
    // A clock that jumps now does not move the calls before the boot.
    let jumped = |seconds: i64| Moment { wall: at(90_000).wall, ..rebooted(seconds) };
    let third = Process::start(&folder, "3", "c", jumped(601));
    let wait = third.reserve(third.account, &limits, 1, jumped(601)).held;
    assert_eq!(wait, Some(full_for(2999)));
}

#[test]
fn a_wait_ends_by_the_boot_clock() {
    let hour = Duration::from_hours(1);
    let folder = folder();
    let process = Process::start(&folder, "1", "b", at(0));
    process.hears(hour, at(0));
    // A shorter one does not replace it.
    process.hears(hour / 2, at(0));
    let wait =
        |process: &Process, now| process.reserve(process.account, &window(9, 1), 1, now).held;
    let set = |by, seconds| Moment { wall: at(by).wall, boot: at(seconds).boot };
    for by in [-90_000, 0, 90_000] {
        let beside = Process::start(&folder, &format!("at {by}"), "b", set(by, 60));
        assert_eq!(wait(&beside, set(by, 600)), Some(waits_for(hour * 5 / 6)), "{by}");
    }
    let rebooted = Process::start(&folder, "3", "c", Moment { boot: 0, ..at(1800) });
    let now = Moment { boot: SECOND, ..at(1800) };
    assert_eq!(wait(&rebooted, now), Some(waits_for(hour / 2)));
    // By a clock that was wrong when it was entered, it would last for ever.
    let years_ago = Moment { wall: Timestamp::default(), boot: SECOND };
    assert_eq!(wait(&rebooted, years_ago), None);
}

#[test]
fn a_released_reservation_costs_no_call() {
    let folder = folder();
    let path = folder.path().join("store.db");
    drop(Process::start(&folder, "0", "b", at(0)));
    let spec = StoreSpec {
        path: &path,
        durability: Durability::Normal,
        must_exist: true,
        limits: RunLimits { max_calls: Some(1), max_cost: None },
    };
    let info = RunInfo {
        run_id: "1".into(),
        boot_id: "b".into(),
        command: String::new(),
        started: at(0),
        output: None,
    };
    let mut process = Process::start(&folder, "2", "b", at(0));
    process.store = Store::open(&spec, &info).expect("a store");
    let none = Limits::default();
    let call = process.reserve(process.account, &none, 2, at(0)).calls.remove(0);
    assert_eq!(
        process.reserve(process.account, &none, 1, at(1)).held,
        Some(Shortage::Run(RunLimit::Calls(1)))
    );
    let released = Close {
        call: call.id,
        account: process.account,
        at: at(1),
        state: crate::store::RELEASED.into(),
        http_status: None,
        price: Micros::ZERO,
        charged: Micros::ZERO,
        request_id: None,
        effect: Effect::Read,
        answers: None,
        operation: None,
    };
    process.runtime.block_on(process.store.writer().close(released)).expect("queued");
    assert_eq!(process.reserve(process.account, &none, 1, at(2)).calls.len(), 1);
}
