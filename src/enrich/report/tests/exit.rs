use std::fmt::Write as _;

use super::*;

/// Every subset of `exits`, the empty one first.
fn subsets(exits: &[Exit]) -> Vec<BTreeSet<Exit>> {
    let all = 0..1_u32 << exits.len();
    let chosen = |bits: u32| {
        let is_in = move |place: &usize| bits >> place & 1 == 1;
        (0..exits.len()).filter(is_in).map(|place| exits[place]).collect()
    };
    all.map(chosen).collect()
}

fn named(exits: &BTreeSet<Exit>) -> String {
    let names: Vec<&str> = exits.iter().map(|exit| exit.name()).collect();
    if names.is_empty() { "-".into() } else { names.join("+") }
}

#[test]
fn the_table_of_exit_codes() {
    let of_output = [Exit::SomeFailed, Exit::Parked, Exit::OwnLimit, Exit::Outage];
    let vendors = subsets(&[Exit::Key, Exit::Refused, Exit::Protocol]);
    let mut table = String::new();
    for output in subsets(&of_output) {
        let codes: Vec<String> = vendors
            .iter()
            .map(|vendors| format!("{:>2}", exit_of(None, vendors, &output).code()))
            .collect();
        writeln!(table, "{:<36} {}", named(&output), codes.join(" ")).expect("memory");
    }
    let heads: Vec<String> = vendors.iter().map(named).collect();
    writeln!(table, "columns: {}", heads.join(", ")).expect("memory");
    insta::assert_snapshot!(table, @r"
    -                                     0 77 69 77 76 77 69 77
    some_failed                           3 77 69 77 76 77 69 77
    parked                               75 77 69 77 76 77 69 77
    some_failed+parked                   75 77 69 77 76 77 69 77
    own_limit                            80 77 69 77 76 77 69 77
    some_failed+own_limit                80 77 69 77 76 77 69 77
    parked+own_limit                     80 77 69 77 76 77 69 77
    some_failed+parked+own_limit         80 77 69 77 76 77 69 77
    outage                               68 77 69 77 76 77 69 77
    some_failed+outage                   68 77 69 77 76 77 69 77
    outage+parked                        68 77 69 77 76 77 69 77
    some_failed+outage+parked            68 77 69 77 76 77 69 77
    outage+own_limit                     68 77 69 77 76 77 69 77
    some_failed+outage+own_limit         68 77 69 77 76 77 69 77
    outage+parked+own_limit              68 77 69 77 76 77 69 77
    some_failed+outage+parked+own_limit  68 77 69 77 76 77 69 77
    columns: -, key, refused, refused+key, protocol, protocol+key, refused+protocol, refused+protocol+key
    ");
}

#[test]
fn a_stopped_run_ends_as_stopped() {
    for stopped in [Exit::Interrupted, Exit::Terminated] {
        let (vendors, output) = ([Exit::Key].into(), [Exit::Outage].into());
        assert_eq!(exit_of(Some(stopped), &vendors, &output), stopped);
    }
}

fn gaps(cells: &[(Status, Exit, &str)]) -> Gaps {
    let mut gaps = Gaps::default();
    for &(status, exit, why) in cells {
        gaps.count(status, exit, why);
    }
    gaps
}

#[test]
fn answers_of_any_kind_leave_no_gap() {
    let answers = [
        (Status::Found, Exit::Success, ""),
        (Status::Absent, Exit::Success, ""),
        (Status::Refused, Exit::Success, "listings:no such vin"),
        (Status::Failed, Exit::Success, "recalls:inconclusive"),
        (Status::NotRequested, Exit::Success, "recalls:vehicle_unknown"),
    ];
    assert!(gaps(&answers).beyond(Allowance::Count(0)).is_empty());
}

#[test]
fn only_failed_cells_may_be_allowed() {
    let failed = (Status::Failed, Exit::SomeFailed, "decode:missing_in_response");
    let slow = (Status::Failed, Exit::Outage, "decode:timeout");
    let stale = (Status::Found, Exit::Parked, "recalls:stale:quota");
    let nothing = (Status::NotRequested, Exit::Success, "");
    let two_failed = gaps(&[failed, slow, nothing, nothing]);
    assert!(two_failed.beyond(Allowance::Count(2)).is_empty());
    assert_eq!(
        two_failed.beyond(Allowance::Count(1)).into_keys().collect::<Vec<_>>(),
        [Exit::SomeFailed, Exit::Outage]
    );
    // A cell that nobody was asked for is not part of the whole.
    assert!(!two_failed.beyond(Allowance::Percent(50.0)).is_empty());
    let beyond = gaps(&[failed, stale]).beyond(Allowance::Percent(100.0));
    assert_eq!(beyond, [(Exit::Parked, [("recalls:stale:quota".to_owned(), 1)].into())].into());
}
