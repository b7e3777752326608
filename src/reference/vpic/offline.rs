//! The offline decoder over the VINs of a run, a stretch at a time: what it
//! says is worked out again where it is needed, and not kept.

use crate::domain::{Cancel, KeySet, Timestamp, Vin};
use crate::matching::ModelNames;
use crate::reference::vpic::{Decoded, Vpic};

/// VINs decoded together: enough for every core, few enough to hold.
const STRETCH: usize = 8192;

/// The offline decoder at one moment.
#[derive(Clone, Debug)]
pub struct Offline {
    vpic: Vpic,
    now: Timestamp,
    leads: bool,
    cancel: Cancel,
}

impl Offline {
    /// The decoder as of `now`: a run decodes every VIN at the same moment.
    /// `leads` where it comes before every vendor.
    pub fn new(vpic: Vpic, now: Timestamp, leads: bool) -> Self {
        Self { vpic, now, leads, cancel: Cancel::new() }
    }

    /// The same, that decodes no further stretch once `cancel` is asked to stop.
    #[must_use]
    pub fn until(self, cancel: &Cancel) -> Self {
        Self { cancel: cancel.clone(), ..self }
    }

    /// Whether it comes before every vendor. If not, it is the second opinion on
    /// what they answer, and stands in for what they do not.
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// What each of `vins` decodes to, in their order.
    pub fn decode_all(&self, vins: &[Vin]) -> Vec<Decoded> {
        self.vpic.decode_all(vins, self.now)
    }

    /// What `vin` decodes to.
    pub fn decode(&self, vin: &Vin) -> Decoded {
        self.vpic.decode(vin, self.now)
    }

    /// The names of the models of `make`, by its data.
    pub(crate) fn models_of(&self, make: &str) -> Option<&ModelNames> {
        self.vpic.models_of(make)
    }

    /// The first day of the month of its data.
    pub fn released_at(&self) -> Timestamp {
        self.vpic.released_at()
    }

    /// Calls `take` with what each of the keys `ids`, which are VINs, decodes to, in the
    /// model year that its rows state where that is open.
    ///
    /// A run that is asked to stop takes no more of them: it asks nobody about the
    /// rest, and writes nothing.
    pub fn each(&self, vins: &KeySet, ids: &[u32], mut take: impl FnMut(u32, &Decoded)) {
        for stretch in ids.chunks(STRETCH) {
            if self.cancel.asked().is_some() {
                return;
            }
            let (ids, named): (Vec<u32>, Vec<Vin>) =
                stretch.iter().filter_map(|&id| Some((id, *vins.key(id).vin()?))).unzip();
            for (id, decoded) in ids.into_iter().zip(self.decode_all(&named)) {
                take(id, decoded.in_year(vins.stated_year(id)));
            }
        }
    }
}
