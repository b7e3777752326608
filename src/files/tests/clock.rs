use super::*;

#[test]
fn the_boot_clock_goes_on_and_agrees_between_two_of_them() {
    let (first, second) = (SystemClock::new(), SystemClock::new());
    let (before, between, after) = (first.now(), second.now(), first.now());
    assert_eq!(first.boot_id(), second.boot_id());
    if cfg!(target_os = "linux") {
        assert!(before.boot <= between.boot && between.boot <= after.boot);
    }
}
