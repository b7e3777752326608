//! The settings of this machine: the configuration over the vendors of this build.

use std::collections::BTreeSet;
use std::path::Path;

use vinrich::config::{EVERY_ENDPOINT, Local, Settings, VendorDefaults};
use vinrich::domain::error::Error;
use vinrich::domain::outcome::Dataset;
use vinrich::vendors::{self, Vendor};

/// Loads and checks the settings; `file` as given by `--config`.
pub(crate) fn load(file: Option<&Path>) -> Result<Settings, Error> {
    let settings = Settings::load(file, environment()?.into_iter(), &defaults())?;
    check_against_registry(&settings)?;
    Ok(settings)
}

/// The settings every vendor of this build starts from.
pub(crate) fn defaults() -> Vec<&'static VendorDefaults> {
    vendors::registry().iter().map(|vendor| &vendor.spec().defaults).collect()
}

/// The vendor called `id`, if it answers anything about `dataset`. The error
/// fits behind the name of the flag or key that named it.
pub(crate) fn vendor_for(dataset: Dataset, id: &str) -> Result<&'static str, String> {
    let able = sources(|of| of == Some(dataset));
    if let Some(able) = able.iter().find(|able| **able == id) {
        return Ok(able);
    }
    let all = sources(|_| true);
    if all.contains(&id) {
        let able = quoted(able);
        return Err(format!(
            "names `{id}`, which knows nothing of {dataset}; {dataset} come from {able}"
        ));
    }
    Err(format!("names an unknown vendor `{id}`; this build knows {}", quoted(all)))
}

/// The vendors and local data with an endpoint whose dataset is `wanted`.
fn sources(wanted: impl Fn(Option<Dataset>) -> bool) -> Vec<&'static str> {
    let answers = |vendor: &&&dyn Vendor| {
        vendor.endpoints().iter().any(|endpoint| wanted(endpoint.spec().dataset))
    };
    let remote = vendors::registry().iter().filter(answers).map(|vendor| vendor.spec().id());
    let local = Local::ALL.into_iter().filter(|local| wanted(Some(local.dataset())));
    remote.chain(local.map(Local::id)).collect()
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What the configuration alone cannot see: which vendor answers what, and
/// which endpoints there are to have a price.
fn check_against_registry(settings: &Settings) -> Result<(), Error> {
    for (dataset, of) in &settings.datasets {
        for id in &of.vendors {
            vendor_for(*dataset, id)
                .map_err(|what| Error::config(format!("`datasets.{dataset}.vendors` {what}")))?;
        }
    }
    for vendor in vendors::registry() {
        let id = vendor.spec().id();
        let known: BTreeSet<&str> =
            vendor.endpoints().iter().map(|endpoint| endpoint.spec().id).collect();
        let Some(of) = settings.vendors.get(id) else { continue };
        if let Some(unknown) =
            of.price.keys().find(|name| *name != EVERY_ENDPOINT && !known.contains(name.as_str()))
        {
            return Err(Error::config(format!(
                "`vendors.{id}.price_micros.{unknown}` is the price of no endpoint"
            ))
            .hint(format!("the endpoints of `{id}` are {}", quoted(known))));
        }
        if let Some(what) = vendor.contradiction(of) {
            return Err(Error::config(format!("`vendors.{id}`: {what}")));
        }
    }
    Ok(())
}

/// The `VINRICH_` variables; the others may hold what they like.
fn environment() -> Result<Vec<(String, String)>, Error> {
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("VINRICH_")) else {
            continue;
        };
        let value = value
            .into_string()
            .map_err(|_| Error::config(format!("environment variable `{name}` is not UTF-8")))?;
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_default_of_this_build_is_a_setting_one_could_write() {
        let written = |vendor: &&VendorDefaults| {
            let key = vendor
                .api_key_env
                .map(|name| format!("api_key_env = {name:?}\n"))
                .unwrap_or_default();
            let (id, url, quotas) = (vendor.id, vendor.base_url, vendor.quotas);
            format!("[vendors.{id}]\nbase_url = {url:?}\nquotas = {quotas:?}\n{key}")
        };
        let text: String = defaults().iter().map(written).collect();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vinrich.toml");
        std::fs::write(&file, text).unwrap();
        let settings = Settings::load(Some(&file), std::iter::empty(), &defaults()).unwrap();
        check_against_registry(&settings).unwrap();
    }

    #[test]
    fn a_vendor_is_asked_only_for_what_it_answers() {
        assert_eq!(vendor_for(Dataset::Decode, "carvin"), Ok("carvin"));
        assert_eq!(
            vendor_for(Dataset::Listings, "carvin").unwrap_err(),
            format!(
                "names `carvin`, which knows nothing of listings; listings come from {}",
                quoted(sources(|of| of == Some(Dataset::Listings)))
            )
        );
        assert_eq!(
            vendor_for(Dataset::Decode, "acme").unwrap_err(),
            format!(
                "names an unknown vendor `acme`; this build knows {}",
                quoted(sources(|_| true))
            )
        );
        assert_eq!(vendor_for(Dataset::Decode, "vpic"), Ok("vpic"));
        assert!(vendor_for(Dataset::Recalls, "vpic").is_err());
    }

    #[test]
    fn a_price_for_no_endpoint_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vinrich.toml");
        std::fs::write(&file, "[vendors.carvin.price_micros]\nbatch = 5\n").unwrap();
        let settings = Settings::load(Some(&file), std::iter::empty(), &defaults()).unwrap();
        let error = check_against_registry(&settings).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`vendors.carvin.price_micros.batch` is the price of no endpoint"
        );
        assert!(error.hint_text().unwrap().contains("`batch-decode`"));
    }
}
