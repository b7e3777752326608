//! NHTSA's flat file of recalls: the text itself, or a zip archive with it.

use std::path::Path;

use vinrich::domain::error::{Error, Exit};
use vinrich::nhtsa_file::{Edition, Record, read};

use super::with_file;

/// The file, whatever it is.
pub(crate) fn recall_file(bytes: &[u8]) {
    with_file(bytes, |path| match (rows(path), rows(path)) {
        (Ok((edition, rows)), Ok((again, rows_again))) => {
            assert_eq!(edition.rows, rows.len() as u64);
            assert_eq!(edition.hash, again.hash);
            assert!(rows == rows_again, "read twice");
            assert!(edition.warnings.iter().all(|warning| super::is_printable(warning)));
            rows.iter().for_each(assert_record);
        }
        (Err(first), Err(second)) => {
            assert!(matches!(first.exit(), Exit::BadInput), "{first}");
            assert!(first.hint_text().is_some(), "{first}");
            assert!(super::is_printable(&first.to_string()), "{first:?}");
            assert_eq!(first.to_string(), second.to_string());
        }
        _ => panic!("read once, and not the other time"),
    });
}

fn rows(path: &Path) -> Result<(Edition, Vec<Record>), Error> {
    let mut rows = Vec::new();
    let edition = read(path, |record| {
        rows.push(record.clone());
        Ok(())
    })?;
    Ok((edition, rows))
}

/// What the store and the join rely on.
fn assert_record(record: &Record) {
    for name in [&record.make, &record.model] {
        assert!(!name.is_empty() && name.trim() == name && !name.contains("  "), "{name:?}");
        assert_eq!(name.to_uppercase(), *name);
        assert!(super::is_printable(name), "{name:?}");
    }
    let campaign = &record.campaign;
    assert!(!campaign.number.is_empty() && campaign.number.is_ascii());
    let words = [
        &campaign.component,
        &campaign.summary,
        &campaign.consequence,
        &campaign.remedy,
        &campaign.manufacturer,
    ];
    for words in words.into_iter().flatten() {
        assert!(!words.trim().is_empty() && super::is_printable(words), "{words:?}");
    }
}
