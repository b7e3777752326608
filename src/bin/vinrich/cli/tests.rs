//! What may be typed, and the messages about what may not.
#![allow(clippy::unwrap_used, reason = "tests")]

use clap::CommandFactory;
use proptest::prelude::*;
use std::time::Duration;

use vinrich::domain::error::Exit;

use super::*;
use crate::usage;

fn parse(words: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("vinrich").chain(words.split_whitespace()))
}

/// What is printed about words that may not be typed, on one line.
fn refused(words: &str) -> String {
    let typed: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let error = usage::error(&parse(words).unwrap_err(), &typed);
    format!("{error} | {}", error.hint_text().unwrap_or_default())
}

fn help_of(words: &str) -> String {
    parse(words).unwrap_err().to_string()
}

#[test]
fn the_commands_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_flag_has_help() {
    let mut cli = Cli::command();
    cli.build();
    for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for flag in command.get_arguments() {
            assert!(flag.get_help().is_some(), "{} {}", command.get_name(), flag.get_id());
        }
    }
}

#[test]
fn the_long_help_lists_the_exit_codes() {
    let help = help_of("enrich --help");
    assert!(help.contains("Exit codes") && help.contains("Examples:"), "{help}");
    for code in [64, 65, 66, 68, 69, 70, 73, 74, 75, 76, 77, 78, 79, 80] {
        assert!(help.contains(&format!("\n   {code}      ")), "{code}");
    }
    assert!(!help_of("enrich -h").contains("Exit codes"), "the short help stays short");
}

#[test]
fn usage_errors_are_64_and_help_is_0() {
    for (words, code) in [
        ("--help", 0),
        ("--version", 0),
        ("enrich --help", 0),
        ("", 64),
        ("enrich", 64),
        ("enrich a.csv", 64),
        ("enrich -o b.csv", 64),
        ("enrihc a.csv -o b.csv", 64),
        ("enrich a.csv -o b.csv --nope", 64),
    ] {
        let error = parse(words).unwrap_err();
        let expected = if code == 0 { Exit::Success } else { Exit::Usage };
        assert_eq!(usage::exit(&error), expected, "{words}");
    }
}

#[test]
fn values_are_read_or_refused_with_an_example() {
    for (words, expected) in [
        ("--max-cost free", "must be US dollars such as `5` or `0.50`"),
        ("--max-failed 101%", "must be a number such as `10` or a share such as `1%`"),
        ("--max-failed -1%", "must be a number"),
        ("--max-cost -5", "must be US dollars"),
        ("--max-wait soon", "must be a duration such as `10m`"),
        ("--delimiter x", "must be `,`, `;`, `|` or `tab`"),
        ("--map make", "must be a field and its column, such as `make=Brand`"),
        ("--map trim=T", "`trim` is not a field; the fields are `make`, `model` and `year`"),
        ("--with recall", "must be `decode`, `recalls` or `listings`"),
        ("--format docx", "it takes `csv`, `tsv`, `parquet`, `jsonl`, `arrow`, `arrows`, `xlsx`"),
        ("--fault carvin/nonsense", "known faults"),
        ("--offline --refresh decode", "cannot be used with"),
    ] {
        let said = refused(&format!("enrich a.csv -o b.csv {words}"));
        assert!(said.contains(expected), "{words}: {said}");
    }
}

#[test]
fn columns_are_mapped_by_one_flag_or_several() {
    for command in ["enrich -o b.csv", "plan", "validate"] {
        for flags in ["--map make=Brand,year=4", "--map make=Brand --map year=4"] {
            let parsed = parse(&format!("{command} a.csv {flags}")).unwrap().command;
            let input = match parsed {
                Command::Enrich(args) => args.input,
                Command::Plan(args) => args.input,
                Command::Validate(args) => args.input,
                _ => panic!("{command}"),
            };
            let expected =
                [(VehicleField::Make, "Brand".to_owned()), (VehicleField::Year, "4".to_owned())];
            assert_eq!(input.map, expected, "{command} {flags}");
        }
    }
}

#[test]
fn the_sandbox_takes_quotas_by_vendor() {
    let Command::Sandbox(args) =
        parse("sandbox --port 4800 --quota carvin=100/day --latency 200ms --fault visor/429")
            .unwrap()
            .command
    else {
        panic!("another command")
    };
    assert_eq!((args.port, args.latency), (4800, Some(Duration::from_millis(200))));
    assert_eq!(
        (args.quotas[0].0.as_str(), args.quotas[0].1.to_string().as_str()),
        ("carvin", "100/day")
    );
    assert_eq!(args.faults.len(), 1);
    assert!(refused("sandbox --quota acme=1/day").contains("the sandbox knows carvin, visor"));
    assert!(refused("sandbox --quota 1/day").contains("such as `carvin=100/day`"));
}

#[test]
fn common_flags_may_stand_before_or_after_the_command() {
    for words in ["--quiet --config c.toml check", "check --config c.toml --quiet"] {
        let common = parse(words).unwrap().common;
        assert!(common.quiet && common.config.is_some(), "{words}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_words_are_a_command_or_a_usage_error(
        flag in proptest::sample::select(vec![
            "--max-failed", "--max-cost", "--max-wait", "--delimiter", "--map", "--with", "--fault",
            "--max-calls", "--keep", "--format",
        ]),
        value in prop_oneof![any::<String>(), "[-+]?[0-9]{0,20}[.]?[0-9]{0,8}[%mhd]?", "[a-z]{0,6}[=/,:][a-z0-9]{0,6}"],
    ) {
        let words = ["vinrich", "enrich", "a.csv", "-o", "b.csv", flag, &value];
        match Cli::try_parse_from(words).map(|cli| cli.command) {
            Ok(Command::Enrich(args)) => {
                if let Allowance::Percent(share) = args.thresholds.max_failed {
                    prop_assert!((0.0..=100.0).contains(&share));
                }
            }
            Ok(_) => prop_assert!(false, "another command"),
            Err(error) => prop_assert!(matches!(usage::exit(&error), Exit::Usage | Exit::Success)),
        }
    }
}
