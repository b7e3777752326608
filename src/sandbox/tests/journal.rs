use super::*;

fn call(keys: &[&str]) -> Seen {
    Seen {
        at: Instant::now(),
        vendor: "carvin",
        endpoint: "decode",
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
        status: None,
    }
}

#[test]
fn old_calls_leave_the_log_and_stay_in_the_tally() {
    let journal = Journal::default();
    let entries: Vec<Entry> = (0..KEPT + 5).map(|_| journal.arrived(call(&["A"]))).collect();
    let last = entries.last().copied().expect("some");
    journal.sent(last, 200);
    journal.sent(entries[0], 200);
    let calls = journal.calls();
    assert_eq!((calls.len(), calls[KEPT - 1].status, calls[0].status), (KEPT, Some(200), None));
    let counted: u64 = journal.tally().iter().map(|line| line.calls).sum();
    assert_eq!(counted, KEPT as u64 + 5);
}
