//! What may be typed for calls that act: `photos` and `tool`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vinrich::domain::money::Micros;

use super::{SandboxedArgs, delimiter, dollars};

#[derive(Debug, Subcommand)]
pub(crate) enum PhotosCommand {
    /// Make a photo request for each vehicle of files that has none yet
    Request(PhotosRequestArgs),
    /// Ask how photo requests stand; writes a row for each
    Status(PhotosStatusArgs),
    /// Cancel photo requests
    Cancel(PhotosCancelArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ToolCommand {
    /// Run a paid tool once for each row or vehicle of files
    Run(Box<ToolRunArgs>),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich photos request fleet.csv -o links.csv --yes
  vinrich photos request fleet.csv --sandbox --yes

What a request says is set under [vendors.visio]; `{column}` stands for a column
of the input, `{vin}` for the row's VIN:
  instructions = \"Photos of your {make} {model}, VIN {vin}\"
  slots = [\"Front of the {make}\", \"Odometer\"]
  optional_slots = [\"Damage, if any\"]
  expires_in_hours = 48
  recipient_email = \"{email}\"

A request whose reply was lost is looked for in the vendor's list, and never
sent again while nobody knows what became of it.")]
pub(crate) struct PhotosRequestArgs {
    #[command(flatten)]
    pub(crate) rows: RowsArgs,
    /// Write the input's rows and their photo requests to this CSV file; `-` is stdout
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Make one more for each vehicle that has one
    #[arg(long)]
    pub(crate) again: bool,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich photos status
  vinrich photos status fleet.csv -o photos.csv")]
pub(crate) struct PhotosStatusArgs {
    /// Only the vehicles of these files [default: every photo request made from this store]
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    /// Where the rows go, as CSV; `-` is stdout
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    pub(crate) output: PathBuf,
    /// Send at most this many calls, retries included
    #[arg(long, value_name = "N")]
    pub(crate) max_calls: Option<u64>,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich photos cancel 1HGBH41JXMN109186
  vinrich photos cancel --all --yes")]
pub(crate) struct PhotosCancelArgs {
    /// The vehicles whose photo requests are cancelled
    #[arg(value_name = "VIN", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) vins: Vec<String>,
    /// Cancel every photo request made from this store
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich tool run enriched.csv --tool or-gpt-4o-mini --input prompt.json --max-cost 5 -o told.csv
  vinrich tool run fleet.csv --tool try-me --input prompt.json --max-cost 1 -o out.csv --sandbox

The template is a JSON object; in its texts `{column}` stands for a column of the
input and `{vin}` for the row's VIN. A text that is one empty cell becomes null:
  {\"messages\": [{\"role\": \"user\", \"content\": \"Describe a {make} {model}.\"}]}

A run is reserved at `price_micros` under [vendors.visa] (1 cent unless set), or
at the dearest charge this tool was seen with; it is never started when that
would pass --max-cost. Running the same command again costs nothing for rows
that are answered, and resumes the others under their idempotency keys.")]
pub(crate) struct ToolRunArgs {
    #[command(flatten)]
    pub(crate) rows: RowsArgs,
    /// The tool's id
    #[arg(long, value_name = "ID")]
    pub(crate) tool: String,
    /// Spend at most this much
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub(crate) max_cost: Micros,
    /// Where the rows go, as CSV; `-` is stdout
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The file that holds the `input` template [default: `input` under [vendors.visa]]
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// What the tool is run once for; rows with equal inputs share a run
    #[arg(long, value_name = "WHAT", default_value = "row")]
    pub(crate) per: PerWhat,
    #[command(flatten)]
    pub(crate) consent: ConsentArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxedArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PerWhat {
    Row,
    Vehicle,
}

/// Rows whose vehicles are acted upon.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct RowsArgs {
    /// Files, folders, globs, or `-` for stdin
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    /// The column that holds the VIN, by header or 1-based number [default: found by name or content]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) vin_column: Option<String>,
    /// What separates fields: `,` `;` `|` or `tab` [default: sniffed]
    #[arg(long, value_name = "DELIMITER", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,
}

/// What is allowed without a question.
#[derive(Debug, Args)]
#[command(next_help_heading = "Consent")]
pub(crate) struct ConsentArgs {
    /// Do it without asking on the terminal
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Send at most this many calls, retries included
    #[arg(long, value_name = "N")]
    pub(crate) max_calls: Option<u64>,
}
