//! `vinrich store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ReportFormat;

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Write a copy of the store, whole, while runs go on
    Backup(StoreBackupArgs),
    /// Write what the store knows to a file that is only read, for offline runs anywhere
    Snapshot(StoreSnapshotArgs),
    /// Put a backup in the place of the store, without forgetting what was spent since
    Restore(StoreRestoreArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich store backup /backup/vinrich.db
  vinrich store backup \"/backup/vinrich-$(date +%F).db\" --quiet

The copy is the store as it is at one moment, checked before it gets its name;
only its owner may read it. It holds VINs and answers, and no API key.

Exit codes: 73 when FILE is there already (without --force) or cannot be created,
74 when the disk is full, 78 when there is no store, or it is damaged.")]
pub(crate) struct StoreBackupArgs {
    /// Where the copy goes
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace FILE if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich store restore /backup/vinrich.db

What the present store knows beyond the backup is carried over: calls, what they
cost and used of the quotas, and answers. So nothing is paid for twice, and no
quota starts anew. What was removed since the backup comes back with it. Where
the present store is damaged, what it knew since the backup is lost, and said so.
It is kept beside, as vinrich.db.before-restore-TIME.

Exit codes: 66 when FILE is missing, 78 when it is not a sound store of this
version of vinrich or an older one, 79 while a run uses the store. The store is then as
it was.")]
pub(crate) struct StoreRestoreArgs {
    /// A file that `vinrich store backup` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vinrich store snapshot /lake/vinrich-2026-11-30.db
  vinrich enrich fleet.parquet -o out.parquet --offline --store /lake/vinrich-2026-11-30.db

The file has the answers and the recall file, and no ledger, no runs and no
accounts. Any number of `--offline` runs may read it at once, also where nobody may
write. Only its owner may read it, as it holds VINs: change its mode to share it.

Exit codes: 64 when the store has answers of several origins and none is named,
73 when FILE is there already (without --force) or cannot be created, 74 when the
disk is full, 78 when there is no store, or it is damaged.")]
pub(crate) struct StoreSnapshotArgs {
    /// Where it goes
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Whose answers: those for live keys, for test keys, or of the sandbox [default: the only
    /// one there is]
    #[arg(long, value_name = "ORIGIN", value_parser = ["live", "test", "sandbox"])]
    pub(crate) origin: Option<String>,
    /// Replace FILE if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// How the result is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}
