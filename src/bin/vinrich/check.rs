//! `vinrich check`: what this machine knows of each vendor, without a call.

use std::path::Path;

use vinrich::config::{Settings, VendorSettings};
use vinrich::error::{Error, Exit};
use vinrich::outcome::Dataset;

use crate::cli::CommonArgs;
use crate::words::visible;
use crate::{settings, stdout};

/// 0 when some dataset has a usable vendor, else 77.
pub(crate) fn run(common: &CommonArgs) -> Result<u8, Error> {
    let settings = settings::load(common.config.as_deref())?;
    let mut keys = Vec::new();
    for (id, vendor) in &settings.vendors {
        keys.push((*id, vendor, Key::of(vendor)?));
    }
    let described = keys.iter().map(|(id, vendor, key)| describe(id, vendor, key, &settings));
    let text: String = std::iter::once(store_line(&settings.store)).chain(described).collect();
    stdout::write(&format!(
        "{text}\nnobody was called: whether a key works shows with the first call\n"
    ))?;
    let usable =
        keys.iter().any(|(id, _, key)| key.usable() && !asked_for(id, &settings).is_empty());
    Ok(if usable { Exit::Success } else { Exit::Key }.code())
}

/// Whether a vendor's key is where the configuration says.
enum Key {
    NotNeeded,
    Found(String),
    Missing(String),
}

impl Key {
    fn of(vendor: &VendorSettings) -> Result<Self, Error> {
        let place = match (&vendor.api_key_file, &vendor.api_key_env) {
            (Some(path), _) => format!("in file `{}`", path.display()),
            (None, Some(name)) => format!("in environment variable `{name}`"),
            (None, None) => return Ok(Self::NotNeeded),
        };
        Ok(match vendor.resolve_key()? {
            Some(_) => Self::Found(place),
            None => Self::Missing(place),
        })
    }

    fn usable(&self) -> bool {
        !matches!(self, Self::Missing(_))
    }
}

fn store_line(store: &Path) -> String {
    let state = if store.exists() { "" } else { " (none yet; the first run creates it)" };
    format!("store    {}{state}\n", visible(&store.display().to_string()))
}

fn describe(id: &str, vendor: &VendorSettings, key: &Key, settings: &Settings) -> String {
    let key = match key {
        Key::NotNeeded => "none needed".to_owned(),
        Key::Found(place) => format!("found {place}"),
        Key::Missing(place) => format!("missing; expected {place}"),
    };
    let asked = asked_for(id, settings);
    let asked = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
    let mut lines = vec![
        ("key", key),
        ("address", vendor.base_url.clone()),
        ("asked for", asked),
        ("quotas", limits(&vendor.quotas, "none")),
        ("spend", limits(&vendor.spend, "none, so endpoints that cost money are left out")),
    ];
    if vendor.quotas.iter().any(|quota| quota.window.as_secs() >= 24 * 3600) {
        lines.insert(4, ("reset", vendor.quota_reset.to_string()));
    }
    if vendor.price.values().all(|price| price.0 == 0) {
        lines.retain(|(name, _)| *name != "spend");
    }
    lines.extend(vendor.key_warning().map(|warning| ("warning", warning)));
    let lines = lines.iter().map(|(name, value)| format!("  {name:9}  {}\n", visible(value)));
    format!("\n{id}\n{}", lines.collect::<String>())
}

fn asked_for(id: &str, settings: &Settings) -> Vec<&'static str> {
    let asked = settings.datasets.iter().filter(|(_, of)| of.vendors.contains(&id));
    asked.map(|(dataset, _)| Dataset::name(*dataset)).collect()
}

fn limits<T: ToString>(limits: &[T], none: &str) -> String {
    if limits.is_empty() {
        return none.to_owned();
    }
    limits.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_vendor_is_described_without_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vinrich.toml");
        std::fs::write(folder.path().join("key"), "canary").unwrap();
        std::fs::write(&file, "[vendors.carvin]\napi_key_file = 'key'\nquota_reset = '00:00 UTC'")
            .unwrap();
        let settings =
            Settings::load(Some(&file), std::iter::empty(), &settings::defaults()).unwrap();
        let mut carvin = settings.vendors["carvin"].clone();
        let key = Key::of(&carvin).unwrap();
        assert!(key.usable());
        carvin.api_key_file = Some("key".into());
        let shown = describe("carvin", &carvin, &Key::Found("in file `key`".into()), &settings);
        insta::assert_snapshot!(shown, @r#"
        carvin
          key        found in file `key`
          address    https://www.carvinapi.com/api/v1
          asked for  decode, recalls
          quotas     100/day
          reset      00:00 UTC
        "#);
        assert!(!shown.contains("canary"));
    }

    #[test]
    fn a_priced_vendor_says_that_it_waits_for_a_spend_limit() {
        let nothing = tempfile::NamedTempFile::new().unwrap();
        let settings =
            Settings::load(Some(nothing.path()), std::iter::empty(), &settings::defaults())
                .unwrap();
        let visor = &settings.vendors["visor"];
        let shown = describe(
            "visor",
            visor,
            &Key::Missing("in environment variable `VISOR_API_KEY`".into()),
            &settings,
        );
        insta::assert_snapshot!(shown, @r#"
        visor
          key        missing; expected in environment variable `VISOR_API_KEY`
          address    https://api.visor.vin/v1
          asked for  listings
          quotas     10/10s, 60/minute
          spend      none, so endpoints that cost money are left out
        "#);
    }
}
