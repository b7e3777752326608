use super::*;

fn restored(merge: MergeOutcome) -> Restored {
    let holds = Backup {
        bytes: 1_500_000,
        answers: 2000,
        calls: 112,
        latest: Some(Timestamp::from_micros(1_795_314_199_000_000)),
    };
    Restored { holds, merge, kept: Some("v.db.before-restore-20261122T022319Z".into()) }
}

#[test]
fn a_restore_says_what_became_of_the_replaced_store() {
    let merged =
        Merged { calls: 12, spent: Micros(36_000), answers: 240, recall_file_differs: false };
    let text = |merge| as_text(&restored(merge), Path::new("v.db"), Path::new("b.db"));
    insta::assert_snapshot!(text(MergeOutcome::Merged(merged)), @r"
        restored v.db from b.db: 1.5 MB, 2,000 answers, 112 calls, the latest 2026-11-22 02:23:19 UTC
          carried over from the replaced store: 12 calls ($0.036), 240 answers
          the replaced store is kept as v.db.before-restore-20261122T022319Z
        ");
    assert!(
        text(MergeOutcome::Merged(Merged::default())).contains("nothing, the backup knows it all")
    );
    assert!(!text(MergeOutcome::Foreign).contains("carried over"));
}

#[test]
fn what_is_lost_is_said() {
    let code = |merge| warnings(&restored(merge)).pop().map(|(code, _)| code);
    assert_eq!(code(MergeOutcome::Nothing), Some("ledger_lost"));
    assert_eq!(code(MergeOutcome::Merged(Merged::default())), None);
    assert_eq!(code(MergeOutcome::Foreign), Some("foreign_backup"));
    assert_eq!(code(MergeOutcome::Damaged("it is empty".into())), Some("ledger_lost"));
    let other = Merged { recall_file_differs: true, ..Merged::default() };
    assert_eq!(code(MergeOutcome::Merged(other)), Some("recall_file"));
}
