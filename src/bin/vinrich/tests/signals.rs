use super::*;

#[test]
fn ignored_signals_are_read_from_the_kernels_mask() {
    let status =
        "Name:\tvinrich\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\nSigCgt:\t0\n";
    assert_eq!(ignored_in(status), 0x1001, "SIGHUP is bit 0, SIGPIPE bit 12");
    assert_eq!(ignored_in("Name:\tvinrich\n"), 0);
}
