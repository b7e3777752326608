//! The two model years that a VIN may mean.

use ultravin::tables::NULL_I32;
use ultravin::{Db, DecodeResult, vin_wmi};

use crate::domain::{Timestamp, Vin};

/// vPIC's element for its remarks on a decode.
const REMARKS: i32 = 156;

/// What it remarks where position 7 does not tell which year position 10 means: of vehicles
/// that are neither cars nor multipurpose passenger vehicles nor light trucks.
const IS_OPEN: &str = "The Model Year decoded for this VIN may be incorrect";

/// What `vin`, which decodes to `result`, decodes to in the other year that it may mean; `None`
/// where the data know no vehicle of that year.
pub(super) fn other<'d>(
    db: &'d Db,
    vin: &Vin,
    result: &DecodeResult<'_>,
    now: Timestamp,
) -> Option<DecodeResult<'d>> {
    let mut remarks = result.elements.iter().filter(|element| element.element_id == REMARKS);
    if !remarks.any(|remark| remark.value.contains(IS_OPEN)) {
        return None;
    }
    let year = vin.model_years()?.into_iter().find(|year| Some(*year) != result.model_year)?;
    if !has_vins_of(db, vin, year) {
        return None;
    }
    let other = db.decode_at(vin.as_str(), Some(year), now.micros());
    (other.model_year == Some(year)).then_some(other)
}

/// Whether the maker described VINs of that year.
fn has_vins_of(db: &Db, vin: &Vin, year: i32) -> bool {
    let Some(wmi) = db.wmi_any(&vin_wmi(vin.as_str())) else { return false };
    db.wmi_vinschema_for(wmi.id.to_native()).iter().any(|described| {
        let last = described.yearto.to_native();
        described.yearfrom.to_native() <= year && (last == NULL_I32 || year <= last)
    })
}
