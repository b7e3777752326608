use super::*;

#[test]
fn a_lock_is_found_by_its_file_and_bytes() {
    let holder = |line: &str| holder_in(line, 1234, &(120..=120));
    assert_eq!(holder("12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 120"), Some(4711));
    assert_eq!(holder("12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 0 EOF"), Some(4711));
    assert_eq!(holder("12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 121 127"), None);
    assert_eq!(holder("12: POSIX  ADVISORY  READ 4711 00:2a:1234 120 120"), None);
    assert_eq!(holder("12: POSIX  ADVISORY  WRITE 4711 00:2a:999 120 120"), None);
    assert_eq!(holder("12: FLOCK  ADVISORY  WRITE 4711 00:2a:1234 0 EOF"), None);
    assert_eq!(holder("12: -> POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 120"), None);
}

#[test]
fn this_process_is_not_stopped() {
    let state = state_of(std::process::id());
    assert!(state.is_none_or(|state| "RSD".contains(state)), "{state:?}");
}
