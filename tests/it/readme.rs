//! What README and the page of sources say is what the command does: their
//! settings load, their commands and flags exist, the exit codes are the exit codes.

use std::collections::BTreeSet;

use vinrich::config::Settings;
use vinrich::domain::error::{Error, Exit};
use vinrich::vendors;

use crate::support::Work;

const README: &str = include_str!("../../README.md");
const SOURCES: &str = include_str!("../../docs/sources.md");
const COLUMNS: &str = include_str!("../../docs/columns.md");

/// What stands between lines of ```` ```language ```` and ```` ``` ```` in `page`.
fn blocks(page: &'static str, language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    let after = page.split(opening.as_str()).skip(1);
    let found: Vec<_> = after.map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert!(!found.is_empty(), "no {language} block");
    found
}

/// The configuration `text`.
fn load(text: &str) -> Result<Settings, Error> {
    let defaults: Vec<_> =
        vendors::registry().iter().map(|vendor| &vendor.spec().defaults).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vinrich.toml");
    std::fs::write(&file, text).expect("a file is written");
    Settings::load(Some(&file), std::iter::empty(), &defaults)
}

#[test]
fn its_configuration_loads_and_is_the_default_one() {
    let told = |settings: Result<Settings, _>| {
        let settings = settings.expect("a configuration");
        // Whether vendors were named is the one thing that naming them changes.
        format!("{settings:?}").replace("named: true", "named: false")
    };
    let untouched = told(load(""));
    for block in blocks(README, "toml") {
        assert_eq!(told(load(block)), untouched);
        let without_comments = block.replace("\n# ", "\n");
        load(without_comments.trim_start_matches("# ")).expect("its commented lines are settings");
    }
}

#[test]
fn the_settings_of_each_source_load() {
    for block in blocks(SOURCES, "toml") {
        load(block).expect("a configuration");
    }
}

/// The commands of the `sh` blocks: the words after `vinrich`.
fn commands() -> Vec<Vec<&'static str>> {
    let blocks = [README, SOURCES].into_iter().flat_map(|page| blocks(page, "sh"));
    let lines = blocks.flat_map(str::lines);
    let typed = lines.filter_map(|line| line.split("  #").next());
    let ours = typed.flat_map(|line| line.split(" | ")).filter_map(|command| {
        let words: Vec<_> = command.split_whitespace().collect();
        let place = words.iter().position(|word| *word == "vinrich")?;
        Some(words[place + 1..].to_vec())
    });
    ours.collect()
}

#[test]
fn their_commands_and_flags_exist() {
    let work = Work::with_faults(&[]);
    let commands = commands();
    assert!(commands.len() > 10, "only {} commands were seen", commands.len());
    for words in commands {
        let takes_two =
            matches!(words[0], "runs" | "cache" | "vpic" | "recalls" | "photos" | "store" | "tool");
        let mut ask = words[..if takes_two { 2 } else { 1 }].to_vec();
        ask.push("--help");
        let help = work.vinrich(&ask).exits(0);
        let known: BTreeSet<_> = help.stdout().split_whitespace().collect();
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(known.contains(flag), "`vinrich {}` has no {flag}", words[0]);
        }
    }
}

#[test]
fn every_flag_in_its_text_exists() {
    let work = Work::with_faults(&[]);
    let commands =
        ["enrich", "sandbox", "schema", "quota", "runs audit", "cache prune", "cache forget"];
    let help: String = commands
        .map(|command| {
            let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
            work.vinrich(&words).exits(0).stdout().to_owned()
        })
        .concat();
    let known: BTreeSet<_> = help.split_whitespace().collect();
    let spans = README.split('`').skip(1).step_by(2);
    let flags: BTreeSet<_> = spans
        .filter(|span| !span.contains('\n') && !span.starts_with("cargo"))
        .flat_map(str::split_whitespace)
        .filter(|word| word.starts_with("--"))
        .collect();
    assert!(flags.len() > 10, "only {} flags were seen", flags.len());
    let unknown: Vec<_> = flags.difference(&known).collect();
    assert!(unknown.is_empty(), "no command has {unknown:?}");
}

#[test]
fn its_exit_codes_are_the_exit_codes() {
    use Exit::{
        BadInput, CannotCreate, Config, Internal, Interrupted, Io, Key, Locked, NoInput, OwnLimit,
        Parked, Protocol, Refused, SomeFailed, Success, Terminated, Usage,
    };
    let exits = [
        Success,
        SomeFailed,
        Usage,
        BadInput,
        NoInput,
        Refused,
        Internal,
        CannotCreate,
        Io,
        Parked,
        Protocol,
        Key,
        Config,
        Locked,
        OwnLimit,
        Interrupted,
        Terminated,
    ];
    let expected = exits.map(|exit| {
        let written = if exit.writes_output() { "yes" } else { "no" };
        (exit.code().to_string(), exit.name(), written)
    });
    let table = README.split("## Exit codes").nth(1).expect("a section");
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let told = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].to_owned(), cells[1], cells[3])
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn the_page_of_columns_is_what_schema_prints() {
    let work = Work::with_faults(&[]);
    let printed = work.vinrich(&["schema", "--format", "markdown"]).exits(0);
    assert!(
        printed.stdout() == COLUMNS,
        "docs/columns.md is outdated: vinrich schema --format markdown > docs/columns.md"
    );
}
