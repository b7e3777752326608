//! Why a call brought no reply, and what that means for what is done next.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use super::linked_file::LARGEST_FILE;
use super::resolver::OffLimits;
use super::send::LARGEST_BODY;
use crate::domain::Fault;

/// Why a call brought no reply. Shown, it names no address.
#[derive(Debug)]
pub(super) enum TransportError {
    Broken(reqwest::Error),
    /// It did not come in time.
    Late,
    TooLarge,
    /// More lists, objects and entries than memory should hold.
    TooManyParts,
    /// A file that is over the limit.
    FileTooLarge,
    /// A file whose length is not stated.
    Endless,
}

impl TransportError {
    /// Whether the request may have reached the server decides what may be done next.
    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::TooLarge | Self::TooManyParts | Self::FileTooLarge | Self::Endless => {
                Fault::Garbled { excerpt: self.to_string() }
            }
            Self::Broken(error) if error.is_connect() || error.is_builder() => Fault::NotSent,
            Self::Broken(error) if is_timeout(error) => Fault::Timeout,
            Self::Broken(error) if error.is_decode() || is_not_http(error) => {
                Fault::Garbled { excerpt: self.to_string() }
            }
            Self::Late | Self::Broken(_) => Fault::Timeout,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::TooLarge => return write!(f, "its reply is over {} MiB", LARGEST_BODY >> 20),
            Self::TooManyParts => return f.write_str("its reply has too many entries"),
            Self::FileTooLarge => return write!(f, "the file is over {} MiB", LARGEST_FILE >> 20),
            Self::Endless => return f.write_str("its reply does not say how long the file is"),
            Self::Late => return f.write_str("no reply in time"),
            Self::Broken(error) => error,
        };
        match causes(error).find_map(known_cause) {
            _ if is_timeout(error) && error.is_connect() => f.write_str("no connection in time"),
            _ if is_timeout(error) => f.write_str("no reply in time"),
            _ if is_not_http(error) => f.write_str("its reply is not proper HTTP"),
            _ if error.is_decode() && http_cause(error).is_some() => {
                f.write_str("its reply is cut short")
            }
            _ if error.is_decode() => f.write_str("its reply does not decompress"),
            Some(cause) => f.write_str(&cause),
            None => f.write_str(unnamed(error)),
        }
    }
}

/// The causes of `error`, the outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<io::Error>() {
        // What an I/O error wraps is not its source: its source is that one's.
        Some(error) => error.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => cause.source(),
    })
}

/// reqwest itself does not look for a time-out behind a decompressor.
fn is_timeout(error: &reqwest::Error) -> bool {
    let is_one = |cause: &(dyn StdError + 'static)| {
        cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
    };
    error.is_timeout() || causes(error).any(is_one)
}

fn http_cause(error: &reqwest::Error) -> Option<&hyper::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// Whether what came was read, and was not HTTP.
fn is_not_http(error: &reqwest::Error) -> bool {
    http_cause(error).is_some_and(hyper::Error::is_parse)
}

/// What a person reads of a cause that shows where to look.
fn known_cause(cause: &(dyn StdError + 'static)) -> Option<String> {
    use io::ErrorKind::{
        ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, UnexpectedEof,
    };
    if cause.is::<OffLimits>() {
        return Some(OffLimits.to_string());
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(format!("no TLS: {tls}"));
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        ConnectionRefused => Some("connection refused".into()),
        ConnectionReset => Some("the connection was reset".into()),
        UnexpectedEof => Some("the connection was closed".into()),
        HostUnreachable | NetworkUnreachable => Some("no way to its network".into()),
        _ => None,
    }
}

fn unnamed(error: &reqwest::Error) -> &'static str {
    if error.is_dns() {
        "no such host name"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke off"
    }
}
