//! What the journal lets a run send, and what it keeps from it.

use super::*;
use crate::config::Durability;
use crate::domain::{Answer, Moment, Task, Timestamp};
use crate::store::ledger::windows::{Limits, Span, Window};
use crate::store::{
    AccountId, AccountName, Body, Call, Close, Elsewhere, Granted, NewAnswer, Reserve, RunInfo,
    RunLimits, SourceName, Store, StoreSpec,
};

/// One process on a store: it reserves and closes calls about one task.
struct Process {
    store: Store<'static>,
    runtime: tokio::runtime::Runtime,
    account: AccountId,
    source: SourceId,
}

const NOW: Moment = Moment { wall: Timestamp::from_micros(1_800_000_000_000_000), boot: 1_000_000 };

fn task() -> Key {
    Key::Task(Task { subject: "or-gpt-4o-mini".into(), body: r#"{"input":{}}"#.into() })
}

fn answer() -> NewAnswer {
    let body = Body::Own(bytes::Bytes::from_static(b"{}"));
    NewAnswer {
        key: task(),
        said: Answer::Found,
        replaces_find: true,
        body,
        expires_at: Timestamp::MAX,
    }
}

impl Process {
    fn start(folder: &tempfile::TempDir, run_id: &str) -> Self {
        let path = folder.path().join("store.db");
        let spec = StoreSpec {
            path: &path,
            durability: Durability::Full,
            must_exist: false,
            limits: RunLimits::default(),
        };
        let info = RunInfo {
            run_id: run_id.into(),
            boot_id: "boot".into(),
            command: String::new(),
            started: NOW,
            output: None,
        };
        let store = Store::open(&spec, &info).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let name = SourceName {
            dataset: None,
            vendor: "visa",
            endpoint: "execute",
            origin: "here".into(),
        };
        let (account, source) = runtime.block_on(async {
            let writer = store.writer();
            let mine =
                AccountName { vendor: "visa", origin: "here".into(), account: String::new() };
            let account = writer.account(mine).await;
            (account.expect("an account"), writer.source(name).await.expect("a source"))
        });
        Self { store, runtime, account, source }
    }

    fn reserve(&self, effect: Effect) -> Granted {
        self.ask(effect, Vec::new(), vec![task()])
    }

    /// Wishes to send once more what brought no answer.
    fn retry(&self, effect: Effect) -> Granted {
        self.ask(effect, vec![vec![task()]], Vec::new())
    }

    fn ask(&self, effect: Effect, fixed: Vec<Vec<Key>>, keys: Vec<Key>) -> Granted {
        self.ask_within(Limits::default(), effect, fixed, keys)
    }

    fn ask_within(
        &self,
        limits: Limits,
        effect: Effect,
        fixed: Vec<Vec<Key>>,
        keys: Vec<Key>,
    ) -> Granted {
        let wish = Reserve {
            account: self.account,
            source: self.source,
            limits,
            price: Micros(10),
            now: NOW,
            fixed,
            keys,
            batch: 1,
            last: true,
            effect,
        };
        self.runtime.block_on(self.store.writer().reserve(wish)).expect("room")
    }

    /// The one call of a reservation that is granted.
    fn call(&self, effect: Effect) -> Call {
        let granted = self.reserve(effect);
        assert_eq!(granted.unknown, []);
        granted.calls.into_iter().next().expect("a call")
    }

    /// The call that is granted once the live run `first` is seen to have failed.
    fn call_after(&self, first: &Self, effect: Effect) -> Call {
        first.operations();
        assert_eq!(self.reserve(effect).elsewhere, [task()]);
        assert_eq!(self.elsewhere(), Elsewhere::Free);
        self.call(effect)
    }

    fn close(&self, call: &Call, state: &str, operation: Option<OperationEnd>) {
        let answered = operation == Some(OperationEnd::Settled);
        let close = Close {
            call: call.id,
            account: self.account,
            at: NOW,
            state: state.into(),
            http_status: None,
            price: Micros(10),
            charged: Micros::ZERO,
            request_id: None,
            effect: Effect::Idempotent,
            answers: answered.then(|| (self.source, vec![answer()])),
            operation,
        };
        self.runtime.block_on(self.store.writer().close(close)).expect("closed");
    }

    fn elsewhere(&self) -> Elsewhere {
        let writer = self.store.writer();
        let states = writer.elsewhere(self.source, vec![task()], NOW);
        self.runtime.block_on(states).expect("states")[0]
    }

    fn reconcile(&self, answer: Option<NewAnswer>) {
        let (source, at) = (self.source, NOW.wall);
        let found = Reconcile { source, key: task(), frozen_at: at, answer, at };
        self.runtime.block_on(self.store.writer().reconcile(found)).expect("reconciled");
    }

    fn operations(&self) -> Vec<Operation> {
        self.runtime.block_on(self.store.writer().settle()).expect("settled");
        self.store.snapshot().expect("a snapshot").operations(self.source).expect("operations")
    }

    /// Dies without a word: its lock is gone, its calls stay open.
    fn die(self) {
        self.store.writer.die();
    }
}

#[test]
fn an_operation_keeps_its_key_until_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&folder, "1");
    let call = first.call(Effect::Idempotent);
    let key = call.idempotency_key.clone().expect("a key");
    assert_eq!(Uuid::parse_str(&key).expect("a UUID").get_version_num(), 4);
    first.close(&call, "timeout", None);
    assert_eq!(first.call(Effect::Idempotent).idempotency_key.as_ref(), Some(&key), "a retry");
    first.die();

    let second = Process::start(&folder, "2");
    let again = second.call(Effect::Idempotent);
    assert_eq!(again.idempotency_key.as_ref(), Some(&key), "after a restart");
    second.close(&again, "ok", Some(OperationEnd::Settled));
    assert!(second.operations().iter().all(|operation| operation.settled));
    let wanted_anew = second.call(Effect::Idempotent).idempotency_key;
    assert!(wanted_anew.is_some() && wanted_anew != Some(key), "asked once more on purpose");
}

#[test]
fn an_unknown_operation_is_not_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&folder, "1");
    let call = first.call(Effect::Once);
    assert_eq!(call.idempotency_key, None);
    first.close(&call, "not_sent", Some(OperationEnd::NotDone));
    let call = first.call(Effect::Once);
    first.close(&call, "timeout", None);
    let refused = first.reserve(Effect::Once);
    assert_eq!((refused.calls.len(), refused.unknown), (0, vec![task()]));
    first.die();

    let second = Process::start(&folder, "2");
    assert_eq!(second.reserve(Effect::Once).unknown, [task()], "nor by a later run");
    second.reconcile(None);
    let call = second.call(Effect::Once);
    second.close(&call, "http_500", None);
    second.reconcile(Some(answer()));
    let operations = second.operations();
    assert!(matches!(operations.as_slice(), [Operation { settled: true, .. }]));
    let snapshot = second.store.snapshot().expect("a snapshot");
    assert!(snapshot.has_answers(second.source).expect("answers"), "what was found is kept");
}

#[test]
fn an_operation_in_flight_is_not_freed() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&folder, "1");
    let call = first.call(Effect::Once);
    let second = Process::start(&folder, "2");
    let in_flight = |process: &Process| {
        let operations = process.operations();
        operations.iter().map(|operation| operation.in_flight).collect::<Vec<_>>()
    };
    assert_eq!(in_flight(&second), [true]);
    second.reconcile(None);
    assert_eq!(in_flight(&second), [true], "it may be done yet");
    first.close(&call, "ok", Some(OperationEnd::Settled));
    assert_eq!(in_flight(&first), [false]);
    second.reconcile(None);
    assert!(second.operations()[0].settled, "what is settled stays");
}

#[test]
fn a_late_answer_is_in_the_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&folder, "1");
    let call = first.call(Effect::Once);
    first.close(&call, "timeout", None);
    first.reconcile(None);
    assert_eq!(first.operations(), [], "taken for never done");
    first.close(&call, "ok", Some(OperationEnd::Settled));
    assert!(first.operations()[0].settled);
}

#[test]
fn a_dead_process_leaves_its_operation_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&folder, "1");
    first.call(Effect::Once);
    first.die();
    let second = Process::start(&folder, "2");
    let granted = second.reserve(Effect::Once);
    assert_eq!((granted.calls.len(), granted.unknown), (0, vec![task()]));
}

#[test]
fn a_retry_skips_what_another_run_asks() {
    for effect in [Effect::Idempotent, Effect::Read] {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Process::start(&folder, "1");
        let call = first.call(effect);
        first.close(&call, "timeout", None);
        let second = Process::start(&folder, "2");
        let theirs = second.call_after(&first, effect);
        assert_eq!(theirs.idempotency_key, call.idempotency_key);
        let granted = first.retry(effect);
        assert_eq!((granted.calls.len(), granted.elsewhere), (0, vec![task()]), "on its way");
        assert_eq!(first.elsewhere(), Elsewhere::InFlight);
        second.close(&theirs, "ok", Some(OperationEnd::Settled));
        second.operations();
        assert_eq!(first.elsewhere(), Elsewhere::Answered);
        if effect == Effect::Idempotent {
            let granted = first.retry(effect);
            assert_eq!((granted.calls.len(), granted.elsewhere), (0, vec![task()]), "done");
            assert_eq!(first.elsewhere(), Elsewhere::Answered);
        }
    }
}

#[test]
fn a_key_outlives_another_runs_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Process::start(&folder, "1");
    let call = first.call(Effect::Idempotent);
    first.close(&call, "timeout", None);
    let second = Process::start(&folder, "2");
    let theirs = second.call_after(&first, Effect::Idempotent);
    assert_eq!(first.retry(Effect::Idempotent).elsewhere, [task()]);
    second.close(&theirs, "http_500", None);
    second.operations();
    assert_eq!(first.elsewhere(), Elsewhere::Free);
    let again = first.retry(Effect::Idempotent).calls.pop().expect("a call");
    assert_eq!(again.idempotency_key, call.idempotency_key);
}

#[test]
fn calls_left_are_those_of_each_window() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(&folder, "1");
    let window = |calls, minutes| Window {
        calls,
        span: Span::Sliding(std::time::Duration::from_mins(minutes)),
    };
    let limits = Limits { windows: vec![window(3, 1), window(100, 60)], spend: Vec::new() };
    let granted = process.ask_within(limits, Effect::Read, Vec::new(), vec![task()]);
    assert_eq!(granted.left, [2, 99]);
}

#[test]
fn what_only_reads_freezes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(&folder, "1");
    assert_eq!(process.call(Effect::Read).idempotency_key, None);
    assert_eq!(process.operations(), []);
}
