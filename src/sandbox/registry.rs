//! The vendors that the sandbox knows. A new one is a file with a [`Profile`] and
//! one line in [`ALL`].

use std::time::Instant;

use super::handler::{Call, Handler, Reply, Request};
use super::quota::Limiter;
use super::{carstrel, carvin, nhtsa, visa, visio, visor, vpic_api};
use crate::config::Quota;

/// Every vendor, in the order they are listed.
pub(super) static ALL: &[&Profile] = &[
    &carvin::PROFILE,
    &visor::PROFILE,
    &carstrel::PROFILE,
    &nhtsa::PROFILE,
    &vpic_api::PROFILE,
    &visio::PROFILE,
    &visa::PROFILE,
];

/// What is known of a vendor before it is started.
#[derive(Debug)]
pub(super) struct Profile {
    /// The vendor's id, and the first part of its paths.
    pub(super) id: &'static str,
    /// The usual API key; `None` where the vendor asks for none.
    pub(super) key: Option<&'static str>,
    /// What fault rules and the journal call its endpoints.
    pub(super) endpoints: &'static [&'static str],
    /// The usual quotas: generous, but a vendor's.
    pub(super) quotas: &'static [Quota],
    /// The quotas of a demonstration: enough for a million rows within the hour.
    pub(super) roomy: &'static [Quota],
    /// A new account's state.
    pub(super) handler: fn() -> Box<dyn Handler>,
}

/// The vendor called `id`.
pub(super) fn find(id: &str) -> Option<&'static Profile> {
    ALL.iter().copied().find(|profile| profile.id == id)
}

/// A vendor with an account.
pub(super) struct Vendor {
    pub(super) profile: &'static Profile,
    pub(super) handler: Box<dyn Handler>,
    key: String,
    limiter: Limiter,
}

impl Vendor {
    pub(super) fn new(profile: &'static Profile, key: String, quotas: Vec<Quota>) -> Self {
        Self { profile, handler: (profile.handler)(), key, limiter: Limiter::new(quotas) }
    }

    /// The reply to a call that came at `now`: its key is checked, then it is
    /// counted, then it is answered.
    pub(super) fn reply(&self, request: &Request, call: Call<'_>, now: Instant) -> Reply {
        let handler = &self.handler;
        if self.profile.key.is_some()
            && let Err(refusal) = handler.check_key(request, &self.key)
        {
            return refusal;
        }
        match self.limiter.admit(now) {
            Ok(windows) => {
                let reply = call.answer.map_or_else(|refusal| refusal, |answer| answer());
                handler.with_limits(reply, &windows)
            }
            Err(wait) => handler.limited(wait),
        }
    }
}
