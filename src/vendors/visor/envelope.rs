//! Visor's error envelope: `{"error":{"type":"…","code":"…","message":"…"}}`.

use std::borrow::Cow;

use crate::domain::{Denied, Fault};
use crate::vendors::json::{self, Object};
use crate::vendors::reply::{short_words, wait_asked};
use crate::vendors::{Reply, by_status};

/// What is wrong with a reply as a whole. The error's code decides, then its
/// type, then the status.
///
/// A 404 in the vendor's own envelope is an answer and not a fault: see `detail`.
pub(super) fn fault(reply: &Reply) -> Option<Fault> {
    if (200..300).contains(&reply.status) {
        return None;
    }
    let Some(error) = ApiError::read(reply) else { return without_words(reply) };
    let limited = || Fault::Limited { wait: wait_asked(reply) };
    let server = || Fault::Server(if reply.status >= 500 { reply.status } else { 503 });
    match (error.code.as_ref(), error.kind.as_ref()) {
        ("missing_api_key" | "invalid_api_key" | "query_string_api_key_rejected", _) => {
            Some(Fault::Denied(Denied::Key))
        }
        ("billing_state_blocked" | "monthly_spend_cap_exceeded", _) => {
            Some(Fault::Denied(Denied::Billing))
        }
        ("missing_scope", _) => Some(Fault::Denied(Denied::Scope)),
        ("rate_limit_exceeded", _) => Some(limited()),
        ("data_unavailable", _) => Some(server()),
        (_, "authentication_error") => Some(Fault::Denied(Denied::Key)),
        (_, "billing_error") => Some(Fault::Denied(Denied::Billing)),
        (_, "permission_error") => Some(Fault::Denied(Denied::Scope)),
        (_, "rate_limit_error") => Some(limited()),
        (code, kind) => match reply.status {
            404 => None,
            400 | 413 | 414 | 422 => Some(Fault::Poisoned {
                code: short_words(if code.is_empty() { kind } else { code }),
            }),
            _ => by_status(reply),
        },
    }
}

/// Whether the vendor itself says that it does not know what was asked for.
pub(super) fn is_unknown(reply: &Reply) -> bool {
    reply.status == 404 && ApiError::read(reply).is_some()
}

/// Replies of whatever is in front of the API. It answered a wrong key with 403
/// instead of the documented 401.
fn without_words(reply: &Reply) -> Option<Fault> {
    match reply.status {
        403 => Some(Fault::Denied(Denied::Key)),
        _ => by_status(reply),
    }
}

struct ApiError<'a> {
    code: Cow<'a, str>,
    kind: Cow<'a, str>,
}

impl<'a> ApiError<'a> {
    fn read(reply: &'a Reply) -> Option<Self> {
        let envelope = Object::read(json::read(&reply.body).ok()?).ok()??;
        let error = Object::read(envelope.get(&["error"])?).ok()??;
        let text = |name| error.scalar(&[name]);
        let (code, kind) = (text("code"), text("type"));
        if code.is_none() && kind.is_none() {
            return None;
        }
        Some(Self { code: code.unwrap_or_default(), kind: kind.unwrap_or_default() })
    }
}
