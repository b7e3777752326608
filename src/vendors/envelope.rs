//! Where a vendor's replies say how the call went, beside their answers.
//!
//! That a list is empty counts only in a reply that is good throughout: not one
//! word of failure anywhere around the list, no total above it, and about what was
//! asked. Vendors say here under which names theirs keep such words.

use serde_json::value::RawValue;

use super::Reply;
use super::json::{self, Object, Value};
use super::reply::{error_words, own_words, short_words};
use crate::domain::{Key, Vin};
use crate::matching::{bare, one_make};

/// The names under which a vendor's replies say how the call went. They hold for the
/// reply's outer object and for every object in it that is not in a list.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// Whether the call succeeded.
    pub success: &'static [&'static str],
    /// What went wrong: whatever is there, unless it says that nothing did.
    pub errors: &'static [&'static str],
    /// Whether the answer is only a part of what there is.
    pub parts: &'static [&'static str],
    /// The status of the call, as a number or a word.
    pub statuses: &'static [&'static str],
    /// Words for people.
    pub messages: &'static [&'static str],
    /// Whether such words stand beside a good answer.
    pub is_good: fn(&str) -> bool,
    /// How many entries there are in all.
    pub totals: &'static [&'static str],
    /// Where errors of the vendor's own have something, in one of these at least: a name,
    /// or two of them as `outer.inner`. Whatever else answers at its address has not.
    pub own_errors: &'static [&'static str],
}

/// What is wrong with a reply in which nothing was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It says so itself.
    Words(String),
    /// It counts entries that it does not hold.
    Total(String),
    /// It is about something else than what was asked.
    OffThePoint,
}

/// How deep objects in objects are looked into.
const DEEPEST: usize = 6;

impl Envelope {
    /// The usual names.
    pub const USUAL: Self = Self {
        success: &["success", "ok", "succeeded"],
        errors: &[
            "error",
            "errors",
            "error_code",
            "error_message",
            "exception",
            "fault",
            "failure",
        ],
        parts: &["partial", "truncated", "incomplete", "degraded", "timed_out"],
        statuses: &["status", "statusCode", "status_code", "httpStatus"],
        messages: &["message", "messages", "detail", "msg"],
        is_good: Self::says_well,
        totals: &[
            "total",
            "count",
            "totalCount",
            "total_count",
            "totalResults",
            "total_results",
            "recallCount",
            "recall_count",
        ],
        own_errors: &["success", "error", "errors", "error_code", "status_code", "statusCode"],
    };

    /// Whether a reply is an error in the vendor's own envelope, and not the page of a
    /// server that knows no such route.
    pub(super) fn is_own_error(&self, reply: &Reply) -> bool {
        // What Express and Nest say of a route that nobody has defined.
        const NO_ROUTE: [&str; 3] = ["Cannot GET /", "Cannot POST /", "Cannot DELETE /"];
        let Ok(Some(error)) = json::read(&reply.body).and_then(Object::read) else { return false };
        let is_there = |place: &&str| match place.split_once('.') {
            None => has(&error, place),
            Some((outer, inner)) => {
                let outer = error.get(&[outer]).map(Object::read);
                matches!(outer, Some(Ok(Some(outer))) if has(&outer, inner))
            }
        };
        let words = own_words(reply).unwrap_or_default();
        self.own_errors.iter().any(is_there) && !NO_ROUTE.iter().any(|no| words.starts_with(no))
    }

    /// Whether words beside an answer say that all went well, or that nothing was found.
    pub fn says_well(message: &str) -> bool {
        const WELL: [&str; 5] = ["success", "successful", "successfully", "ok", "okay"];
        const ILL: [&str; 11] = [
            "not",
            "fail",
            "error",
            "partial",
            "except",
            "timeout",
            "timed",
            "unavailable",
            "limit",
            "cached",
            "but",
        ];
        const NOTHING: [&str; 8] = [
            "recalls",
            "recall",
            "campaigns",
            "results",
            "records",
            "listings",
            "vehicles",
            "matches",
        ];
        let message = message.to_lowercase();
        let words: Vec<&str> =
            message.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if words
            .iter()
            .any(|word| ILL.iter().any(|ill| word == ill || ill.len() > 3 && word.starts_with(ill)))
        {
            return false;
        }
        let finds_nothing = || {
            words.first() == Some(&"no")
                && words.contains(&"found")
                && words.iter().any(|word| NOTHING.contains(word))
        };
        words.iter().any(|word| WELL.contains(word)) || finds_nothing()
    }

    /// What keeps `document` from being a good reply about `keys`. Totals count where
    /// `is_empty`: then the reply holds no entry at all.
    pub(super) fn flaw(&self, document: &RawValue, keys: &[Key], is_empty: bool) -> Option<Flaw> {
        objects(document).iter().find_map(|object| {
            self.words(object)
                .map(Flaw::Words)
                .or_else(|| is_off_the_point(object, keys).then_some(Flaw::OffThePoint))
                .or_else(|| self.total(object).filter(|_| is_empty).map(Flaw::Total))
        })
    }

    /// Whether any object of `document` names another vehicle or VIN than those asked about.
    pub(super) fn names_another(document: &RawValue, keys: &[Key]) -> bool {
        objects(document).iter().any(|object| is_off_the_point(object, keys))
    }

    /// The first words of failure in one object.
    fn words(&self, object: &Object<'_>) -> Option<String> {
        object.entries.iter().find_map(|(name, raw)| {
            let is_one_of =
                |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
            let value = json::scalar(raw);
            let value = value.as_deref();
            let failed = if is_one_of(self.success) {
                value.and_then(json::flag) == Some(false)
            } else if is_one_of(self.errors) {
                !is_nothing(raw)
            } else if is_one_of(self.parts) {
                value.and_then(json::flag) == Some(true)
            } else if is_one_of(self.statuses) {
                value.is_some_and(is_failing_status)
            } else if is_one_of(self.messages) {
                let words = error_words(raw);
                words.is_some_and(|words| !(self.is_good)(&words))
            } else {
                false
            };
            let said = || error_words(raw).or_else(|| json::scalar(raw)).unwrap_or_default();
            failed.then(|| short_words(&format!("{name}: {}", said())))
        })
    }

    /// A total above zero in one object.
    fn total(&self, object: &Object<'_>) -> Option<String> {
        self.totals.iter().find_map(|name| {
            let total = object.scalar(&[name])?;
            let is_above = total.parse::<f64>().is_ok_and(|total| total > 0.0);
            is_above.then(|| short_words(&format!("{name}: {total}")))
        })
    }
}

/// The outer object and every object in it, but for those in lists and those that are
/// filed under a VIN, which are answers.
fn objects(document: &RawValue) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    collect(document, DEEPEST, &mut found);
    found
}

fn collect<'a>(raw: &'a RawValue, depth: usize, found: &mut Vec<Object<'a>>) {
    let Ok(Some(object)) = Object::read(raw) else { return };
    if depth > 0 {
        let inner = object
            .entries
            .iter()
            .filter(|(name, raw)| raw.get().starts_with('{') && Vin::in_any_case(name).is_none());
        for (_, raw) in inner.collect::<Vec<_>>() {
            collect(raw, depth - 1, found);
        }
    }
    found.push(object);
}

/// Whether an object names a VIN that was not asked about, or another vehicle than the
/// one that was.
fn is_off_the_point(object: &Object<'_>, keys: &[Key]) -> bool {
    const YEAR: [&str; 3] = ["modelYear", "year", "model_year"];
    let vin = object.scalar(&["vin"]).and_then(|text| Vin::in_any_case(&text));
    if let Some(vin) = vin
        && keys.iter().any(|key| key.vin().is_some())
        && !keys.iter().any(|key| key.vin() == Some(&vin))
    {
        return true;
    }
    let [Key::Vehicle(asked)] = keys else { return false };
    let differs = |names: &[&str], is: &dyn Fn(&str) -> bool| {
        object.scalar(names).is_some_and(|named| !is(&named))
    };
    differs(&["make"], &|make| one_make(make) == one_make(&asked.make))
        || differs(&YEAR, &|year| year.parse() == Ok(asked.year))
        || !asked.model.is_empty()
            && differs(&["model"], &|model| bare(model) == bare(&asked.model))
}

/// Whether there is anything but null under a name.
fn has(object: &Object<'_>, name: &str) -> bool {
    object.get(&[name]).is_some_and(|raw| raw.get() != "null")
}

/// Whether an error value says that there is none.
fn is_nothing(raw: &RawValue) -> bool {
    const NONE: [&str; 6] = ["0", "false", "none", "null", "ok", "no error"];
    match Value::read(raw) {
        Ok(Value::Null) => true,
        Ok(Value::List(list)) => list.is_empty(),
        Ok(Value::Object(object)) => object.entries.is_empty(),
        Ok(_) => json::scalar(raw)
            .is_none_or(|text| NONE.iter().any(|none| text.eq_ignore_ascii_case(none))),
        Err(_) => false,
    }
}

/// A number is an HTTP status: only 200 and 201 bring a whole answer, and 0 and 1 are
/// no HTTP status. Of words only those fail that say so: others are a vehicle's.
fn is_failing_status(status: &str) -> bool {
    const FAILING: [&str; 14] = [
        "error",
        "errors",
        "fail",
        "failed",
        "failure",
        "partial",
        "pending",
        "queued",
        "processing",
        "in_progress",
        "timeout",
        "unavailable",
        "denied",
        "rejected",
    ];
    match status.parse::<u32>() {
        Ok(number) => number >= 100 && !matches!(number, 200 | 201),
        Err(_) => FAILING.iter().any(|word| status.eq_ignore_ascii_case(word)),
    }
}

#[cfg(test)]
#[path = "tests/envelope.rs"]
mod tests;
