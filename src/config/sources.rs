//! Who can be asked for what: vendors and data on this machine, by id.

use crate::domain::Dataset;
use crate::domain::vendor::VendorSpec;

/// Sources that are data on this machine: no key, no call, no quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// The offline decoder.
    Vpic,
    /// NHTSA's recall file, imported into the store.
    NhtsaFile,
}

impl Local {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Vpic, Self::NhtsaFile];

    /// The name in configuration, flags and columns.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Vpic => "vpic",
            Self::NhtsaFile => "nhtsa-file",
        }
    }

    /// What it answers.
    pub const fn dataset(self) -> Dataset {
        match self {
            Self::Vpic => Dataset::Decode,
            Self::NhtsaFile => Dataset::Recalls,
        }
    }

    /// The local source called `id`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|local| local.id() == id)
    }
}

/// The sources that `ids` name for `dataset`, in this order.
///
/// # Errors
///
/// A text that fits behind the name of the key or flag that holds the ids: an id
/// is unknown, names a source that does not answer for the dataset, or is there twice.
pub fn sources(
    dataset: Dataset,
    ids: &[String],
    vendors: &[&'static VendorSpec],
) -> Result<Vec<&'static str>, String> {
    distinct(ids, |id| answering(dataset, id, vendors))
}

/// The sources that `ids` name, whatever they answer for.
pub(super) fn known(
    ids: &[String],
    vendors: &[&'static VendorSpec],
) -> Result<Vec<&'static str>, String> {
    distinct(ids, |id| find(id, vendors))
}

/// The source called `id`.
pub(super) fn find(id: &str, vendors: &[&'static VendorSpec]) -> Result<&'static str, String> {
    let all = of(vendors, |_| true, |_| true);
    all.iter()
        .copied()
        .find(|known| *known == id)
        .ok_or_else(|| format!("names an unknown vendor `{id}`; this build knows {}", quoted(&all)))
}

/// The source called `id`, if it answers for `dataset`.
pub(super) fn answering(
    dataset: Dataset,
    id: &str,
    vendors: &[&'static VendorSpec],
) -> Result<&'static str, String> {
    let found = find(id, vendors)?;
    let able =
        of(vendors, |vendor| vendor.answers_for(dataset), |local| local.dataset() == dataset);
    if able.contains(&found) {
        return Ok(found);
    }
    let able = quoted(&able);
    Err(format!("names `{id}`, which knows nothing of {dataset}; {dataset} come from {able}"))
}

fn of(
    vendors: &[&'static VendorSpec],
    remote: impl Fn(&VendorSpec) -> bool,
    local: impl Fn(Local) -> bool,
) -> Vec<&'static str> {
    let remote = vendors.iter().filter(|vendor| remote(vendor)).map(|vendor| vendor.id());
    remote.chain(Local::ALL.into_iter().filter(|of| local(*of)).map(Local::id)).collect()
}

fn distinct(
    ids: &[String],
    find: impl Fn(&str) -> Result<&'static str, String>,
) -> Result<Vec<&'static str>, String> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let source = find(id)?;
        if found.contains(&source) {
            return Err(format!("names `{id}` twice"));
        }
        found.push(source);
    }
    Ok(found)
}

/// `a`, `b` and `c`, for a sentence.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
