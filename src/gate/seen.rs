//! What was seen of a vendor's last reply, for the line that a person reads.

use std::fmt;

use super::in_flight::Received;
use crate::vendors::Vendor;

/// What was seen of a vendor's last reply.
#[derive(Clone, Debug, Default)]
pub(super) enum Seen {
    /// It has not replied in this run.
    #[default]
    Nothing,
    /// Its HTTP status, and its own words where the reply is not an answer.
    Reply(u16, Option<String>),
    /// Why no reply came.
    NoReply(String),
}

impl Seen {
    /// The HTTP status, where it replied.
    pub(super) fn http_status(&self) -> Option<u16> {
        match self {
            Self::Reply(status, _) => Some(*status),
            Self::Nothing | Self::NoReply(_) => None,
        }
    }

    /// `is_answer`: then its words are about keys, and none of a person's business.
    pub(super) fn of(vendor: &dyn Vendor, received: &Received, is_answer: bool) -> Self {
        match &received.reply {
            Ok(whole) if is_answer => Self::Reply(whole.reply.status, None),
            Ok(whole) => Self::Reply(whole.reply.status, vendor.words(&whole.reply)),
            Err(error) => Self::NoReply(error.to_string()),
        }
    }
}

/// ` (HTTP 401: "Invalid API key")`, to stand behind what the vendor did.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Reply(status, None) => write!(f, " (HTTP {status})"),
            Self::Reply(status, Some(words)) => write!(f, " (HTTP {status}: \"{words}\")"),
            Self::NoReply(why) => write!(f, " ({why})"),
        }
    }
}
