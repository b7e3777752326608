//! Fault rules as people write them; [`FaultRule`] is where they are documented.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::registry;
use crate::domain::Error;

/// The faults that are not a number, by name; `down` and `latency` take settings.
pub(super) const NAMED: [(&str, Fault); 14] = [
    ("down", Fault::Replace(Replacement::Status { status: 503, wait: None })),
    ("reset", Fault::Replace(Replacement::Reset)),
    ("stall", Fault::Replace(Replacement::Stall)),
    ("truncate", Fault::Replace(Replacement::Truncate)),
    ("html", Fault::Replace(Replacement::Html)),
    ("empty400", Fault::Replace(Replacement::Empty)),
    ("garbled", Fault::Replace(Replacement::Garbled)),
    ("latency", Fault::Latency(Duration::ZERO)),
    ("missing", Fault::Mutate(Mutation::Missing)),
    ("reorder", Fault::Mutate(Mutation::Reorder)),
    ("foreign", Fault::Mutate(Mutation::Foreign)),
    ("duplicate", Fault::Mutate(Mutation::Duplicate)),
    ("lowercase", Fault::Mutate(Mutation::Lowercase)),
    ("repeat", Fault::Replace(Replacement::Repeat)),
];

/// The statuses a rule may ask for.
const STATUSES: std::ops::RangeInclusive<u16> = 400..=599;

/// What a 429 asks to wait unless the rule says otherwise.
const RATE_LIMIT_WAIT: Duration = Duration::from_secs(1);

/// What goes wrong and when, read from text such as `carvin/429:every=7`.
///
/// ```text
/// [VENDOR/[ENDPOINT/]]FAULT[:WHEN][:SETTING]      carvin/batch-decode/429:every=7:wait=2s
/// ```
///
/// | fault | the call |
/// |---|---|
/// | a number from 400 to 599 | is answered with that status in the vendor's error envelope, and is neither counted nor billed; `wait=2s` adds `Retry-After` (a 429 says 1 s by itself) |
/// | `down` | is answered 503 |
/// | `reset` | is answered by closing the connection, after it was counted and billed |
/// | `stall` | is never answered, after it was counted and billed |
/// | `truncate` | gets the first half of its body, as if it were whole |
/// | `html` | gets an HTML page with status 200 |
/// | `empty400` | is answered 400 with an empty list, as nhtsa does when it is asked too fast; other vendors are left alone |
/// | `garbled` | gets the vendor's error envelope with status 200 |
/// | `latency=250ms`, `latency:ms=250` | waits before it is answered |
/// | `missing` | gets the list of a batch of decodes without its last item |
/// | `reorder` | gets its list by VIN in reverse |
/// | `foreign` | gets one item more, about a VIN that was not asked for |
/// | `duplicate` | gets its first item twice |
/// | `lowercase` | gets its VINs in lower case |
/// | `repeat` | for a page of a list gets the page before it |
///
/// | when | which calls |
/// |---|---|
/// | (nothing) | every call |
/// | `every=7` | the 7th, the 14th, … |
/// | `first=3` | the first three |
/// | `after=5` | every call after the fifth |
/// | `vin=VIN` | calls that ask about this VIN |
///
/// A rule counts the calls it can apply to, from 1: those of its scope and, for
/// the faults of lists, those to `batch-decode`, `decode-batch` and `listings`, and for
/// `repeat` those to `vehicles`. Waits add up and
/// faults of lists combine; of the others the first rule that applies wins. An
/// endpoint goes by its id in vinrich, so `carvin/recalls` are those by vehicle and
/// `carvin/recalls-vin` those by VIN.
///
/// ```
/// use vinrich::sandbox::FaultRule;
/// let rule: FaultRule = "carvin/429:every=7".parse()?;
/// assert_eq!(rule.to_string(), "carvin/429:every=7");
/// assert!("429:evry=7".parse::<FaultRule>().is_err());
/// # Ok::<(), vinrich::domain::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRule {
    text: String,
    pub(super) vendor: Option<&'static str>,
    pub(super) endpoint: Option<&'static str>,
    pub(super) fault: Fault,
    pub(super) when: When,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The reply takes longer.
    Latency(Duration),
    /// The reply is another one.
    Replace(Replacement),
    /// The reply's list is wrong.
    Mutate(Mutation),
}

/// What takes the place of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replacement {
    Status { status: u16, wait: Option<Duration> },
    Empty,
    Reset,
    Stall,
    Truncate,
    Html,
    Garbled,
    Repeat,
}

/// What becomes of a list by VIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutation {
    Missing,
    Reorder,
    Foreign,
    Duplicate,
    Lowercase,
}

/// Which calls a rule applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum When {
    #[default]
    Always,
    Every(u64),
    First(u64),
    After(u64),
    Vin(String),
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for FaultRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text.trim())
            .map_err(|Wrong(why)| Error::usage(format!("fault `{text}`: {why}")).hint(hint()))
    }
}

/// Why a text is not a rule.
struct Wrong(String);

fn hint() -> String {
    format!(
        "known faults: 400 to 599, {}; when: every=N, first=N, after=N, vin=VIN; \
         settings: wait=2s, ms=250; scopes: a vendor such as carvin/, or its endpoint such as \
         carvin/recalls/",
        NAMED.map(|(name, _)| name).join(", ")
    )
}

fn parse(text: &str) -> Result<FaultRule, Wrong> {
    let (vendor, endpoint, rest) = scope(text)?;
    let mut parts = rest.split(':');
    let head = parts.next().unwrap_or_default();
    let (name, value) = match head.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (head, None),
    };
    let mut settings = Settings::default();
    for part in parts {
        settings.take(part)?;
    }
    let when = settings.when.take().unwrap_or_default();
    let fault = fault(name, value, &settings)?;
    Ok(FaultRule { text: text.to_owned(), vendor, endpoint, fault, when })
}

/// The vendor and endpoint a rule is limited to, and the rest of it.
fn scope(text: &str) -> Result<(Option<&'static str>, Option<&'static str>, &str), Wrong> {
    let Some((vendor, rest)) = text.split_once('/') else { return Ok((None, None, text)) };
    let profile = registry::ALL[one_of("vendor", vendor, &super::vendors())?];
    let Some((endpoint, rest)) = rest.split_once('/') else {
        return Ok((Some(profile.id), None, rest));
    };
    let endpoint = profile.endpoints[one_of("endpoint", endpoint, profile.endpoints)?];
    Ok((Some(profile.id), Some(endpoint), rest))
}

fn fault(name: &str, value: Option<&str>, settings: &Settings) -> Result<Fault, Wrong> {
    let &Settings { when: _, wait, delay } = settings;
    if name == "latency" {
        return latency(value, wait, delay);
    }
    if value.is_some() || delay.is_some() {
        return Err(Wrong(format!("`{name}` takes no duration; only `latency` does")));
    }
    if let Ok(status) = name.parse::<u16>() {
        return status_fault(status, wait);
    }
    if name == "down" {
        return Ok(Fault::Replace(Replacement::Status { status: 503, wait }));
    }
    if wait.is_some() {
        return Err(Wrong("`wait=` goes with a status or with `down`".into()));
    }
    let names = NAMED.map(|(name, _)| name);
    Ok(NAMED[one_of("fault", name, &names)?].1)
}

fn latency(
    value: Option<&str>,
    wait: Option<Duration>,
    delay: Option<Duration>,
) -> Result<Fault, Wrong> {
    match (value.map(duration).transpose()?, delay, wait) {
        (Some(delay), None, None) | (None, Some(delay), None) => Ok(Fault::Latency(delay)),
        _ => Err(Wrong("`latency` takes one duration: `latency=250ms` or `latency:ms=250`".into())),
    }
}

fn status_fault(status: u16, wait: Option<Duration>) -> Result<Fault, Wrong> {
    if !STATUSES.contains(&status) {
        return Err(Wrong(format!("`{status}` is not an error status (400 to 599)")));
    }
    let wait = wait.or((status == 429).then_some(RATE_LIMIT_WAIT));
    Ok(Fault::Replace(Replacement::Status { status, wait }))
}

/// What follows a fault's name.
#[derive(Default)]
struct Settings {
    when: Option<When>,
    wait: Option<Duration>,
    delay: Option<Duration>,
}

impl Settings {
    fn take(&mut self, part: &str) -> Result<(), Wrong> {
        const KNOWN: [&str; 6] = ["every", "first", "after", "vin", "wait", "ms"];
        let Some((name, value)) = part.split_once('=') else {
            return Err(Wrong(format!("`{part}` is not a `name=value`")));
        };
        match KNOWN[one_of("setting", name, &KNOWN)?] {
            "every" => fill(&mut self.when, When::Every(positive(value)?), part),
            "first" => fill(&mut self.when, When::First(positive(value)?), part),
            "after" => fill(&mut self.when, When::After(number(value)?), part),
            "vin" => fill(&mut self.when, When::Vin(value.to_ascii_uppercase()), part),
            "wait" => fill(&mut self.wait, duration(value)?, part),
            _ => fill(&mut self.delay, Duration::from_millis(number(value)?), part),
        }
    }
}

fn fill<T>(slot: &mut Option<T>, value: T, part: &str) -> Result<(), Wrong> {
    if slot.replace(value).is_some() {
        return Err(Wrong(format!("`{part}` comes after another of its kind")));
    }
    Ok(())
}

fn number(value: &str) -> Result<u64, Wrong> {
    value.parse().map_err(|_| Wrong(format!("`{value}` is not a whole number")))
}

fn positive(value: &str) -> Result<u64, Wrong> {
    match number(value)? {
        0 => Err(Wrong("calls are counted from 1, not 0".into())),
        number => Ok(number),
    }
}

fn duration(value: &str) -> Result<Duration, Wrong> {
    humantime::parse_duration(value)
        .map_err(|_| Wrong(format!("`{value}` is not a duration such as `250ms` or `2s`")))
}

/// The place of `word` among `known`, or a complaint that names the nearest.
fn one_of(what: &str, word: &str, known: &[&str]) -> Result<usize, Wrong> {
    const TYPO: usize = 3;
    let distances = known.iter().map(|known| strsim::damerau_levenshtein(word, known)).enumerate();
    match distances.min_by_key(|(_, distance)| *distance) {
        Some((place, 0)) => Ok(place),
        Some((place, ..TYPO)) => {
            let near = known[place];
            Err(Wrong(format!("unknown {what} `{word}`, did you mean `{near}`?")))
        }
        _ => Err(Wrong(format!("unknown {what} `{word}`"))),
    }
}
