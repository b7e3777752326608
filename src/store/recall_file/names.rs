//! When two names mean one make, or one model.

/// What makes are told apart by: `MERCEDES-BENZ` and `Mercedes Benz` are one.
pub(super) fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Whether two names of a model differ in punctuation and spaces alone: `CX5`, `CX-5`.
pub(super) fn is_same(model: &str, name: &str) -> bool {
    let folded = fold(model);
    !folded.is_empty() && folded == fold(name)
}

/// The `names` that may mean `model`, but are not that very name: the model and
/// more at the end of a word (`F-250`: `F-250 SD`, not `F-2500`), and the model
/// in other punctuation. All in upper case with single spaces.
pub fn variants(model: &str, names: &[String]) -> Vec<String> {
    let is_variant =
        |name: &&String| *name != model && (is_longer(model, name) || is_same(model, name));
    names.iter().filter(is_variant).cloned().collect()
}

fn is_longer(model: &str, name: &str) -> bool {
    let more = name.strip_prefix(model).and_then(|more| more.chars().next());
    !model.is_empty() && more.is_some_and(|next| !next.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_the_model_and_more_or_the_model_spelled_otherwise() {
        let names = ["F-250", "F-250 SD", "F-2500", "F-250/XL", "F250", "F250 SD", "XF-250", ""];
        let names = names.map(str::to_owned);
        assert_eq!(variants("F-250", &names), ["F-250 SD", "F-250/XL", "F250"]);
        assert_eq!(variants("CX5", &["CX-5".to_owned(), "CX-50".to_owned()]), ["CX-5"]);
        assert!(variants("", &names).is_empty());
        assert!(variants("-", &names).is_empty());
    }

    #[test]
    fn makes_are_told_apart_by_letters_and_digits() {
        assert_eq!(fold("Mercedes-Benz"), fold("MERCEDES  BENZ"));
        assert_ne!(fold("CHEVROLET"), fold("CHEVROLET TRUCK"));
    }
}
