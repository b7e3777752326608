//! What a request for a list asks.

use std::fmt::Display;
use std::str::FromStr;

/// Vehicles on a page unless the request says otherwise.
const PAGE: usize = 20;

/// The most vehicles on a page.
const LARGEST_PAGE: usize = 100;

/// The orders a list can be had in.
const ORDERS: [&str; 6] = ["createdDate", "impressionsCount", "year", "mileage", "price", "name"];

/// The filters by id; the sandbox has no such ids, so nothing fits them.
const BY_ID: [&str; 3] = ["brandId", "modelId", "bodyTypeId"];

/// A well-formed request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListQuery {
    /// From 1.
    pub(super) page: usize,
    pub(super) limit: usize,
    pub(super) listing_type: Option<String>,
    pub(super) min_year: Option<u64>,
    pub(super) max_year: Option<u64>,
    pub(super) min_price: Option<u64>,
    pub(super) max_price: Option<u64>,
    pub(super) by_id: bool,
}

impl ListQuery {
    /// Reads the parameters, or says everything that is wrong with them.
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, Vec<String>> {
        let mut query = Self { page: 1, limit: PAGE, ..Self::default() };
        let wrong: Vec<String> =
            pairs.iter().filter_map(|(name, value)| query.take(name, value).err()).collect();
        if wrong.is_empty() { Ok(query) } else { Err(wrong) }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "page" => self.page = number(name, value, 1)?,
            "limit" => self.limit = number(name, value, 1)?,
            "minYear" => self.min_year = Some(number(name, value, 0)?),
            "maxYear" => self.max_year = Some(number(name, value, 0)?),
            "minPrice" => self.min_price = Some(number(name, value, 0)?),
            "maxPrice" => self.max_price = Some(number(name, value, 0)?),
            "listingType" if ["sale", "rental", "auction"].contains(&value) => {
                self.listing_type = Some(value.to_owned());
            }
            "sort" if ORDERS.contains(&value) => {}
            "order" if ["asc", "desc"].contains(&value) => {}
            name if BY_ID.contains(&name) => self.by_id = true,
            "listingType" | "sort" | "order" => {
                return Err(format!("{name} must be one of the documented values"));
            }
            name => return Err(format!("property {name} should not exist")),
        }
        if self.limit > LARGEST_PAGE {
            self.limit = LARGEST_PAGE;
            return Err(format!("limit must not be greater than {LARGEST_PAGE}"));
        }
        Ok(())
    }
}

fn number<T: Copy + FromStr + PartialOrd + Display>(
    name: &str,
    value: &str,
    least: T,
) -> Result<T, String> {
    match value.parse::<T>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!("{name} must be a number not less than {least}")),
    }
}
