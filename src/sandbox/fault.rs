//! Fault rules as people write them; [`FaultRule`] is where they are documented.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::registry;
use crate::domain::error::Error;

/// The names of the faults that are not a number.
const NAMES: [&str; 14] = [
    "down",
    "reset",
    "stall",
    "truncate",
    "html",
    "empty400",
    "garbled",
    "latency",
    "missing",
    "reorder",
    "foreign",
    "duplicate",
    "lowercase",
    "repeat",
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
/// | `empty400` | is answered 400 with an empty list, as nhtsa does when it is asked too fast; other vendors are not struck |
/// | `garbled` | gets the vendor's error envelope with status 200 |
/// | `latency=250ms`, `latency:ms=250` | waits before it is answered |
/// | `missing` | gets the list of a batch of decodes without its last item |
/// | `reorder` | gets its list by VIN in reverse |
/// | `foreign` | gets one item more, about a VIN nobody asked for |
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
/// A rule counts the calls it could strike, from 1: those of its scope and, for
/// the faults of lists, those to `batch-decode`, `decode-batch` and `listings`, and for
/// `repeat` those to `vehicles`. Waits add up and
/// faults of lists combine; of the others the first rule that strikes wins. An
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
    Break(Break),
    /// The reply's list is wrong.
    Twist(Twist),
}

/// What takes the place of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
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
pub(super) enum Twist {
    Missing,
    Reorder,
    Foreign,
    Duplicate,
    Lowercase,
}

/// Which calls a rule strikes.
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

/// Why a text is no rule.
struct Wrong(String);

fn hint() -> String {
    format!(
        "known faults: 400 to 599, {}; when: every=N, first=N, after=N, vin=VIN; \
         settings: wait=2s, ms=250; scopes: a vendor such as carvin/, or its endpoint such as \
         carvin/recalls/",
        NAMES.join(", ")
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
    let vendor = one_of("vendor", vendor, &super::vendors())?;
    let Some((endpoint, rest)) = rest.split_once('/') else {
        return Ok((Some(vendor), None, rest));
    };
    let endpoints = registry::find(vendor).map(|profile| profile.endpoints).unwrap_or_default();
    Ok((Some(vendor), Some(one_of("endpoint", endpoint, endpoints)?), rest))
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
        return Ok(Fault::Break(Break::Status { status: 503, wait }));
    }
    if wait.is_some() {
        return Err(Wrong("`wait=` goes with a status or with `down`".into()));
    }
    Ok(match one_of("fault", name, &NAMES)? {
        "reset" => Fault::Break(Break::Reset),
        "stall" => Fault::Break(Break::Stall),
        "truncate" => Fault::Break(Break::Truncate),
        "html" => Fault::Break(Break::Html),
        "empty400" => Fault::Break(Break::Empty),
        "garbled" => Fault::Break(Break::Garbled),
        "repeat" => Fault::Break(Break::Repeat),
        "missing" => Fault::Twist(Twist::Missing),
        "reorder" => Fault::Twist(Twist::Reorder),
        "foreign" => Fault::Twist(Twist::Foreign),
        "duplicate" => Fault::Twist(Twist::Duplicate),
        _ => Fault::Twist(Twist::Lowercase),
    })
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
        return Err(Wrong(format!("`{status}` is no error status (400 to 599)")));
    }
    let wait = wait.or((status == 429).then_some(RATE_LIMIT_WAIT));
    Ok(Fault::Break(Break::Status { status, wait }))
}

/// What stands after a fault's name.
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
            return Err(Wrong(format!("`{part}` is no `name=value`")));
        };
        match one_of("setting", name, &KNOWN)? {
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
    value.parse().map_err(|_| Wrong(format!("`{value}` is no whole number")))
}

fn positive(value: &str) -> Result<u64, Wrong> {
    match number(value)? {
        0 => Err(Wrong("calls are counted from 1, not 0".into())),
        number => Ok(number),
    }
}

fn duration(value: &str) -> Result<Duration, Wrong> {
    humantime::parse_duration(value)
        .map_err(|_| Wrong(format!("`{value}` is no duration such as `250ms` or `2s`")))
}

/// The word among `known`, or a complaint that names the nearest.
fn one_of(what: &str, word: &str, known: &[&'static str]) -> Result<&'static str, Wrong> {
    const TYPO: usize = 3;
    if let Some(&found) = known.iter().find(|&&candidate| candidate == word) {
        return Ok(found);
    }
    let distance = |candidate: &&'static str| strsim::damerau_levenshtein(word, candidate);
    let nearest = known.iter().copied().min_by_key(distance).filter(|near| distance(near) < TYPO);
    let meant = nearest.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
    Err(Wrong(format!("unknown {what} `{word}`{meant}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(text: &str) -> FaultRule {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn complaint(text: &str) -> String {
        text.parse::<FaultRule>().expect_err("no rule").to_string()
    }

    fn status(status: u16, wait: Option<u64>) -> Fault {
        Fault::Break(Break::Status { status, wait: wait.map(Duration::from_secs) })
    }

    #[test]
    fn a_rule_is_a_fault_a_time_and_a_scope() {
        assert_eq!(
            (rule("429:every=7").fault, rule("429:every=7").when),
            (status(429, Some(1)), When::Every(7))
        );
        assert_eq!(rule("429:first=1:wait=2m").fault, status(429, Some(120)));
        assert_eq!(rule("500:first=3").when, When::First(3));
        assert_eq!(rule("401:after=5").when, When::After(5));
        assert_eq!(rule("400:vin=1hgbh41jxmn109186").when, When::Vin("1HGBH41JXMN109186".into()));
        assert_eq!(rule("down").fault, status(503, None));
        assert_eq!(rule("reorder").when, When::Always);
        assert_eq!(rule("latency=250ms").fault, Fault::Latency(Duration::from_millis(250)));
        assert_eq!(rule("latency:ms=250").fault, rule("latency=250ms").fault);
        let scoped = rule("carvin/batch-decode/missing:every=4");
        assert_eq!((scoped.vendor, scoped.endpoint), (Some("carvin"), Some("batch-decode")));
        assert_eq!(rule("visor/down").vendor, Some("visor"));
    }

    #[test]
    fn every_name_is_a_rule() {
        for name in NAMES.into_iter().filter(|&name| name != "latency") {
            assert_eq!(rule(name).to_string(), name);
        }
    }

    #[test]
    fn a_bad_rule_is_told_what_is_wrong_with_it() {
        assert_eq!(
            complaint("trncate"),
            "fault `trncate`: unknown fault `trncate`, did you mean `truncate`?"
        );
        assert_eq!(
            complaint("429:evry=7"),
            "fault `429:evry=7`: unknown setting `evry`, did you mean `every`?"
        );
        assert_eq!(
            complaint("carvn/429"),
            "fault `carvn/429`: unknown vendor `carvn`, did you mean `carvin`?"
        );
        assert_eq!(
            complaint("visor/decode/429"),
            "fault `visor/decode/429`: unknown endpoint `decode`"
        );
        assert_eq!(complaint("200"), "fault `200`: `200` is no error status (400 to 599)");
        assert_eq!(
            complaint("500:every=0"),
            "fault `500:every=0`: calls are counted from 1, not 0"
        );
        assert_eq!(complaint("500:every=x"), "fault `500:every=x`: `x` is no whole number");
        assert_eq!(complaint("500:often"), "fault `500:often`: `often` is no `name=value`");
        assert_eq!(
            complaint("500:every=2:first=1"),
            "fault `500:every=2:first=1`: `first=1` comes after another of its kind"
        );
        assert_eq!(
            complaint("reset:wait=1s"),
            "fault `reset:wait=1s`: `wait=` goes with a status or with `down`"
        );
        assert_eq!(
            complaint("html=3s"),
            "fault `html=3s`: `html` takes no duration; only `latency` does"
        );
        assert!(complaint("latency").contains("`latency=250ms`"));
        assert!(complaint("latency=soon").contains("`soon` is no duration"));
    }

    #[test]
    fn the_hint_lists_every_fault() {
        let error = "x".parse::<FaultRule>().expect_err("no rule");
        let hint = error.hint_text().expect("a hint");
        assert!(NAMES.iter().all(|name| hint.contains(name)), "{hint}");
        assert_eq!(error.exit(), crate::domain::error::Exit::Usage);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_is_a_rule_or_an_error(text in "\\PC{0,30}|[a-z]{0,9}[:=/][a-z]{0,6}=?[0-9]{0,25}[a-z]{0,2}") {
            if let Ok(rule) = text.parse::<FaultRule>() {
                prop_assert_eq!(rule.to_string(), text.trim());
            }
        }
    }
}
