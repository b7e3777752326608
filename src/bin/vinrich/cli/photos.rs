//! `vinrich photos`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConsentArgs, RowsArgs, SandboxedArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum PhotosCommand {
    /// Make a photo request for each vehicle of files that has none yet
    Request(PhotosRequestArgs),
    /// Ask for the status of photo requests; writes a row for each
    Status(PhotosStatusArgs),
    /// Download the photos that customers sent into a folder
    Download(PhotosDownloadArgs),
    /// Cancel photo requests
    Cancel(PhotosCancelArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich photos request fleet.csv -o links.csv --yes
  vinrich photos request fleet.csv --sandbox --yes

The text of a request is set under [vendors.visio]; `{column}` is replaced by a
column of the input, `{vin}` by the row's VIN:
  instructions = \"Photos of your {make} {model}, VIN {vin}\"
  slots = [\"Front of the {make}\", \"Odometer\"]
  optional_slots = [\"Damage, if any\"]
  expires_in_hours = 48
  recipient_email = \"{email}\"

A request whose reply was lost is looked for in the vendor's list, and never
sent again while its outcome is unknown.")]
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
  vinrich photos download -o photos/
  vinrich photos download fleet.csv -o photos/

A file is called `VIN_REQUEST_PHOTO` and is whole or absent; what is in the folder
is not fetched again. Links are valid for 24 hours and renewed when they are older.")]
pub(crate) struct PhotosDownloadArgs {
    /// Only the vehicles of these files [default: every photo request made from this store]
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    /// Where the photos go; the folder is made where it is not there
    #[arg(short, long, value_name = "FOLDER")]
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
