use proptest::prelude::*;

use super::*;
use crate::input::{InputSpec, Inputs};

const CSV: &str = "VIN,Make,Model Year,Note\n1HGBH41JXMN109186,HONDA,1991,\"say \"\"hi\"\"\"\n";

/// Fills `text` from the row of [`CSV`].
fn with_row<T>(work: impl Fn(&[String], Row<'_>, &Vin) -> T) -> T {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), CSV).expect("written");
    let sources = vec![file.path().display().to_string()];
    let inputs = Inputs::open(&InputSpec { sources, ..InputSpec::default() }).expect("a file");
    let batch = inputs.batches().and_then(|mut batches| batches.read()).expect("a pass");
    let vin = Vin::new("1HGBH41JXMN109186").expect("a VIN");
    work(inputs.columns(), batch.expect("a row").row(0), &vin)
}

fn filled(text: &str) -> String {
    with_row(|columns, row, vin| {
        Template::parse("it", text, columns).expect("a template").fill(row, vin)
    })
}

#[test]
fn names_stand_for_columns_without_case_spaces_and_punctuation() {
    assert_eq!(
        filled("A {Make} of {model_year}: {VIN}, {note}."),
        "A HONDA of 1991: 1HGBH41JXMN109186, say \"hi\"."
    );
    assert_eq!(filled("{{make}} {make}"), "{make} HONDA");
    assert_eq!(filled(""), "");
}

#[test]
fn an_unknown_column_and_an_open_brace_are_refused() {
    with_row(|columns, _, _| {
        let error = Template::parse("`slots`", "{colour}", columns).expect_err("unknown");
        assert_eq!(error.to_string(), "`slots` names an unknown column `colour`");
        let hint = error.hint_text().expect("a hint");
        assert!(hint.contains("`Make`, `Model Year`"), "{hint}");
        for open in ["{make", "make}", "{"] {
            let error = Template::parse("it", open, columns).expect_err("open");
            assert!(error.to_string().contains("stands alone"), "{error}");
        }
    });
}

#[test]
fn json_is_filled_where_it_holds_text() {
    let text = r#"{"b": "{note}", "a": [{"make": "{make}!", "n": 2.50}], "e": "{empty}"}"#;
    let value = with_row(|columns, row, vin| {
        let columns: Vec<String> = columns.iter().cloned().chain(["Empty".into()]).collect();
        JsonTemplate::parse("it", text, &columns).expect("a template").fill(row, vin)
    });
    let expected = serde_json::json!({
        "b": "say \"hi\"", "a": [{"make": "HONDA!", "n": 2.5}], "e": null
    });
    assert_eq!(value, expected);
}

#[test]
fn only_an_object_is_an_input() {
    for text in ["[]", "\"{make}\"", "{", ""] {
        assert!(JsonTemplate::parse("it", text, &[]).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_json_is_filled_with_json_of_the_same_shape_or_refused(
        text in "\\{(\"[a-z{}]{0,4}\":(\"[{}a-z]{0,6}\"|\\[\"\\{a\\}\",1e9\\]|null|-0[.]5),?){0,3}\\}|\\PC{0,20}",
    ) {
        with_row(|_, row, vin| {
            let columns = ["a".to_owned(), "make".to_owned()];
            if let Ok(template) = JsonTemplate::parse("it", &text, &columns) {
                let shape: Value = serde_json::from_str(&text).expect("it was read");
                let filled = template.fill(row, vin);
                let names = |value: &Value| -> Vec<String> {
                    value.as_object().expect("an object").keys().cloned().collect()
                };
                assert_eq!(names(&filled), names(&shape));
            }
        });
    }

    #[test]
    fn any_text_is_a_template_or_an_error(text in "[{}a-z \\u{e4}]{0,12}") {
        let columns = ["a".to_owned(), "ä".to_owned()];
        if let Ok(Template(pieces)) = Template::parse("it", &text, &columns) {
            let literal: usize = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => text.len(),
                Piece::Vin | Piece::Cell(_) => 0,
            }).sum();
            prop_assert!(literal <= text.len());
        }
    }
}
