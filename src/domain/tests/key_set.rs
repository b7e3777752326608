use super::*;

#[test]
fn names_are_distinct_sorted_and_found_again() {
    let names = KeySet::names(["b", "a", "b", "c"].map(str::to_owned));
    assert_eq!(names.len(), 3);
    let all: Vec<Key> = names.ids().map(|id| names.key(id)).collect();
    assert_eq!(all, ["a", "b", "c"].map(|name| Key::Name(name.into())));
    for id in names.ids() {
        assert_eq!(names.id(&names.key(id)), Some(id));
    }
    assert_eq!(names.id(&Key::Name("d".into())), None);
    assert_eq!(names.id(&Key::Vehicle(Vehicle::new("a", "b", 2016))), None);
    assert!(names.vehicle(0).is_none() && names.each_vehicle().next().is_none());
}
