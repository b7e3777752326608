//! Commands that act, killed: whatever the kill, the vendor does each thing once.
//!
//! A tool runs under idempotency keys: it is sent again under its own. A photo
//! request has none: one that may have been sent is looked up in the vendor's
//! list, and never sent again blindly.

use super::replies::at_each_reply;
use super::scene::Scene;
use super::site::Site;
use super::syscalls::at_each_call;
use crate::support::command::{tool_run, vins};

/// A store that is there already has the writer's calls killed, not those that make it.
const CHANGING: [(&str, usize); 3] =
    [("fsync,fdatasync", 4), ("pwrite64", 15), ("rename,renameat,renameat2", 1)];

const TOOL: Scene = Scene {
    tables: "",
    words: &tool_run("out.csv", "1"),
    outputs: &["out.csv"],
    inputs: &["vins.csv", "input.json"],
    prepare: tool_input,
    remembered: false,
};

const PHOTOS: Scene = Scene {
    tables: "",
    words: &["photos", "request", "vins.csv", "-o", "out.csv", "--yes"],
    outputs: &["out.csv"],
    inputs: &["vins.csv"],
    prepare: with_a_store,
    remembered: true,
};

fn tool_input(site: &Site) {
    site.work.write_vins(&vins(3));
    site.work.write("input.json", r#"{"prompt": "Tell me of {vin}"}"#);
}

fn with_a_store(site: &Site) {
    site.work.write_vins(&[]);
    let words = ["enrich", "vins.csv", "-o", "nothing.csv", "--with", "decode"];
    assert_eq!(site.run(&words).code, Some(0));
    std::fs::remove_file(site.work.path("nothing.csv")).expect("it was written");
    site.work.write_vins(&vins(3));
}

#[test]
fn a_tool_killed_anywhere_is_charged_once() {
    let prepare = |site: &Site| {
        with_a_store(site);
        tool_input(site);
    };
    at_each_call(&Scene { prepare, ..TOOL }, "a tool", &CHANGING);
}

#[test]
fn a_tool_killed_at_any_reply_charges_once() {
    at_each_reply(&TOOL, "a tool, at every reply");
}

#[test]
fn a_tool_killed_in_its_first_run_resumes() {
    at_each_call(&TOOL, "a tool's first run", &[("fsync,fdatasync", 3), ("pwrite64", 27)]);
}

#[test]
fn photos_killed_anywhere_are_requested_once() {
    at_each_call(&PHOTOS, "photo requests", &CHANGING);
}

#[test]
fn photos_killed_at_any_reply_are_requested_once() {
    at_each_reply(&PHOTOS, "photo requests, at every reply");
}
