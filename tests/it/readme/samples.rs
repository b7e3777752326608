//! What the pages copy from the program is what it prints.
//!
//! Where it has changed, `VINRICH_DOCS=write cargo test --test it readme` renews
//! the sample of `plan` and the table of columns. The other samples are cut with
//! `…`: there the failure shows what is printed now.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{page, root};
use crate::support::Work;
use crate::support::command::Running;

/// Whether pages are renewed instead of compared.
fn writes() -> bool {
    std::env::var("VINRICH_DOCS").is_ok_and(|value| value == "write")
}

/// Fails, or renews the page, where it does not have `text` between `before` and `after`.
#[track_caller]
fn assert_copied(path: &str, before: &str, text: &str, after: &str) {
    let page = page(path);
    let (head, rest) = page.text.split_once(before).expect("where the copy begins");
    let copy = if after.is_empty() { rest } else { &rest[..rest.find(after).expect("its end")] };
    if writes() && copy != text {
        let tail = &rest[copy.len()..];
        std::fs::write(root().join(path), [head, before, text, tail].concat()).expect("a page");
    } else {
        assert!(copy == text, "{path} is outdated, see the top of {}: {text}", file!());
    }
}

#[test]
fn its_columns_are_what_schema_prints() {
    let work = Work::with_faults(&[]);
    let printed = work.vinrich(&["schema", "--format", "markdown"]).exits(0);
    let before = "`--format json` prints the same for programs.\n\n";
    assert_copied("docs/columns.md", before, printed.stdout(), "");
}

/// A work folder with the sample data, and no configuration.
fn work_with_samples() -> Work {
    let work = Work::with_faults(&[]);
    std::fs::create_dir(work.path("sample-data")).expect("a folder");
    std::fs::create_dir(work.path("demo")).expect("a folder");
    let fleet = root().join("sample-data/fleet.csv");
    for name in ["sample-data/fleet.csv", "fleet.csv"] {
        std::fs::copy(&fleet, work.path(name)).expect("a copy");
    }
    work
}

/// The words of a line, with `#` for each that has a digit: times, sizes and ids.
fn without_digits(line: &str) -> String {
    let masked = line
        .split_whitespace()
        .map(|word| if word.contains(|letter: char| letter.is_ascii_digit()) { "#" } else { word });
    masked.collect::<Vec<_>>().join(" ")
}

/// The lines of a sample are those printed, in order; `…` is any number of others.
#[track_caller]
fn assert_shown(sample: &[&str], printed: &str, mask: fn(&str) -> String) {
    let mut left = printed.lines().map(mask);
    let mut cut = false;
    for line in sample {
        if *line == "…" {
            cut = true;
            continue;
        }
        let expected = mask(line);
        let found =
            if cut { left.any(|line| line == expected) } else { left.next() == Some(expected) };
        assert!(found, "not printed there: {line}\n--- printed:\n{printed}");
        cut = false;
    }
}

#[test]
fn its_demonstration_is_what_enrich_prints() {
    let work = work_with_samples();
    let command = "enrich sample-data/fleet.csv -o demo/fleet.csv --sandbox";
    let words: Vec<&str> = command.split(' ').collect();
    let ended = work.vinrich(&words).exits(0);
    let readme = page("README.md");
    assert_shown(&readme.sample(&format!("vinrich {command}")), &ended.stderr, str::to_owned);

    // The tables of rows are cells of that output; empty ones leave no word.
    let output = work.read("demo/fleet.csv");
    let mut reader = csv::Reader::from_reader(output.as_bytes());
    let columns = reader.headers().expect("a header").clone();
    let rows: Vec<_> = reader.records().map(|row| row.expect("a row")).collect();
    let blocks = readme.blocks();
    let block = blocks.iter().find(|block| block.lines[0].starts_with("vin  "));
    let tables = block.expect("a table of rows").lines.split(|line| line.is_empty());
    for table in tables {
        let names = table[0].split_whitespace();
        let places: Vec<usize> = names
            .map(|name| columns.iter().position(|column| column == name).expect(name))
            .collect();
        for line in &table[1..] {
            let is_it = |row: &csv::StringRecord| {
                let cells = places.iter().map(|place| &row[*place]);
                cells.flat_map(str::split_whitespace).eq(line.split_whitespace())
            };
            assert!(rows.iter().any(is_it), "no such row: {line}");
        }
    }
}

/// In a folder with the configuration that README shows, and its key files.
#[test]
fn its_plan_is_what_plan_prints() {
    let work = work_with_samples();
    let readme = page("README.md");
    let blocks = readme.blocks();
    let settings = blocks.iter().find(|block| block.language == "toml").expect("a block");
    work.write("vinrich.toml", &settings.lines.join("\n"));
    for vendor in ["carvin", "visor"] {
        work.write(&format!("{vendor}.key"), "a-key");
    }
    let printed = work.vinrich(&["plan", "fleet.csv"]).exits(0);
    assert_copied("README.md", "```text\n$ vinrich plan fleet.csv\n", printed.stdout(), "```");
}

#[test]
fn its_validation_is_what_validate_prints() {
    let work = work_with_samples();
    let command = "validate fleet.csv --rejects bad.csv";
    let words: Vec<&str> = command.split(' ').collect();
    let printed = work.vinrich(&words).exits(0);
    let readme = page("README.md");
    assert_shown(&readme.sample(&format!("vinrich {command}")), printed.stdout(), str::to_owned);
}

/// A reader's way over three pages: a sandbox, a run that it parks, a look into
/// the store, a VIN forgotten.
#[test]
fn its_story_of_a_parked_run_is_what_is_printed() {
    let work = work_with_samples();
    let mut sandbox = work.command(&["sandbox", "--port", "0", "--quota", "carvin=100/day"]);
    let mut sandbox = Running::start_with_stdout(&mut sandbox, Stdio::piped());
    let lines = BufReader::new(sandbox.take_stdout()).lines().map(|line| line.expect("text"));
    let lines: Vec<String> = lines.take(1 + vinrich::sandbox::vendors().len()).collect();
    let operations = page("docs/operations.md");
    let sample = operations.sample("vinrich sandbox --port 4800 --quota carvin=100/day");
    let without_port = |line: &str| {
        line.split(':')
            .map(|part| part.trim_start_matches(|digit: char| digit.is_ascii_digit()))
            .collect::<Vec<_>>()
            .join(":")
    };
    assert_shown(&sample, &lines.join("\n"), without_port);

    let exports = lines.iter().filter_map(|line| line.strip_prefix("export "));
    let pairs: Vec<(&str, &str)> =
        exports.flat_map(str::split_whitespace).filter_map(|pair| pair.split_once('=')).collect();
    let run = |words: &str, code: i32| {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = work.command(&words);
        Running::start(command.envs(pairs.iter().copied())).end().exits(code)
    };
    let enrich = "enrich fleet.csv -o fleet.parquet --with decode,recalls --recalls carvin";
    let ended = run(enrich, 75);
    let sample = operations.sample(&format!("vinrich {enrich}"));
    assert_shown(&sample, &ended.stderr, without_digits);
    assert!(
        run("runs show --output fleet.parquet --format json", 0).json()["resume_at"].is_string()
    );
    for (path, command) in [("docs/store.md", "cache explain"), ("docs/privacy.md", "cache forget")]
    {
        let command = format!("{command} 2C4RDGBG7DR116046");
        let printed = run(&command, 0);
        let page = page(path);
        let sample = page.sample(&format!("vinrich {command}"));
        assert_shown(&sample, printed.stdout(), without_digits);
    }
    sandbox.signal("TERM");
    sandbox.end().exits(0);
}
