//! Engines, and which of them a model may have.

/// One engine, in vPIC's words. Empty is "not known", or "has none".
#[derive(Debug)]
pub(in super::super) struct Engine {
    /// The first model year.
    pub(in super::super) since: u16,
    pub(in super::super) configuration: &'static str,
    pub(in super::super) cylinders: &'static str,
    pub(in super::super) litres: &'static str,
    pub(in super::super) horsepower: &'static str,
    pub(in super::super) fuel: &'static str,
    pub(in super::super) second_fuel: &'static str,
    pub(in super::super) electrification: &'static str,
}

// A model's first engine suits every year.
pub(super) const SMALL: &[Engine] = &[
    burns(GASOLINE, IN_LINE, "4", "2.0", "158"),
    burns(GASOLINE, IN_LINE, "4", "1.5", "174"),
    burns(GASOLINE, IN_LINE, "4", "2.5", "203"),
    HYBRID,
];
pub(super) const LARGE: &[Engine] = &[
    burns(GASOLINE, V_SHAPED, "6", "3.5", "290"),
    burns(GASOLINE, IN_LINE, "4", "2.0", "248"),
    burns(GASOLINE, V_SHAPED, "6", "3.0", "335"),
    HYBRID,
];
pub(super) const EIGHT: &[Engine] = &[
    burns(GASOLINE, V_SHAPED, "8", "5.0", "395"),
    burns(GASOLINE, V_SHAPED, "6", "3.6", "305"),
    burns(GASOLINE, V_SHAPED, "8", "6.2", "420"),
];
pub(super) const DIESEL: &[Engine] =
    &[burns("Diesel", V_SHAPED, "8", "6.7", "475"), burns(GASOLINE, V_SHAPED, "8", "6.4", "410")];
pub(super) const MEDIUM: &[Engine] =
    &[burns("Diesel", IN_LINE, "6", "6.7", "240"), burns("Diesel", IN_LINE, "6", "7.6", "255")];
pub(super) const FREIGHT: &[Engine] =
    &[burns("Diesel", IN_LINE, "6", "12.8", "455"), burns("Diesel", IN_LINE, "6", "14.9", "500")];
pub(super) const TWIN: &[Engine] = &[burns(GASOLINE, V_SHAPED, "2", "1.6", "88")];
pub(super) const HYBRIDS: &[Engine] = &[HYBRID];
pub(super) const ELECTRIC: &[Engine] = &[Engine {
    since: 2011,
    electrification: "BEV (Battery Electric Vehicle)",
    ..burns("Electric", "", "", "", "283")
}];
/// Trailers.
pub(super) const UNPOWERED: &[Engine] = &[burns("", "", "", "", "")];

const GASOLINE: &str = "Gasoline";
const IN_LINE: &str = "In-Line";
const V_SHAPED: &str = "V-Shaped";

const HYBRID: Engine = Engine {
    since: 2005,
    second_fuel: "Electric",
    electrification: "Strong HEV (Hybrid Electric Vehicle)",
    ..burns(GASOLINE, IN_LINE, "4", "2.5", "219")
};

const fn burns(
    fuel: &'static str,
    configuration: &'static str,
    cylinders: &'static str,
    litres: &'static str,
    horsepower: &'static str,
) -> Engine {
    Engine {
        since: 0,
        configuration,
        cylinders,
        litres,
        horsepower,
        fuel,
        second_fuel: "",
        electrification: "",
    }
}
