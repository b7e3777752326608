//! The VIN that a failing cell was meant to be, where the row gives enough to tell.

use std::sync::Arc;

use crate::claims::Claims;
use crate::facts::DecodeFacts;
use crate::names::{same_make, same_model_of};
use crate::vin::{Vin, candidates};

/// The candidates among which one that decodes stands out for a row that claims
/// nothing; among the two dozen of a dropped character, one may do so by chance.
const FEW: usize = 6;

/// The one VIN a slip away from `cell` that decodes to the row's make and year.
///
/// Each counts as far as the row claims it; a candidate must decode to what is
/// claimed, not only not contradict it. Where several do, one is left if it alone
/// decodes to a model, the row's if that claims one; else none is suggested. No
/// other candidate is ruled out by its model, as rows and decoders name too many
/// of them differently.
///
/// A row that claims neither make nor year gets the only candidate that decodes
/// to a make and a model, if there were few to begin with.
///
/// A dropped digit of the serial number leaves several VINs of one make, year and
/// model, so there none is suggested.
pub fn suggest(
    cell: &str,
    claims: &Claims<'_>,
    decode: impl Fn(&Vin) -> Option<Arc<DecodeFacts>>,
) -> Option<Vin> {
    let candidates = candidates(cell);
    let is_unclaimed = claims.make.is_none() && claims.year.is_none();
    if is_unclaimed && candidates.len() > FEW {
        return None;
    }
    let decoded = candidates.into_iter().filter_map(|vin| Some((vin, decode(&vin)?)));
    let fitting: Vec<_> = decoded.filter(|(_, facts)| fits(claims, facts)).collect();
    match fitting[..] {
        [(only, _)] if !is_unclaimed => Some(only),
        _ => the_only(fitting.iter().filter(|(_, facts)| is_model(claims, facts))),
    }
}

fn the_only<'a>(mut candidates: impl Iterator<Item = &'a (Vin, Arc<DecodeFacts>)>) -> Option<Vin> {
    match (candidates.next(), candidates.next()) {
        (Some((only, _)), None) => Some(*only),
        _ => None,
    }
}

/// Whether it decodes to the row's make and year.
fn fits(claims: &Claims<'_>, facts: &DecodeFacts) -> bool {
    let is_make = |make: &str| claims.make.is_none_or(|claimed| same_make(claimed, make));
    facts.make.as_deref().is_some_and(is_make)
        && claims.year.is_none_or(|claimed| facts.model_year == Some(claimed))
}

/// Whether it decodes to a model, and to the row's if that claims one.
fn is_model(claims: &Claims<'_>, facts: &DecodeFacts) -> bool {
    let makes = [claims.make, facts.make.as_deref()].map(Option::unwrap_or_default);
    facts.model.as_deref().is_some_and(|model| {
        claims.model.is_none_or(|claimed| same_model_of(&makes, claimed, model))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCORD: &str = "1HGCM82633A004352";
    /// The Accord with the last two digits of its serial number swapped.
    const SWAPPED: &str = "1HGCM82633A004325";

    /// A decoder that knows Hondas, and of those the Accord.
    fn hondas(vin: &Vin) -> Option<Arc<DecodeFacts>> {
        let text = vin.as_str();
        (vin.wmi() == "1HG").then(|| {
            Arc::new(DecodeFacts {
                make: Some("HONDA".into()),
                model: (&text[3..8] == "CM826").then(|| "Accord".into()),
                model_year: text[9..10].parse().ok().map(|year: i32| 2000 + year),
                ..DecodeFacts::default()
            })
        })
    }

    fn suggested(cell: &str, claims: Claims<'_>) -> Option<String> {
        suggest(cell, &claims, hondas).map(|vin| vin.to_string())
    }

    fn claims<'a>(make: &'a str, model: &'a str, year: &'a str) -> Claims<'a> {
        Claims::of(Some(make), Some(model), Some(year))
    }

    #[test]
    fn the_one_candidate_of_the_rows_make_and_year_is_suggested() {
        for claims in [
            claims("Honda", "", "2003"),
            claims("", "", "'03"),
            claims("American Honda", "", ""),
            claims("", "", ""),
        ] {
            assert_eq!(suggested(SWAPPED, claims).as_deref(), Some(ACCORD), "{claims:?}");
        }
    }

    #[test]
    fn another_make_or_year_is_never_suggested() {
        assert_eq!(suggested(SWAPPED, claims("Ford", "", "2003")), None);
        assert_eq!(suggested(SWAPPED, claims("Honda", "", "2004")), None);
    }

    #[test]
    fn a_decoder_that_knows_nothing_suggests_nothing() {
        let claims = claims("Honda", "Accord", "2003");
        assert_eq!(suggest(SWAPPED, &claims, |_| None), None);
        let empty = |_: &Vin| Some(Arc::new(DecodeFacts::default()));
        assert_eq!(suggest(SWAPPED, &claims, empty), None);
    }

    #[test]
    fn a_row_that_claims_nothing_gets_no_guess_among_many() {
        let dropped = "1HGM82633A004352";
        let meant = |vin: &Vin| if vin.as_str() == ACCORD { hondas(vin) } else { None };
        assert!(candidates(dropped).len() > FEW);
        assert_eq!(suggest(dropped, &Claims::default(), meant), None);
        let claimed = suggest(dropped, &claims("Honda", "", ""), meant);
        assert_eq!(claimed.map(|vin| vin.to_string()).as_deref(), Some(ACCORD));
    }

    #[test]
    fn the_only_candidate_that_decodes_to_a_model_stands_out() {
        // Two more fit, of which the decoder knows no more than the make and year.
        let cell = "1HGCM8263A3004352";
        let known = |vin: &Vin| vin.as_str() == ACCORD;
        let decode = |vin: &Vin| {
            Some(Arc::new(DecodeFacts {
                make: Some("HONDA".into()),
                model: known(vin).then(|| "Accord".into()),
                model_year: Some(2003),
                ..DecodeFacts::default()
            }))
        };
        assert!(candidates(cell).len() > 1);
        let found = suggest(cell, &claims("Honda", "", "2003"), decode);
        assert_eq!(found.map(|vin| vin.to_string()).as_deref(), Some(ACCORD));
    }

    #[test]
    fn among_several_only_the_rows_model_tells() {
        let dropped = "1HGM82633A004352";
        let meant: Vin = Vin::new(ACCORD).expect("a VIN");
        let decode = |vin: &Vin| {
            let model = if *vin == meant { "Accord" } else { "Civic" };
            let facts = DecodeFacts {
                make: Some("HONDA".into()),
                model: Some(model.into()),
                model_year: Some(2003),
                ..DecodeFacts::default()
            };
            Some(Arc::new(facts))
        };
        let with = |model| suggest(dropped, &claims("Honda", model, "2003"), decode);
        assert!(candidates(dropped).len() > 2);
        assert_eq!(with(""), None);
        assert_eq!(with("Honda Accord EX"), Some(meant));
        assert_eq!(with("Civic"), None);
    }
}
