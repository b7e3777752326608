//! Who the sandbox stands in for. A new stand-in is a file with a [`Profile`]
//! and one line in [`ALL`].

use super::handler::AnyStand;
use super::{carstrel, carvin, nhtsa, visa, visio, visor, vpic_api};
use crate::config::Quota;

/// Every stand-in, in the order they are told of.
pub(super) static ALL: &[&Profile] = &[
    &carvin::PROFILE,
    &visor::PROFILE,
    &carstrel::PROFILE,
    &nhtsa::PROFILE,
    &vpic_api::PROFILE,
    &visio::PROFILE,
    &visa::PROFILE,
];

/// A vendor's stand-in before it stands.
#[derive(Debug)]
pub(super) struct Profile {
    /// The vendor's id, and the first part of its paths.
    pub(super) id: &'static str,
    /// The API key it takes unless told otherwise; `None` where the vendor asks for none.
    pub(super) key: Option<&'static str>,
    /// What fault rules and the journal call its endpoints.
    pub(super) endpoints: &'static [&'static str],
    /// The calls it allows unless told otherwise: generous, but a vendor's.
    pub(super) quotas: &'static [Quota],
    /// The calls it allows in a demonstration: enough for a million rows within the hour.
    pub(super) roomy: &'static [Quota],
    /// Starts it with a key and quotas.
    pub(super) start: fn(String, Vec<Quota>) -> Box<dyn AnyStand>,
}

/// The stand-in for the vendor called `id`.
pub(super) fn find(id: &str) -> Option<&'static Profile> {
    ALL.iter().copied().find(|profile| profile.id == id)
}
