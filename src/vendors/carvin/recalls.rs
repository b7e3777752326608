//! Recall replies: what they say about the one key asked, and when they are not
//! an answer at all.
//!
//! The vendor's page shows `recalls` with `Component` and `Summary` and says
//! that the data are NHTSA's, so NHTSA's names are read too. Only a list that is
//! there and empty means "no recalls": any other shape is a fault.

use super::complaint;
use crate::domain::Fault;
use crate::vendors::json::{self, Object, Unreadable};
use crate::vendors::reply::{garbled, unrecognised};
use crate::vendors::{Answer, Parsed, Reply, campaigns};

/// The answer in `reply` about the one key asked.
pub(super) fn parse(reply: &Reply) -> Result<Parsed, Fault> {
    let garbled = |_: Unreadable| garbled(&reply.body);
    let document = json::read(&reply.body).map_err(garbled)?;
    let envelope = Object::read(document).map_err(garbled)?;
    if let Some(envelope) = envelope.as_ref().filter(|envelope| complaint::says_failed(envelope)) {
        return Err(complaint::about_call(envelope, reply));
    }
    let said = match campaigns::read(document).map_err(garbled)? {
        Some(campaigns) if campaigns.is_empty() => Answer::Absent,
        Some(_) => Answer::Found,
        None => {
            return Err(envelope.map_or_else(
                || unrecognised(&reply.body),
                |envelope| complaint::about_shape(&envelope, reply),
            ));
        }
    };
    let body = reply.body.slice_ref(document.get().as_bytes());
    Ok(Parsed::one(said, body))
}
