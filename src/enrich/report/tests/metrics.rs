use super::super::{DatasetReport, RowsReport, VendorReport};
use super::*;
use crate::domain::Micros;

fn night(exit: Exit, ended_at: &str) -> Report {
    let vendor = VendorReport { attempted: 28, spent: Micros(56_000), ..VendorReport::default() };
    let decode = DatasetReport {
        rows: [("found".to_owned(), 301), ("pending".to_owned(), 6)].into(),
        ..DatasetReport::default()
    };
    Report {
        exit_code: exit.code(),
        ended_at: ended_at.into(),
        seconds: 12.5,
        resume_at: (exit == Exit::Parked).then(|| "2026-11-23T02:10:00Z".into()),
        rows: RowsReport { read: 312, written: 307, diverted: 5, ..RowsReport::default() },
        datasets: [("decode".to_owned(), decode)].into(),
        vendors: [("visor".to_owned(), vendor)].into(),
        ..Report::default()
    }
}

#[test]
fn a_night_is_a_page_of_gauges() {
    let page = text(&night(Exit::Parked, "2026-11-22T02:15:31Z"), "/srv/\"a\".csv", "");
    insta::assert_snapshot!(page, @r##"
    # HELP vinrich_exit_code The exit code of the latest run.
    # TYPE vinrich_exit_code gauge
    vinrich_exit_code{output="/srv/\"a\".csv"} 75
    # HELP vinrich_run_end_timestamp_seconds When the latest run ended.
    # TYPE vinrich_run_end_timestamp_seconds gauge
    vinrich_run_end_timestamp_seconds{output="/srv/\"a\".csv"} 1795313731
    # HELP vinrich_last_success_timestamp_seconds When a run last ended with exit code 0; 0 if none has.
    # TYPE vinrich_last_success_timestamp_seconds gauge
    vinrich_last_success_timestamp_seconds{output="/srv/\"a\".csv"} 0
    # HELP vinrich_resume_at_timestamp_seconds When running again makes sense; 0 if nothing waits.
    # TYPE vinrich_resume_at_timestamp_seconds gauge
    vinrich_resume_at_timestamp_seconds{output="/srv/\"a\".csv"} 1795399800
    # HELP vinrich_duration_seconds How long the latest run took.
    # TYPE vinrich_duration_seconds gauge
    vinrich_duration_seconds{output="/srv/\"a\".csv"} 12.5
    # HELP vinrich_rows Rows of the latest run.
    # TYPE vinrich_rows gauge
    vinrich_rows{output="/srv/\"a\".csv",state="read"} 312
    vinrich_rows{output="/srv/\"a\".csv",state="written"} 307
    vinrich_rows{output="/srv/\"a\".csv",state="diverted"} 5
    vinrich_rows{output="/srv/\"a\".csv",state="rejected"} 0
    # HELP vinrich_rows_by_status Rows of the latest run, by dataset and status.
    # TYPE vinrich_rows_by_status gauge
    vinrich_rows_by_status{output="/srv/\"a\".csv",dataset="decode",status="found"} 301
    vinrich_rows_by_status{output="/srv/\"a\".csv",dataset="decode",status="pending"} 6
    # HELP vinrich_calls Calls of the latest run, retries included.
    # TYPE vinrich_calls gauge
    vinrich_calls{output="/srv/\"a\".csv",vendor="visor"} 28
    # HELP vinrich_spent_usd What the calls of the latest run cost.
    # TYPE vinrich_spent_usd gauge
    vinrich_spent_usd{output="/srv/\"a\".csv",vendor="visor"} 0.056
    "##);
}

#[test]
fn the_last_success_outlives_failures() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fleet.prom");
    let last = |output: &str| {
        let page = std::fs::read_to_string(&path).expect("metrics");
        let series = format!("{LAST_SUCCESS}{{output=\"{output}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&series)?.parse::<i64>().ok())
    };
    for (exit, ended_at, expected) in [
        (Exit::Config, "2026-11-20T02:00:00Z", 0),
        (Exit::Success, "2026-11-21T02:00:00Z", 1_795_226_400),
        (Exit::Parked, "2026-11-22T02:00:00Z", 1_795_226_400),
        (Exit::BadInput, "2026-11-23T02:00:00Z", 1_795_226_400),
        (Exit::Success, "2026-11-24T02:00:00Z", 1_795_485_600),
    ] {
        save(&path, &night(exit, ended_at), "fleet.csv").expect("a metrics file");
        assert_eq!(last("fleet.csv"), Some(expected), "{exit:?}");
    }
    save(&path, &night(Exit::Parked, "2026-11-25T02:00:00Z"), "vans.csv").expect("a metrics file");
    assert_eq!(last("vans.csv"), Some(0), "another output's success is not this one's");
}

#[test]
fn a_file_of_another_kind_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in [("vins.csv", &b"vin\n"[..]), ("store.db", b"SQLite format 3\0\xff")] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        let refused = save(&path, &night(Exit::Success, ""), "o.csv").expect_err(name);
        assert_eq!((refused.exit(), check(&path).is_err()), (Exit::CannotCreate, true));
        assert_eq!(std::fs::read(&path).expect("the file"), bytes);
    }
}
