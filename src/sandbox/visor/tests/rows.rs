use super::*;

#[test]
fn makes_are_written_as_people_do() {
    assert_eq!(title_case("MERCEDES-BENZ"), "Mercedes-Benz");
    assert_eq!(title_case("VOLVO TRUCK"), "Volvo Truck");
    assert_eq!(title_case("BMW"), "BMW");
}
