//! What was probably meant by a word that is not known.

use clap::builder::PossibleValue;
use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, Command, CommandFactory as _};

use vinrich::domain::vin::{self, Rules};

use super::named;
use crate::cli::Cli;

/// The command that a word was typed after.
pub(super) struct Place {
    /// Such as `vinrich runs show`.
    pub(super) name: String,
    command: Command,
}

impl Place {
    /// Follows the words that are commands; values of flags are passed over.
    pub(super) fn of(typed: &[String]) -> Self {
        let mut root = Cli::command();
        root.build();
        let (mut name, mut command) = (root.get_name().to_owned(), root);
        let mut words = typed.iter();
        while let Some(word) = words.next() {
            let flag = command.get_arguments().find(|flag| is_called(flag, word));
            if let Some(flag) = flag {
                if flag.get_action().takes_values() && !word.contains('=') {
                    words.next();
                }
            } else if let Some(below) = command.find_subcommand(word).cloned() {
                name = format!("{name} {word}");
                command = below;
            }
        }
        Self { name, command }
    }

    /// How the command is written, such as `vinrich plan [OPTIONS] <INPUT>...`.
    pub(super) fn usage(&self) -> String {
        let usage = self.command.clone().render_usage().to_string();
        usage.trim().trim_start_matches("Usage: ").to_owned()
    }

    fn flag(&self, name: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|flag| is_called(flag, name))
    }

    /// What is written after `--format`, where this command prints or writes in several.
    fn formats(&self) -> Vec<PossibleValue> {
        self.flag("--format").map(Arg::get_possible_values).unwrap_or_default()
    }

    fn takes_files(&self) -> bool {
        self.command.get_positionals().any(|argument| argument.get_id() == "inputs")
    }
}

/// Words of other programs that no flag or command is close to, the commands after which
/// they are understood (`*`: all), and what does the same here.
const KNOWN: [(&str, &str, &str); 19] = [
    (
        "--dry-run -n --simulate --estimate",
        "vinrich enrich",
        "`vinrich plan` says what a run would take, before it is spent",
    ),
    (
        "--dry-run -n --simulate --estimate",
        "vinrich plan",
        "`vinrich plan` asks no vendor: leave it out",
    ),
    ("--dry-run -n", "vinrich validate", "`vinrich validate` asks no vendor: leave it out"),
    ("--dry-run -n", "vinrich photos request", "without `--yes` it asks before it sends anything"),
    (
        "-v -vv --verbose --debug --trace --log-level --loglevel",
        "*",
        "`--log-format json` has every message with its time and code, `--quiet` only warnings and errors",
    ),
    ("-q --silent -s", "*", "`--quiet` prints only warnings and errors"),
    (
        "--color --colour --no-color --no-colour",
        "*",
        "the environment variable `NO_COLOR=1` takes colours away",
    ),
    (
        "--key --api-key --apikey --token --auth",
        "*",
        "no flag takes a key: `vinrich check` shows where each is expected",
    ),
    ("--resume --continue", "vinrich enrich", "the same command resumes by itself"),
    (
        "--force -f --overwrite --yes -y",
        "vinrich enrich",
        "an output is replaced without a question",
    ),
    (
        "--limit --max-spend --budget",
        "vinrich enrich",
        "`--max-calls N` and `--max-cost USD` limit what is sent and spent",
    ),
    (
        "--jobs -j --threads --workers --parallel --concurrency",
        "*",
        "`concurrency` under [vendors.NAME] of the configuration says how many calls are in flight",
    ),
    (
        "--store --db --database --cache-dir",
        "*",
        "`store` in the configuration, or `VINRICH_STORE`, says where the store is",
    ),
    (
        "--no-cache --fresh --force-refresh",
        "vinrich enrich",
        "`--refresh DATASET` asks again for what the store has",
    ),
    (
        "--vendor --vendors --source --provider",
        "vinrich enrich",
        "`--decode`, `--recalls` and `--listings` each take the vendors of that dataset",
    ),
    ("list ls history log logs", "vinrich", "`vinrich runs list` lists past runs"),
    (
        "estimate forecast dry-run",
        "vinrich",
        "`vinrich plan` says what a run would take, before it is spent",
    ),
    (
        "demo mock test",
        "vinrich",
        "`vinrich enrich FILE -o OUT --sandbox` asks imitations of the vendors",
    ),
    (
        "config init login auth",
        "vinrich",
        "`vinrich check` shows which keys and settings are found",
    ),
];

/// What was probably meant; none where that is not clear.
pub(super) fn tip(refused: &clap::Error, place: &Place) -> Option<String> {
    match refused.kind() {
        ErrorKind::UnknownArgument => {
            let typed = named(refused, ContextKind::InvalidArg).pop()?;
            let typed = typed.split_once('=').map_or(&*typed, |(flag, _)| flag);
            if !typed.starts_with('-') {
                return None;
            }
            known(typed, place)
                .or_else(|| instead_of(typed, place))
                .or_else(|| similar(typed, &flags(place)))
                .or_else(|| of_other_commands(typed, place))
        }
        ErrorKind::InvalidSubcommand => {
            let typed = named(refused, ContextKind::InvalidSubcommand).pop()?;
            let commands = place.command.get_subcommands().map(|below| below.get_name().to_owned());
            known(&typed, place)
                .or_else(|| data(&typed))
                .or_else(|| similar(&typed, &commands.collect::<Vec<_>>()))
        }
        ErrorKind::InvalidValue => {
            let typed = named(refused, ContextKind::InvalidValue).pop()?;
            similar(&typed, &named(refused, ContextKind::ValidValue))
        }
        _ => None,
    }
}

fn known(typed: &str, place: &Place) -> Option<String> {
    let is_meant = |(words, of, _): &&(&str, &str, &str)| {
        words.split(' ').any(|word| word == typed) && (*of == "*" || *of == place.name)
    };
    KNOWN.iter().find(is_meant).map(|(.., tip)| (*tip).to_owned())
}

/// `--json` for `--format json`, and `--input FILE` for `FILE`.
fn instead_of(typed: &str, place: &Place) -> Option<String> {
    let name = typed.trim_start_matches('-');
    let formats = place.formats();
    let is_meant =
        |format: &&PossibleValue| [name, &format!("{name}l")].contains(&format.get_name());
    if let Some(format) = formats.iter().find(is_meant) {
        return Some(format!("did you mean `--format {}`?", format.get_name()));
    }
    let names_a_file = ["--input", "-i", "--in", "--file", "--csv"].contains(&typed);
    (names_a_file && place.takes_files())
        .then(|| format!("files are named without a flag: `{} FILE`", place.name))
}

/// Where a flag that this command does not have is one.
fn of_other_commands(typed: &str, place: &Place) -> Option<String> {
    let mut root = Cli::command();
    root.build();
    let mut having = Vec::new();
    let mut open = vec![(root.get_name().to_owned(), &root)];
    while let Some((name, command)) = open.pop() {
        if name != place.name && command.get_arguments().any(|flag| is_called(flag, typed)) {
            having.push(format!("`{name}`"));
        }
        let below = command.get_subcommands().filter(|below| below.get_name() != "help");
        open.extend(below.map(|below| (format!("{name} {}", below.get_name()), below)));
    }
    having.sort();
    (1..=3).contains(&having.len()).then(|| format!("`{typed}` is a flag of {}", having.join(", ")))
}

/// A VIN or a file in a command's place.
fn data(typed: &str) -> Option<String> {
    if vin::read(typed, Rules::default()).vin.is_some() {
        return Some(format!("`vinrich decode {typed}` decodes it"));
    }
    let is_a_file = std::path::Path::new(typed).exists() || typed.contains('.');
    is_a_file.then(|| format!("`vinrich enrich {typed} -o OUT` enriches a file"))
}

/// The only one of `candidates` that `typed` begins; where it begins none, the only one
/// that it differs least from, in a third of its letters at most.
fn similar(typed: &str, candidates: &[String]) -> Option<String> {
    let letters = typed.trim_start_matches('-').chars().count();
    let mut begun = candidates.iter().filter(|name| letters > 2 && name.starts_with(typed));
    let close = |name: &&String| strsim::osa_distance(typed, name) * 3 <= letters;
    let meant = match (begun.next(), begun.next()) {
        (Some(only), None) => only,
        (Some(_), Some(_)) => return None,
        (None, _) => {
            let distance = |name: &&String| strsim::osa_distance(typed, name);
            let nearest = candidates.iter().filter(close).min_by_key(distance)?;
            let others = candidates.iter().filter(|name| *name != nearest);
            let is_alone = others.map(|name| distance(&name)).min() > Some(distance(&nearest));
            is_alone.then_some(nearest)?
        }
    };
    Some(format!("did you mean `{meant}`?"))
}

fn flags(place: &Place) -> Vec<String> {
    let longs = place.command.get_arguments().filter_map(Arg::get_long);
    longs.map(|long| format!("--{long}")).collect()
}

fn is_called(flag: &Arg, word: &str) -> bool {
    let word = word.split_once('=').map_or(word, |(flag, _)| flag);
    let is_short =
        |short: char| word.strip_prefix('-').is_some_and(|rest| rest.chars().eq([short]));
    word.strip_prefix("--").is_some_and(|long| flag.get_long() == Some(long))
        || flag.get_short().is_some_and(is_short)
}
