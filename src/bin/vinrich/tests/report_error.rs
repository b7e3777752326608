use std::path::Path;

use super::*;

fn full_disk() -> Error {
    let cause = io::Error::new(io::ErrorKind::StorageFull, "no space left");
    Error::io("cannot write", Path::new("a\u{1b}[2Jb.csv"), cause).hint("make room, then run again")
}

#[test]
fn an_error_is_printed_with_causes_and_hint() {
    assert_eq!(
        as_text(&full_disk(), false),
        "error: cannot write `a\\u{1b}[2Jb.csv`\n  caused by: no space left\nhint: make room, then run again\n"
    );
}

#[test]
fn colours_mark_what_a_line_is() {
    let shown = as_text(&full_disk(), true);
    assert!(shown.starts_with("\u{1b}[31merror:\u{1b}[0m cannot write"), "{shown:?}");
    assert!(shown.contains("\n\u{1b}[32mhint:\u{1b}[0m make room"), "{shown:?}");
}

#[test]
fn an_error_is_one_json_object_on_one_line() {
    let line = as_json(&full_disk(), "2026-01-01T00:00:00Z");
    assert_eq!(line.matches('\n').count(), 1);
    let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&read["code"], &read["exit_code"]), (&"io".into(), &74.into()));
    assert_eq!(read["level"], "error");
    assert_eq!(read["causes"][0], "no space left");
    assert_eq!(read["hint"], "make room, then run again");
}

#[test]
fn a_closed_stdout_is_not_an_error() {
    let gone = vinrich::output::write_error(Path::new("-"), io::ErrorKind::BrokenPipe.into());
    assert_eq!(print(&gone, LogFormat::Text), 0);
    let elsewhere = Error::io("cannot read", Path::new("a"), io::ErrorKind::BrokenPipe.into());
    assert_eq!(print(&elsewhere, LogFormat::Text), 74);
}
