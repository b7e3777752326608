//! `vinrich tool`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use vinrich::domain::money::Micros;

use super::{ConsentArgs, RowsArgs, SandboxedArgs, dollars};

#[derive(Debug, Subcommand)]
pub(crate) enum ToolCommand {
    /// Run a paid tool once for each row or vehicle of files
    Run(Box<ToolRunArgs>),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich tool run enriched.csv --tool or-gpt-4o-mini --input prompt.json --max-cost 5 -o texts.csv
  vinrich tool run fleet.csv --tool try-me --input prompt.json --max-cost 1 -o out.csv --sandbox

The template is a JSON object; in its texts `{column}` is replaced by a column of
the input and `{vin}` by the row's VIN. A text that is one empty cell becomes null:
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
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
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
