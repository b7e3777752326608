//! `vinrich vpic`: the data that decode VINs without a call.

use std::path::{Path, PathBuf};

use serde::Serialize;
use vinrich::domain::error::{Error, Exit};
use vinrich::domain::events::{Events, Level};
use vinrich::vpic::{self, Place, Provenance, Vpic};

use crate::cli::{CommonArgs, ListArgs, ReportFormat, VpicCommand, VpicInstallArgs};
use crate::console::Console;
use crate::format::{at, shown, text};
use crate::table::table;
use crate::{settings, stdout};

pub(crate) fn run(command: &VpicCommand, common: &CommonArgs) -> Result<u8, Error> {
    let path = settings::load(common.config.as_deref())?.vpic_data;
    match command {
        VpicCommand::Install(args) => install(args, &path, common)?,
        VpicCommand::Status(args) => status(args, &path)?,
    }
    Ok(Exit::Success.code())
}

fn install(args: &VpicInstallArgs, path: &Path, common: &CommonArgs) -> Result<(), Error> {
    let console = Console::new(common);
    let installed =
        vpic::install(args.from.as_deref(), path, &|done| console.arrived(done.bytes, done.of));
    console.finish();
    let Provenance { data_month, digest, .. } = installed?;
    let place = path.display();
    let said = format!("vPIC data of {data_month} are in `{place}`, checked (BLAKE3 {digest})");
    console.note(Level::Info, "vpic_installed", &said);
    Ok(())
}

fn status(args: &ListArgs, path: &Path) -> Result<(), Error> {
    let vpic = Vpic::require(path)?;
    let status = Status::of(&vpic);
    match args.format {
        ReportFormat::Json => stdout::write_json(&status),
        ReportFormat::Text => stdout::write(&status.as_text()),
    }
}

/// Which data are there, as a program reads it.
#[derive(Serialize)]
struct Status {
    data_month: String,
    released_at: String,
    digest: String,
    decoder_version: &'static str,
    embedded: bool,
    path: Option<PathBuf>,
}

impl Status {
    fn of(vpic: &Vpic) -> Self {
        let Provenance { data_month, digest, decoder_version, place } = vpic.provenance();
        let path = match place {
            Place::Embedded => None,
            Place::File(path) => Some(path),
        };
        let released_at = at(vpic.released_at());
        let embedded = path.is_none();
        Self { data_month, released_at, digest, decoder_version, embedded, path }
    }

    fn as_text(&self) -> String {
        let place = match &self.path {
            Some(path) => shown(path),
            None => "in this program".into(),
        };
        let rows = [
            ("data", format!("vPIC of {}", self.data_month)),
            ("digest", format!("BLAKE3 {}", self.digest)),
            ("path", place),
            ("decoder", format!("ultravin {}", self.decoder_version)),
        ];
        text(&table(&rows.map(|(name, value)| vec![name.to_owned(), value])))
    }
}
