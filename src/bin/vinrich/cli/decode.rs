//! `vinrich decode`.

use clap::Args;

use super::ReportFormat;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich decode 1HGCM82633A004352
  vinrich decode 1HGCM82633A004352 WVWZZZ1KZ6W612305 --format json

It calls no vendor: `vinrich vpic install` gets the data once. It ends with 65
when one of them is not a VIN.")]
pub(crate) struct DecodeArgs {
    /// VINs, as they are written
    #[arg(required = true, value_name = "VIN")]
    pub(crate) vins: Vec<String>,
    /// A card for each VIN, or one JSON list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
