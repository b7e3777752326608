//! Fifty typos, what is printed about each, and that no tip leads to the next error.
#![allow(clippy::unwrap_used, reason = "tests")]

use clap::Parser as _;

use super::*;
use crate::cli::Cli;

const TYPOS: [&str; 56] = [
    "-v",
    "--verbose",
    "enrich a.csv -o b.csv -v",
    "enrich a.csv -o b.csv --verbose",
    "plan a.csv --log-level debug",
    "--log-level=trace check",
    "enrich a.csv -o b.csv --dry-run",
    "enrich a.csv -o b.csv -n",
    "plan a.csv --dry-run",
    "photos request a.csv --dry-run",
    "validate a.csv --dry-run",
    "enirch a.csv -o b.csv",
    "plna a.csv",
    "run list",
    "runs shwo latest",
    "cache stat",
    "stores backup b.db",
    "fleet.csv",
    "1HGCM82633A004352",
    "frobnicate",
    "list",
    "estimate a.csv",
    "demo",
    "enrich a.csv --out b.csv",
    "enrich a.csv --ouput b.csv",
    "enrich a.csv -o b.csv --reject bad.csv",
    "enrich a.csv -o b.csv --max 5",
    "enrich a.csv -o b.csv --max-calls",
    "enrich a.csv -o b.csv --maxcalls 5",
    "enrich a.csv -o b.csv --max-cost -5",
    "enrich a.csv -o b.csv --budget 5",
    "enrich a.csv -o b.csv --delimeter ;",
    "enrich a.csv -o b.csv --vin VIN",
    "enrich a.csv -o b.csv --vendor carvin",
    "enrich a.csv -o b.csv --resume",
    "enrich a.csv -o b.csv --force",
    "enrich a.csv -o b.csv --threads 8",
    "enrich a.csv -o b.csv --api-key abc",
    "enrich a.csv -o b.csv --json",
    "enrich a.csv -o b.csv --format jsonp",
    "enrich a.csv -o b.csv --format xls",
    "enrich a.csv -o b.csv --with recall",
    "enrich a.csv -o b.csv --offline --offline",
    "enrich a.csv -o b.csv --offline --refresh recalls",
    "enrich -o b.csv",
    "enrich a.csv",
    "enrich --input a.csv -o b.csv",
    "validate a.csv -o b.csv",
    "plan a.csv --max-cost 5",
    "check --json",
    "schema --cvs",
    "schema columns",
    "quota --recon",
    "--confg x.toml check",
    "check --no-color",
    "check --log-format yaml",
];

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("vinrich").chain(line.split_whitespace()))
}

fn refused(line: &str) -> Error {
    error(&parse(line).unwrap_err(), &words(line))
}

#[test]
fn tips_are_right_or_absent() {
    let lines = TYPOS.map(|line| {
        let error = refused(line);
        assert_eq!(error.exit(), Exit::Usage, "{line}");
        format!("{line}\n  {error}\n  {}\n", error.hint_text().unwrap_or_default())
    });
    insta::assert_snapshot!(lines.concat());
}

#[test]
fn no_tip_leads_to_a_second_error() {
    let mut followed = 0;
    for line in TYPOS {
        let error = refused(line);
        let hint = error.hint_text().unwrap_or_default();
        let Some(meant) = hint.strip_prefix("did you mean `").and_then(|tip| tip.split('`').next())
        else {
            continue;
        };
        let typo = error.to_string().split('`').nth(1).unwrap().to_owned();
        let corrected: Vec<String> = words(line)
            .into_iter()
            .map(|word| if word == typo { meant.to_owned() } else { word })
            .collect();
        assert_ne!(corrected, words(line), "{line}");
        let read = parse(&corrected.join(" "));
        assert!(read.is_ok(), "{line}: {hint}: {}", read.unwrap_err());
        followed += 1;
    }
    assert!(followed >= 15, "only {followed} tips were followed");
}

#[test]
fn what_was_typed_does_not_draw_on_the_terminal() {
    let shown = report_error::as_text(&refused("check --no\u{1b}[2Jflag"), false);
    assert!(shown.starts_with("error: unknown flag `--no\\u{1b}[2Jflag`\nhint: "), "{shown}");
}

#[test]
fn a_value_joined_to_its_flag_takes_no_other_word() {
    for (line, name) in [
        ("--config=a.toml runs show", "vinrich runs show"),
        ("--config a.toml runs show", "vinrich runs show"),
        ("--log-format=json store backup b.db", "vinrich store backup"),
        ("--quiet cache forget", "vinrich cache forget"),
    ] {
        assert_eq!(Place::of(&words(line)).name, name, "{line}");
    }
}
