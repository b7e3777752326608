//! Fatal errors and exit codes: what stops a run, and what the shell gets.
//!
//! An [`Error`] stops the run. What goes wrong with one call or one key is no
//! `Error` but a [`Fault`](crate::domain::outcome::Fault) or an
//! [`Outcome`](crate::domain::outcome::Outcome), and the run goes on.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

/// The process exit codes, a contract with cron jobs and orchestrators.
///
/// They follow `sysexits.h` where it has a word for the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exit {
    /// 0: every row has the answers that were asked for, whichever source gave them.
    Success,
    /// 3: some lookups failed, more than `--max-failed` allows.
    SomeFailed,
    /// 64: the command line asks for something that cannot be.
    Usage,
    /// 65: the input is unreadable, changed while it was read, or has too many rejects.
    BadInput,
    /// 66: the input does not exist.
    NoInput,
    /// 68: the output is incomplete, as a vendor is out of reach or fails; run again at `resume_at`.
    Outage,
    /// 69: a vendor refuses for billing or scope.
    Refused,
    /// 70: a fault of vinrich itself, or rows were not conserved.
    Internal,
    /// 73: the output cannot be created; found before anything is spent.
    CannotCreate,
    /// 74: reading or writing failed, or the disk is full.
    Io,
    /// 75: the output is incomplete, as a quota is used up; run again at `resume_at`.
    Parked,
    /// 76: a vendor broke its protocol.
    Protocol,
    /// 77: an API key is missing, wrong or revoked.
    Key,
    /// 78: the configuration or the store is unusable.
    Config,
    /// 79: another run holds the output.
    Locked,
    /// 80: the run's own limit (`--max-calls`, `--max-cost`, `spend`) is reached.
    OwnLimit,
    /// 130: stopped by SIGINT; run again to resume.
    Interrupted,
    /// 143: stopped by SIGTERM or SIGHUP; run again to resume.
    Terminated,
}

impl Exit {
    /// The number given to the shell.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::SomeFailed => 3,
            Self::Usage => 64,
            Self::BadInput => 65,
            Self::NoInput => 66,
            Self::Outage => 68,
            Self::Refused => 69,
            Self::Internal => 70,
            Self::CannotCreate => 73,
            Self::Io => 74,
            Self::Parked => 75,
            Self::Protocol => 76,
            Self::Key => 77,
            Self::Config => 78,
            Self::Locked => 79,
            Self::OwnLimit => 80,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// One or two words for the run report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::SomeFailed => "some_failed",
            Self::Usage => "usage",
            Self::BadInput => "bad_input",
            Self::NoInput => "no_input",
            Self::Outage => "outage",
            Self::Refused => "refused",
            Self::Internal => "internal",
            Self::CannotCreate => "cannot_create",
            Self::Io => "io",
            Self::Parked => "parked",
            Self::Protocol => "protocol",
            Self::Key => "key",
            Self::Config => "config",
            Self::Locked => "locked",
            Self::OwnLimit => "own_limit",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// How a run ends that was not stopped: the first that holds, in the order of the
    /// contract. 78, 77, 69 and 76 judge a vendor, the others the output.
    pub fn first(holds: impl Fn(Self) -> bool) -> Self {
        const ORDER: [Exit; 8] = [
            Exit::Config,
            Exit::Key,
            Exit::Refused,
            Exit::Protocol,
            Exit::Outage,
            Exit::OwnLimit,
            Exit::Parked,
            Exit::SomeFailed,
        ];
        ORDER.into_iter().find(|exit| holds(*exit)).unwrap_or(Exit::Success)
    }

    /// Whether it judges a vendor, and so holds even where the output is complete.
    pub const fn judges_a_vendor(self) -> bool {
        matches!(self, Self::Config | Self::Key | Self::Refused | Self::Protocol)
    }

    /// Whether a run that ends so still writes its output.
    pub const fn writes_output(self) -> bool {
        matches!(
            self,
            Self::Success
                | Self::SomeFailed
                | Self::Outage
                | Self::Refused
                | Self::Parked
                | Self::Protocol
                | Self::Key
                | Self::OwnLimit
        )
    }
}

/// A fatal error: what failed, on what, what to do about it, and the exit code.
///
/// Displayed it fits after `error: `: lower case, no final period. It never
/// holds a key or a URL.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error that ends the process with `exit`.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, source: None }
    }

    /// 64: the command line asks for something that cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// 65: `path` cannot be read as what it should be.
    pub fn bad_input(path: &Path, what: impl fmt::Display) -> Self {
        Self::new(Exit::BadInput, format!("`{}`: {what}", path.display()))
    }

    /// 74: an operation on `path` failed.
    pub fn io(what: &str, path: &Path, source: std::io::Error) -> Self {
        Self::new(Exit::Io, format!("{what} `{}`", path.display())).because(source)
    }

    /// 78: the configuration is unusable.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(Exit::Config, message)
    }

    /// 70: something that cannot happen did.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Exit::Internal, message)
            .hint("this is a fault in vinrich; please report it with the run report")
    }

    /// Adds what the reader can do about it; printed after `hint: `.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The exit code this error ends the process with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What the reader can do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// Whether there is no file: a user without a home may have a file in its place, such as
/// `/dev/null`.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
