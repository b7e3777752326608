//! Files are whole or absent.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use ::arrow::array::{Array, ArrayRef, Int32Array};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::formats::parquet_batch;
use super::{
    Folder, INPUT, RUN, Table, blank, block, create, full, input_info, spec, texts, write,
};
use crate::domain::Exit;
use crate::output::record::Block;
use crate::output::{Format, InputInfo, Output, OutputSpec, write_atomically};

#[test]
fn what_was_written_is_told_with_its_hash() {
    for name in ["out.csv", "out.tsv.gz", "out.parquet", "out.arrow", "out.arrows", "out.jsonl.zst"]
    {
        let folder = Folder::new();
        let out = folder.path(name);
        let written = write(&spec(&out), &[block(), block()]);
        let bytes = fs::read(&out).expect("the file is there");
        let hash = format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&bytes)));
        let [written] = written.as_slice() else { panic!("one file") };
        assert_eq!((written.rows, written.bytes), (6, bytes.len() as u64));
        assert_eq!((&written.sha256, &written.path), (&hash, &out.display().to_string()));
    }
}

#[test]
fn the_old_file_stays_until_the_commit_and_for_ever_without_one() {
    let folder = Folder::new();
    let out = folder.holding("out.csv", "old");
    let mut output = create(&spec(&out)).expect("created");
    output.write(block()).expect("written");
    assert_eq!(folder.names(), [".out.csv.vinrich-01test.tmp", "out.csv"]);
    drop(output);
    assert_eq!(folder.names(), ["out.csv"]);
    assert_eq!(fs::read_to_string(&out).expect("UTF-8"), "old");

    write(&spec(&out), &[block()]);
    assert_eq!(folder.names(), ["out.csv"]);
    assert_eq!(Table::read(&out).rows.len(), 3);
}

#[test]
fn rows_set_aside_leave_the_old_file() {
    for (name, partial) in [("out.csv", "tonight.csv"), ("out.parquet", "elsewhere/part.parquet")] {
        let folder = Folder::new();
        fs::create_dir(folder.path("elsewhere")).expect("a folder");
        let out = folder.holding(name, "old");
        let partial = folder.path(partial);
        let spec = OutputSpec { partial: Some(partial.clone()), ..spec(&out) };
        let mut output = create(&spec).expect("created");
        output.write(block()).expect("written");
        let [written] = &output.set_aside().expect("written")[..] else { panic!("one file") };
        let bytes = fs::read(&partial).expect("the rows");
        let hash = format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(&bytes)));
        assert_eq!((&written.path, written.rows), (&partial.display().to_string(), 3));
        assert_eq!((&written.sha256, written.bytes), (&hash, bytes.len() as u64));
        assert_eq!(fs::read_to_string(&out).expect("UTF-8"), "old");
        let left = folder.names().into_iter().filter(|name| name.contains("vinrich"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "no draft is left");
    }
}

#[test]
fn rows_with_no_other_place_are_not_written() {
    let folder = Folder::new();
    let out = folder.holding("out.csv", "old");
    let spec = OutputSpec { rejects: Some(folder.holding("bad.csv", "bad")), ..spec(&out) };
    let mut output = create(&spec).expect("created");
    output.write(block()).expect("written");
    assert!(output.set_aside().expect("nothing fails").is_empty());
    assert_eq!(folder.names(), ["bad.csv", "out.csv"]);
    for (name, text) in [("out.csv", "old"), ("bad.csv", "bad")] {
        assert_eq!(fs::read_to_string(folder.path(name)).expect("UTF-8"), text);
    }
}

#[test]
fn rows_set_aside_need_a_place_of_their_own() {
    let folder = Folder::new();
    let (out, rejects) = (folder.path("out.csv"), folder.path("bad.csv"));
    for partial in [&out, &rejects, &folder.path("no/such/folder.csv")] {
        let spec = OutputSpec {
            rejects: Some(rejects.clone()),
            partial: Some(partial.clone()),
            ..spec(&out)
        };
        let error = create(&spec).expect_err("refused");
        assert!([64, 73].contains(&error.exit().code()), "{error}");
        assert_eq!(folder.names(), [""; 0]);
    }
}

#[test]
fn a_dead_runs_draft_is_removed_and_a_live_ones_is_not() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    folder.holding(".out.csv.vinrich-dead.tmp", "half a ro");
    folder.holding(".other.csv.vinrich-dead.tmp", "not ours");
    let alive = create(&spec(&out)).expect("created");
    let input = INPUT.map(str::to_owned);
    let input = input_info(&input, &[]);
    let second = Output::create(&spec(&out), input, "02test").expect("created");
    assert_eq!(
        folder.names(),
        [
            ".other.csv.vinrich-dead.tmp",
            ".out.csv.vinrich-01test.tmp",
            ".out.csv.vinrich-02test.tmp"
        ]
    );
    drop((alive, second));
    assert_eq!(folder.names(), [".other.csv.vinrich-dead.tmp"]);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_target_is_written() {
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).expect("a folder");
    let link = folder.path("out.csv");
    std::os::unix::fs::symlink("data/real.csv", &link).expect("a link");
    for _ in ["dangling", "leading to a file"] {
        write(&spec(&link), &[block()]);
        assert!(link.is_symlink());
        assert_eq!(Table::read(&folder.path("data/real.csv")).rows.len(), 3);
    }
    assert_eq!(folder.names(), ["data", "out.csv"]);
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_spent() {
    let folder = Folder::new();
    folder.holding("in.csv", "VIN\n");
    let refused = |path: PathBuf| {
        let spec = OutputSpec { format: Format::Csv, ..spec(&path) };
        let error = Output::create(&spec, InputInfo::default(), RUN).expect_err("refused");
        assert_eq!(error.exit(), Exit::CannotCreate, "{error}");
        assert!(error.hint_text().is_some(), "{error}");
        error.to_string()
    };
    assert!(refused(folder.0.path().into()).contains("it is a folder"));
    assert!(refused(folder.path("new/")).contains("it is a folder"));
    assert!(refused(folder.path("missing/out.csv")).contains("its folder"));
    assert!(refused(folder.path("in.csv/out.csv")).contains("its folder"));
    assert_eq!(folder.names(), ["in.csv"]);
    if cfg!(unix) {
        assert!(refused("/dev/null".into()).contains("it is no regular file"));
    }
}

#[test]
fn rejected_rows_can_go_to_a_file_of_their_own() {
    let folder = Folder::new();
    let (out, rejects) = (folder.path("out.parquet"), folder.path("rejects.csv"));
    let spec = OutputSpec { rejects: Some(rejects.clone()), ..spec(&out) };
    let mut output = create(&spec).expect("created");
    let all_good = Block { records: vec![full()], input: blank(1) };
    for block in [block(), all_good, block()] {
        output.write(block.clone()).expect("written");
    }
    assert_eq!((output.rows(), output.diverted()), (5, 2));
    let written = output.commit().expect("committed");
    assert_eq!(written.iter().map(|file| file.rows).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(written[0].path, rejects.display().to_string());

    let table = Table::read(&rejects);
    assert_eq!(
        table.header.iter().collect::<Vec<_>>(),
        [
            "VIN",
            "Miles Driven",
            "row_id",
            "vin_error",
            "detail",
            "vin_suggestion",
            "source_file",
            "source_row",
            "vin_cell",
            "accepted_vin"
        ]
    );
    let row: Vec<&str> = table.rows[1].iter().collect();
    assert_eq!(
        row,
        [
            "1HGOM82633A004352",
            "two\nlines",
            "00000000000000000000000000000003",
            "illegal_character",
            "`O` at 4",
            "1HGCM82633A004352",
            "a.csv",
            "4",
            "1HGOM82633A004352",
            ""
        ]
    );
    assert_eq!(parquet_batch(&out).column_by_name("vin").map(Array::null_count), Some(0));
}

#[test]
fn a_small_file_is_written_whole() {
    let folder = Folder::new();
    let path = folder.holding("out.run.json", "old and longer");
    write_atomically(&path, b"{}").expect("written");
    assert_eq!(fs::read_to_string(&path).expect("UTF-8"), "{}");
    assert_eq!(folder.names(), ["out.run.json"]);
}

#[test]
fn a_block_of_another_shape_is_our_fault_and_writes_nothing() {
    let folder = Folder::new();
    let rows = |rows| texts(vec![None; rows]);
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1; 3]));
    for input in [
        vec![],
        vec![rows(3)],
        vec![rows(3), rows(2)],
        vec![rows(3), numbers],
        vec![rows(3), rows(3), rows(3)],
    ] {
        let mut output = create(&spec(&folder.path("out.csv"))).expect("created");
        let wrote = output.write(Block { input, ..block() }).and_then(|()| output.commit());
        assert_eq!(wrote.expect_err("refused").exit(), Exit::Internal);
    }
    assert_eq!(folder.names(), [""; 0]);
}
