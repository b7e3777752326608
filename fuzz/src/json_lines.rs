//! JSON lines: one object a line.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;
use vinrich::input::{InputFormat, InputSpec};

use super::rows::read;

/// Each line that is not blank is a row, with the texts that it holds.
pub(crate) fn json_lines(bytes: &[u8]) {
    let spec = InputSpec { format: Some(InputFormat::Jsonl), ..InputSpec::default() };
    let Ok((inputs, rows)) = read(bytes, spec) else { return };
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let lines: Vec<&[u8]> = lines.filter(|line| !line.is_empty()).collect();
    assert_eq!(rows.len(), lines.len());
    let keys = inputs.headers();
    for ((_, cells), line) in rows.iter().zip(lines) {
        let Ok(cells) = cells else { continue };
        // A number may be larger than any that a program counts with.
        let object: BTreeMap<String, &RawValue> = serde_json::from_slice(line).expect("an object");
        for (key, value) in &object {
            let place = keys.iter().position(|other| other == key).expect("each key is a column");
            let Ok(text) = serde_json::from_str::<String>(value.get()) else { continue };
            // Of a key that comes twice, one value counts.
            let quoted = Value::from(key.as_str()).to_string();
            if String::from_utf8_lossy(line).matches(&quoted).count() == 1 {
                assert_eq!(cells[place], text, "{key:?}");
            }
        }
    }
}
