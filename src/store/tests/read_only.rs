use super::*;

#[test]
fn a_change_while_it_is_read_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept.db");
    std::fs::write(&path, "as it was").expect("a file");
    let before = Unchanged::of(&path);
    before.check(&path).expect("nobody wrote");
    std::fs::write(beside(&path, "-wal"), "").expect("a file");
    before.check(&path).expect("an empty log holds nothing");
    std::fs::write(beside(&path, "-wal"), "a page").expect("a file");
    assert_eq!(before.check(&path).expect_err("a log").exit(), Exit::Io);
    std::fs::remove_file(beside(&path, "-wal")).expect("removed");
    std::fs::write(&path, "as it was, and more").expect("a file");
    assert_eq!(before.check(&path).expect_err("longer").exit(), Exit::Io);
}

#[test]
fn any_name_is_an_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("50% of #1?mode=rwc&x.db");
    let db = Connection::open(&path).expect("a database");
    db.execute_batch("CREATE TABLE t (n INTEGER) STRICT; INSERT INTO t VALUES (7);").expect("made");
    drop(db);
    let db = connect(&path).expect("opened");
    let n: i64 = db.query_row("SELECT n FROM t", [], |row| row.get(0)).expect("a row");
    assert_eq!(n, 7);
    db.execute_batch("DELETE FROM t").expect_err("it is only read");
}
