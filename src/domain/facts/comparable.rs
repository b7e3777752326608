//! What vehicles like one cost: the question to a vendor that says so by make and
//! model year, and its answer.

use std::fmt;

/// Which of the prices of comparable vehicles is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PricePoint {
    /// Half of them cost less.
    Median,
    /// A quarter of them costs less.
    P25,
    /// Three quarters of them cost less.
    P75,
}

/// What is asked of a make and model year, about each of its models.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceQuestion {
    /// Upper case.
    pub make: String,
    /// The model year.
    pub year: i32,
    /// Which price.
    pub point: PricePoint,
}

/// What is said of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPrice {
    /// In the vendor's spelling.
    pub model: String,
    /// How many are for sale.
    pub count: i32,
    /// The price asked for, in hundredths; `None` where too few are for sale to say.
    pub cents: Option<i64>,
}

impl PricePoint {
    const ALL: [Self; 3] = [Self::Median, Self::P25, Self::P75];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::P25 => "p25",
            Self::P75 => "p75",
        }
    }
}

impl PriceQuestion {
    /// The question that [`Display`](fmt::Display) wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (rest, point) = text.rsplit_once(' ')?;
        let (make, year) = rest.rsplit_once(' ')?;
        let point = PricePoint::ALL.into_iter().find(|known| known.name() == point)?;
        Some(Self { make: make.to_owned(), year: year.parse().ok()?, point })
    }
}

/// `LAND ROVER 2018 p25`.
impl fmt::Display for PriceQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { make, year, point } = self;
        write!(f, "{make} {year} {}", point.name())
    }
}
