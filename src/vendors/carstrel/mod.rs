//! `CarStrel`: the inventory of the organisation that the key belongs to, page by page.
//!
//! It has no filter by VIN, so the list is read whole and joined here. Only the
//! list is asked for: a look at one vehicle counts as an impression there.
//! Its documents name no currency, and none is guessed: without `currency` in
//! the configuration no price is read.

mod envelope;
mod names;
mod options;
mod stats;
#[cfg(test)]
mod tests;
mod vehicle;

use std::ops::RangeInclusive;

use super::{
    Auth, Effect, Endpoint, EndpointSpec, Envelope, IdOf, ListPage, NamedFilter, Pages, Parsed,
    Probe, Reply, Request, Role, Vendor, VendorDefaults, VendorSpec,
};
use crate::config::VendorSettings;
use crate::domain::facts::StockVehicle;
use crate::domain::{Answer, Dataset, Fault, Key, KeyKind};

/// The vendor. Free of charge.
#[derive(Debug)]
pub struct CarStrel;

static SPEC: VendorSpec = VendorSpec {
    auth: Auth::Header("x-api-key"),
    defaults: VendorDefaults {
        id: "carstrel",
        base_url: "https://api.carstrel.com",
        api_key_env: Some("CARSTREL_API_KEY"),
        // Its limit is not documented; this is a guess on the safe side.
        quotas: &["1/second"],
        price_micros: &[],
        concurrency: 1,
        options: options::ALL,
    },
    endpoints: &[&VEHICLES, &names::NAMES],
    contradiction: Some(options::contradiction),
};

impl Vendor for CarStrel {
    fn spec(&self) -> &'static VendorSpec {
        &SPEC
    }

    fn endpoints(&self) -> &'static [&'static dyn Endpoint] {
        &[&Vehicles, &names::Names]
    }

    fn fault(&self, reply: &Reply) -> Option<Fault> {
        envelope::fault(reply)
    }

    fn envelope(&self) -> &'static Envelope {
        static ENVELOPE: Envelope = Envelope {
            is_good: |message| message == "data has been received" || Envelope::says_well(message),
            own_errors: &["statusCode"],
            ..Envelope::USUAL
        };
        &ENVELOPE
    }

    /// A page of one vehicle: the list costs nothing and leaves no impression.
    fn probe(&self) -> Result<Probe, &'static str> {
        let query = vec![("page", "1".to_owned()), ("limit", "1".to_owned())];
        Ok(Probe::free(Request { query, ..Request::get(PATH) }))
    }
}

/// `GET /external/vehicles?page=…`.
#[derive(Debug)]
struct Vehicles;

static VEHICLES: EndpointSpec = EndpointSpec {
    id: "vehicles",
    dataset: Some(Dataset::Listings),
    key: KeyKind::Page,
    batch: 1,
    effect: Effect::Read,
    shares_bodies: false,
};

const PATH: &str = "/external/vehicles";

/// Vehicles on a page: the vendor's maximum.
const PAGE: u64 = 100;

/// In the order of creation, new vehicles come last and move no other from page to page.
const ORDER: [(&str, &str); 2] = [("sort", "createdDate"), ("order", "asc")];

impl Endpoint for Vehicles {
    fn spec(&self) -> &'static EndpointSpec {
        &VEHICLES
    }

    /// The filters are those of the list that the page is of: there they are ids.
    fn request(&self, keys: &[Key], _settings: &VendorSettings) -> Request {
        let mut query = vec![("page", number(keys).to_string()), ("limit", PAGE.to_string())];
        query.extend(ORDER.map(|(name, value)| (name, value.to_owned())));
        let list = keys.iter().find_map(|key| match key {
            Key::Page(page) => Some(page.list.as_str()),
            Key::Vin(_) | Key::VinOfYear(..) | Key::Vehicle(_) | Key::Task(_) | Key::Name(_) => {
                None
            }
        });
        query.extend(options::filters_in(list.unwrap_or_default()));
        Request { query, ..Request::get(PATH) }
    }

    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault> {
        envelope::check(number(keys), &reply.body)?;
        Ok(Parsed::one(Answer::Found, reply.body.clone()))
    }

    fn role(&'static self) -> Role {
        Role::Pages(self)
    }
}

/// The number of the page that is asked for.
fn number(keys: &[Key]) -> u32 {
    let number = keys.iter().find_map(|key| match key {
        Key::Page(page) => Some(page.number),
        Key::Vin(_) | Key::VinOfYear(..) | Key::Vehicle(_) | Key::Task(_) | Key::Name(_) => None,
    });
    number.unwrap_or(1)
}

impl Pages for Vehicles {
    fn list(&self, settings: &VendorSettings) -> String {
        let filters = options::filters(settings);
        let filters: Vec<String> =
            filters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{PATH}?{}", filters.join("&"))
    }

    fn unresolved(&self, settings: &VendorSettings) -> Option<NamedFilter> {
        names::unresolved(settings)
    }

    fn id_of(&self, filter: &NamedFilter, body: &[u8]) -> IdOf {
        names::id_of(filter, body)
    }

    fn count(&self, settings: &VendorSettings) -> Option<Probe> {
        stats::probe(settings)
    }

    fn counted(&self, body: &[u8]) -> Option<RangeInclusive<u64>> {
        stats::counted(body)
    }

    fn page(&self, number: u32, body: &[u8]) -> Option<ListPage> {
        envelope::page(number, body)
    }

    fn vehicles(&self, body: &[u8], settings: &VendorSettings) -> Vec<StockVehicle> {
        envelope::entries(body, |entry| vehicle::read(entry, options::currency(settings)))
    }
}
