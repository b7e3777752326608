//! What tells decodes apart from one night to another.

use xxhash_rust::xxh3::xxh3_64;

use super::DecodeFacts;

impl DecodeFacts {
    /// Tells apart what is known of a vehicle, but for `decode_extra`, whose words come and
    /// go. A column without a value does not count, so that one which is new in a later
    /// version changes no digest.
    pub fn digest(&self) -> u64 {
        let Self {
            make,
            model,
            model_year,
            trim,
            series,
            vehicle_type,
            body_class,
            drive_type,
            fuel_type_primary,
            fuel_type_secondary,
            electrification_level,
            engine_configuration,
            engine_model,
            engine_cylinders,
            displacement_l,
            engine_hp,
            transmission_style,
            transmission_speeds,
            doors,
            seats,
            gvwr,
            gvwr_class,
            cab_type,
            bed_length_in,
            wheelbase_in,
            brake_system,
            base_price_usd,
            manufacturer,
            plant_city,
            plant_state,
            plant_country,
            decode_error_codes,
            decode_extra: _,
        } = self;
        let mut bytes = Vec::with_capacity(512);
        let mut put = |name: &str, value: Option<&[u8]>| {
            let Some(value) = value else { return };
            for part in [name.as_bytes(), value] {
                bytes.extend_from_slice(part);
                bytes.push(0);
            }
        };
        for (name, text) in [
            ("make", make),
            ("model", model),
            ("trim", trim),
            ("series", series),
            ("vehicle_type", vehicle_type),
            ("body_class", body_class),
            ("drive_type", drive_type),
            ("fuel_type_primary", fuel_type_primary),
            ("fuel_type_secondary", fuel_type_secondary),
            ("electrification_level", electrification_level),
            ("engine_configuration", engine_configuration),
            ("engine_model", engine_model),
            ("transmission_style", transmission_style),
            ("gvwr", gvwr),
            ("cab_type", cab_type),
            ("brake_system", brake_system),
            ("manufacturer", manufacturer),
            ("plant_city", plant_city),
            ("plant_state", plant_state),
            ("plant_country", plant_country),
            ("decode_error_codes", decode_error_codes),
        ] {
            put(name, text.as_deref().map(str::as_bytes));
        }
        for (name, number) in [
            ("model_year", model_year),
            ("engine_cylinders", engine_cylinders),
            ("transmission_speeds", transmission_speeds),
            ("doors", doors),
            ("seats", seats),
            ("gvwr_class", gvwr_class),
        ] {
            put(name, number.map(i32::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
        }
        for (name, number) in [
            ("displacement_l", displacement_l),
            ("engine_hp", engine_hp),
            ("bed_length_in", bed_length_in),
            ("wheelbase_in", wheelbase_in),
        ] {
            put(name, number.map(f64::to_le_bytes).as_ref().map(|bytes| &bytes[..]));
        }
        let price = base_price_usd.map(i64::to_le_bytes);
        put("base_price_usd", price.as_ref().map(|bytes| &bytes[..]));
        xxh3_64(&bytes)
    }
}

#[cfg(test)]
#[path = "tests/digest.rs"]
mod tests;
