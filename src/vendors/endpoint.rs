//! One kind of call at a vendor, and what its answers are for.

use std::ops::RangeInclusive;

use super::{ListPage, Parsed, Probe, Reply, Request};
use crate::config::VendorSettings;
use crate::domain::facts::{Dealer, Facts, ModelPrice, PricePoint, StockVehicle};
use crate::domain::vendor::EndpointSpec;
use crate::domain::{Fault, Key};

/// One kind of call at a vendor.
pub trait Endpoint: Sync {
    /// What it takes and what it costs.
    fn spec(&self) -> &'static EndpointSpec;

    /// The request that asks about `keys`: at least one, at most the batch size.
    fn request(&self, keys: &[Key], settings: &VendorSettings) -> Request;

    /// The answers in a reply to [`Endpoint::request`] with the same `keys`.
    ///
    /// # Errors
    ///
    /// The fault of a reply that does not answer, such as another server's page.
    fn parse(&self, reply: &Reply, keys: &[Key]) -> Result<Parsed, Fault>;

    /// What its answers are for, and how they are read once they are kept.
    fn role(&'static self) -> Role;

    /// Whether `fault` refuses the kind of request, whatever keys it asks
    /// about: a smaller batch would not help, [`Answers::dearer`] may.
    fn refuses_shape(&self, _fault: &Fault) -> bool {
        false
    }

    /// The request for the same at the same price that asks for less besides, where
    /// `fault` refuses what this one asks for besides. Its answers are kept as this
    /// one's, and read by it.
    fn plainer(&self, _fault: &Fault) -> Option<&'static dyn Endpoint> {
        None
    }
}

/// What an endpoint's answers are for.
#[derive(Clone, Copy)]
pub enum Role {
    /// They fill columns of the rows that hold the keys.
    Answers(&'static dyn Answers),
    /// They list models that the vendor knows. A kept one is read into their
    /// names, upper case.
    Catalogue(fn(&[u8]) -> Vec<String>),
    /// They say who the dealers behind listings are. A kept one is read into the
    /// dealer; `None` where it cannot be read.
    Dealers(fn(&[u8]) -> Option<Dealer>),
    /// They say what the models of a make and model year cost, for a
    /// [`PriceQuestion`](crate::domain::facts::PriceQuestion) as a name. A kept one is
    /// read into the models; `None` where it cannot be read.
    Prices(fn(&[u8]) -> Option<Vec<ModelPrice>>),
    /// They are pages of an inventory, which is read whole.
    Pages(&'static dyn Pages),
    /// They say what a call that acts has done; the command that sends it reads them.
    Acts,
}

/// An endpoint whose answers fill columns.
pub trait Answers: Sync {
    /// The column values in a kept answer's body. A body that cannot be read
    /// gives empty facts.
    fn facts(&self, key: &Key, body: &[u8]) -> Facts;

    /// The endpoint of the same vendor that is sent the model year which rows state beside a
    /// VIN, where the VIN leaves that open. What it does not find is asked without the year.
    fn of_year(&self) -> Option<&'static dyn Endpoint> {
        None
    }

    /// The endpoint of the same vendor that can take this one's place, at a
    /// higher price, when its requests are refused as such.
    fn dearer(&self) -> Option<&'static dyn Endpoint> {
        None
    }

    /// The endpoint of the same vendor that is asked about a key which a batch
    /// left out, once it is alone; at the same price, where the settings say so.
    /// Its answers are kept as this one's, and read by it.
    fn singly(&self, _settings: &VendorSettings) -> Option<&'static dyn Endpoint> {
        None
    }

    /// The endpoint of the same vendor that confirms, by VIN, a zero that this
    /// one gave by vehicle.
    fn confirming(&self) -> Option<&'static dyn Endpoint> {
        None
    }

    /// The [catalogue](Role::Catalogue) of the same vendor that lists, for a make and year (a
    /// vehicle without a model), the models it knows. A zero about a model that
    /// is not among them says nothing.
    fn catalogue(&self) -> Option<&'static dyn Endpoint> {
        None
    }

    /// The endpoint of the same vendor that is asked, by name, about the
    /// [dealers](Role::Dealers) of whom listings give little more than an id,
    /// where the settings want that.
    fn dealers(&self, _settings: &VendorSettings) -> Option<&'static dyn Endpoint> {
        None
    }

    /// The endpoint of the same vendor that says what [comparable](Role::Prices)
    /// vehicles cost, and which prices the settings want.
    fn comparables(
        &self,
        _settings: &VendorSettings,
    ) -> Option<(&'static dyn Endpoint, &'static [PricePoint])> {
        None
    }
}

/// A filter of a list that the settings name by a word, and the list takes by an id.
#[derive(Clone)]
pub struct NamedFilter {
    /// Where the vendor lists ids and names.
    pub endpoint: &'static dyn Endpoint,
    /// What is asked there.
    pub key: Key,
    /// The word.
    pub wanted: String,
    /// The option that takes the id.
    pub id_option: &'static str,
}

/// What a list of ids and names says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdOf {
    /// Its id.
    Is(String),
    /// It may be on a further page.
    Next(Key),
    /// The vendor has no such name.
    Unknown,
}

/// An endpoint whose answers are the pages of an inventory.
pub trait Pages: Sync {
    /// The first filter of these settings whose id must be looked up.
    fn unresolved(&self, _settings: &VendorSettings) -> Option<NamedFilter> {
        None
    }

    /// What a kept list of names says of a filter.
    fn id_of(&self, _filter: &NamedFilter, _body: &[u8]) -> IdOf {
        IdOf::Unknown
    }

    /// The list that these settings ask for, once no filter is unresolved: its path
    /// and filters, without the page. Pages of different lists are never put together.
    fn list(&self, settings: &VendorSettings) -> String;

    /// The call, not billed, that says how many vehicles this list should show; `None`
    /// where there is none, or where it says nothing of the list of these settings.
    fn count(&self, _settings: &VendorSettings) -> Option<Probe> {
        None
    }

    /// How many vehicles the list should show by a kept reply to [`Pages::count`]: at
    /// least and at most.
    fn counted(&self, _body: &[u8]) -> Option<RangeInclusive<u64>> {
        None
    }

    /// What the kept page `number` says of its list; `None` where it cannot be read.
    fn page(&self, number: u32, body: &[u8]) -> Option<ListPage>;

    /// The vehicles on a kept page, as these settings read it.
    fn vehicles(&self, body: &[u8], settings: &VendorSettings) -> Vec<StockVehicle>;
}

impl Role {
    /// How columns are read, where it fills any.
    pub fn answers(self) -> Option<&'static dyn Answers> {
        if let Self::Answers(answers) = self { Some(answers) } else { None }
    }

    /// How pages are read, where it has an inventory.
    pub fn pages(self) -> Option<&'static dyn Pages> {
        if let Self::Pages(pages) = self { Some(pages) } else { None }
    }
}
