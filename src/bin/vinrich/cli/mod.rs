//! What may be typed: commands, flags and their help.
//!
//! `args_to_plan` turns it into a plan; nothing here decides anything.

mod cache;
mod changes;
mod check;
mod completions;
mod decode;
mod enrich;
mod man;
mod photos;
mod plan;
mod quota;
mod recalls;
mod runs;
mod sandbox;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod tool;
mod validate;
mod vpic;

pub(crate) use self::{
    cache::*, changes::*, check::*, completions::*, decode::*, enrich::*, man::*, photos::*,
    plan::*, quota::*, recalls::*, runs::*, sandbox::*, schema::*, store::*, tool::*, validate::*,
    vpic::*,
};

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;
use vinrich::input::{Escape, InputFormat, Quote};
use vinrich::plan::Allowance;
use vinrich::row_vehicle::VehicleField;

const EXAMPLES: &str = "\
Examples:
  vinrich enrich fleet.csv -o enriched.csv --sandbox    try it: no key, no money, no network
  vinrich plan fleet.csv                                what it would take, before it is spent
  vinrich enrich fleet.csv -o enriched.parquet          do it; run it again to resume
";

const EXIT_CODES: &str = "\
Exit codes, the first that holds:
  130/143  stopped by a signal; run again to resume
   70      a fault of vinrich itself
   64      usage
   65      input unreadable, changed while read, over --max-rejected, or spoilt (--allow-empty)
   66      input missing
   73      output cannot be created (found before anything is spent)
   74      I/O error or disk full
   78      configuration or store unusable
   79      another run holds the output or the store
   77      an API key is missing, wrong or revoked
   69      a vendor refuses for billing or scope
   76      a vendor broke its protocol
   68      output incomplete: a vendor is out of reach or fails; run again at `resume_at`
   80      output incomplete: the run's own limit is reached (--max-calls, --max-cost, spend)
   75      output incomplete: a quota is used up; run again at `resume_at` of the report
    3      output incomplete: some lookups failed, over --max-failed
    0      every lookup has its answer, whichever source gave it
77, 69 and 76 judge a vendor, and hold even where the output is complete.
The output is written for 0, 3, 68, 69, 75, 76, 77 and 80.
";

/// Enriches files of vehicle identification numbers: one row out for each row in.
///
/// Only what the local store does not know is asked, in full batches that never
/// pass a vendor's quota. Data goes to files or stdout, everything else to stderr.
#[derive(Debug, Parser)]
#[command(name = "vinrich", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Enrich the rows of files into one output file
    Enrich(Box<EnrichArgs>),
    /// Show what `enrich` would take: calls, money, nights; spends nothing
    Plan(PlanArgs),
    /// Show what changed in an output since the night before
    Changes(ChangesArgs),
    /// Check the VINs of files by local rules alone
    Validate(ValidateArgs),
    /// Decode a few VINs on this machine
    Decode(DecodeArgs),
    /// Check each vendor's key, reach and limits, by calls that are not billed
    Check(CheckArgs),
    /// Show what each vendor's quotas and spend limits have left, by our own count
    Quota(QuotaArgs),
    /// Ask customers for photos of vehicles, by links
    Photos {
        #[command(subcommand)]
        command: PhotosCommand,
    },
    /// Run paid tools
    Tool {
        #[command(subcommand)]
        command: ToolCommand,
    },
    /// Look at past runs and their calls
    Runs {
        #[command(subcommand)]
        command: RunsCommand,
    },
    /// Look at what the store keeps, check it, or remove some of it
    Cache {
        #[command(subcommand)]
        command: CacheCommand,
    },
    /// Back the store up, put a backup back, or write a snapshot of it
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Install the data that decode VINs without a call
    Vpic {
        #[command(subcommand)]
        command: VpicCommand,
    },
    /// Keep NHTSA's recall file in the store: recalls without a key or a network
    Recalls {
        #[command(subcommand)]
        command: RecallsCommand,
    },
    /// List the columns of the output
    Schema(SchemaArgs),
    /// Imitate the vendors on this machine, for demonstrations and tests
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command
    Man(ManArgs),
}

/// Flags that every command takes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Common")]
pub(crate) struct CommonArgs {
    /// Configuration file [default: ./vinrich.toml, then the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print only warnings and errors
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Messages as text, or as one JSON object a line
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    #[command(flatten)]
    pub(crate) rows: RowsArgs,
    /// A column that holds the row's own make, model or year, compared with its VIN, such as
    /// `model=Type`; repeatable [default: found by name]
    #[arg(long, value_name = "F=COLUMN,…", value_delimiter = ',', value_parser = field_column)]
    pub(crate) map: Vec<(VehicleField, String)>,
    /// Carry only these input columns through [default: all]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub(crate) keep: Vec<String>,
    /// Columns whose cells make a row's `row_id`, instead of its file and place in it;
    /// `vin` is the normalised VIN; repeatable
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub(crate) row_key: Vec<String>,
    /// What the input is called in each `row_id`, also on stdin [default: the name of the file]
    #[arg(long, value_name = "NAME")]
    pub(crate) source_name: Option<String>,
    /// Read rows as the VINs that a person put into `accepted_vin` of this rejects file, or of
    /// the sheet Rejects of this workbook
    #[arg(long, value_name = "FILE")]
    pub(crate) corrections: Option<String>,
    /// Reject a VIN whose check digit fails, instead of warning
    #[arg(long)]
    pub(crate) strict: bool,
    /// Replace I, O and Q by the digit that makes the check digit pass, where only one does
    #[arg(long)]
    pub(crate) repair: bool,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What to ask")]
pub(crate) struct AskArgs {
    /// Datasets wanted: decode, recalls, listings [default: each that has a usable vendor]
    #[arg(long = "with", value_name = "DATASET,…", value_delimiter = ',', value_parser = dataset)]
    pub(crate) datasets: Vec<Dataset>,
    /// Vendors asked for decodes, in this order; like --with, it names what is asked for
    #[arg(long, value_name = "VENDOR,…", value_delimiter = ',')]
    pub(crate) decode: Vec<String>,
    /// Vendors asked for recalls, in this order; like --with, it names what is asked for
    #[arg(long, value_name = "VENDOR,…", value_delimiter = ',')]
    pub(crate) recalls: Vec<String>,
    /// Vendors asked for listings, in this order; like --with, it names what is asked for
    #[arg(long, value_name = "VENDOR,…", value_delimiter = ',')]
    pub(crate) listings: Vec<String>,
    /// Ask no vendor; the store answers alone
    #[arg(long, conflicts_with = "refresh")]
    pub(crate) offline: bool,
    /// Ask again for these datasets though the store's answers are fresh
    #[arg(long, value_name = "DATASET,…", value_delimiter = ',', value_parser = dataset)]
    pub(crate) refresh: Vec<Dataset>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// How the list is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// Rows whose vehicles are acted upon.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct RowsArgs {
    /// Files of text, workbooks, Parquet, Arrow or JSON lines; folders, globs, or `-` for stdin
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    /// The column that holds the VIN, by header or 1-based number [default: found by content and name]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) vin_column: Option<String>,
    /// What the files are written in [default: found by content]
    #[arg(long, value_name = "FORMAT", value_parser = input_format())]
    pub(crate) input_format: Option<InputFormat>,
    /// What separates fields: `,` `;` `|` or `tab` [default: sniffed]
    #[arg(long, value_name = "DELIMITER", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// What fields may stand in: `"`, another character, or `none` [default: found by content]
    #[arg(long, value_name = "QUOTE", value_parser = quote)]
    pub(crate) quote: Option<Quote>,
    /// How a quote is written inside of quotes [default: found by content]
    #[arg(long, value_name = "HOW")]
    pub(crate) escape: Option<EscapeArg>,
    /// The line that names the columns, from 1; 0 where none does [default: found by content]
    #[arg(long, value_name = "N")]
    pub(crate) header_row: Option<u64>,
    /// The sheet of a workbook, by name or number from 1 [default: the one that holds VINs]
    #[arg(long, value_name = "NAME|N")]
    pub(crate) sheet: Option<String>,
}

/// How a quote is written inside of quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EscapeArg {
    Double,
    Backslash,
}

impl From<EscapeArg> for Escape {
    fn from(arg: EscapeArg) -> Self {
        match arg {
            EscapeArg::Double => Self::Double,
            EscapeArg::Backslash => Self::Backslash,
        }
    }
}

/// Where rejected rows are written by commands that write no others.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct RejectsArgs {
    /// Write the rejected rows and their reasons to this file, in the format of its name, else
    /// as CSV; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
}

impl RejectsArgs {
    /// Whether rows have stdout to themselves.
    pub(crate) fn take_stdout(&self) -> bool {
        self.rejects.as_deref() == Some(Path::new("-"))
    }
}

/// What is allowed without a question.
#[derive(Debug, Args)]
#[command(next_help_heading = "Consent")]
pub(crate) struct ConsentArgs {
    /// Do it without asking on the terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Send at most this many calls, retries included
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_calls: Option<u64>,
}

fn input_format() -> impl TypedValueParser<Value = InputFormat> {
    PossibleValuesParser::new(InputFormat::ALL.map(InputFormat::name))
        .try_map(|name| InputFormat::from_name(&name).ok_or("is not a format"))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," | ";" | "|" => Ok(text.as_bytes()[0]),
        "tab" | "\t" | "\\t" => Ok(b'\t'),
        _ => Err("must be `,`, `;`, `|` or `tab`".into()),
    }
}

fn quote(text: &str) -> Result<Quote, String> {
    match text.as_bytes() {
        b"none" => Ok(Quote::None),
        [quote] if quote.is_ascii_punctuation() => Ok(Quote::Character(*quote)),
        _ => Err("must be `none` or one character, such as `\"`".into()),
    }
}

fn field_column(text: &str) -> Result<(VehicleField, String), String> {
    let (name, column) =
        text.split_once('=').ok_or("must be a field and its column, such as `make=Brand`")?;
    let field = VehicleField::from_name(name.trim()).ok_or_else(|| {
        format!("`{name}` is not a field; the fields are `make`, `model` and `year`")
    })?;
    Ok((field, column.to_owned()))
}

fn dataset(text: &str) -> Result<Dataset, String> {
    Dataset::from_name(text).ok_or_else(|| "must be `decode`, `recalls` or `listings`".into())
}

fn dollars(text: &str) -> Result<Micros, String> {
    Micros::parse_usd(text).ok_or_else(|| "must be US dollars such as `5` or `0.50`".into())
}

fn allowance(text: &str) -> Result<Allowance, String> {
    let wrong = || "must be a number such as `10` or a share such as `1%`".to_owned();
    let Some(percent) = text.strip_suffix('%') else {
        return text.parse().map(Allowance::Count).map_err(|_| wrong());
    };
    match percent.trim().parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(Allowance::Percent(share)),
        _ => Err(wrong()),
    }
}
