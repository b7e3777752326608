#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

#[test]
fn times_are_days_moments_or_ages() {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    for (typed, expected) in [
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-11-22T02:10:00Z", "2026-11-22T02:10:00Z"),
        ("2026-11-22T02:10:00+02:00", "2026-11-22T00:10:00Z"),
        ("12h", "2026-11-22T00:00:00Z"),
        ("7d", "2026-11-15T12:00:00Z"),
    ] {
        let expected: Timestamp = expected.parse().unwrap();
        assert_eq!(time("--since", typed, now).unwrap(), expected, "{typed}");
    }
    for typed in ["", "yesterday", "2026-13-01", "20261122T02"] {
        assert_eq!(time("--since", typed, now).unwrap_err().exit(), Exit::Usage, "{typed}");
    }
}

#[test]
fn a_terminal_gets_short_hashes_and_no_escapes() {
    let key = format!("fal hmac:{}", "0123456789abcdef".repeat(4));
    assert_eq!(short(&key, 4), "fal hmac:0123");
    assert_eq!(
        line(AuditFormat::Text, &["a\u{1b}[1m".into(), "b".into()]).trim_end(),
        "a\\u{1b}[1m  b"
    );
    assert_eq!(line(AuditFormat::Csv, &["a,\"b\"".into(), "c".into()]), "\"a,\"\"b\"\"\",c\n");
}
