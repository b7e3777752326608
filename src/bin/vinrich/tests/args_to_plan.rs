#![allow(clippy::unwrap_used, reason = "tests")]
use std::time::Duration;

use clap::Parser;
use vinrich::domain::money::Micros;

use super::*;
use crate::cli::{Cli, Command};

fn settings() -> Settings {
    let nowhere = tempfile::NamedTempFile::new().unwrap();
    Settings::load(Some(nowhere.path()), std::iter::empty(), &vendors::specs()).unwrap()
}

fn enrich(words: &str) -> Result<Plan, Error> {
    let words = ["vinrich", "enrich"].into_iter().chain(words.split_whitespace());
    match Cli::try_parse_from(words).unwrap().command {
        Command::Enrich(args) => of_enrich(&args, settings()),
        other => panic!("{other:?}"),
    }
}

fn refused(words: &str) -> String {
    let error = enrich(words).unwrap_err();
    assert_eq!(error.exit(), vinrich::domain::error::Exit::Usage);
    error.to_string()
}

#[test]
fn every_flag_reaches_the_plan() {
    let plan = enrich(
        "a.csv b/ -o out.parquet --with recalls,decode --decode carvin --vin-column VIN --delimiter tab \
             --keep id,site --rejects bad.csv --refresh recalls --max-calls 50 --max-cost 2.50 --max-wait 30s \
             --wait-lock 5m --max-failed 1.5% --max-rejected 10 --require-rows --max-shrink 12% --require-store --on-incomplete keep \
             --strict --repair --report r.json",
    )
    .unwrap();
    assert_eq!(plan.input.sources, ["a.csv", "b/"]);
    assert_eq!(plan.input.vin_column.as_deref(), Some("VIN"));
    assert_eq!(plan.input.delimiter, Some(b'\t'));
    assert_eq!(plan.input.keep, ["id", "site"]);
    assert!(plan.rules.strict && plan.rules.repair);
    assert_eq!(plan.output.path.as_deref(), Some(Path::new("out.parquet")));
    assert_eq!(plan.output.format, Format::Parquet);
    assert_eq!(plan.output.rejects.as_deref(), Some(Path::new("bad.csv")));
    assert_eq!(plan.datasets.named, [Dataset::Decode, Dataset::Recalls].into());
    assert_eq!(plan.datasets.refresh, [Dataset::Recalls].into());
    assert_eq!(plan.settings.datasets[&Dataset::Decode].vendors, ["carvin"]);
    assert_eq!(plan.limits.max_calls, Some(50));
    assert_eq!(plan.limits.max_cost, Some(Micros(2_500_000)));
    assert_eq!(plan.settings.max_wait, Duration::from_secs(30));
    assert_eq!(plan.wait_lock, Some(Duration::from_mins(5)));
    assert_eq!(plan.thresholds.max_failed, Allowance::Percent(1.5));
    assert_eq!(plan.thresholds.max_rejected, Some(Allowance::Count(10)));
    assert_eq!(plan.thresholds.max_shrink, Some(Allowance::Percent(12.0)));
    assert!(
        plan.thresholds.require_rows
            && plan.thresholds.require_store
            && plan.thresholds.keep_complete
    );
    assert_eq!(plan.report.as_deref(), Some(Path::new("r.json")));
}

#[test]
fn little_typed_means_the_defaults() {
    let plan = enrich("fleet.csv -o out.csv").unwrap();
    assert!(
        plan.datasets.named.is_empty()
            && plan.datasets.refresh.is_empty()
            && !plan.datasets.offline
    );
    assert_eq!(plan.settings.max_wait, Duration::from_mins(10));
    assert_eq!(plan.thresholds.max_failed, Allowance::Count(0));
    assert!(!plan.thresholds.keep_complete);
    assert_eq!((plan.wait_lock, plan.limits.max_calls, plan.limits.max_cost), (None, None, None));
}

#[test]
fn the_format_follows_the_name_and_the_flag_beats_it() {
    for (name, format) in [
        ("o.csv", Format::Csv),
        ("o.PARQUET", Format::Parquet),
        ("o.ndjson", Format::Jsonl),
        ("o.arrow", Format::Arrow),
        ("o.dat --format jsonl", Format::Jsonl),
        ("o.csv --format arrow", Format::Arrow),
        ("o.arrows", Format::Arrows),
        ("o.tsv.gz --keep-names", Format::Tsv),
        ("- --format arrow", Format::Arrows),
        ("- --format parquet", Format::Parquet),
        ("o.XLSX", Format::Xlsx),
    ] {
        assert_eq!(enrich(&format!("f.csv -o {name}")).unwrap().output.format, format, "{name}");
    }
    let stdout = enrich("f.csv -o -").unwrap().output;
    assert_eq!((stdout.path, stdout.format), (None, Format::Csv));
    assert_eq!(refused("f.csv -o out.docx"), "the name `out.docx` does not tell a format");
    assert_eq!(refused("f.csv -o out"), "the name `out` does not tell a format");
}

#[test]
fn each_contradiction_has_its_message() {
    for (words, expected) in [
        ("f -o - --rejects -", "`--output` and `--rejects` are both stdout"),
        ("f -o out/", "`--output` names a folder: `out/`"),
        ("f -o o.xlsx --for-excel", "`--for-excel` guards CSV cells; the output is not CSV"),
        (
            "f -o o.xlsx --output-delimiter ;",
            "`--output-delimiter` separates CSV cells; the output is not CSV",
        ),
        (
            "f -o o.csv --rejects r.xlsx.gz",
            "`r.xlsx.gz` cannot be xlsx: only text is compressed as a whole",
        ),
        (
            "f -o o.jsonl --output-delimiter ;",
            "`--output-delimiter` separates CSV cells; the output is not CSV",
        ),
        (
            "f -o o.parquet.zst",
            "`o.parquet.zst` cannot be parquet: only text is compressed as a whole",
        ),
        ("f -o s3://fleet/o.parquet", "`s3://…` is an address, and only files are supported"),
        ("f -o o.csv --decode carvin,carvin", "`--decode` names `carvin` twice"),
        (
            "f -o o.csv --with recalls --decode carvin",
            "`--decode` names vendors for a dataset that `--with` leaves out",
        ),
        (
            "f -o o.csv --with decode --refresh recalls",
            "`--refresh recalls` asks again for a dataset that is not asked for",
        ),
    ] {
        assert_eq!(refused(words), expected);
    }
    let unknown = refused("f -o o.csv --decode acme");
    assert!(unknown.starts_with("`--decode` names an unknown vendor `acme`; this build knows "));
}

#[test]
fn the_command_line_is_kept_as_a_shell_would_read_it() {
    let words =
        ["in/*.csv", "-o", "a b.csv", "", "it's", "--fault=carvin/429:every=7"].map(shell_word);
    assert_eq!(words.join(" "), r"'in/*.csv' -o 'a b.csv' '' 'it'\''s' --fault=carvin/429:every=7");
}

#[test]
fn the_address_of_a_ping_is_not_kept() {
    let kept = |words: &str| as_kept(words.split(' ').map(str::to_owned));
    let typed = "enrich a.csv -o b.csv --ping https://hc.example/4711 --quiet";
    assert_eq!(kept(typed), "vinrich enrich a.csv -o b.csv --ping … --quiet");
    assert_eq!(kept("enrich --ping=https://hc.example/4711"), "vinrich enrich --ping=…");
}
