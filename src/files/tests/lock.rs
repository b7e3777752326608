use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn the_second_run_is_told_who_holds_the_output() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let held = OutputLock::acquire(&out, None).expect("free");
    for wait in [None, Some(Duration::from_millis(1))] {
        let error = OutputLock::acquire(&out, wait).expect_err("held");
        assert_eq!(error.exit(), Exit::Locked);
        assert!(error.to_string().contains(&format!("pid {}", std::process::id())), "{error}");
    }
    assert!(OutputLock::acquire(&folder.path().join("other.csv"), None).is_ok());
    drop(held);
    assert!(OutputLock::acquire(&out, None).is_ok());
    assert!(folder.path().join(".out.csv.vinrich-lock").exists(), "the lock file stays");
}

#[test]
fn a_run_that_waits_gets_the_output_when_it_is_free() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let held = OutputLock::acquire(&out, None).expect("free");
    let waiting = thread::spawn(move || OutputLock::acquire(&out, Some(Duration::from_secs(30))));
    drop(held);
    assert!(waiting.join().expect("no panic").is_ok());
}

#[test]
fn replacing_the_output_does_not_lose_the_lock() {
    let folder = folder();
    let out = folder.path().join("out.csv");
    let _held = OutputLock::acquire(&out, None).expect("free");
    crate::output::write_atomically(&out, b"new").expect("written");
    assert!(OutputLock::acquire(&out, None).is_err());
}

#[test]
fn a_missing_folder_is_no_place_for_a_lock() {
    let out = folder().path().join("missing/out.csv");
    let error = OutputLock::acquire(&out, None).expect_err("no folder");
    assert_eq!(error.exit(), Exit::CannotCreate);
}
