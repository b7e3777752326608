//! Where no store can be made, what needs none works: no permission of a folder says so
//! to an administrator, so a file is in the folder's place, or the kernel refuses files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::command::{Ended, Running, Setup, vins_in};
use crate::support::vpic::data;
use crate::support::{Work, csv_rows};

/// Places where nobody can make a file.
const PLACES: [&str; 3] = ["taken/store/vinrich.db", "/proc/self/vinrich.db", "/sys/a/vinrich.db"];

const OFFLINE: [&str; 7] =
    ["enrich", "vins.csv", "-o", "out.csv", "--with", "decode,recalls", "--offline"];

/// A folder with VINs, where the decoder's data are at hand if this machine has them.
fn work() -> (Work, PathBuf) {
    let work = Work::configured(&[]);
    work.write_vins(&vins_in(40..51));
    work.write("taken", "a file, and no folder");
    let decoder = data().unwrap_or_else(|| work.path("no-decoder"));
    (work, decoder)
}

fn run(work: &Work, decoder: &Path, variables: &[(&str, &str)], words: &[&str]) -> Ended {
    let mut command = work.command(words);
    command.env("VINRICH_VENDORS__VPIC__DATA", decoder).envs(variables.iter().copied());
    Running::start(&mut command).end()
}

/// What the rows say, without the run's own id and times.
fn said(work: &Work) -> Vec<BTreeMap<String, String>> {
    let columns = ["vin", "model", "decode_status", "decode_source", "recalls_status"];
    let rows = csv_rows(&work.read("out.csv"));
    let of = |row: &BTreeMap<String, String>| {
        let cell = |name: &&str| Some(((*name).to_owned(), row.get(*name)?.clone()));
        columns.iter().filter_map(cell).collect()
    };
    rows.iter().map(of).collect()
}

#[test]
fn an_offline_run_needs_no_place_for_a_store() {
    let (work, decoder) = work();
    let code = run(&work, &decoder, &[], &OFFLINE).code.expect("a code");
    let with_store = said(&work);
    assert_eq!(with_store.len(), 11);
    let is_decoded = with_store.iter().all(|row| row["decode_status"] == "found");
    assert_eq!(is_decoded, decoder.exists(), "{with_store:?}");
    for place in PLACES {
        let ended = run(&work, &decoder, &[("VINRICH_STORE", place)], &OFFLINE).exits(code);
        ended.says(&[&format!("the store `{place}` cannot be made")]);
        assert_eq!(said(&work), with_store, "{place}");
        let strict = [&OFFLINE[..], &["--require-store"]].concat();
        run(&work, &decoder, &[("VINRICH_STORE", place)], &strict)
            .exits(78)
            .says(&["there is no store"]);
        // What is asked must be kept.
        run(&work, &decoder, &[("VINRICH_STORE", place)], &OFFLINE[..6]).says(&["hint: "]);
    }
    assert!(work.sandbox.log().is_empty(), "nobody was asked");
    assert_eq!(work.read("taken"), "a file, and no folder");
}

#[test]
fn a_user_without_a_home_looks_decodes_and_plans() {
    let (work, decoder) = work();
    std::fs::remove_file(work.path("vinrich.toml")).expect("the home's is looked for");
    let taken = work.path("taken").display().to_string();
    for home in [&taken, "/dev/null", "/proc/self/home"] {
        let variables = [("HOME", home)];
        let code = run(&work, &decoder, &variables, &OFFLINE).code;
        assert!(matches!(code, Some(0 | 75)), "{home}: {code:?}");
        assert_eq!(said(&work).len(), 11, "{home}");
        for words in [
            &["validate", "vins.csv"][..],
            &["plan", "vins.csv"],
            &["plan", "vins.csv", "--offline"],
            &["schema"],
            &["check", "--offline"],
            &["recalls", "status"],
            &["runs", "list"],
            &["cache", "stats"],
            &["quota"],
        ] {
            let ended = run(&work, &decoder, &variables, words);
            assert_eq!(ended.code, Some(0), "{home} {words:?}: {}", ended.stderr);
        }
        if decoder.exists() {
            let words = ["decode", "1FTFW1ET0DF000040"];
            let ended = run(&work, &decoder, &variables, &words);
            assert!(
                ended.stdout().contains("F-150"),
                "{home}: {} {}",
                ended.stdout(),
                ended.stderr
            );
        }
    }
}

/// NHTSA's recall file is in the store: it is read where nothing can be kept.
#[test]
#[cfg(target_os = "linux")]
fn an_offline_run_reads_a_recall_file_read_only() {
    use crate::support::command::trace::{can_mount, in_namespace};
    if !can_mount() {
        return;
    }
    let work = Work::with_faults(&[]);
    let tables = "[datasets.recalls]\nvendors = ['nhtsa-file']";
    work.configure(&Setup { tables, ..Setup::default() });
    work.write_vins(&vins_in(0..7));
    work.vinrich(&["enrich", "vins.csv", "-o", "out.csv", "--with", "decode"]).exits(0);
    let campaign = "1\t24V777000\tFORD\tF-150\t2013\t\tSEATS\tFord\t\t\tV\t5\t\tMFR\tFord\t20240105\t\
                    20240106\t\t\tThe seat moves.\tInjury.\tTighten.\t\t1\t\t\t\tNo\tYes\n";
    work.write("FLAT_RCL_POST_2010.txt", campaign);
    work.vinrich(&["recalls", "import", "FLAT_RCL_POST_2010.txt"]).exits(0);
    let asked = work.sandbox.log().len();
    let script = "mount --bind store store; mount -o remount,bind,ro store; exec \"$@\"";
    let ended = in_namespace(&work, script, &OFFLINE).exits(0);
    ended.says(&["is read-only: it does not keep this run"]);
    let rows = csv_rows(&work.read("out.csv"));
    assert_eq!(rows.len(), 7);
    assert!(rows.iter().all(|row| row["recall_campaigns"].contains("24V777000")), "{:?}", rows[0]);
    assert_eq!(work.sandbox.log().len(), asked);
}
