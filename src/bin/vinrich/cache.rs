//! `vinrich cache`: what the store keeps.

use std::path::Path;

use vinrich::clock::{Clock, SystemClock};
use vinrich::error::{Error, Exit};
use vinrich::store::{Kept, Sizes, Store};

use crate::cli::CommonArgs;
use crate::words::{at, bytes, count, table, text, thousands, visible};
use crate::{settings, stdout};

/// `vinrich cache stats`.
pub(crate) fn stats(common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    let said = match Store::peek(&settings.store)? {
        Some(store) => {
            let kept = store.kept(SystemClock::new().now().wall)?;
            as_text(&settings.store, store.sizes()?, &kept)
        }
        None => format!(
            "{}: no store yet; the first run creates it\n",
            visible(&settings.store.display().to_string())
        ),
    };
    stdout::write(&said)?;
    Ok(Exit::Success.code())
}

fn as_text(path: &Path, sizes: Sizes, kept: &[Kept]) -> String {
    let mut lines = vec![format!(
        "{}: {}, {}, {} in the ledger",
        visible(&path.display().to_string()),
        bytes(sizes.bytes),
        bodies(sizes.bodies),
        count(sizes.calls, "call")
    )];
    if !kept.is_empty() {
        lines.push(String::new());
        lines.extend(table(&rows(kept)));
    }
    text(&lines)
}

fn bodies(number: u64) -> String {
    if number == 1 {
        "1 distinct body".into()
    } else {
        format!("{} distinct bodies", thousands(number))
    }
}

fn rows(kept: &[Kept]) -> Vec<Vec<String>> {
    let heading = [
        "dataset", "vendor", "endpoint", "answers", "found", "expired", "replaced", "newest",
        "from",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(kept.iter().map(|of| {
        let mut row = vec![of.dataset.clone(), of.vendor.clone(), of.endpoint.clone()];
        row.extend([of.answers, of.found, of.expired, of.history].map(thousands));
        row.push(of.newest.map(at).unwrap_or_default());
        row.push(visible(&of.origin).into_owned());
        row
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_endpoint() {
        let kept = [Kept {
            dataset: "decode".into(),
            vendor: "carvin".into(),
            endpoint: "batch-decode".into(),
            origin: "https://example.com live".into(),
            answers: 2000,
            found: 1980,
            expired: 3,
            history: 0,
            oldest: None,
            newest: Some(1_795_314_199_000_000),
        }];
        let sizes = Sizes { bytes: 1_500_000, bodies: 700, calls: 100 };
        assert_eq!(
            as_text(Path::new("v.db"), sizes, &kept),
            "v.db: 1.5 MB, 700 distinct bodies, 100 calls in the ledger\n\n\
             dataset  vendor  endpoint      answers  found  expired  replaced  newest                   from\n\
             decode   carvin  batch-decode    2,000  1,980        3         0  2026-11-22 02:23:19 UTC  https://example.com live\n"
        );
    }
}
