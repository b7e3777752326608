//! Columns of the user's own for the vehicles that changed, from the output as it lies
//! there: snapshots have none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::util::display::array_value_to_string;

use crate::domain::{Error, Vin};
use crate::input::{InputSpec, Inputs};

/// The cells of some columns, by VIN: those of the first row that has it.
pub type KeptColumns = BTreeMap<Vin, Vec<String>>;

/// Reads `columns` of the output at `path` for `vins`. A vehicle that is not there any more
/// has none.
///
/// # Errors
/// Those of reading an input: 66 where it is gone, 64 where it has no such column.
pub fn kept_columns(
    path: &Path,
    columns: &[String],
    vins: &BTreeSet<Vin>,
) -> Result<KeptColumns, Error> {
    let inputs = Inputs::open(&InputSpec {
        sources: vec![path.to_string_lossy().into_owned()],
        vin_column: Some("vin".into()),
        keep: columns.to_vec(),
        ..InputSpec::default()
    })?;
    let mut kept = KeptColumns::new();
    let mut batches = inputs.batches()?;
    while let Some(batch) = batches.read()? {
        let cells: Vec<_> = batch.columns().collect();
        for (place, row) in batch.rows().enumerate() {
            let vin = Vin::new(row.vin()).filter(|vin| vins.contains(vin));
            let Some(vin) = vin.filter(|vin| !kept.contains_key(vin)) else { continue };
            let texts = cells.iter().map(|column| array_value_to_string(column, place));
            let texts: Result<Vec<_>, _> = texts.collect();
            let unread = |cause| Error::internal("a column cannot be shown").because(cause);
            kept.insert(vin, texts.map_err(unread)?);
        }
    }
    batches.finish()?;
    Ok(kept)
}
