//! What README and the pages of docs/ say is what the command does: their
//! settings load, their exit codes, defaults and names are the program's. What
//! can be typed is in `commands`, what is copied from its output in `samples`.

mod commands;
mod samples;
mod schedules;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use arrow::ipc::reader::StreamReader;
use vinrich::config::Settings;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::events::Fields;
use vinrich::domain::outcome::{Dataset, Status};
use vinrich::domain::vin::VinError;
use vinrich::output::schema::REJECT_COLUMNS;
use vinrich::vendors;

use crate::support::Work;

/// A page, by its path in the repository.
struct Page {
    path: String,
    text: String,
}

/// What is between ```` ```language ```` and ```` ``` ````.
struct Block<'a> {
    language: &'a str,
    lines: Vec<&'a str>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README and every page of docs/.
fn pages() -> Vec<Page> {
    let files = std::fs::read_dir(root().join("docs")).expect("a folder");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("text"));
    let mut paths: Vec<String> = names.map(|name| format!("docs/{name}")).collect();
    paths.push("README.md".into());
    paths.sort();
    paths.into_iter().map(page).collect()
}

fn page(path: impl Into<String>) -> Page {
    let path = path.into();
    let text = std::fs::read_to_string(root().join(&path)).expect("a page");
    Page { path, text }
}

/// The pages for users; those about tests and dependencies name functions and crates.
fn guides() -> Vec<Page> {
    let about_the_code = ["docs/DEPENDENCIES.md", "docs/RELIABILITY.md"];
    pages().into_iter().filter(|page| !about_the_code.contains(&page.path.as_str())).collect()
}

impl Page {
    fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<Block<'_>> = None;
        for line in self.text.lines() {
            match (line.strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block { language, lines: Vec::new() });
                }
                (None, Some(block)) => block.lines.push(line),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block does not end", self.path);
        blocks
    }

    /// The texts between backticks outside of blocks.
    fn spans(&self) -> Vec<&str> {
        let mut in_block = false;
        let prose = self.text.lines().filter(|line| {
            let fence = line.starts_with("```");
            in_block ^= fence;
            !in_block && !fence
        });
        prose.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
    }

    /// What follows the line `$ command` in its block.
    #[track_caller]
    fn sample(&self, command: &str) -> Vec<&str> {
        let prompt = format!("$ {command}");
        let blocks = self.blocks().into_iter().map(|block| block.lines);
        let found = blocks.into_iter().find(|lines| lines.first() == Some(&prompt.as_str()));
        found.unwrap_or_else(|| panic!("{}: no block of `{prompt}`", self.path))[1..].to_vec()
    }
}

// The form of the pages.

#[test]
fn readme_has_at_most_200_lines() {
    assert!(page("README.md").text.lines().count() <= 200);
}

/// The name that a heading gets in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn links_between_pages_exist() {
    let mut seen = 0;
    for Page { path, text } in pages() {
        let folder = root().join(&path).parent().expect("a folder").to_owned();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root().join(&path) } else { folder.join(file) };
            let target = std::fs::read_to_string(&target);
            let target = target.unwrap_or_else(|error| panic!("{path}: `{link}`: {error}"));
            let headings = target.lines().filter(|line| line.starts_with('#')).map(anchor);
            let known = heading.is_empty() || headings.into_iter().any(|known| known == heading);
            assert!(known, "{path}: `{link}` names no heading");
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} links were seen");
}

#[test]
fn every_page_is_named_in_readme() {
    let readme = page("README.md");
    for page in pages() {
        let linked = readme.text.contains(&format!("]({})", page.path));
        assert!(linked || page.path == "README.md", "README does not name {}", page.path);
    }
}

// The configuration.

/// The configuration `text`, changed by `variables`.
fn load_with(text: &str, variables: &[(String, String)]) -> Result<Settings, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vinrich.toml");
    std::fs::write(&file, text).expect("a file is written");
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    Settings::load(Some(&file), variables, &vendors::specs())
}

fn load(text: &str) -> Result<Settings, Error> {
    load_with(text, &[])
}

fn defaults() -> Settings {
    load("").expect("the defaults")
}

#[test]
fn its_configuration_is_the_default_one() {
    let shown = |settings: Settings| {
        // Whether vendors were named is the one thing that naming them changes.
        let settings = Settings { file: None, ..settings };
        format!("{settings:#?}").replace("named: true", "named: false")
    };
    let configuration = page("docs/configuration.md");
    let blocks = configuration.blocks();
    let block = blocks.iter().find(|block| block.language == "toml").expect("a block");
    let text = block.lines.join("\n");
    assert_eq!(shown(load(&text).expect("a configuration")), shown(defaults()));
    let uncommented = text.trim_start_matches("# ").replace("\n# ", "\n");
    load(&uncommented).expect("the lines behind a `#` are settings too");
}

#[test]
fn its_settings_load() {
    let mut seen = 0;
    for page in pages() {
        for block in page.blocks().iter().filter(|block| block.language == "toml") {
            let loaded = load(&block.lines.join("\n"));
            assert!(loaded.is_ok(), "{}: {}", page.path, loaded.expect_err("an error"));
            seen += 1;
        }
    }
    assert!(seen > 5, "only {seen} blocks were seen");
}

/// The settings that exist in a table, as the hint behind an unknown one lists them.
fn settings_in(table: &str) -> BTreeSet<String> {
    let unlike_any = "x".repeat(60);
    let error = load(&format!("{table}\n{unlike_any} = 1")).expect_err("an unknown key");
    let known = error.hint_text().and_then(|hint| hint.strip_prefix("known here are "));
    let known = known.unwrap_or_else(|| panic!("no list of keys: {error}"));
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every setting of every table.
fn settings() -> BTreeSet<String> {
    let datasets = Dataset::ALL.map(|dataset| format!("[datasets.{}]", dataset.name()));
    let vendors =
        vendors::registry().iter().map(|vendor| vendor.spec().id()).chain(["vpic", "nhtsa-file"]);
    let tables = datasets.into_iter().chain(vendors.map(|id| format!("[vendors.{id}]")));
    [String::new()].into_iter().chain(tables).flat_map(|table| settings_in(&table)).collect()
}

/// The names in a text, without the signs around them.
fn words_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.map(str::to_owned).collect()
}

#[test]
fn every_setting_is_on_its_page() {
    let page = page("docs/configuration.md");
    let settings = settings();
    assert!(settings.len() > 30, "only {settings:?} were found");
    let missing: Vec<_> = settings.difference(&words_in(&page.text)).cloned().collect();
    assert!(missing.is_empty(), "docs/configuration.md lacks {missing:?}");
}

#[test]
fn defaults_in_its_text_are_the_defaults() {
    let settings = defaults();
    let days = |length: Duration| format!("{} days", length.as_secs() / 86400);
    let hours = |length: Duration| format!("{} hours", length.as_secs() / 3600);
    let [decode, recalls, listings] =
        [Dataset::Decode, Dataset::Recalls, Dataset::Listings].map(|one| &settings.datasets[&one]);
    assert_eq!((recalls.ttl, decode.keep), (listings.ttl, recalls.keep));
    let dollars = settings.vendors["visor"].price["listings"];
    let daily = &settings.vendors["carvin"].quotas[0];
    let expected = [
        (
            "docs/operations.md",
            format!(
                "Decodes are fresh for {}, recalls and listings for {}",
                days(decode.ttl),
                hours(listings.ttl)
            ),
        ),
        (
            "docs/operations.md",
            format!("within {} minutes (`--max-wait`)", settings.max_wait.as_secs() / 60),
        ),
        (
            "docs/store.md",
            format!(
                "listings for {}, others for {}",
                days(listings.keep),
                decode.keep.as_secs() / 86400
            ),
        ),
        ("docs/sources.md", format!("a key and a spend limit; {dollars} a call")),
        ("docs/sources.md", format!("a key; {} calls a day", daily.calls)),
        ("README.md", format!("{} calls a day", daily.calls)),
        ("README.md", format!("visor: {dollars} for 10 VINs")),
    ];
    for (path, sentence) in expected {
        assert!(page(path).text.contains(&sentence), "{path} does not say: {sentence}");
    }
}

// Exit codes and names.

const EXITS: [Exit; 18] = [
    Exit::Success,
    Exit::SomeFailed,
    Exit::Usage,
    Exit::BadInput,
    Exit::NoInput,
    Exit::Outage,
    Exit::Refused,
    Exit::Internal,
    Exit::CannotCreate,
    Exit::Io,
    Exit::Parked,
    Exit::Protocol,
    Exit::Key,
    Exit::Config,
    Exit::Locked,
    Exit::OwnLimit,
    Exit::Interrupted,
    Exit::Terminated,
];

/// The cells of the rows below `heading`.
fn table(page: &Page, heading: &str) -> Vec<Vec<String>> {
    let section = page.text.split(&format!("\n{heading}\n")).nth(1).expect("a section");
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[test]
fn its_exit_codes_are_the_exit_codes() {
    let expected = EXITS.map(|exit| {
        let written = if exit.writes_output() { "yes" } else { "no" };
        [exit.code().to_string(), exit.name().to_owned(), written.to_owned()]
    });
    let rows = table(&page("README.md"), "## Exit codes").into_iter();
    let rows: Vec<_> = rows.map(|row| [row[0].clone(), row[1].clone(), row[3].clone()]).collect();
    assert_eq!(rows, expected);
}

const STATUSES: [Status; 6] = [
    Status::Found,
    Status::Absent,
    Status::Pending,
    Status::Failed,
    Status::Refused,
    Status::NotRequested,
];

#[test]
fn its_statuses_are_the_statuses() {
    let rows = table(&page("docs/columns.md"), "## Statuses");
    let names: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(names, STATUSES.map(Status::name));
}

#[test]
fn every_exit_code_has_advice() {
    let rows = table(&page("docs/operations.md"), "## What to do about an exit code");
    let codes = rows.iter().flat_map(|row| row[0].split(", "));
    let mut codes: Vec<u8> = codes.map(|code| code.parse().expect("a code")).collect();
    codes.sort_unstable();
    assert_eq!(codes, EXITS.map(Exit::code));
}

/// The numbers behind words that announce an exit code, and those alone in parentheses.
fn exit_codes_in(text: &str) -> BTreeSet<u32> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let bare = |word: &str| word.trim_matches(|end: char| !end.is_alphanumeric()).parse().ok();
    let announced = words.windows(2).filter(|pair| {
        ["exit", "exits", "exiting", "code"].contains(&pair[0].trim_start_matches('('))
            || pair[0] == "with"
    });
    let alone = words.iter().filter(|word| word.starts_with('(') && word.contains(')'));
    announced.filter_map(|pair| bare(pair[1])).chain(alone.filter_map(|word| bare(word))).collect()
}

#[test]
fn exit_codes_in_its_text_exist() {
    let known: BTreeSet<u32> = EXITS.iter().map(|exit| exit.code().into()).collect();
    let mut seen = BTreeSet::new();
    for page in guides() {
        let codes = exit_codes_in(&page.text);
        assert!(codes.is_subset(&known), "{}: {codes:?}", page.path);
        seen.extend(codes);
    }
    assert!(seen.len() > 5, "only {seen:?} were seen");
}

fn source(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("a source")
}

/// What columns, settings, statuses, reasons, metrics, keys of the report and fields of
/// the log are called.
fn names() -> BTreeSet<String> {
    let work = Work::with_faults(&[]);
    let fleet = root().join("sample-data/fleet.csv").display().to_string();
    let words = ["enrich", &fleet, "-o", "out.arrows", "--rejects", "bad.csv", "--offline"];
    work.vinrich(&[&words[..], &["--metrics", "fleet.prom"]].concat()).exits(0);
    work.write("one.csv", "vin\n1HGCM82633A004352\n");
    work.write("input.json", r#"{"prompt": "{vin}"}"#);
    let tool = ["tool", "run", "one.csv", "--tool", "try-me", "--input", "input.json"];
    let words = ["--max-cost", "1", "-o", "tool.csv", "--sandbox"];
    work.vinrich(&[&tool[..], &words].concat()).exits(0);
    let output = std::fs::File::open(work.path("out.arrows")).expect("an output");
    let written = StreamReader::try_new(output, None).expect("a stream").schema();
    let fields = Fields {
        vendor: Some(String::new()),
        reason: Some(String::new()),
        http_status: Some(503),
        rows: Some(0),
        cost_micros: Some(0),
        resume_at: Some(String::new()),
    };
    let texts = [
        format!("{written:?}"),
        work.vinrich(&["schema", "--format", "json"]).exits(0).stdout().to_owned(),
        serde_json::to_string(&vinrich::report::Report::default()).expect("JSON"),
        serde_json::to_string(&fields).expect("JSON"),
        work.read("fleet.prom"),
        work.read("bad.csv"),
        work.read("tool.csv"),
        VinError::ALL.map(VinError::as_str).join(" "),
        REJECT_COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(" "),
        STATUSES.map(Status::name).join(" "),
        EXITS.map(Exit::name).join(" "),
        vinrich::changes::KINDS.join(" "),
        // The functions and the options of the Python package.
        source("python/vinrich/_process.py"),
        source("python/vinrich/_options.py"),
    ];
    texts.iter().flat_map(|text| words_in(text)).chain(settings()).collect()
}

#[test]
fn names_in_its_text_exist() {
    let known = names();
    let is_letter = |letter: char| letter == '_' || letter.is_ascii_lowercase();
    let is_name = |span: &&str| span.contains('_') && span.chars().all(is_letter);
    let mut seen = 0;
    for page in guides() {
        for name in page.spans().into_iter().filter(is_name) {
            assert!(known.contains(name), "{}: nothing is called `{name}`", page.path);
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} names were seen");
}
