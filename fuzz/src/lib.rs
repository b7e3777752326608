//! What vinrich holds of everything that it reads, whatever that is.
//!
//! A target takes bytes, hands them to one of vinrich's readers through its public
//! door, and panics where a promise is broken. The fuzzer calls the targets with
//! bytes that it makes up (`targets/`), and `make test` with the files in
//! `seeds/TARGET/`: inputs worth starting from, and one for each fault ever found.
//!
//! To fuzz one for twenty minutes, with a stable compiler and without sanitizers,
//! which find nothing in a crate that has no `unsafe` code:
//!
//! ```text
//! cargo install cargo-fuzz --locked
//! mkdir -p corpus/csv
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none csv corpus/csv seeds/csv \
//!     -- -max_total_time=1200 -timeout=10 -rss_limit_mb=2048 -max_len=8192
//! ```
//!
//! A find is an input in `artifacts/csv/`. `cargo fuzz tmin --sanitizer none csv FILE`
//! makes it small; it then goes to `seeds/csv/` under a name that says what it is.

mod config;
mod csv;
mod dialect;
mod json_lines;
mod packed;
mod recall_file;
mod rows;
mod typed;
mod vendors;
mod vin;
mod words;
mod workbook;

/// What is held of some bytes; a panic says that it is not so.
type Target = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 17] = [
    ("carstrel", vendors::carstrel),
    ("carvin", vendors::carvin),
    ("config", config::config),
    ("csv", csv::csv),
    ("dialect", dialect::dialect),
    ("json_lines", json_lines::json_lines),
    ("nhtsa", vendors::nhtsa),
    ("packed", packed::packed),
    ("recall_file", recall_file::recall_file),
    ("typed", typed::typed),
    ("vin", vin::vin),
    ("visa", vendors::visa),
    ("visio", vendors::visio),
    ("visor", vendors::visor),
    ("vpic_api", vendors::vpic_api),
    ("words", words::words),
    ("workbook", workbook::workbook),
];

/// Calls the target called `name`.
pub fn run(name: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, target) = found.expect("a target of that name");
    target(bytes);
}

/// Keeps the fuzzer from ending at a panic that vinrich catches: Arrow's readers panic
/// on some damaged files, which are refused then.
#[cfg(not(test))]
pub fn pass_caught_panics() {
    let end = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !vinrich::domain::panic_is_caught() {
            end(panic);
        }
    }));
}

/// Calls `read` with a file of these bytes.
fn with_file<T>(bytes: &[u8], read: impl FnOnce(&std::path::Path) -> T) -> T {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), bytes).expect("a file of these bytes");
    read(file.path())
}

/// Whether `text` can be printed as it is: one line, without terminal controls.
fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
