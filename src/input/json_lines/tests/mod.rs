use super::*;
use crate::domain::Exit;
use crate::input::Inputs;
use crate::input::tests::{failure, opened, pass, rows};

const VIN: &str = "1HGCM82633A004352";

fn cells(inputs: &Inputs) -> Vec<Vec<Option<String>>> {
    rows(inputs).into_iter().map(|row| row.cells).collect()
}

fn texts(cells: &[Option<&str>]) -> Vec<Option<String>> {
    cells.iter().map(|cell| cell.map(str::to_owned)).collect()
}

#[test]
fn every_key_is_a_column_in_order_of_first_appearance() {
    let text = format!(
        "{{\"vin\": \"{VIN}\", \"unit\": 7}}\n\n  {{\"unit\": 8, \"vin\": \"{VIN}\"}}\r\n{{\"late\": true, \"vin\": null}}"
    );
    let (_folder, inputs) = opened(text.as_bytes());
    assert_eq!(inputs.columns(), ["vin", "unit", "late"]);
    assert_eq!(inputs.files()[0].format.name(), "jsonl");
    let expected = [
        texts(&[Some(VIN), Some("7"), None]),
        texts(&[Some(VIN), Some("8"), None]),
        texts(&[None, None, Some("true")]),
    ];
    assert_eq!(cells(&inputs), expected);
    let seen = rows(&inputs);
    assert_eq!(seen.iter().map(|row| row.source_row).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(inputs.warnings().is_empty());
}

#[test]
fn a_key_that_comes_late_is_not_lost() {
    let early = format!("{{\"vin\": \"{VIN}\"}}\n").repeat(30_000);
    let text = early + &format!("{{\"vin\": \"{VIN}\", \"note\": \"stolen\"}}\n");
    let (_folder, inputs) = opened(text.as_bytes());
    assert_eq!(inputs.columns(), ["vin", "note"]);
    let last = rows(&inputs).pop().expect("a row");
    assert_eq!((last.source_row, last.cells), (30_001, texts(&[Some(VIN), Some("stolen")])));
}

#[test]
fn values_are_kept_as_they_are_written() {
    let text = format!(
        r#"{{"vin":"{VIN}","a":12345678901234567890,"b":1.50,"c":[1, {{"d":null}}],"e":"\u00e9\n\"","f":"","g":-0.0}}"#
    );
    let (_folder, inputs) = opened(text.as_bytes());
    let expected = texts(&[
        Some(VIN),
        Some("12345678901234567890"),
        Some("1.50"),
        Some(r#"[1, {"d":null}]"#),
        Some("é\n\""),
        None,
        Some("-0.0"),
    ]);
    assert_eq!(cells(&inputs), [expected]);
}

#[test]
fn a_vin_that_is_a_number_is_refused() {
    let text =
        format!("{{\"vin\": \"{VIN}\"}}\n{{\"vin\": 12345678901234567}}\n{{\"vin\": null}}\n");
    let (_folder, inputs) = opened(text.as_bytes());
    let problems: Vec<_> = rows(&inputs).into_iter().map(|row| row.problem).collect();
    assert_eq!(problems, [None, Some(VinError::ExcelNumberDamage), None]);
}

#[test]
fn a_line_that_is_not_an_object_is_named() {
    let good = format!("{{\"vin\": \"{VIN}\"}}\n");
    for bad in ["[1]", "\"x\"", "{\"vin\": \"cut", "{\"vin\": 1} x", "{\"vin\":1,\"vin\":2}", "vin"]
    {
        let (exit, message, hint) = failure(format!("{good}{good}{bad}\n").as_bytes());
        assert_eq!(exit, Exit::BadInput);
        assert!(message.contains("line 3 is not a JSON object"), "{bad}: {message}");
        assert!(!hint.is_empty());
    }
    assert!(failure(b"{\"vin\": \"\xff\"}\n").1.contains("line 1"));
}

#[test]
fn lines_with_other_keys_each_are_refused_in_bounded_memory() {
    let lines: Vec<String> =
        (0..6_000).map(|number| format!("{{\"vin\": \"{VIN}\", \"key{number}\": 1}}")).collect();
    let (exit, message, hint) = failure(lines.join("\n").as_bytes());
    assert_eq!(exit, Exit::BadInput);
    assert!(message.contains("more than 4096 keys") && message.contains("line 4096"), "{message}");
    assert!(hint.contains("column"));
}

#[test]
fn a_line_or_value_that_is_too_long_rejects_its_row_alone() {
    let (value, line) = ("x".repeat((1 << 20) + 1), "y".repeat(MAX_RECORD + 1));
    let text = format!(
        "{{\"vin\":\"{VIN}\",\"n\":\"\"}}\n{{\"vin\":\"{VIN}\",\"n\":\"{value}\"}}\n{{\"n\":\"{line}\"}}\n{{\"vin\":\"{VIN}\"}}\n"
    );
    let (_folder, inputs) = opened(text.as_bytes());
    let (seen, digests) = pass(&inputs).expect("a pass");
    let problems: Vec<_> = seen.into_iter().map(|row| row.problem).collect();
    let long = Some(VinError::FieldTooLong);
    assert_eq!(problems, [None, long, long, None]);
    assert_eq!(digests[0].rows, 4);
}
