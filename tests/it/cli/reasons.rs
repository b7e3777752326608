//! The lines that cron mails: which vendor did what, its HTTP status and its own
//! words, how much is missing, and nothing where nothing is.

use crate::support::Work;
use crate::support::command::{DECODE, Ended, Setup, vins};
use crate::support::server::{Fake, Reply};

/// Enriches a few VINs, quietly, with carvin at `url`; waits for nobody.
fn quietly(work: &Work, url: &str, carvin: &str, extra: &[&str]) -> Ended {
    let carvin = format!("quotas = []\n{carvin}");
    work.configure(&Setup { general: "max_wait = '0s'", carvin: &carvin, ..Setup::default() });
    work.readdress("carvin", url);
    work.write_vins(&vins(7));
    work.vinrich(&[&DECODE[..], &["--quiet"], extra].concat())
}

/// What a vendor replies to everything, and what the mail says of it.
struct Refusal {
    status: u16,
    header: (&'static str, &'static str),
    body: &'static str,
    exit: i32,
    mail: &'static [&'static str],
}

const PLAIN: (&str, &str) = ("x-nothing", "0");

const REFUSALS: [Refusal; 7] = [
    Refusal {
        status: 401,
        header: PLAIN,
        body: r#"{"success":false,"error":{"code":"revoked","message":"Key was revoked on 3 May"}}"#,
        exit: 77,
        mail: &[
            "carvin refused the key in `CARVIN_API_KEY` (HTTP 401: \"Key was revoked on 3 May\"); \
             carvin is skipped for the rest of this run",
            "(exit 77)",
        ],
    },
    Refusal {
        status: 402,
        header: PLAIN,
        body: r#"{"detail":"Monthly cap of $50 reached"}"#,
        exit: 69,
        mail: &["carvin refused the account (HTTP 402: \"Monthly cap of $50 reached\")"],
    },
    Refusal {
        status: 403,
        header: PLAIN,
        body: r#"{"errors":[{"detail":"scope decode.batch is missing"}]}"#,
        exit: 69,
        mail: &["carvin refused a call that the key in `CARVIN_API_KEY` may not make \
             (HTTP 403: \"scope decode.batch is missing\")"],
    },
    Refusal {
        status: 503,
        header: PLAIN,
        body: "upstream is\r\n down\u{1b}[31m",
        exit: 68,
        mail: &[
            "carvin fails (HTTP 503: \"upstream is down [31m\"); parked until ",
            "incomplete by 7 lookups, as a vendor is out of reach or fails: decode 7 http_503",
            "(exit 68)",
            "run the same command again after ",
        ],
    },
    Refusal {
        status: 429,
        header: ("retry-after", "5400"),
        body: r#"{"message":"Slow down, please"}"#,
        exit: 75,
        mail: &[
            "carvin asks to wait (HTTP 429: \"Slow down, please\"); parked until ",
            "incomplete by 7 lookups, as a quota is used up: decode 7 rate_limited (exit 75)",
        ],
    },
    Refusal {
        status: 418,
        header: PLAIN,
        body: r#"{"vehicles":[]}"#,
        exit: 76,
        mail: &["a vendor's replies could not be understood (exit 76)"],
    },
    Refusal {
        status: 422,
        header: PLAIN,
        body: r#"{"title":"no such route, see v2"}"#,
        exit: 76,
        mail: &["carvin refuses every request (HTTP 422: \"no such route, see v2\")"],
    },
];

#[test]
fn a_refusal_names_vendor_status_and_words() {
    for Refusal { status, header: (name, value), body, exit, mail } in REFUSALS {
        let fake = Fake::start(move |_, _| Reply::new(status, body).header(name, &value));
        let work = Work::configured(&[]);
        let ended = quietly(&work, &fake.url(), "", &[]).exits(exit).says(mail);
        assert!(!ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    }
}

#[test]
fn a_refused_key_is_named_by_its_file() {
    let key = "ck_live_0123456789abcdefghijk";
    let words = format!(r#"{{"error":"{key} is not a key of ours"}}"#);
    let fake = Fake::start(move |_, _| Reply::new(401, words.clone()));
    let work = Work::configured(&[]);
    work.write("night.key", key);
    let ended = quietly(&work, &fake.url(), "api_key_file = 'night.key'", &[]).exits(77);
    let line = ended.stderr.lines().find(|line| line.contains("refused the key")).expect("a line");
    assert!(line.contains("night.key` (HTTP 401: \"***"), "{line}");
    assert!(line.contains("is not a key of ours\")"), "{line}");
    assert!(!ended.stderr.contains("0123456789"), "{}", ended.stderr);
}

#[test]
fn an_outage_that_another_source_covers_is_silent() {
    let work = Work::configured(&[]);
    let fake = Fake::start(|_, _| Reply::new(500, "oops"));
    let both = ["--decode", "carvin,vpic-api"];
    let ended = quietly(&work, &fake.url(), "", &both).exits(0);
    assert_eq!(ended.stderr, "", "a whole file is silent");
    let report = work.report("out.csv");
    let because =
        report["vendors"]["carvin"]["stopped_because"].as_str().expect("the report knows");
    assert!(because.contains("(HTTP 500: \"oops\")"), "{because}");

    // The same outage is told where it is all there is.
    let alone = work.vinrich(&[&DECODE[..], &["--quiet", "--refresh", "decode"]].concat());
    alone.exits(68).says(&["carvin fails (HTTP 500: \"oops\")", "decode 7 http_500"]);
}

#[test]
fn the_limit_that_was_reached_is_named() {
    let work = Work::configured(&[]);
    work.write_vins(&vins(45));
    let listings = ["enrich", "vins.csv", "-o", "out.csv", "--with", "listings", "--quiet"];
    let run = |extra: &[&str]| work.vinrich(&[&listings[..], extra].concat()).exits(80);
    run(&["--max-calls", "1"]).says(&["visor: `--max-calls 1` is reached", "(exit 80)"]);
    run(&["--max-cost", "0.002"]).says(&["visor: `--max-cost` of $0.002 is reached"]);
    let visor = "quotas = []\nspend = ['0.009 USD/day']";
    work.configure(&Setup { general: "max_wait = '0s'", visor, ..Setup::default() });
    work.write_vins(&vins(400));
    run(&[]).says(&["visor: the spend limit $0.009/day is reached; parked until ", "listings "]);
}

#[test]
fn of_several_spend_limits_the_reached_one_is_named() {
    let (small, large) = ("0.012 USD/day", "70 USD/month");
    for order in [[small, large], [large, small]] {
        let work = Work::configured(&[]);
        let visor = format!("quotas = []\nspend = {order:?}");
        work.configure(&Setup { general: "max_wait = '0s'", visor: &visor, ..Setup::default() });
        work.write_vins(&vins(500));
        let words = ["enrich", "vins.csv", "-o", "out.csv", "--with", "listings", "--quiet"];
        let ended = work.vinrich(&words).exits(80);
        let ended = ended.says(&["visor: the spend limit $0.012/day is reached"]);
        assert!(!ended.stderr.contains("$70"), "{}", ended.stderr);
    }
}

#[test]
fn the_quota_that_is_used_up_is_named() {
    let work = Work::configured(&[]);
    let carvin = "quotas = ['2/day', '60/minute']";
    work.configure(&Setup { general: "max_wait = '0s'", carvin, ..Setup::default() });
    work.write_vins(&vins(50));
    let ended = work.vinrich(&[&DECODE[..], &["--quiet"]].concat()).exits(75);
    ended.says(&["carvin: the quota 2/day is used up; parked until ", "decode 10 quota (exit 75)"]);
}
