//! Bodies, and what vPIC says of every vehicle that has one. Empty is "not
//! known", or that there is no such thing.

/// The kind of body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Sedan,
    Hatchback,
    Coupe,
    Suv,
    Minivan,
    Pickup,
    HeavyPickup,
    Van,
    /// A cab and a frame, to be completed by another maker.
    Cutaway,
    /// A medium truck.
    Truck,
    Tractor,
    Bus,
    Trailer,
    Motorcycle,
}

impl Body {
    /// Whether position 7 tells the cycle of the model year: on cars and light
    /// trucks (49 CFR 565.15).
    pub(super) fn has_cycle_in_position_7(self) -> bool {
        use Body::{Bus, Motorcycle, Tractor, Trailer, Truck};
        !matches!(self, Truck | Tractor | Bus | Trailer | Motorcycle)
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Sedan => "Sedan/Saloon",
            Self::Hatchback => "Hatchback/Liftback/Notchback",
            Self::Coupe => "Coupe",
            Self::Suv => "Sport Utility Vehicle (SUV)/Multi-Purpose Vehicle (MPV)",
            Self::Minivan => "Minivan",
            Self::Pickup | Self::HeavyPickup => "Pickup",
            Self::Van => "Cargo Van",
            Self::Cutaway => "Incomplete - Cutaway",
            Self::Truck => "Truck",
            Self::Tractor => "Truck-Tractor",
            Self::Bus => "Bus - School Bus",
            Self::Trailer => "Trailer",
            Self::Motorcycle => "Motorcycle - Touring / Sport Touring",
        }
    }

    pub(super) fn vehicle_type(self) -> &'static str {
        match self {
            Self::Sedan | Self::Hatchback | Self::Coupe => "PASSENGER CAR",
            Self::Suv | Self::Minivan => "MULTIPURPOSE PASSENGER VEHICLE (MPV)",
            Self::Pickup | Self::HeavyPickup | Self::Van | Self::Truck | Self::Tractor => "TRUCK",
            Self::Cutaway => "INCOMPLETE VEHICLE",
            Self::Bus => "BUS",
            Self::Trailer => "TRAILER",
            Self::Motorcycle => "MOTORCYCLE",
        }
    }

    pub(super) fn doors(self) -> &'static str {
        match self {
            Self::Sedan | Self::Suv | Self::Minivan | Self::Pickup | Self::HeavyPickup => "4",
            Self::Hatchback => "5",
            Self::Van => "3",
            Self::Coupe | Self::Cutaway | Self::Truck | Self::Tractor => "2",
            Self::Bus | Self::Trailer | Self::Motorcycle => "",
        }
    }

    pub(super) fn seats(self) -> &'static str {
        match self {
            Self::Sedan | Self::Hatchback | Self::Suv | Self::Pickup | Self::HeavyPickup => "5",
            Self::Coupe => "4",
            Self::Minivan => "8",
            Self::Truck => "3",
            Self::Van | Self::Cutaway | Self::Tractor | Self::Motorcycle => "2",
            Self::Bus => "54",
            Self::Trailer => "",
        }
    }

    /// Gross vehicle weight rating; vPIC has none for trailers.
    pub(super) fn gvwr(self) -> &'static str {
        match self {
            Self::Motorcycle => "Class 1A: 3,000 lb or less (1,360 kg or less)",
            Self::Hatchback => "Class 1B: 3,001 - 4,000 lb (1,360 - 1,814 kg)",
            Self::Sedan | Self::Coupe => "Class 1C: 4,001 - 5,000 lb (1,814 - 2,268 kg)",
            Self::Suv => "Class 1D: 5,001 - 6,000 lb (2,268 - 2,722 kg)",
            Self::Minivan | Self::Pickup => "Class 2E: 6,001 - 7,000 lb (2,722 - 3,175 kg)",
            Self::Van => "Class 2G: 8,001 - 9,000 lb (3,629 - 4,082 kg)",
            Self::HeavyPickup => "Class 2H: 9,001 - 10,000 lb (4,082 - 4,536 kg)",
            Self::Cutaway => "Class 4: 14,001 - 16,000 lb (6,350 - 7,258 kg)",
            Self::Truck => "Class 6: 19,501 - 26,000 lb (8,845 - 11,794 kg)",
            Self::Bus => "Class 7: 26,001 - 33,000 lb (11,794 - 14,969 kg)",
            Self::Tractor => "Class 8: 33,001 lb and above (14,969 kg and above)",
            Self::Trailer => "",
        }
    }

    pub(super) fn brakes(self) -> &'static str {
        match self {
            Self::Tractor | Self::Bus | Self::Trailer => "Air",
            _ => "Hydraulic",
        }
    }

    pub(super) fn drive_types(self) -> &'static [&'static str] {
        const FRONT: &str = "FWD/Front-Wheel Drive";
        const REAR: &str = "RWD/Rear-Wheel Drive";
        const ALL: &str = "AWD/All-Wheel Drive";
        const FOUR: &str = "4WD/4-Wheel Drive/4x4";
        match self {
            Self::Sedan | Self::Hatchback => &[FRONT, FRONT, ALL],
            Self::Minivan => &[FRONT],
            Self::Coupe | Self::Van => &[REAR],
            Self::Suv => &[ALL, FRONT, FOUR],
            Self::Pickup | Self::HeavyPickup => &[FOUR, REAR],
            Self::Tractor => &["6x4"],
            Self::Cutaway | Self::Truck | Self::Bus | Self::Motorcycle => &["4x2"],
            Self::Trailer => &[""],
        }
    }

    /// Levels of equipment.
    pub(super) fn trims(self) -> &'static [&'static str] {
        match self {
            Self::Pickup | Self::HeavyPickup => &["Base", "Work Truck", "Sport", "Limited"],
            Self::Van => &["Base", "Cargo"],
            Self::Sedan | Self::Hatchback | Self::Coupe | Self::Suv | Self::Minivan => {
                &["", "Base", "Sport", "Touring", "Limited", "Premium"]
            }
            _ => &[""],
        }
    }

    pub(super) fn cabs(self) -> &'static [&'static str] {
        match self {
            Self::Pickup | Self::HeavyPickup => {
                &["Crew/ Super Crew/ Crew Max", "Extra/Super/ Quad/Double/King/Extended"]
            }
            Self::Tractor => &["Conventional"],
            _ => &[""],
        }
    }
}
