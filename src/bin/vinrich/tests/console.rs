use super::*;
use vinrich::domain::money::Micros;

fn asking() -> Progress {
    Progress {
        phase: Phase::Asking,
        rows: 2000,
        rows_total: Some(2000),
        calls: 40,
        calls_planned: 1000,
        cache_hits: 1500,
        lookups: 2000,
        spent: Micros(80_000),
        quota_left: Some((60, "100/day".into())),
        eta_seconds: Some(7500),
        waiting: Some("carvin: quota 100/day, until 02:10".into()),
    }
}

fn all_of(progress: &Progress) -> String {
    status(progress, usize::MAX)
}

#[test]
fn a_narrow_terminal_gets_what_matters_first() {
    assert_eq!(
        status(&asking(), 80),
        "asking: 40 of 1,000 calls, waiting for carvin: quota 100/day, until 02:10"
    );
    let unhindered = Progress { waiting: None, ..asking() };
    assert_eq!(
        status(&unhindered, 77),
        "asking: 40 of 1,000 calls, 2 h 5 min to go, 60 of 100/day left, $0.08 spent"
    );
    assert_eq!(status(&unhindered, 40), "asking: 40 of 1,000 calls, $0.08 spent");
    assert_eq!(status(&unhindered, 10), "asking: 40 of 1,000 calls");
}

#[test]
fn one_line_shows_how_far_the_run_is() {
    assert_eq!(
        all_of(&asking()),
        "asking: 40 of 1,000 calls, waiting for carvin: quota 100/day, until 02:10, \
             2 h 5 min to go, 60 of 100/day left, $0.08 spent, \
             1,500 of 2,000 lookups from the store"
    );
    let unhindered = Progress { eta_seconds: Some(0), waiting: None, ..asking() };
    assert!(!all_of(&unhindered).contains("to go"), "{}", all_of(&unhindered));
    let reading = Progress { rows: 1200, ..Progress::default() };
    assert_eq!(all_of(&reading), "reading: 1,200 rows");
    let writing = Progress { phase: Phase::Writing, rows: 1, ..asking() };
    assert_eq!(all_of(&writing), "writing: 1 of 2,000 rows, $0.08 spent");
    let done = Progress { phase: Phase::Done, ..asking() };
    assert_eq!(
        all_of(&done),
        "done: 2,000 rows, 40 calls, $0.08 spent, 1,500 of 2,000 lookups from the store"
    );
}

#[test]
fn a_log_gets_the_first_line_one_a_minute_and_the_last() {
    let start = Instant::now();
    let mut pace = Pace::new(Pace::LINES);
    let heard: Vec<u64> = (0..=200)
        .filter(|second| {
            let phase = if *second >= 190 { Phase::Done } else { Phase::Asking };
            pace.is_due(phase, start + Duration::from_secs(*second))
        })
        .collect();
    assert_eq!(heard, [0, 60, 120, 180, 190]);
}

#[test]
fn a_note_is_one_line_whatever_it_holds() {
    assert_eq!(
        text_line(Level::Warn, "column `a\u{1b}[1m\nb`", false),
        "warning: column `a\\u{1b}[1m\\u{a}b`"
    );
    let fields =
        Fields { resume_at: Some("2026-01-02T00:00:00Z".into()), ..Fields::of_vendor("visor") };
    let line = LogLine::new("2026-01-01T00:00:00Z", (Level::Error, "denied"), "a \"b\"\n");
    let line = line.about(fields).to_json();
    assert!(!line.contains('\n'));
    let read: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(read["time"], "2026-01-01T00:00:00Z");
    assert_eq!((&read["level"], &read["code"]), (&"error".into(), &"denied".into()));
    assert_eq!(read["message"], "a \"b\"\\u{a}");
    assert_eq!(
        (&read["vendor"], &read["resume_at"]),
        (&"visor".into(), &"2026-01-02T00:00:00Z".into())
    );
    assert!(read.get("http_status").is_none(), "fields that do not apply are left out: {line}");
}

#[test]
fn printed_notes_are_remembered() {
    let console = Console::new(&CommonArgs { quiet: true, ..CommonArgs::default() });
    console.note(Level::Info, "quota", "quiet runs leave this out");
    assert!(!console.has_printed("quiet runs leave this out"));
    console.note(Level::Warn, "quota", "quiet runs print this");
    assert!(console.has_printed("quiet runs print this"));
}
