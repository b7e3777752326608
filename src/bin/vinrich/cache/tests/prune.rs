use super::*;
use crate::cli::ReportFormat;

fn args(days: u64, calls: bool) -> CachePruneArgs {
    let older_than = Duration::from_hours(24 * days);
    let format = ReportFormat::Text;
    CachePruneArgs { older_than, dataset: None, calls, dry_run: true, format }
}

#[test]
fn calls_stay_for_the_audit_and_while_a_window_counts_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vinrich.toml");
    let load = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        crate::settings::load(Some(&file)).expect("settings")
    };
    let usual = load("");
    let days = |args: &CachePruneArgs, settings: &Settings| {
        age_of_calls(args, settings).as_secs() / 86_400
    };
    assert_eq!(days(&args(10, false), &usual), 400);
    assert_eq!(days(&args(500, false), &usual), 500);
    assert_eq!(days(&args(10, true), &usual), 33);
    assert_eq!(days(&args(50, true), &usual), 50);
    let long = load("[vendors.carvin]\nquotas = ['5000/90d']\n");
    assert_eq!(days(&args(10, true), &long), 92);
}

#[test]
fn what_would_go_is_counted() {
    let pruned = Pruned {
        answers: 1200,
        pages: 2,
        history: 1,
        bodies: 1,
        calls: 3,
        snapshots: 1,
        ..Pruned::default()
    };
    insta::assert_snapshot!(as_text(&args(1, false), &pruned), @r"
        would remove 1,200 answers (2 pages of lists), 1 earlier answer
        would remove 1 body
        would remove 3 calls, 0 runs
        would remove 1 snapshot of outputs
        ");
}
