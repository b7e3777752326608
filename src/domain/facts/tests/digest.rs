use super::*;

#[test]
fn every_column_with_a_value_counts_by_its_name() {
    let text = |text: &str| Some(text.to_owned());
    let all = [
        DecodeFacts::default(),
        DecodeFacts { make: text("FORD"), ..DecodeFacts::default() },
        DecodeFacts { model: text("FORD"), ..DecodeFacts::default() },
        DecodeFacts { make: text("FO"), model: text("RD"), ..DecodeFacts::default() },
        DecodeFacts { doors: Some(4), ..DecodeFacts::default() },
        DecodeFacts { seats: Some(4), ..DecodeFacts::default() },
        DecodeFacts { engine_hp: Some(4.0), ..DecodeFacts::default() },
        DecodeFacts { base_price_usd: Some(4), ..DecodeFacts::default() },
    ];
    let mut digests: Vec<u64> = all.iter().map(DecodeFacts::digest).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), all.len());
    let other_words = DecodeFacts { decode_extra: text("{}"), ..all[1].clone() };
    assert_eq!(other_words.digest(), all[1].digest());
    assert_ne!(other_words.fingerprint(), all[1].fingerprint());
}

#[test]
fn no_column_is_left_out() {
    let facts = DecodeFacts::default();
    let all = serde_json::to_value(&facts).expect("JSON");
    let mut names: Vec<&String> = all.as_object().expect("an object").keys().collect();
    names.retain(|name| *name != "decode_extra");
    let texts = facts.texts().map(|(name, _)| name);
    let numbers = facts.numbers().map(|(name, _)| name);
    let mut counted: Vec<&str> = texts.into_iter().chain(numbers).collect();
    counted.sort_unstable();
    names.sort_unstable();
    assert_eq!(names, counted);
}
