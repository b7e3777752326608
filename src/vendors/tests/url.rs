use super::*;

#[test]
fn a_model_is_one_part_of_a_path() {
    assert_eq!(percent_encoded("F-250 SD").to_string(), "F-250%20SD");
    let encoded = percent_encoded("../a?b=c&d#e+ü~_").to_string();
    assert_eq!(encoded, "..%2Fa%3Fb%3Dc%26d%23e%2B%C3%BC~_");
}
