use super::*;

fn other(make: &str, model: &str, year: i32) -> Option<String> {
    other_make(make, model, year).map(|OtherMake { make, model }| format!("{make}: {model}"))
}

#[test]
fn a_make_goes_by_another_in_some_years() {
    assert_eq!(other("RAM", "2500", 2011).as_deref(), Some("DODGE: RAM 2500"));
    assert_eq!(other("DODGE", "RAM 3500", 2010).as_deref(), Some("RAM: 3500"));
    assert_eq!(other("Dodge", "Ram", 2010).as_deref(), Some("RAM: "));
    assert_eq!(other("DODGE", "RAMCHARGER", 2010), None);
    assert_eq!(other("DODGE", "DURANGO", 2010), None);
    assert_eq!(other("RAM", "2500", 2019), None);
    assert_eq!(other("FORD", "RAM", 2010), None);
}
