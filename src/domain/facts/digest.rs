//! What tells decodes apart from one night to another.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::DecodeFacts;

impl DecodeFacts {
    /// Tells apart what is known of a vehicle, but for `decode_extra`, whose words come and
    /// go. A column without a value does not count, so that one which is new in a later
    /// version changes no digest.
    pub fn digest(&self) -> u64 {
        let mut bytes = Vec::with_capacity(512);
        let mut put = |name: &str, value: &[u8]| {
            for part in [name.as_bytes(), value] {
                bytes.extend_from_slice(part);
                bytes.push(0);
            }
        };
        for (name, text) in self.texts() {
            if let Some(text) = text {
                put(name, text.as_bytes());
            }
        }
        for (name, number) in self.numbers() {
            if let Some(number) = number {
                put(name, &number);
            }
        }
        xxh3_64(&bytes)
    }

    /// The digest and `decode_extra`: equal facts have equal fingerprints.
    pub fn fingerprint(&self) -> u64 {
        let digest = self.digest();
        self.decode_extra
            .as_ref()
            .map_or(digest, |extra| xxh3_64_with_seed(extra.as_bytes(), digest))
    }

    fn texts(&self) -> [(&'static str, &Option<String>); 21] {
        [
            ("make", &self.make),
            ("model", &self.model),
            ("trim", &self.trim),
            ("series", &self.series),
            ("vehicle_type", &self.vehicle_type),
            ("body_class", &self.body_class),
            ("drive_type", &self.drive_type),
            ("fuel_type_primary", &self.fuel_type_primary),
            ("fuel_type_secondary", &self.fuel_type_secondary),
            ("electrification_level", &self.electrification_level),
            ("engine_configuration", &self.engine_configuration),
            ("engine_model", &self.engine_model),
            ("transmission_style", &self.transmission_style),
            ("gvwr", &self.gvwr),
            ("cab_type", &self.cab_type),
            ("brake_system", &self.brake_system),
            ("manufacturer", &self.manufacturer),
            ("plant_city", &self.plant_city),
            ("plant_state", &self.plant_state),
            ("plant_country", &self.plant_country),
            ("decode_error_codes", &self.decode_error_codes),
        ]
    }

    fn numbers(&self) -> [(&'static str, Option<[u8; 8]>); 11] {
        [
            ("model_year", self.model_year.map(|n| i64::from(n).to_le_bytes())),
            ("engine_cylinders", self.engine_cylinders.map(|n| i64::from(n).to_le_bytes())),
            ("transmission_speeds", self.transmission_speeds.map(|n| i64::from(n).to_le_bytes())),
            ("doors", self.doors.map(|n| i64::from(n).to_le_bytes())),
            ("seats", self.seats.map(|n| i64::from(n).to_le_bytes())),
            ("gvwr_class", self.gvwr_class.map(|n| i64::from(n).to_le_bytes())),
            ("displacement_l", self.displacement_l.map(f64::to_le_bytes)),
            ("engine_hp", self.engine_hp.map(f64::to_le_bytes)),
            ("bed_length_in", self.bed_length_in.map(f64::to_le_bytes)),
            ("wheelbase_in", self.wheelbase_in.map(f64::to_le_bytes)),
            ("base_price_usd", self.base_price_usd.map(i64::to_le_bytes)),
        ]
    }
}

#[cfg(test)]
#[path = "tests/digest.rs"]
mod tests;
