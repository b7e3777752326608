//! The offline decoder.

use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::facts::DecodeFacts;
use crate::vin::Vin;

/// The offline decoder and its data.
#[derive(Clone, Debug)]
pub struct Vpic(Arc<()>);

/// What it says of one VIN.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The column values.
    pub facts: Arc<DecodeFacts>,
    /// Their hash.
    pub hash: u64,
}

impl Decoded {
    /// Whether it knows at least one of make, model and model year.
    pub fn is_found(&self) -> bool {
        self.facts.make.is_some() || self.facts.model.is_some() || self.facts.model_year.is_some()
    }
}

impl Vpic {
    /// The data embedded in this program, else the file at `path`; `None` where neither is.
    pub fn find(_path: &Path) -> Result<Option<Self>, Error> {
        Ok(None)
    }

    /// The first day of the data's month, in microseconds since the epoch.
    pub fn released_at(&self) -> i64 {
        0
    }

    /// What the VIN tells at the moment `now`.
    pub fn decode(&self, _vin: &Vin, _now: i64) -> Decoded {
        Decoded { facts: Arc::default(), hash: 0 }
    }

    /// What the VINs tell, in their order, worked out on all cores.
    pub fn decode_all(&self, vins: &[Vin], now: i64) -> Vec<Decoded> {
        vins.iter().map(|vin| self.decode(vin, now)).collect()
    }
}
