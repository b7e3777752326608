//! Keys are nowhere but in the request, and VINs in no log.

use std::path::Path;

use vinrich::sandbox::{Keys, SandboxSpec};

use crate::support::Work;
use crate::support::binary::{Ended, Running, Setup, vins};

const CARVIN: &str = "canary-carvin-0f9e8d7c6b";
const VISOR: &str = "canary-visor-1a2b3c4d5e";

fn guarded(faults: &[&str]) -> Work {
    let work = Work::with(SandboxSpec {
        faults: faults.iter().map(|rule| rule.parse().expect("a rule")).collect(),
        keys: Keys::default().with("carvin", CARVIN).with("visor", VISOR),
        ..SandboxSpec::default()
    });
    work.configure(&Setup::default());
    work.write_vins(&vins(45));
    work
}

fn run(work: &Work, words: &[&str]) -> Ended {
    let words = [&["enrich", "vins.csv"], words].concat();
    let mut command = work.command(&words);
    command.env("CARVIN_API_KEY", CARVIN).env("VISOR_API_KEY", VISOR);
    // What makes libraries talk.
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    Running::start(&mut command).end()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

/// No file below `folder` holds a key, except where the user put it.
#[track_caller]
fn check_files(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            check_files(&path);
        } else if path.extension().is_none_or(|extension| extension != "key") {
            let bytes = std::fs::read(&path).expect("a file");
            for key in [CARVIN, VISOR] {
                assert!(!holds(&bytes, key), "a key is in {}", path.display());
            }
        }
    }
}

#[track_caller]
fn check_words(ended: &Ended) {
    for key in [CARVIN, VISOR] {
        assert!(!holds(&ended.stdout, key) && !ended.stderr.contains(key), "{}", ended.stderr);
    }
    for vin in vins(45) {
        assert!(!ended.stderr.contains(&vin), "a VIN in the log:\n{}", ended.stderr);
    }
    assert!(
        !ended.stderr.contains("vin_pattern") && !ended.stderr.contains("http://"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_run_that_goes_well_tells_no_secret() {
    let work = guarded(&[]);
    for format in ["text", "json"] {
        for out in ["out.csv", "out.parquet", "-"] {
            let ended =
                run(&work, &["-o", out, "--log-format", format, "--refresh", "decode,listings"])
                    .exits(0);
            check_words(&ended);
        }
    }
    check_files(work.folder.path());
    assert!(work.sandbox.log().iter().all(|call| call.status == Some(200)));
}

#[test]
fn a_run_that_goes_wrong_tells_no_secret() {
    for faults in [
        &["401"][..],
        &["403"],
        &["500"],
        &["429:wait=9h"],
        &["400"],
        &["html"],
        &["truncate"],
        &["garbled"],
        &["foreign", "missing"],
        &["reset"],
    ] {
        let work = guarded(faults);
        for format in ["text", "json"] {
            let ended =
                run(&work, &["-o", "out.csv", "--max-wait", "100ms", "--log-format", format]);
            assert_ne!(ended.code, Some(70), "{}", ended.stderr);
            check_words(&ended);
        }
        check_files(work.folder.path());
    }
}

#[test]
fn a_vendor_nobody_answers_for_is_named_without_its_address() {
    let work = guarded(&[]);
    work.configure(&Setup { general: "max_wait = '0s'", ..Setup::default() });
    let text =
        work.read("vinrich.toml").replace(&work.sandbox.base_url("carvin"), "http://127.0.0.1:9");
    work.write("vinrich.toml", &text);
    let ended = run(&work, &["-o", "out.csv", "--with", "decode"]);
    assert!([3, 75].contains(&ended.code.unwrap_or(-1)), "{}", ended.stderr);
    check_words(&ended);
    check_files(work.folder.path());
}

#[cfg(unix)]
#[test]
fn a_key_file_is_read_and_never_told() {
    use std::os::unix::fs::PermissionsExt;
    let work = guarded(&[]);
    work.configure(&Setup {
        carvin: "quotas = []\napi_key_file = 'carvin.key'",
        ..Setup::default()
    });
    let file = work.write("carvin.key", &format!("{CARVIN}\n"));
    let mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let enrich = |key: &str| {
        let mut command =
            work.command(&["enrich", "vins.csv", "-o", "out.csv", "--with", "decode"]);
        Running::start(command.env("CARVIN_API_KEY", key)).end()
    };
    mode(0o600);
    check_words(&enrich("wrong").exits(0));
    assert_eq!(work.calls("batch-decode"), 3);
    mode(0o644);
    check_words(&enrich("wrong").exits(0).says(&["carvin.key", "chmod 600"]));
    mode(0o666);
    check_words(&enrich("wrong").exits(77).says(&["carvin.key", "hint: "]));
    mode(0o600);
    work.write("carvin.key", &format!("{CARVIN} and more"));
    check_words(&enrich("wrong").exits(77));
    check_files(work.folder.path());
}

#[test]
fn check_shows_where_a_key_is_and_not_the_key() {
    let work = guarded(&[]);
    let mut command = work.command(&["check"]);
    command.env("CARVIN_API_KEY", CARVIN).env("VISOR_API_KEY", VISOR);
    let ended = Running::start(&mut command).end().exits(0);
    assert!(ended.stdout().contains("CARVIN_API_KEY"));
    assert!(!ended.stdout().contains("canary"));
}
