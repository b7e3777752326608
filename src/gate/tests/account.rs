use super::*;
use crate::vendors;

fn settings(base_url: &str, account: Option<&str>) -> VendorSettings {
    let carstrel = vendors::find("carstrel").expect("a vendor");
    VendorSettings {
        base_url: base_url.into(),
        account: account.map(str::to_owned),
        ..VendorSettings::new(&carstrel.spec().defaults).expect("sound defaults")
    }
}

fn account<'a>(settings: &'a VendorSettings, key: &str) -> VendorAccount<'a> {
    let vendor = vendors::find("carstrel").expect("a vendor");
    VendorAccount { vendor, settings, key: Some(key.into()) }
}

#[test]
fn a_rotated_key_changes_nothing() {
    let settings = settings("https://api.carstrel.com", None);
    let first = account(&settings, "sk_live_first").name();
    assert_eq!(first, account(&settings, "sk_live_second").name());
    assert_eq!(first.origin, "https://api.carstrel.com live");
    assert_eq!(account(&settings, "sk_test_first").name().origin, "https://api.carstrel.com test");
}

#[test]
fn an_inventory_belongs_to_its_account() {
    let (east, west) = (
        settings("https://a.example/x", Some("east")),
        settings("https://a.example/x", Some("west")),
    );
    let source = |settings, id| {
        let account = account(settings, "key-of-both");
        let vendors = vendors::registry().iter().flat_map(|vendor| vendor.endpoints());
        let mut endpoints = vendors.filter(|endpoint| endpoint.spec().id == id);
        account.source(*endpoints.next().expect("an endpoint"))
    };
    assert_ne!(source(&east, "vehicles"), source(&west, "vehicles"));
    assert_eq!(source(&east, "batch-decode"), source(&west, "batch-decode"));
}
