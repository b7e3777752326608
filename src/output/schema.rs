//! The one list of columns: names, types, order, what they mean, and how each
//! is taken from a record. The Arrow schema, the CSV header and `vinrich schema`
//! all come from here.
//!
//! The file is as long as the list. A column added, removed, renamed or moved
//! is a new [`SCHEMA_VERSION`].

use arrow::datatypes::DataType;

use super::take::{
    campaign_count, campaign_numbers, doubt_reasons, doubtful_campaigns, equipment_count,
    listing_count, listing_currency, match_basis, suggestion, surely_any, top_campaign, vin_error,
    vin_status, wmi_extended,
};
use super::values::Values::{self, Bool, Cents, Day, Double, Id, Int, Long, Made, Moment, Text};
use crate::domain::Vin;
use crate::domain::facts::{Comparables, DecodeFacts, Listing};
use crate::output::record::Record;

/// Version of [`COLUMNS`], written into every Parquet and Arrow file.
pub const SCHEMA_VERSION: u32 = 2;

/// One column of ours.
#[derive(Debug)]
pub struct Column {
    /// Its name in every format.
    pub name: &'static str,
    /// What it says, in one line.
    pub description: &'static str,
    /// The version of the schema that brought it.
    pub since: u32,
    /// Whether its text is JSON.
    pub is_json: bool,
    /// Whether its values count for `record_hash`.
    pub(super) is_hashed: bool,
    pub(super) take: Take,
}

/// How a column's value is taken from a record, and so its type.
#[derive(Debug)]
pub(super) enum Take {
    Row(Values<Record>),
    /// Of the row's recalls.
    Recalls(Values<Record>),
    /// Of the listing that is written.
    Listing(Values<Listing>),
    Comparables(Values<Comparables>),
    /// Of what is known of the vehicle, which many rows share.
    Decode(Values<DecodeFacts>),
    /// The name of the record's file.
    File,
    /// The hash of the row, by its columns that count for it.
    Hash,
    /// The name of the run.
    Run,
}

impl Column {
    /// Its type's name, such as `decimal(12,2)`.
    pub fn type_name(&self) -> &'static str {
        match &self.take {
            Take::Row(values) | Take::Recalls(values) => values.type_name(),
            Take::Decode(values) => values.type_name(),
            Take::Listing(values) => values.type_name(),
            Take::Comparables(values) => values.type_name(),
            Take::File | Take::Hash | Take::Run => "utf8",
        }
    }

    /// Its type in Arrow, and so in Parquet.
    pub fn data_type(&self) -> DataType {
        match &self.take {
            Take::Row(values) | Take::Recalls(values) => values.data_type(),
            Take::Decode(values) => values.data_type(),
            Take::Listing(values) => values.data_type(),
            Take::Comparables(values) => values.data_type(),
            Take::File | Take::Hash | Take::Run => DataType::Utf8,
        }
    }
}

/// Every column of ours, in order; the input's own columns come before them.
#[rustfmt::skip] // one column, one entry: wrapped lines would hide the list
pub static COLUMNS: &[Column] = &[
    ROW_ID,
    row("vin", Text(|row| row.reading.vin.as_ref().map(Vin::as_str)), "the normalised VIN; null when the row is rejected"),
    row("vin_status", Text(|row| Some(vin_status(row))), "ok, repaired or rejected").unhashed(),
    row("vin_error", Text(vin_error), "why the row is rejected, or check_digit beside a doubtful VIN").unhashed(),
    VIN_SUGGESTION,
    row("vin_normalized", Bool(|row| Some(row.reading.normalized)), "whether the cell differed from the VIN (case, spaces, dashes, quotes)"),
    row("vin_check_digit_ok", Bool(|row| row.reading.check_digit_ok), "whether the check digit fits; null where no law requires one (WMI not 1 to 5 or 7F to 70)"),
    row("wmi", Text(|row| row.reading.vin.as_ref().map(Vin::wmi)), "world manufacturer identifier: the VIN's first three characters"),

    decoded("make", Text(|facts| facts.make.as_deref()), "make, in upper case as in vPIC"),
    decoded("model", Text(|facts| facts.model.as_deref()), "model"),
    decoded("model_year", Int(|facts| facts.model_year), "model year"),
    decoded("trim", Text(|facts| facts.trim.as_deref()), "trim level"),
    decoded("series", Text(|facts| facts.series.as_deref()), "series"),
    decoded("vehicle_type", Text(|facts| facts.vehicle_type.as_deref()), "vehicle type, such as PASSENGER CAR"),
    decoded("body_class", Text(|facts| facts.body_class.as_deref()), "body class, such as Sedan/Saloon"),
    decoded("drive_type", Text(|facts| facts.drive_type.as_deref()), "driven wheels, such as AWD/All-Wheel Drive"),
    decoded("fuel_type_primary", Text(|facts| facts.fuel_type_primary.as_deref()), "primary fuel"),
    decoded("fuel_type_secondary", Text(|facts| facts.fuel_type_secondary.as_deref()), "secondary fuel"),
    decoded("electrification_level", Text(|facts| facts.electrification_level.as_deref()), "such as BEV or PHEV"),
    decoded("engine_configuration", Text(|facts| facts.engine_configuration.as_deref()), "cylinder layout, such as In-Line"),
    decoded("engine_model", Text(|facts| facts.engine_model.as_deref()), "engine model"),
    decoded("engine_cylinders", Int(|facts| facts.engine_cylinders), "number of cylinders"),
    decoded("displacement_l", Double(|facts| facts.displacement_l), "displacement in litres"),
    decoded("engine_hp", Double(|facts| facts.engine_hp), "brake horsepower"),
    decoded("transmission_style", Text(|facts| facts.transmission_style.as_deref()), "transmission, such as Automatic"),
    decoded("transmission_speeds", Int(|facts| facts.transmission_speeds), "number of forward speeds"),
    decoded("doors", Int(|facts| facts.doors), "number of doors"),
    decoded("seats", Int(|facts| facts.seats), "number of seats"),
    decoded("gvwr", Text(|facts| facts.gvwr.as_deref()), "gross vehicle weight rating in the vendor's words"),
    decoded("gvwr_class", Int(|facts| facts.gvwr_class), "GVWR class 1 to 8"),
    decoded("cab_type", Text(|facts| facts.cab_type.as_deref()), "cab type of a truck"),
    decoded("bed_length_in", Double(|facts| facts.bed_length_in), "bed length in inches"),
    decoded("wheelbase_in", Double(|facts| facts.wheelbase_in), "wheelbase in inches"),
    decoded("brake_system", Text(|facts| facts.brake_system.as_deref()), "brake system, such as Hydraulic"),
    decoded("base_price_usd", Cents(|facts| facts.base_price_usd), "base price when new, in US dollars"),
    decoded("manufacturer", Text(|facts| facts.manufacturer.as_deref()), "manufacturer as registered with NHTSA"),
    decoded("plant_city", Text(|facts| facts.plant_city.as_deref()), "city of the assembly plant"),
    decoded("plant_state", Text(|facts| facts.plant_state.as_deref()), "state of the assembly plant"),
    decoded("plant_country", Text(|facts| facts.plant_country.as_deref()), "country of the assembly plant"),
    decoded("decode_error_codes", Text(|facts| facts.decode_error_codes.as_deref()), "NHTSA's decode codes, comma separated, as the vendor wrote them").unhashed(),
    row("decode_extra", Text(|row| row.decode.facts.as_ref()?.decode_extra.as_deref()), "whatever else the answer holds: a JSON object with sorted keys").json().unhashed(),
    row("decode_conflicts", Text(|row| row.decode_conflicts.as_ref().map(|found| &*found.json)), "where decoders differ: JSON {field: {source: value}}").json().unhashed(),
    row("input_conflicts", Text(|row| row.input_conflicts.as_ref().map(|found| &*found.json)), "where the row's own make, model or year differs from its VIN: JSON {field: {source: value}}").json().unhashed(),

    recalls("recall_campaign_count", Int(campaign_count), "distinct recall campaigns that name this vehicle, repaired or not; 0 when a source knows there are none"),
    recalls("recall_campaigns", Made(campaign_numbers), "campaign numbers: an ascending JSON array").json(),
    recalls("recall_top_component", Text(|row| top_campaign(row)?.component.as_deref()), "component of the campaign that matters most").unhashed(),
    recalls("recall_top_summary", Text(|row| top_campaign(row)?.summary.as_deref()), "summary of the campaign that matters most").unhashed(),
    recalls("recall_top_remedy", Text(|row| top_campaign(row)?.remedy.as_deref()), "remedy of the campaign that matters most").unhashed(),
    recalls("recall_park_it", Bool(|row| surely_any(row, |campaign| campaign.park_it)), "whether any campaign that surely concerns the vehicle says not to drive; empty where only a doubtful one does"),
    recalls("recall_park_outside", Bool(|row| surely_any(row, |campaign| campaign.park_outside)), "whether any campaign that surely concerns the vehicle says to park outside; empty where only a doubtful one does"),
    recalls("recall_ota_available", Bool(|row| surely_any(row, |campaign| campaign.over_the_air)), "whether any campaign that surely concerns the vehicle is remedied over the air; empty where only a doubtful one is"),
    recalls("recall_latest_date", Day(|row| row.recalls.facts.as_ref()?.campaigns.iter().filter_map(|campaign| campaign.reported_on).max()), "day of the latest campaign's report"),
    recalls("recall_match_basis", Text(match_basis), "vin, model_exact or model_variant").unhashed(),

    row("listing_count", Int(listing_count), "listings of this VIN; 0 when a source knows there are none"),
    listing("listing_id", Text(|of| Some(of.id.as_str()).filter(|id| !id.is_empty())), "the vendor's id of the listing: active first, then latest seen, then smallest id"),
    listing("listing_price", Cents(|of| of.price.map(|price| price.cents)), "asking price in listing_currency"),
    listing("listing_currency", Text(listing_currency), "ISO 4217; from the vendor or the configuration, never guessed"),
    listing("listing_odometer", Int(|of| of.odometer), "odometer in listing_odometer_unit"),
    listing("listing_odometer_unit", Text(|of| of.odometer_unit), "mi or km"),
    listing("listing_availability", Text(|of| of.availability.as_deref()), "the vendor's word, such as active or sold"),
    listing("listing_offer", Text(|of| of.offer), "sale, rental or auction"),
    listing("listing_condition", Text(|of| of.condition), "new, used or certified"),
    listing("listing_dealer", Text(|of| of.dealer.as_deref()), "dealer's name"),
    listing("listing_city", Text(|of| of.city.as_deref()), "dealer's city"),
    listing("listing_region", Text(|of| of.region.as_deref()), "dealer's state or region"),
    listing("listing_url", Text(|of| of.url.as_deref()), "the listing's page"),
    listing("listing_last_seen_at", Moment(|of| of.last_seen_at), "when the vendor last saw the listing").unhashed(),

    comparables("comparable_count", Int(|of| Some(of.count)), "vehicles of the same make, model and year for sale, in an inventory that does not tell their VINs or by a vendor's count").unhashed(),
    comparables("comparable_price_median", Cents(|of| Some(of.prices?.median)), "median price of the comparable vehicles, in the currency configured for their source").unhashed(),
    comparables("comparable_price_min", Cents(|of| of.prices?.min), "lowest price of the comparable vehicles, in the currency configured for their source").unhashed(),
    comparables("comparable_price_max", Cents(|of| of.prices?.max), "highest price of the comparable vehicles, in the currency configured for their source").unhashed(),

    row("decode_status", Text(|row| Some(row.decode.status.name())), "found, pending, failed, absent, refused or not_requested").unhashed(),
    row("decode_vendor", Text(|row| row.decode.vendor.as_deref()), "who answered").unhashed(),
    row("decode_fetched_at", Moment(|row| row.decode.fetched_at), "when it was answered; for local data its release date").unhashed(),
    row("decode_error", Text(|row| row.decode.error.as_deref()), "why there is no answer, or stale:<why>").unhashed(),
    row("recalls_status", Text(|row| Some(row.recalls.status.name())), "found, pending, failed, absent, refused or not_requested").unhashed(),
    row("recalls_vendor", Text(|row| row.recalls.vendor.as_deref()), "who answered").unhashed(),
    row("recalls_fetched_at", Moment(|row| row.recalls.fetched_at), "when it was answered").unhashed(),
    row("recalls_error", Text(|row| row.recalls.error.as_deref()), "why there is no answer, or stale:<why>").unhashed(),
    row("listings_status", Text(|row| Some(row.listings.status.name())), "found, pending, failed, absent, refused or not_requested").unhashed(),
    row("listings_vendor", Text(|row| row.listings.vendor.as_deref()), "who answered").unhashed(),
    row("listings_fetched_at", Moment(|row| row.listings.fetched_at), "when it was answered").unhashed(),
    row("listings_error", Text(|row| row.listings.error.as_deref()), "why there is no answer, or stale:<why>").unhashed(),

    SOURCE_FILE,
    SOURCE_ROW,
    Column::new("record_hash", Take::Hash, "hash of the row's own cells and of what is known of its vehicle, 32 hex digits; it changes only when something was learned").unhashed(),

    recalls("recall_doubt", Made(doubt_reasons), "why campaigns in recall_doubtful_campaigns may not concern this vehicle, or others may: year, series, powertrain, body, trim or name, comma separated").since_2().unhashed(),
    recalls("recall_doubtful_campaigns", Made(doubtful_campaigns), "those of recall_campaigns that may not concern this vehicle: an ascending JSON array").since_2().json().unhashed(),
    recalls("recall_equipment_count", Int(equipment_count), "how many of the campaigns are about equipment").since_2(),
    listing("listing_days_on_market", Int(|of| of.days_on_market), "days since the vehicle was first listed").since_2().unhashed(),
    listing("listing_msrp", Cents(|of| of.msrp.map(|price| price.cents)), "price when new that the listing states, in listing_currency").since_2(),
    listing("listing_stock_number", Text(|of| of.stock_number.as_deref()), "the dealer's own number of the vehicle").since_2(),
    listing("listing_exterior_color", Text(|of| of.exterior_color.as_deref()), "exterior color").since_2(),
    listing("listing_photo_url", Text(|of| of.photo_url.as_deref()), "the listing's first photo").since_2().unhashed(),
    listing("listing_sold_date", Day(|of| of.sold_date), "day on which the vehicle was sold").since_2(),
    comparables("comparable_price_p25", Cents(|of| of.prices?.p25), "price below which a quarter of the comparable vehicles are, in the currency configured for their source").since_2().unhashed(),
    comparables("comparable_price_p75", Cents(|of| of.prices?.p75), "price below which three quarters of the comparable vehicles are, in the currency configured for their source").since_2().unhashed(),
    row("wmi_extended", Made(wmi_extended), "identifier of a maker of few vehicles: characters 1 to 3 and 12 to 14 of a VIN whose third is 9").since_2(),
    row("vin_occurrences", Int(|row| row.vin_occurrences), "rows of this input with this VIN").since_2().unhashed(),
];

/// What a rejects file holds after the input's columns.
#[rustfmt::skip]
pub static REJECT_COLUMNS: &[Column] = &[
    ROW_ID,
    row("vin_error", Text(vin_error), "why the row is rejected"),
    row("detail", Text(|row| row.reading.detail.as_deref()), "more about the reason, such as the character seen"),
    VIN_SUGGESTION,
    SOURCE_FILE,
    SOURCE_ROW,
    row("vin_cell", Text(|row| row.vin_cell.as_deref()), "the cell that should hold the VIN, as it was typed"),
    row("accepted_vin", Text(|_| None), "empty; type the VIN that is meant, or `yes` for the suggestion, and name the file with `--corrections`"),
];

/// What `--with-run-id` appends.
pub(super) static RUN_ID: Column =
    Column::new("run_id", Take::Run, "the run that wrote the row, as in `vinrich runs list`")
        .since_2()
        .unhashed();

const ROW_ID: Column = Column::new(
    "row_id",
    Take::Row(Id(|row| row.row_id)),
    "hash of the source's name and source_row, or of the cells that `--row-key` names; 32 hex digits",
)
.unhashed();
const VIN_SUGGESTION: Column = row(
    "vin_suggestion",
    Text(suggestion),
    "the VIN that this one was probably meant to be; never applied by itself",
);
const SOURCE_FILE: Column =
    Column::new("source_file", Take::File, "the input file, as given").unhashed();
const SOURCE_ROW: Column = Column::new(
    "source_row",
    Take::Row(Long(|row| Some(row.source_row))),
    "ordinal of the record in its file, the header counted as 1",
)
.unhashed();

/// Columns whose values rarely repeat; a Parquet dictionary of them is waste.
pub(super) const MOSTLY_DISTINCT: [&str; 5] =
    ["row_id", "vin", "listing_id", "listing_url", "record_hash"];

impl Column {
    const fn new(name: &'static str, take: Take, description: &'static str) -> Self {
        Self { name, description, since: 1, is_json: false, is_hashed: true, take }
    }

    /// A column that [`SCHEMA_VERSION`] 2 brought.
    const fn since_2(self) -> Self {
        Self { since: 2, ..self }
    }

    /// A column of JSON.
    const fn json(self) -> Self {
        Self { is_json: true, ..self }
    }

    /// A column whose value may change though nothing was learned of the vehicle.
    const fn unhashed(self) -> Self {
        Self { is_hashed: false, ..self }
    }
}

/// A column of the row itself.
const fn row(name: &'static str, values: Values<Record>, description: &'static str) -> Column {
    Column::new(name, Take::Row(values), description)
}

/// A column of the decode.
const fn decoded(
    name: &'static str,
    values: Values<DecodeFacts>,
    description: &'static str,
) -> Column {
    Column::new(name, Take::Decode(values), description)
}

/// A column of the recalls.
const fn recalls(name: &'static str, values: Values<Record>, description: &'static str) -> Column {
    Column::new(name, Take::Recalls(values), description)
}

/// A column of the listing that is written.
const fn listing(name: &'static str, values: Values<Listing>, description: &'static str) -> Column {
    Column::new(name, Take::Listing(values), description)
}

/// A column of the comparable vehicles.
const fn comparables(
    name: &'static str,
    values: Values<Comparables>,
    description: &'static str,
) -> Column {
    Column::new(name, Take::Comparables(values), description)
}
