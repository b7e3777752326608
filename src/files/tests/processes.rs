use super::*;

#[test]
fn a_lock_is_read_of_the_kernels_list() {
    let lock = |line: &str| lock_in(line, 1234);
    let of = |is_shared, bytes| Some(FileLock { pid: 4711, is_shared, bytes });
    assert_eq!(lock("12: POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 121"), of(false, 120..=121));
    assert_eq!(lock("12: POSIX  ADVISORY  READ 4711 00:2a:1234 0 EOF"), of(true, 0..=u64::MAX));
    assert_eq!(lock("12: POSIX  ADVISORY  WRITE 4711 00:2a:999 120 120"), None);
    assert_eq!(lock("12: FLOCK  ADVISORY  WRITE 4711 00:2a:1234 0 EOF"), None);
    assert_eq!(lock("12: -> POSIX  ADVISORY  WRITE 4711 00:2a:1234 120 120"), None);
}

#[test]
fn this_process_is_not_stopped() {
    assert!(state_of(std::process::id()).is_none_or(|state| !is_stopped(state)));
}
