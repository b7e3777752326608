use std::fs;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_795_305_600_000_000);
const VIN: &str = "2T1BURHE1FC342217";

fn read_text(text: &str) -> Result<StatusFile, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("maker.csv");
    fs::write(&path, text).expect("written");
    let sources = vec![path.to_str().expect("UTF-8").to_owned()];
    read(&InputSpec { sources, ..InputSpec::default() }, None, NOW)
}

#[test]
fn makers_call_columns_and_statuses_their_own_way() {
    let file = read_text(&format!(
        "Vehicle VIN;NHTSA Campaign #;Recall Status;Completion Date;Comments\n\
         {VIN};24V-001;Recall Incomplete;;parts ordered\n\
         {VIN};20e090000;Closed;11/20/2026;\n\
         {VIN};;;;no recall\n"
    ));
    // `#` is not a letter.
    let file = file.expect("statuses");
    let said: Vec<_> = file.statuses.iter().map(|s| (&*s.campaign, s.is_done, s.day)).collect();
    let day = number_of_day(Date::new(2026, 11, 20).expect("a day"));
    assert_eq!(said, [("24V001000", false, None), ("20E090000", true, day)]);
    assert_eq!(file.statuses[0].note.as_deref(), Some("parts ordered"));
    assert_eq!((file.rows, file.without_campaign, file.refused.len()), (3, 1, 0));
    assert!(file.statuses.iter().all(|status| status.said_by == "maker.csv"));
}

#[test]
fn rows_that_cannot_be_read_are_counted_by_why() {
    let file = read_text(&format!(
        "vin,campaign,status,date\n{VIN},24V001,done,2026-02-30\nNOTAVIN,24V001,done,\n\
         {VIN},N232412340,open,\n{VIN},24V002,maybe,\n{VIN},24V003,perhaps,\n"
    ));
    let file = file.expect("statuses");
    let refused: Vec<_> =
        file.refused.iter().map(|(why, of)| (*why, of.rows, of.line, &*of.cell)).collect();
    assert_eq!(
        refused,
        [
            (Refusal::Vin, 1, 3, "NOTAVIN"),
            (Refusal::Campaign, 1, 4, "N232412340"),
            (Refusal::Status, 2, 5, "maybe"),
        ]
    );
    assert_eq!((file.statuses.len(), file.unread_dates), (1, 1));
}

#[test]
fn a_file_of_something_else_is_refused() {
    let missing = read_text(&format!("vin,make\n{VIN},FORD\n")).expect_err("no campaign");
    assert_eq!(missing.exit().code(), 64);
    let nothing = read_text(&format!("vin,campaign,status\n{VIN},24V001,who knows\n"));
    assert_eq!(nothing.expect_err("nothing").exit().code(), 65);
}

#[test]
fn days_are_read_as_they_are_written() {
    let days = ["2026-11-20", "2026-11-20T08:00:00Z", "20261120", "11/20/2026", "20.11.2026"];
    for text in days {
        assert_eq!(day(text).and_then(crate::domain::facts::day).as_deref(), Some("2026-11-20"));
    }
    for text in ["20/11/2026", "11/20/26", "soon", "2026-11", "2026-13-01"] {
        assert_eq!(day(text), None, "{text}");
    }
}
