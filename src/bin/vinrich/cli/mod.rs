//! What may be typed: commands, flags and their help.
//!
//! What was typed gets its meaning in `meaning`; nothing here decides anything.

mod accounts;
mod acting;
mod keeping;
mod local;
mod recalls;
mod sandbox;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use self::local::{DecodeArgs, VpicCommand, VpicInstallArgs};

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use vinrich::domain::error::Exit;
use vinrich::domain::money::Micros;
use vinrich::domain::outcome::Dataset;
use vinrich::enrich::plan::Allowance;
use vinrich::matching::row_vehicle::Claim;
use vinrich::output::Format;

use crate::format::visible;

pub(crate) use self::acting::{
    ConsentArgs, PerWhat, PhotosCancelArgs, PhotosCommand, PhotosRequestArgs, PhotosStatusArgs,
    RowsArgs, ToolCommand, ToolRunArgs,
};
pub(crate) use accounts::{CheckArgs, ListArgs, QuotaArgs};
pub(crate) use keeping::{
    AuditFormat, CacheCommand, CacheExplainArgs, CacheForgetArgs, CachePruneArgs, CacheVerifyArgs,
    RunsAuditArgs, RunsCommand,
};
pub(crate) use recalls::{RecallsCommand, RecallsImportArgs};
pub(crate) use sandbox::{SandboxArgs, SandboxedArgs};
pub(crate) use store::{StoreBackupArgs, StoreCommand, StoreRestoreArgs};

const EXAMPLES: &str = "\
Examples:
  vinrich enrich fleet.csv -o enriched.csv --sandbox    try it: no key, no money, no network
  vinrich plan fleet.csv                                what it would take, before it is spent
  vinrich enrich fleet.csv -o enriched.parquet          do it; run it again to resume
";

const ENRICH_EXAMPLES: &str = "\
Examples:
  vinrich enrich fleet.csv -o enriched.csv
  vinrich enrich 'in/*.csv' -o all.parquet --with decode,recalls --rejects bad.csv
  cat vins.txt | vinrich enrich - -o - --decode carvin --offline
  vinrich enrich fleet.csv -o out.csv --max-calls 50 --max-wait 0s
  vinrich enrich fleet.csv -o out.csv --sandbox --fault carvin/429:every=3

A run that was stopped, parked or killed resumes when the same command is run
again: what was paid for is in the store.
";

const EXIT_CODES: &str = "\
Exit codes, the first that holds:
  130/143  stopped by a signal; run again to resume
   70      a fault of vinrich itself
   64      usage
   65      input unreadable or changed while read, or over --max-rejected
   66      input missing
   73      output cannot be created (found before anything is spent)
   74      I/O error or disk full
   78      configuration or store unusable
   79      another run holds the output
   77      an API key is missing, wrong or revoked
   69      a vendor refuses for billing or scope
   76      a vendor broke its protocol
   80      the run's own limit is reached (--max-calls, --max-cost, spend)
   75      parked by a quota or an outage; run again at `resume_at` of the report
    3      some lookups failed, over --max-failed
    0      done
The output is written for 0, 3, 69, 75, 76, 77 and 80.
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
    /// Tell what `enrich` would take: calls, money, nights; spends nothing
    Plan(PlanArgs),
    /// Check the VINs of files by local rules alone
    Validate(ValidateArgs),
    /// Show what a few VINs tell, decoded on this machine
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
    /// Back the store up, and put a backup back
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
    /// Stand in for the vendors on this machine, for demonstrations and tests
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Flags that every command takes.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Common")]
pub(crate) struct CommonArgs {
    /// Configuration file [default: ./vinrich.toml, then the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Say nothing but warnings and errors
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

#[derive(Debug, Args)]
#[command(after_help = ENRICH_EXAMPLES, after_long_help = format!("{ENRICH_EXAMPLES}\n{EXIT_CODES}"))]
pub(crate) struct EnrichArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) thresholds: ThresholdArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich plan fleet.csv
  vinrich plan fleet.csv --recalls carvin --format json")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
    /// How the forecast is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich validate fleet.csv
  vinrich validate fleet.csv --rejects bad.csv --max-rejected 1%")]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Write the rejected rows and their reasons to this CSV file
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Fail (65) when more rows are rejected: a number, or a share such as 1%
    #[arg(long, value_name = "N|P%", value_parser = allowance)]
    pub(crate) max_rejected: Option<Allowance>,
    /// Fail (65) when there are no rows
    #[arg(long)]
    pub(crate) require_rows: bool,
    /// How the counts are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// Files, folders, globs, or `-` for stdin
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    /// The column that holds the VIN, by header or 1-based number [default: found by name or content]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) vin_column: Option<String>,
    /// A column that holds the row's own make, model or year, compared with its VIN, such as
    /// `model=Type`; repeatable [default: found by name]
    #[arg(long, value_name = "F=COLUMN,…", value_delimiter = ',', value_parser = claim_column)]
    pub(crate) map: Vec<(Claim, String)>,
    /// What separates fields: `,` `;` `|` or `tab` [default: sniffed]
    #[arg(long, value_name = "DELIMITER", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
    /// Carry only these input columns through [default: all]
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    pub(crate) keep: Vec<String>,
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
    /// Ask nobody; the store answers alone
    #[arg(long, conflicts_with = "refresh")]
    pub(crate) offline: bool,
    /// Ask again for these datasets though the store's answers are fresh
    #[arg(long, value_name = "DATASET,…", value_delimiter = ',', value_parser = dataset)]
    pub(crate) refresh: Vec<Dataset>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Send at most this many calls, retries included
    #[arg(long, value_name = "N")]
    pub(crate) max_calls: Option<u64>,
    /// Spend at most this much; also what allows endpoints that cost money
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub(crate) max_cost: Option<Micros>,
    /// Park a vendor (75) instead of waiting longer for it [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) max_wait: Option<Duration>,
    /// Wait this long for another run that holds the output, instead of failing (79) at once
    #[arg(long, value_name = "DURATION", value_parser = vinrich::config::duration)]
    pub(crate) wait_lock: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Where the rows go; `-` is stdout
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The output's format [default: by the extension of OUT; csv on stdout]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub(crate) format: Option<Format>,
    /// Write rejected rows to this CSV file instead of the output
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Guard cells that a spreadsheet would run as a formula
    #[arg(long)]
    pub(crate) for_excel: bool,
    /// Where the run report goes [default: OUT.run.json]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// What an incomplete run does: write OUT, or keep the old one and write OUT.partial
    #[arg(long, value_name = "ACTION", default_value = "write")]
    pub(crate) on_incomplete: OnIncomplete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnIncomplete {
    Write,
    Keep,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "When a run counts as failed")]
pub(crate) struct ThresholdArgs {
    /// Lookups that may fail before the exit code is 3: a number, or a share such as 1%
    #[arg(long, value_name = "N|P%", default_value = "0", value_parser = allowance)]
    pub(crate) max_failed: Allowance,
    /// Fail (65) when more rows are rejected: a number, or a share such as 1% [default: any number]
    #[arg(long, value_name = "N|P%", value_parser = allowance)]
    pub(crate) max_rejected: Option<Allowance>,
    /// Fail (65) when there are no rows
    #[arg(long)]
    pub(crate) require_rows: bool,
    /// Fail (78) when the store does not exist yet, instead of creating it
    #[arg(long)]
    pub(crate) require_store: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// How the columns are printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: SchemaFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    Text,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  vinrich completions bash > ~/.local/share/bash-completion/completions/vinrich")]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    pub(crate) shell: clap_complete::Shell,
}

/// Prints what clap has to say; gives the exit code. Help that does not fit on
/// the disk was not given; help that nobody reads to its end was.
pub(crate) fn refuse(error: &clap::Error) -> u8 {
    let shown = error.render().to_string();
    let escaped = shown.split('\n').map(visible).collect::<Vec<_>>().join("\n");
    let said = if escaped == shown {
        error.print()
    } else {
        // A file's name, typed by a shell, may draw on the terminal.
        io::stderr().lock().write_all(escaped.as_bytes())
    };
    match (said, exit_of(error)) {
        (Err(failed), Exit::Success) if failed.kind() != io::ErrorKind::BrokenPipe => Exit::Io,
        (_, exit) => exit,
    }
    .code()
}

/// Help and version are what was asked for; all else is a usage error, for
/// which clap alone would say 2.
fn exit_of(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success,
        _ => Exit::Usage,
    }
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .try_map(|name| Format::from_name(&name).ok_or("is no format"))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," | ";" | "|" => Ok(text.as_bytes()[0]),
        "tab" | "\t" | "\\t" => Ok(b'\t'),
        _ => Err("must be `,`, `;`, `|` or `tab`".into()),
    }
}

fn claim_column(text: &str) -> Result<(Claim, String), String> {
    let (name, column) =
        text.split_once('=').ok_or("must be a field and its column, such as `make=Brand`")?;
    let claim = Claim::from_name(name.trim()).ok_or_else(|| {
        format!("`{name}` is no field; the fields are `make`, `model` and `year`")
    })?;
    Ok((claim, column.to_owned()))
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
