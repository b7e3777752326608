//! The walk through a list: which page is next, which is the last, and when the
//! pages are no list at all.

use std::collections::HashMap;

use crate::domain::facts::StockVehicle;
use crate::domain::numbers::thousands;
use crate::vendors::ListPage;

/// Pages beyond this are no inventory of one organisation.
const MOST_PAGES: u32 = 2_500;

/// How many times as long as it says a list may be before it counts as endless.
/// It may grow while it is read.
const LONGER_THAN_SAID: u64 = 2;

/// How far a list has been read.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Vehicles on each page taken in.
    pages: Vec<usize>,
    ended: bool,
    /// The page on which each vehicle, by id, was first seen.
    seen: HashMap<String, u32>,
    /// Whether any vehicle named its VIN.
    has_vins: bool,
    /// Vehicles in the list, by its latest word.
    total: Option<u64>,
}

impl Walk {
    pub(super) fn next_number(&self) -> u32 {
        self.pages() + 1
    }

    pub(super) fn pages(&self) -> u32 {
        u32::try_from(self.pages.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether there are vehicles, and none of them names its VIN.
    pub(super) fn names_no_vin(&self) -> bool {
        !self.seen.is_empty() && !self.has_vins
    }

    /// Takes in the next page, or says why it cannot be the next page of a list.
    ///
    /// A vehicle may come twice, and one may be missed, when the list changes
    /// while it is read. A page that brings nothing new is another matter.
    pub(super) fn take(&mut self, page: ListPage, vehicles: &[StockVehicle]) -> Result<(), String> {
        let number = self.next_number();
        if page.entries == 0 && page.more {
            let total = page
                .total
                .map(|total| format!(" of {} vehicles", thousands(total)))
                .unwrap_or_default();
            return Err(format!("page {number} is empty, but the list{total} goes on after it"));
        }
        if let Some(earlier) = self.repeated_by(page, vehicles) {
            return Err(format!("page {number} repeats page {earlier}"));
        }
        let said = page.pages.map(|pages| pages.max(1).saturating_mul(LONGER_THAN_SAID));
        if page.more && said.is_some_and(|most| u64::from(number) >= most) {
            return Err(format!("page {number} is not the last, but the list said it has fewer"));
        }
        if page.more && number >= MOST_PAGES {
            return Err(format!("it has more than {MOST_PAGES} pages; set filters to read a part"));
        }
        for vehicle in vehicles {
            self.seen.entry(vehicle.listing.id.clone()).or_insert(number);
        }
        self.has_vins |= vehicles.iter().any(|vehicle| vehicle.vin.is_some());
        self.total = page.total;
        self.pages.push(vehicles.len());
        self.ended = !page.more;
        Ok(())
    }

    /// The earlier page that holds all of these vehicles. A shorter last page may
    /// do without a new one: the list grew by as many as it has room for.
    fn repeated_by(&self, page: ListPage, vehicles: &[StockVehicle]) -> Option<u32> {
        let met = |vehicle: &StockVehicle| self.seen.get(&vehicle.listing.id).copied();
        let earlier = vehicles.iter().map(met).collect::<Option<Vec<u32>>>()?;
        let earlier = *earlier.first()?;
        let as_long = |length: &usize| vehicles.len() >= *length;
        let place = usize::try_from(earlier).ok()?.checked_sub(1)?;
        (page.more || self.pages.get(place).is_none_or(as_long)).then_some(earlier)
    }

    /// What the user should know of a list that was read to its end: that it is
    /// empty, or that it claims more vehicles than were met.
    pub(super) fn remark(&self) -> Option<String> {
        let met = self.seen.len() as u64;
        if met == 0 {
            return Some("its inventory is empty; are the filters and the key right?".into());
        }
        let total = self.total.filter(|total| *total > met)?;
        Some(format!(
            "its inventory of {} vehicles showed {}: it changed while it was read",
            thousands(total),
            thousands(met)
        ))
    }
}

#[cfg(test)]
#[path = "tests/walk.rs"]
mod tests;
