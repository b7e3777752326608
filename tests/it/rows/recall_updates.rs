//! `vinrich recalls update`: NHTSA's archives, fetched from a server that behaves as
//! NHTSA's does, and from some that do not.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use zip::write::SimpleFileOptions;

use crate::support::Work;
use crate::support::command::Setup;
use crate::support::server::wire::Act;
use crate::support::server::{Fake, Heard, Reply};

const UPDATE: [&str; 2] = ["recalls", "update"];

/// A text of so many campaigns about one car, reported on the day `on`.
fn text(campaigns: usize, on: &str) -> String {
    let line = |number: usize| {
        format!(
            "{number}\t19V{number:03}000\tSUBARU\tASCENT\t2019\t\tSEATS\tSubaru\t\t\tV\t7\t\tMFR\t\
             Subaru\t{on}\t{on}\t\t\tIt loosens {number}.\tInjury.\tReplace.\t\t1\t\t\t\tNo\tNo\n"
        )
    };
    (1..=campaigns).map(line).collect()
}

/// The text in an archive; the bytes of each `day` are others.
fn archive(text: &str, day: u8) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let made = zip::DateTime::from_date_and_time(2026, 3, day, 1, 2, 4).expect("a date");
    // Stored, so that a cut falls into the text.
    let options = SimpleFileOptions::default()
        .last_modified_time(made)
        .compression_method(zip::CompressionMethod::Stored);
    zip.start_file("FLAT_RCL_POST_2010.txt", options).expect("a member");
    zip.write_all(text.as_bytes()).expect("its text");
    zip.finish().expect("an archive").into_inner()
}

/// A server of one archive that knows ranges and conditions.
fn serve(heard: &Heard, body: &[u8], etag: &str) -> Reply {
    if heard.headers.get("if-none-match").is_some_and(|known| known == etag) {
        return Reply::new(304, "");
    }
    let range = heard
        .headers
        .get("range")
        .filter(|_| heard.headers.get("if-range").is_some_and(|edition| edition == etag));
    let from =
        range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match from {
        Some(from) => {
            let end = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
            let rest: &[u8] = &body[from..];
            Reply::new(206, rest).header("content-range", &end).header("etag", &etag)
        }
        None => Reply::new(200, body).header("etag", &etag),
    }
}

/// Promises all of `body`, and hangs up after `length` bytes.
fn cut(body: &[u8], length: usize, etag: &str) -> Reply {
    Reply::new(200, body).header("etag", &etag).cut(length).promising(body.len() - length)
}

fn work(server: &Fake) -> Work {
    work_with(server, "timeout = '40s'")
}

fn work_with(server: &Fake, keys: &str) -> Work {
    let work = Work::with_faults(&[]);
    work.configure(&setup_of(&tables(server, keys)));
    work
}

fn tables(server: &Fake, keys: &str) -> String {
    let url = server.url();
    format!(
        "[vendors.nhtsa-file]\nbase_url = '{url}/rcl'\nfiles = ['FLAT_RCL_POST_2010.zip']\n{keys}\n"
    )
}

fn setup_of(tables: &str) -> Setup<'_> {
    Setup { tables, ..Setup::default() }
}

fn campaigns(work: &Work) -> i64 {
    let held = work.vinrich(&["recalls", "status", "--format", "json"]).exits(0).json();
    held[0]["campaigns"].as_i64().unwrap_or(0)
}

/// The header of each request.
fn sent(server: &Fake, name: &str) -> Vec<Option<String>> {
    server.heard().iter().map(|heard| heard.headers.get(name).cloned()).collect()
}

#[test]
fn a_new_archive_of_the_same_text_is_not_imported() {
    let day = Arc::new(Mutex::new(1_u8));
    let of_server = Arc::clone(&day);
    let server = Fake::start(move |_, heard| {
        let day = *of_server.lock().expect("no panic");
        serve(heard, &archive(&text(12, "20190304"), day), &format!("\"of-{day}\""))
    });
    let work = work(&server);
    let first = work.vinrich(&UPDATE).exits(0);
    assert!(first.stdout().contains("12 rows: 12 campaigns"), "{}", first.stdout());
    let imported = work.vinrich(&["recalls", "status", "--format", "json"]).exits(0).json();

    let same = work.vinrich(&UPDATE).exits(0);
    assert!(same.stdout().contains("not modified"), "{}", same.stdout());
    *day.lock().expect("no panic") = 2;
    let restamped = work.vinrich(&UPDATE).exits(0);
    assert!(restamped.stdout().contains("its text is the imported one"), "{}", restamped.stdout());
    let after = work.vinrich(&["recalls", "status", "--format", "json"]).exits(0).json();
    assert_eq!(after, imported);
    let known = [None, Some("\"of-1\"".to_owned()), Some("\"of-1\"".to_owned())];
    assert_eq!(sent(&server, "if-none-match"), known);
    let again = work.vinrich(&UPDATE).exits(0);
    assert!(again.stdout().contains("not modified"), "the new name is kept: {}", again.stdout());
    assert!(server.heard().iter().all(|heard| heard.key.is_empty()), "no key is sent");
    assert!(server.heard().iter().all(|heard| heard.path == "/rcl/FLAT_RCL_POST_2010.zip"));
    assert!(!work.path("store/vinrich.db.downloads").exists(), "nothing is left");
}

#[test]
fn a_young_check_is_not_repeated() {
    let server = Fake::start(|_, heard| serve(heard, &archive(&text(3, "20200105"), 1), "\"a\""));
    let work = work(&server);
    let quiet = work.vinrich(&["recalls", "update", "--if-older", "20h", "--quiet"]).exits(0);
    assert_eq!((quiet.stdout(), &*quiet.stderr), ("", ""));
    let young = work.vinrich(&["recalls", "update", "--if-older", "20h"]).exits(0);
    assert_eq!(young.stdout().lines().count(), 1, "{}", young.stdout());
    assert!(young.stdout().contains("nothing to do"), "{}", young.stdout());
    assert_eq!(server.heard().len(), 1);
    work.vinrich(&["recalls", "update", "--if-older", "0s"]).exits(0);
    assert_eq!(server.heard().len(), 2, "an older check is repeated");
}

#[test]
fn a_download_goes_on_after_each_cut() {
    let body = archive(&text(40, "20210203"), 5);
    let length = body.len();
    let server = Fake::start(move |number, heard| match number {
        1 => cut(&body, 1000, "\"b\""),
        2 => Reply::new(503, "busy"),
        _ => serve(heard, &body, "\"b\""),
    });
    let work = work(&server);
    work.vinrich(&UPDATE).exits(68).says(&["HTTP 503", "hint: run it again"]);
    assert_eq!(campaigns(&work), 0);
    work.vinrich(&UPDATE).exits(0);
    assert_eq!(campaigns(&work), 40);
    let on = || Some("bytes=1000-".to_owned());
    assert!(length > 2000);
    assert_eq!(sent(&server, "range"), [None, on(), on()]);
    assert_eq!(sent(&server, "if-range")[2].as_deref(), Some("\"b\""));
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let body = archive(&text(30, "20210203"), 5);
    let server = Fake::start(move |number, _| match number {
        1 => cut(&body, 700, "\"c\""),
        _ => Reply::new(200, body.clone()).header("etag", &"\"c\""),
    });
    let work = work(&server);
    work.vinrich(&UPDATE).exits(0);
    assert_eq!(campaigns(&work), 30);
    assert_eq!(server.heard().len(), 2);
}

#[test]
fn a_part_of_another_edition_is_not_continued() {
    let (old, new) = (archive(&text(30, "20210203"), 5), archive(&text(31, "20210206"), 6));
    let server = Fake::start(move |number, heard| match number {
        1 | 3 => cut(&old, 900, "\"old\""),
        // Sends from another place than was asked for.
        2 => Reply::new(206, &old[10..]).header("content-range", &"bytes 10-99/100"),
        _ => serve(heard, &new, "\"new\""),
    });
    let work = work(&server);
    work.vinrich(&UPDATE).exits(0);
    assert_eq!(campaigns(&work), 31);
    let ranges = sent(&server, "range");
    assert_eq!(ranges.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false, true]);
}

#[test]
fn what_is_not_the_archive_leaves_the_store() {
    let mut broken = archive(&text(9, "20220203"), 5);
    broken[200] ^= 1;
    let page = "<html><title>Bot check</title><body>Prove that you are human</body></html>";
    let replies = vec![
        (Reply::new(200, archive(&text(20, "20220203"), 1)), 0, "20 campaigns"),
        (Reply::new(200, page), 76, "says: Bot check Prove that you are human"),
        (
            Reply::new(302, "").header("location", &"https://elsewhere.example/x.zip"),
            76,
            "redirect",
        ),
        (Reply::new(404, "no such key"), 76, "HTTP 404"),
        (Reply::new(304, ""), 76, "HTTP 304"),
        (Reply::new(200, broken), 76, "not one whole archive"),
        (Reply::new(200, archive(&text(11, "20220203"), 2)), 65, "may be cut off"),
        (Reply::new(200, archive(&text(20, "20210101"), 3)), 65, "goes up to 2021-01-01"),
        (Reply::new(200, archive(&text(21, "20220209"), 4)), 0, "21 campaigns"),
    ];
    let script: Vec<Reply> = replies.iter().map(|(reply, ..)| reply.clone()).collect();
    let server = Fake::start(move |number, _| script[number - 1].clone());
    let work = work(&server);
    for (number, (_, exit, says)) in replies.iter().enumerate() {
        let ended = work.vinrich(&UPDATE).exits(*exit);
        let said = format!("{}{}", ended.stdout(), ended.stderr);
        assert!(said.contains(says), "{number}: {said}");
        assert_eq!(campaigns(&work), if number == replies.len() - 1 { 21 } else { 20 });
        assert!(!work.path("store/vinrich.db.downloads").exists(), "{number} leaves nothing");
    }
    assert_eq!(server.heard().len(), replies.len(), "none is tried again at once");
}

#[test]
fn a_slow_drip_ends_with_the_time_limit() {
    let long = text(25, "20230203").replacen("It loosens", &"x".repeat(5000), 1);
    let body = archive(&long, 5);
    let begun = memchr::memmem::find(&body, b"xxx").expect("the long word");
    let server = Fake::start(move |number, heard| {
        if number > 1 {
            return serve(heard, &body, "\"d\"");
        }
        let head = cut(&body, 0, "\"d\"").head();
        let head = format!("{head}content-length: {}\r\n\r\n", body.len());
        let begin = [head.as_bytes(), &body[..begun]].concat();
        Reply::wire([Act::Send(begin), Act::Drip(b'x', Duration::from_millis(50))])
    });
    let work = work_with(&server, "timeout = '3s'");
    work.vinrich(&UPDATE).exits(68).says(&["not all of it came within 3 s", "hint: "]);
    work.configure(&setup_of(&tables(&server, "")));
    work.vinrich(&UPDATE).exits(0);
    assert_eq!(campaigns(&work), 25);
    let range = sent(&server, "range")[1].clone().expect("a range");
    let from: usize = range["bytes=".len()..range.len() - 1].parse().expect("a place");
    assert!(from >= begun, "what came in drips is kept: {range}");
}

#[test]
fn an_address_without_encryption_is_refused() {
    let work = Work::with_faults(&[]);
    let tables = "[vendors.nhtsa-file]\nbase_url = 'http://files.example.org/rcl'\n";
    work.configure(&Setup { tables, ..Setup::default() });
    work.vinrich(&UPDATE).exits(78).says(&["vendors.nhtsa-file.base_url", "must be `https`"]);
    let tables = "[vendors.nhtsa-file]\nfiles = ['../store.zip']\n";
    work.configure(&Setup { tables, ..Setup::default() });
    work.vinrich(&UPDATE).exits(78).says(&["must hold names of files"]);
}
