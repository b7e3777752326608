use super::*;

#[test]
fn data_are_old_after_30_days() {
    let today = day_of("2026-11-29T18:20:00Z".parse().expect("a time"));
    for local in Local::ALL {
        assert_eq!(warning(local, today - 30, today), None);
        let said = warning(local, today - 31, today).expect("a warning");
        assert!(said.contains("2026-10-29, 31 days ago"), "{said}");
        assert_eq!(warning(local, today + 400, today), None, "a clock that is behind");
    }
}
