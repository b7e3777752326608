//! What a photo request says: the settings' text, filled from a row.

use crate::config::VendorSettings;
use crate::domain::{Error, Vin};
use crate::input::Row;
use crate::ops::template::Template;
use crate::vendors::visio::Wanted;

/// The text of the settings, its columns found.
pub(super) struct Wording {
    instructions: Template,
    slots: Vec<(Template, bool)>,
    expires_in_hours: Option<u32>,
    recipient_email: Option<Template>,
}

impl Wording {
    /// Fails with 64 where the settings name a column that the input does not have.
    pub(super) fn of(settings: &VendorSettings, columns: &[String]) -> Result<Self, Error> {
        let parse = |name: &str, text: &str| {
            Template::parse(&format!("`vendors.visio.{name}`"), text, columns)
        };
        let mut slots = Vec::new();
        for (name, required) in [("slots", true), ("optional_slots", false)] {
            for text in settings.option_list(name) {
                slots.push((parse(name, text)?, required));
            }
        }
        if slots.is_empty() {
            return Err(Error::usage("a photo request without a photo to ask for")
                .hint("name one under [vendors.visio] slots, such as `slots = [\"Front view\"]`"));
        }
        let email = settings.option("recipient_email");
        Ok(Self {
            instructions: parse(
                "instructions",
                settings.option("instructions").unwrap_or("{vin}"),
            )?,
            slots,
            expires_in_hours: settings
                .option("expires_in_hours")
                .and_then(|hours| hours.parse().ok()),
            recipient_email: email.map(|email| parse("recipient_email", email)).transpose()?,
        })
    }

    /// The text for a row. By the VIN in it a request is found again.
    pub(super) fn fill(&self, row: Row<'_>, vin: &Vin) -> Wanted {
        let mut instructions = self.instructions.fill(row, vin);
        if !instructions.contains(vin.as_str()) {
            instructions = format!("{} (VIN {vin})", instructions.trim_end());
        }
        let slots = self.slots.iter().map(|(words, required)| (words.fill(row, vin), *required));
        let email = self.recipient_email.as_ref().map(|email| email.fill(row, vin));
        Wanted {
            instructions,
            slots: slots.collect(),
            expires_in_hours: self.expires_in_hours,
            recipient_email: email.filter(|email| !email.is_empty()),
        }
    }
}
