use super::*;

#[derive(Deserialize)]
struct Sourced {
    source: String,
}

#[test]
fn each_line_has_its_source() {
    for text in [
        include_str!("../data/vocabulary.csv"),
        include_str!("../data/sizes.csv"),
        include_str!("../data/aliases.csv"),
    ] {
        let lines: Vec<Sourced> = table(text);
        assert!(!lines.is_empty());
        assert!(lines.iter().all(|line| !line.source.trim().is_empty()));
    }
}

#[test]
fn each_phrase_means_something_and_stands_once() {
    let lines: Vec<Line> = table(include_str!("../data/vocabulary.csv"));
    let distinct: std::collections::BTreeSet<_> =
        lines.iter().map(|line| parts(&line.phrase)).collect();
    assert_eq!(lines.len(), distinct.len(), "a phrase stands twice");
    for Line { kind, phrase, means } in lines {
        let all: Vec<&str> = means.split_whitespace().collect();
        let known = all.iter().all(|name| {
            let name = name.trim_end_matches('?');
            let (sure, _) = values(kind, &phrase, name);
            sure != 0
        });
        assert!(known, "{phrase}: {means}");
        let (sure, perhaps) = values(kind, &phrase, &means);
        assert_eq!(sure | perhaps != 0, kind != Kind::Trim, "{phrase}");
    }
}

#[test]
fn the_longest_phrase_counts() {
    let at = |text: &str| term_at(&parts(text)).map(|(term, length)| (term.kind, length));
    assert_eq!(at("Super Duty"), Some((Kind::Duty, 2)));
    assert_eq!(at("1/2 Ton Nominal"), Some((Kind::Series, 3)));
    assert_eq!(at("4MATIC Wagon"), Some((Kind::Drive, 2)));
    assert_eq!(at("Plug-in Hybrid"), Some((Kind::Powertrain, 3)));
    assert_eq!(at("2500HD"), Some((Kind::Series, 1)));
    assert_eq!(at("5-Door"), None, "one digit numbers a model");
    assert_eq!(at("Sport"), None, "a Rogue Sport is not a Rogue");
    assert_eq!(at(""), None);
}

#[test]
fn each_size_of_truck_is_as_heavy_as_can_be() {
    for size in SIZES.iter() {
        assert!(size.least_lb < size.most_lb, "{}", size.name);
        assert_ne!(place(&DUTIES, &size.duty), 0, "{}", size.name);
    }
}
