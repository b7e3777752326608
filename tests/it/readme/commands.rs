//! Every command on the pages can be typed, and every flag exists.

use std::collections::{BTreeMap, BTreeSet};

use super::{load_with, pages};
use crate::support::Work;

/// The commands of a line of shell, each as its words; redirections are left out.
fn commands_of(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let (mut word, mut quote, mut begun, mut redirected) = (String::new(), None, false, false);
    for letter in line.chars().chain(['\n']) {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            (_, None) if letter == '\'' || letter == '"' => (quote, begun) = (Some(letter), true),
            (' ' | '|' | '&' | ';' | '>' | '\n', None) => {
                if begun && !std::mem::take(&mut redirected) {
                    commands.last_mut().expect("a command").push(std::mem::take(&mut word));
                }
                (begun, redirected) = (false, redirected || letter == '>');
                word.clear();
                if matches!(letter, '|' | '&' | ';') {
                    commands.push(Vec::new());
                }
            }
            ('#', None) if !begun => break,
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    commands
}

/// A command of a block: its page, the variables before it, the words after `vinrich`.
struct Typed {
    page: String,
    variables: Vec<(String, String)>,
    words: Vec<String>,
}

/// Every `vinrich` command of a block that somebody may type.
fn typed() -> Vec<Typed> {
    let mut found = Vec::new();
    for page in pages() {
        for block in page.blocks() {
            for line in block.lines {
                let line = match block.language {
                    "sh" | "cron" => line,
                    "text" => line.strip_prefix("$ ").unwrap_or_default(),
                    _ => "",
                };
                for words in commands_of(line) {
                    let Some(place) = words.iter().position(|word| word == "vinrich") else {
                        continue;
                    };
                    let variables = words[..place].iter();
                    let variables = variables.filter_map(|word| word.split_once('='));
                    found.push(Typed {
                        page: page.path.clone(),
                        variables: variables.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
                        words: words[place + 1..].to_vec(),
                    });
                }
            }
        }
    }
    found
}

#[test]
fn shell_lines_are_split_into_commands() {
    let line = "A=b vinrich enrich 'in/*.csv' -o x > out.csv || vinrich check; head x # vinrich no";
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let commands: Vec<_> =
        commands_of(line).into_iter().filter(|words| !words.is_empty()).collect();
    assert_eq!(
        commands,
        [words("A=b vinrich enrich in/*.csv -o x"), words("vinrich check"), words("head x")]
    );
}

/// The program's own parser takes each as a whole: with a configuration that is
/// missing, what was typed rightly ends with 78, or with 66 where none is read.
#[test]
fn its_commands_can_be_typed() {
    let work = Work::with_faults(&[]);
    let typed = typed();
    assert!(typed.len() > 40, "only {} commands were seen", typed.len());
    for Typed { page, variables, words } in typed {
        let mut all: Vec<&str> = words.iter().map(String::as_str).collect();
        // A server would go on.
        let end: &[&str] =
            if words[0] == "sandbox" { &["--help"] } else { &["--config", "none.toml"] };
        all.extend(end);
        let ended = work.vinrich(&all);
        let code = ended.code.unwrap_or_default();
        assert!(
            matches!(code, 0 | 66 | 78),
            "{page}: `vinrich {}` exits {code}: {}",
            words.join(" "),
            ended.stderr
        );
        let loaded = load_with("", &variables);
        assert!(loaded.is_ok(), "{page}: {variables:?}: {}", loaded.expect_err("an error"));
    }
}

/// The help of each command, by its words, such as `runs audit`.
fn helps() -> BTreeMap<String, String> {
    let work = Work::with_faults(&[]);
    let mut helps = BTreeMap::new();
    let mut left = vec![String::new()];
    while let Some(command) = left.pop() {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = work.vinrich(&words).exits(0).stdout().to_owned();
        let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default().lines();
        let names = listed.take_while(|line| line.starts_with("  "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        left.extend(
            names
                .filter(|name| *name != "help")
                .map(|name| format!("{command} {name}").trim().to_owned()),
        );
        helps.insert(command, help);
    }
    helps
}

/// The command that the words behind `vinrich` begin with; what else they are is its own.
fn command_of(words: &[&str], helps: &BTreeMap<String, String>) -> Option<String> {
    let typed: Vec<&str> =
        words.iter().copied().take_while(|word| !word.starts_with('-')).collect();
    let mut prefixes = (0..=typed.len()).rev().map(|end| (end, typed[..end].join(" ")));
    let (end, command) = prefixes.find(|(_, command)| helps.contains_key(command))?;
    let takes_words = !helps[&command].contains("\nCommands:\n");
    (takes_words || end == typed.len()).then_some(command)
}

#[test]
fn commands_and_flags_in_its_text_exist() {
    let helps = helps();
    let words_of = |help: &str| -> BTreeSet<String> {
        let words = help.split(|letter: char| letter.is_whitespace() || ",[]".contains(letter));
        words.map(str::to_owned).collect()
    };
    let anywhere: BTreeSet<String> = helps.values().flat_map(|help| words_of(help)).collect();
    let mut flags = 0;
    for page in pages() {
        for span in page.spans() {
            let words: Vec<&str> = span.split_whitespace().collect();
            let known = match words.first() {
                Some(&"vinrich") => {
                    let command = command_of(&words[1..], &helps);
                    words_of(
                        &helps[&command.unwrap_or_else(|| panic!("{}: no `{span}`", page.path))],
                    )
                }
                // There, flags are those of cargo.
                Some(first) if first.starts_with("--") && page.path != "docs/DEPENDENCIES.md" => {
                    anywhere.clone()
                }
                _ => continue,
            };
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                assert!(known.contains(*flag), "{}: `{span}`: no {flag}", page.path);
                flags += 1;
            }
        }
    }
    assert!(flags > 20, "only {flags} flags were seen");
}
