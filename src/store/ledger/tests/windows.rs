use super::*;

const SECOND: i64 = 1_000_000;

fn at(seconds: i64) -> Moment {
    let wall = Timestamp::from_micros((1_000_000 + seconds) * SECOND);
    Moment { wall, boot: seconds * SECOND }
}

fn answered(seconds: i64) -> Entry {
    Entry { at: at(seconds), open: false, cost: Micros(3000) }
}

fn per_minute(calls: u64) -> Limits {
    let window = Window { calls, span: Span::Sliding(Duration::from_mins(1)) };
    Limits { windows: vec![window], spend: Vec::new() }
}

#[test]
fn a_window_frees_its_length_after_the_answer() {
    let mut account = Account::default();
    account.put(1, answered(0));
    account.put(2, answered(10));
    let limits = per_minute(2);
    let room = |now| account.room(&limits, Micros::ZERO, 5, now);
    assert_eq!(room(at(30)), Room::After(Duration::from_secs(30), NotAsked::Quota));
    assert_eq!(room(at(60)), Room::Calls(1));
    assert_eq!(room(at(70)), Room::Calls(2));
}

#[test]
fn an_open_call_fills_its_window() {
    let mut account = Account::default();
    account.put(1, Entry { open: true, ..answered(0) });
    let limits = per_minute(1);
    assert_eq!(account.room(&limits, Micros::ZERO, 1, at(500)), Room::AfterOpen);
    account.close(1, at(500), Micros::ZERO);
    assert_eq!(
        account.room(&limits, Micros::ZERO, 1, at(501)),
        Room::After(Duration::from_secs(59), NotAsked::Quota)
    );
}

#[test]
fn a_forward_clock_does_not_refill_a_window() {
    let mut account = Account::default();
    account.put(1, answered(0));
    let jumped = Moment { wall: at(7200).wall, boot: at(5).boot };
    assert_eq!(
        account.room(&per_minute(1), Micros::ZERO, 1, jumped),
        Room::After(Duration::from_secs(55), NotAsked::Quota)
    );
}

#[test]
fn a_clock_set_back_still_frees_a_window() {
    let mut account = Account::default();
    account.put(1, answered(0));
    let jumped = |seconds| Moment { wall: at(-7200).wall, boot: at(seconds).boot };
    let room = |now| account.room(&per_minute(1), Micros::ZERO, 1, now);
    assert_eq!(room(jumped(59)), Room::After(Duration::from_secs(1), NotAsked::Quota));
    assert_eq!(room(jumped(60)), Room::Calls(1));
}

#[test]
fn every_window_must_have_room() {
    let mut account = Account::default();
    for call in 0..10 {
        account.put(call, answered(call));
    }
    let mut limits = per_minute(1000);
    let day = Window { calls: 10, span: Span::Sliding(Duration::from_hours(24)) };
    limits.windows.push(day);
    assert_eq!(
        account.room(&limits, Micros::ZERO, 3, at(100)),
        Room::After(Duration::from_secs(86_300), NotAsked::Quota)
    );
}

#[test]
fn a_spend_limit_counts_open_calls() {
    let mut account = Account::default();
    account.put(1, Entry { open: true, ..answered(0) });
    let span = Span::Sliding(Duration::from_hours(24));
    let spend = SpendWindow { amount: Micros(10_000), span };
    let limits = Limits { windows: Vec::new(), spend: vec![spend] };
    assert_eq!(account.room(&limits, Micros(3000), 9, at(1)), Room::Calls(2));
    assert_eq!(account.room(&limits, Micros(8000), 9, at(1)), Room::AfterOpen);
}

#[test]
fn a_reset_forgets_earlier_calls() {
    let mut account = Account::default();
    account.put(1, answered(0));
    let limits = resets_at(10, 100);
    assert_eq!(account.room(&limits, Micros::ZERO, 1, at(20)), Room::Calls(1));
    account.put(2, answered(15));
    assert_eq!(
        account.room(&limits, Micros::ZERO, 1, at(20)),
        Room::After(Duration::from_secs(80), NotAsked::Quota)
    );
}

/// One call from the reset at `last` seconds to that at `next`.
fn resets_at(last: i64, next: i64) -> Limits {
    let length = Duration::from_secs((next - last).unsigned_abs());
    let span = Span::Since { last: at(last).wall, next: at(next).wall, length };
    Limits { windows: vec![Window { calls: 1, span }], spend: Vec::new() }
}

/// By a wall clock that is so many seconds ahead of the one of [`at`].
fn ahead(seconds: i64, by: i64) -> Moment {
    Moment { wall: at(seconds + by).wall, boot: at(seconds).boot }
}

#[test]
fn a_jump_over_a_reset_refills_nothing() {
    const HOUR: i64 = 3600;
    let mut account = Account::default();
    account.put(1, answered(0));
    // Ten minutes before the reset the clock is set forward by an hour, and a call
    // is made by the wrong time.
    account.put(2, Entry { at: ahead(HOUR, HOUR), ..answered(0) });
    let mut limits = resets_at(2 * HOUR, 26 * HOUR);
    limits.windows[0].calls = 2;
    let room = |now| account.room(&limits, Micros::ZERO, 5, now);
    let Room::After(wait, NotAsked::Quota) = room(ahead(2 * HOUR, HOUR)) else {
        panic!("refilled by a jump")
    };
    assert_eq!(wait, Duration::from_hours(22), "as if it slid");
    assert_eq!(room(ahead(24 * HOUR, HOUR)), Room::Calls(1));
    // The clock is right again, but not the time of the second call.
    assert!(matches!(room(at(23 * HOUR)), Room::After(..)));
    assert_eq!(room(at(24 * HOUR)), Room::Calls(1));
    assert_eq!(room(at(26 * HOUR)), Room::Calls(2));
}

#[test]
fn a_call_answered_after_a_reset_counts_after_it() {
    let mut account = Account::default();
    account.put(1, Entry { open: true, ..answered(90) });
    let room =
        |account: &Account, now| account.room(&resets_at(100, 200), Micros::ZERO, 1, at(now));
    assert_eq!(room(&account, 105), Room::AfterOpen, "it may yet be sent");
    account.close(1, at(110), Micros::ZERO);
    assert_eq!(room(&account, 120), Room::After(Duration::from_secs(80), NotAsked::Quota));
}
