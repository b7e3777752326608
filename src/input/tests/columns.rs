use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_headers_become_names_of_their_own(
        headers in proptest::collection::vec("(a|A|a_2|column_[1-4]|\\PC{0,2})?", 0..12),
    ) {
        let names = unique_names(&headers);
        prop_assert_eq!(names.len(), headers.len());
        let distinct: HashSet<&String> = names.iter().collect();
        prop_assert_eq!(distinct.len(), names.len(), "{:?}", names);
        for (index, header) in headers.iter().enumerate() {
            let is_first = !header.is_empty() && !headers[..index].contains(header);
            prop_assert!(!is_first || names[index] == *header, "{:?}", names);
        }
    }

    #[test]
    fn any_word_names_a_column_or_none(named in any::<String>(), number in "[+]?[0-9]{0,22}") {
        let columns = ["VIN".to_owned(), "Straße".to_owned()];
        for named in [named, number] {
            prop_assert!(find(&columns, &named).is_none_or(|index| index < columns.len()));
        }
    }
}
