//! What is known without a call: keys, settings, data on this machine.

use std::path::Path;

use secrecy::SecretString;

use super::{CallCheck, KeyCheck, LocalCheck, LocalData, RecallPart, TrustedFile, VendorCheck};
use crate::config::{Local, Settings, VendorSettings};
use crate::domain::facts::day;
use crate::domain::{Dataset, Error, Micros};
use crate::reference::vpic::{Place, Vpic};
use crate::store::{KeptRecallFile, Snapshots, Store};
use crate::vendors::{self, Auth, Vendor};

/// A vendor with its settings and what was found of its key.
pub(super) struct Known<'a> {
    pub(super) vendor: &'static dyn Vendor,
    pub(super) settings: &'a VendorSettings,
    pub(super) key: Result<Option<SecretString>, Error>,
}

/// Every vendor of the settings, in the order of the registry.
pub(super) fn keys(settings: &Settings) -> Vec<Known<'_>> {
    let known = vendors::registry().iter().filter_map(|vendor| {
        let settings = settings.vendors.get(vendor.spec().id())?;
        Some(Known { vendor: *vendor, settings, key: settings.resolve_key() })
    });
    known.collect()
}

/// What the settings say of a vendor.
pub(super) fn vendor(known: &Known<'_>, settings: &Settings) -> VendorCheck {
    const DAY: u64 = 24 * 3600;
    let Known { vendor, settings: of, .. } = known;
    let id = vendor.spec().id();
    let by_day = of.quotas.iter().any(|quota| quota.window.as_secs() >= DAY);
    VendorCheck {
        vendor: id,
        key: key(known),
        address: of.base_url.clone(),
        asked_for: asked_for(id, settings),
        quotas: of.quotas.iter().map(ToString::to_string).collect(),
        quota_reset: by_day.then(|| of.quota_reset.to_string()),
        spend: of.spend.iter().map(ToString::to_string).collect(),
        priced: of.price.values().any(|price| *price > Micros::ZERO),
        warning: warning(known),
        call: CallCheck::NotAsked { why: "not asked".into() },
    }
}

/// What a person should know about the key: where it is kept, and that it is for tests.
fn warning(known: &Known<'_>) -> Option<String> {
    let key = known.key.as_ref().ok().and_then(Option::as_ref);
    let for_tests = key.and_then(|key| known.settings.test_key_warning(key));
    let warnings = known.settings.key_warning().into_iter().chain(for_tests);
    let warnings: Vec<String> = warnings.collect();
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

/// The configuration file, and the key files that can be used.
pub(super) fn trusted(settings: &Settings, keys: &[Known<'_>]) -> Vec<TrustedFile> {
    let configuration = settings.file.iter().map(|path| TrustedFile {
        path: path.clone(),
        holds: "configuration".into(),
        warning: settings.file_warning(),
    });
    let key_files = keys.iter().filter_map(|known| {
        let is_used = known.settings.api_key.is_none() && matches!(known.key, Ok(Some(_)));
        let path = known.settings.api_key_file.clone().filter(|_| is_used)?;
        let holds = format!("key of {}", known.vendor.spec().id());
        Some(TrustedFile { path, holds, warning: known.settings.key_warning() })
    });
    configuration.chain(key_files).collect()
}

fn key(known: &Known<'_>) -> KeyCheck {
    let place = known.settings.key_place().unwrap_or_else(|| "the configuration".into());
    match &known.key {
        _ if known.vendor.spec().auth == Auth::None => KeyCheck::NotNeeded,
        Ok(Some(_)) => KeyCheck::Found { place },
        Ok(None) => KeyCheck::Missing { place },
        Err(error) => {
            let hint = error.hint_text().map(str::to_owned);
            KeyCheck::Unusable { why: error.to_string(), hint }
        }
    }
}

/// Whether the data of a local source are there.
pub(super) fn local(local: Local, settings: &Settings) -> LocalCheck {
    let (found, command) = match local {
        Local::Vpic => (decoder(&settings.vpic_data), "vinrich vpic install"),
        Local::NhtsaFile => (recall_file(&settings.store), "vinrich recalls update"),
    };
    let data = match found {
        Ok(Some(data)) => data,
        Ok(None) => LocalData::Missing { command },
        Err(error) => {
            let hint = error.hint_text().map(str::to_owned);
            LocalData::Unusable { why: error.to_string(), hint }
        }
    };
    LocalCheck { source: local.id(), asked_for: asked_for(local.id(), settings), data }
}

fn decoder(path: &Path) -> Result<Option<LocalData>, Error> {
    let of = |vpic: Vpic| {
        let provenance = vpic.provenance();
        let path = match provenance.place {
            Place::Embedded => None,
            Place::File(path) => Some(path),
        };
        LocalData::Decoder { data_month: provenance.data_month, path }
    };
    Ok(Vpic::find(path)?.map(of))
}

fn recall_file(store: &Path) -> Result<Option<LocalData>, Error> {
    let store = Store::peek(store)?;
    let Some(snapshot) = store.as_ref().map(Snapshots::snapshot).transpose()? else {
        return Ok(None);
    };
    let parts: Vec<RecallPart> = snapshot.recall_files()?.into_iter().map(recall_part).collect();
    Ok((!parts.is_empty()).then_some(LocalData::RecallFile { parts }))
}

fn recall_part(held: KeptRecallFile) -> RecallPart {
    RecallPart {
        name: held.name,
        imported_at: held.imported_at.rfc3339(),
        data_as_of: held.newest.and_then(day),
        campaigns: held.campaigns,
    }
}

fn asked_for(id: &str, settings: &Settings) -> Vec<&'static str> {
    let asked = settings.datasets.iter().filter(|(_, of)| of.vendors.contains(&id));
    asked.map(|(dataset, _)| Dataset::name(*dataset)).collect()
}
