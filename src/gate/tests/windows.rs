use super::*;

fn wall(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// The resets around `now` of a window that begins at `time` in `zone`.
#[track_caller]
fn check(window: Duration, (time, zone): (&str, &str), now: &str, [last, next]: [&str; 2]) {
    let zone = TimeZone::get(zone).expect("a zone");
    let span = since_reset(time.parse().expect("a time"), &zone, window, wall(now));
    let length = window + SET_BACK;
    assert_eq!(span, Some(Span::Since { last: wall(last), next: wall(next), length }), "{now}");
    assert!(wall(next).since(wall(last)) <= length);
}

#[test]
fn a_day_resets_at_its_wall_time_in_its_zone() {
    let midnight = ("00:00", "America/New_York");
    check(DAY, midnight, "2026-11-22T03:00:00Z", ["2026-11-21T05:00:00Z", "2026-11-22T05:00:00Z"]);
    // The clocks are turned on March 8 and November 1: days of 23 and 25 hours.
    check(DAY, midnight, "2026-03-08T12:00:00Z", ["2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"]);
    check(DAY, midnight, "2026-11-02T04:30:00Z", ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"]);
    // 02:30 does not exist on March 8; the vendor's day begins when its clock has passed it.
    let in_the_gap = ("02:30", "America/New_York");
    check(
        DAY,
        in_the_gap,
        "2026-03-08T07:20:00Z",
        ["2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z"],
    );
}

#[test]
fn a_month_resets_on_its_first_day() {
    let at_six = ("06:00", "UTC");
    check(MONTH, at_six, "2026-11-01T05:00:00Z", ["2026-10-01T06:00:00Z", "2026-11-01T06:00:00Z"]);
    check(MONTH, at_six, "2027-02-28T23:00:00Z", ["2027-02-01T06:00:00Z", "2027-03-01T06:00:00Z"]);
}

fn windows(quotas: &[(u32, Duration)]) -> Windows {
    let quota = |&(calls, window): &(u32, Duration)| Quota {
        calls: calls.try_into().expect("not zero"),
        window,
    };
    let reset = QuotaReset::At { time: jiff::civil::time(0, 0, 0, 0), zone: TimeZone::UTC };
    Windows { quotas: quotas.iter().map(quota).collect(), reset, spend: Vec::new() }
}

#[test]
fn only_days_and_months_follow_the_reset() {
    let week = DAY * 7;
    let windows = windows(&[(5, Duration::from_hours(1)), (9, week), (9, DAY), (9, MONTH)]);
    let limits = windows.at(Moment { wall: wall("2026-11-22T03:00:00Z"), boot: 0 });
    let follows = limits.windows.iter().map(|window| matches!(window.span, Span::Since { .. }));
    assert_eq!(follows.collect::<Vec<_>>(), [false, false, true, true]);
}

#[test]
fn a_used_up_day_is_free_at_its_reset() {
    let windows = windows(&[(5, Duration::from_hours(1)), (9, DAY)]);
    let now = Moment { wall: wall("2026-11-22T21:00:00Z"), boot: 0 };
    assert_eq!(windows.longest(now), Some(Duration::from_hours(3)));
}

#[test]
fn only_calls_that_can_go_soon_are_reserved() {
    let within = Duration::from_secs(10);
    let minute = Duration::from_mins(1);
    assert_eq!(windows(&[(60, minute)]).paced_within(within), 10);
    assert_eq!(windows(&[(1, minute)]).paced_within(within), 1);
    assert_eq!(windows(&[(100, DAY)]).paced_within(within), usize::MAX, "not paced");
}
