use super::*;

#[test]
fn what_went_is_counted_and_what_is_out_of_reach_is_named() {
    let forgotten = Forgotten {
        answers: 2,
        bodies: 2,
        calls: 3,
        snapshots: 2,
        bytes: (1_500_000, 1_000_000),
        ..Forgotten::default()
    };
    insta::assert_snapshot!(as_text(1, &forgotten), @r"
        1 VIN forgotten
        removed:
          2 answers
          2 bodies
          rows in 2 snapshots of outputs
        3 calls of the ledger now hold a keyed hash instead; `vinrich runs audit --vin` still finds them
        the store was written anew: 1.5 MB before, 1.0 MB now
        not reached: output files, reports written by `--report`, exports, backups of the store, and copies kept by `store restore`, by an upgrade, or of a store that was lost
        ");
    assert!(as_text(2, &Forgotten::default()).contains("knew nothing of it"));
}
