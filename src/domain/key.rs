//! Keys: what an endpoint is asked about.

use std::fmt;

use crate::domain::time::Timestamp;
use crate::domain::vin::Vin;

/// A vehicle as recall sources know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vehicle {
    /// Upper case, single spaces.
    pub make: String,
    /// Upper case, single spaces.
    pub model: String,
    /// Four digits.
    pub year: i32,
}

impl Vehicle {
    /// The vehicle these words name, in upper case with single spaces.
    pub fn new(make: &str, model: &str, year: i32) -> Self {
        Self { make: tidy(make), model: tidy(model), year }
    }
}

impl Vehicle {
    /// The vehicle as a catalogue of models is asked about it: its make and year.
    #[must_use]
    pub fn any_model(&self) -> Self {
        Self { model: String::new(), ..self.clone() }
    }
}

impl fmt::Display for Vehicle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.year, self.make, self.model)
    }
}

fn tidy(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase()
}

/// One page of a list, in one reading of the whole list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Page {
    /// Which list: its path and filters.
    pub list: String,
    /// Which reading of it: when that began.
    pub snapshot: Timestamp,
    /// From 1.
    pub number: u32,
}

impl Page {
    /// The bounds, lower within and upper without, of the stored forms of a
    /// list's pages: of one reading of it, or of all.
    pub fn stored_bounds(list: &str, snapshot: Option<Timestamp>) -> (String, String) {
        let mut prefix = format!("{PAGE}{list}");
        if let Some(snapshot) = snapshot {
            prefix.push(UNIT_SEPARATOR);
            prefix.push_str(&snapshot.micros().to_string());
        }
        (format!("{prefix}{UNIT_SEPARATOR}"), format!("{prefix}{AFTER_UNIT_SEPARATOR}"))
    }
}

/// One thing to be done at a vendor, and the exact words that ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Task {
    /// What is done, and to what: such as a tool's id and a VIN.
    pub subject: String,
    /// The request's body: JSON in one line, never changed once it is made.
    pub body: String,
}

/// Separates the parts of a stored form; no name holds it, and JSON escapes it.
const UNIT_SEPARATOR: char = '\u{1f}';

/// The character after [`UNIT_SEPARATOR`].
const AFTER_UNIT_SEPARATOR: char = ' ';

/// Begins the stored form of a name.
const NAME: char = '\u{1c}';

/// Begins the stored form of a page.
const PAGE: char = '\u{1d}';

/// Begins the stored form of a task.
const TASK: char = '\u{1e}';

/// What an endpoint is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// One VIN.
    Vin(Vin),
    /// One VIN, and which of the two model years that it may mean its rows state.
    VinOfYear(Vin, i32),
    /// One make, model and year.
    Vehicle(Vehicle),
    /// One page of a list.
    Page(Page),
    /// One thing to be done.
    Task(Task),
    /// The vendor's own id of a thing, such as a dealer's.
    Name(String),
}

impl Key {
    /// The VIN, where the key is one.
    pub fn vin(&self) -> Option<&Vin> {
        match self {
            Self::Vin(vin) | Self::VinOfYear(vin, _) => Some(vin),
            Self::Vehicle(_) | Self::Page(_) | Self::Task(_) | Self::Name(_) => None,
        }
    }

    /// The vendor's own id, where the key is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Vin(_)
            | Self::VinOfYear(..)
            | Self::Vehicle(_)
            | Self::Page(_)
            | Self::Task(_) => None,
        }
    }

    /// The task, where the key is one.
    pub fn task(&self) -> Option<&Task> {
        match self {
            Self::Task(task) => Some(task),
            Self::Vin(_)
            | Self::VinOfYear(..)
            | Self::Vehicle(_)
            | Self::Page(_)
            | Self::Name(_) => None,
        }
    }

    /// The form in which the store holds it.
    pub fn to_stored(&self) -> String {
        match self {
            Self::Vin(vin) => vin.as_str().to_owned(),
            // Sorts where the VIN does.
            Self::VinOfYear(vin, year) => format!("{vin},{year}"),
            Self::Vehicle(Vehicle { make, model, year }) => {
                format!("{make}{UNIT_SEPARATOR}{model}{UNIT_SEPARATOR}{year}")
            }
            Self::Page(Page { list, snapshot, number }) => {
                format!("{PAGE}{list}{UNIT_SEPARATOR}{}{UNIT_SEPARATOR}{number}", snapshot.micros())
            }
            Self::Task(Task { subject, body }) => {
                format!("{TASK}{subject}{UNIT_SEPARATOR}{body}")
            }
            Self::Name(name) => format!("{NAME}{name}"),
        }
    }

    /// The stored forms of tasks whose subject is the word `subject`, or begins
    /// with it: from the first string up to, and without, the second.
    pub fn tasks_about(subject: &str) -> (String, String) {
        // Behind the word stands the separator or a space; `!` is what follows those.
        (format!("{TASK}{subject}{UNIT_SEPARATOR}"), format!("{TASK}{subject}!"))
    }

    /// The key that [`Key::to_stored`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix(NAME) {
            return Some(Self::Name(name.to_owned()));
        }
        if let Some(page) = text.strip_prefix(PAGE) {
            let [list, snapshot, number] = parts(page)?;
            let snapshot = Timestamp::from_micros(snapshot.parse().ok()?);
            let number = number.parse().ok()?;
            return Some(Self::Page(Page { list: list.to_owned(), snapshot, number }));
        }
        if let Some(task) = text.strip_prefix(TASK) {
            let [subject, body] = parts(task)?;
            return Some(Self::Task(Task { subject: subject.to_owned(), body: body.to_owned() }));
        }
        if let Some([make, model, year]) = parts(text) {
            let (make, model) = (make.to_owned(), model.to_owned());
            return Some(Self::Vehicle(Vehicle { make, model, year: year.parse().ok()? }));
        }
        match text.split_once(',') {
            Some((vin, year)) => Some(Self::VinOfYear(Vin::new(vin)?, year.parse().ok()?)),
            None => Vin::new(text).map(Self::Vin),
        }
    }
}

/// The `N` parts of a stored form.
fn parts<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split(UNIT_SEPARATOR).collect::<Vec<_>>().try_into().ok()
}

impl AsRef<str> for Vin {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// What kind of key an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// [`Key::Vin`].
    Vin,
    /// [`Key::VinOfYear`], of the VINs whose rows state a year that the VIN leaves open.
    VinOfYear,
    /// [`Key::Vehicle`].
    Vehicle,
    /// [`Key::Page`].
    Page,
    /// [`Key::Task`].
    Task,
    /// [`Key::Name`].
    Name,
}

/// What sending a call twice does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing but a second charge: it may be asked again.
    Read,
    /// Nothing, when sent with the same `Idempotency-Key` and bytes: both are
    /// frozen in the store before the first send.
    Idempotent,
    /// It acts twice: never resent unless it is known not to have arrived.
    Once,
}

#[cfg(test)]
#[path = "tests/key.rs"]
mod tests;
