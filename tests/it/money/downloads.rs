//! `photos download`: what customers sent, whole or absent, each fetched once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::photos::{REQUEST, lead_to, work};
use crate::support::Work;
use crate::support::command::vins;
use crate::support::server::{Fake, Heard, Reply};

const DOWNLOAD: [&str; 4] = ["photos", "download", "-o", "photos"];

/// A photo, as far as anybody looks at it.
const PHOTO: &[u8] = b"\xff\xd8\xff\xe1\x00\x18Exif, and a car";

/// What begins the signature of every link.
const SIGNATURE: &str = "X-Sig=7f3a";

/// Whoever keeps the photos, and a vendor whose only photo request was submitted with
/// photos of these ids.
struct Studio {
    work: Work,
    api: Fake,
    host: Fake,
}

impl Studio {
    /// `host` replies with the `n`th photo it is asked for; the links of the `n`th reply
    /// about the request end with `n`.
    fn new(
        ids: &[&'static str],
        host: impl Fn(usize, &Heard) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let host = Fake::start(host);
        let (ids, at, shown) = (ids.to_vec(), host.url(), Arc::new(AtomicUsize::new(0)));
        let api = Fake::start(move |_, heard| {
            if heard.method == "POST" {
                let made =
                    json!({ "data": { "id": "req/../7", "status": "pending", "items": [] } });
                return Reply::new(201, made.to_string());
            }
            let edition = shown.fetch_add(1, Ordering::SeqCst) + 1;
            let items = ids.iter().enumerate().map(|(place, id)| {
                let link = format!("{at}/bucket/{place}?{SIGNATURE}{edition}");
                json!({ "id": id, "instructions": "Front view", "download_url": link })
            });
            let items: Vec<_> = items.collect();
            let shown =
                json!({ "data": { "id": "req/../7", "status": "submitted", "items": items } });
            Reply::new(200, shown.to_string())
        });
        let work = work(1, &[]);
        lead_to(&work, &api);
        work.vinrich(&REQUEST).exits(0);
        Self { work, api, host }
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.work.path("photos")).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).into_string().expect("a name")).collect();
        names.sort();
        names
    }
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).expect("a file")
}

fn photo(_: usize, _: &Heard) -> Reply {
    Reply::new(200, PHOTO)
}

#[test]
fn submitted_photos_are_fetched_once() {
    let studio = Studio::new(&["front", "../../../etc/cron.d/x", "CON"], photo);
    let said = studio.work.vinrich(&DOWNLOAD).exits(0);
    let said = said.says(&["1 vehicle: 3 photos downloaded"]);
    assert!(!said.stderr.contains(SIGNATURE));
    let names = studio.files();
    assert_eq!(names.len(), 3, "{names:?}");
    for name in &names {
        assert_eq!(bytes(&studio.work.path("photos"), name), PHOTO, "{name}");
        let begins = format!("{}_req7-", vins(1)[0]);
        assert!(name.starts_with(&begins) && name.ends_with(".jpg"), "{name}");
    }
    assert!(studio.host.heard().iter().all(|heard| heard.key.is_empty()), "a key left the API");
    assert!(studio.api.heard().iter().all(|heard| !heard.key.is_empty()));
    let asked = (studio.api.heard().len(), studio.host.heard().len());
    studio.work.vinrich(&DOWNLOAD).exits(0).says(&["0 photos downloaded, 3 already there"]);
    assert_eq!((studio.api.heard().len(), studio.host.heard().len()), asked);
}

#[test]
fn a_photo_that_breaks_off_is_absent() {
    let studio = Studio::new(&["a1", "a2", "a3"], |call, _| match call {
        2 => Reply::new(200, PHOTO).promising(40),
        3 => Reply::new(200, PHOTO).until_close(),
        _ => Reply::new(200, PHOTO),
    });
    let ended = studio.work.vinrich(&DOWNLOAD);
    assert!(ended.code.is_some_and(|code| code != 0), "{ended:?}");
    assert_eq!(studio.files().len(), 1, "{:?}", studio.files());
    studio.work.vinrich(&DOWNLOAD).exits(0).says(&["2 photos downloaded, 1 already there"]);
    assert_eq!((studio.files().len(), studio.host.heard().len()), (3, 5));
}

#[test]
fn an_expired_link_is_renewed() {
    let expired = || Reply::new(403, "<Error><Code>AccessDenied</Code></Error>");
    let studio = Studio::new(&["left", "right"], move |_, heard| {
        if heard.path.ends_with("7f3a1") { expired() } else { Reply::new(200, PHOTO) }
    });
    studio.work.vinrich(&DOWNLOAD).exits(0).says(&["2 photos downloaded"]);
    assert_eq!(studio.files().len(), 2);

    let refusing = Studio::new(&["roof"], move |_, _| expired());
    let said = refusing.work.vinrich(&DOWNLOAD).exits(3).says(&["link refused: http_403"]);
    assert!(!said.stderr.contains(SIGNATURE), "{}", said.stderr);
    let runs = refusing.work.vinrich(&["runs", "show", "--format", "json"]).exits(0);
    assert!(runs.stdout().contains("http_403") && !runs.stdout().contains(SIGNATURE));
    assert_eq!((refusing.files().len(), refusing.host.heard().len()), (0, 2));
}

#[test]
fn what_is_not_a_photo_is_refused() {
    let page = || Reply::new(200, "<!doctype html><title>Sign in</title>");
    let studio = Studio::new(&["p1", "p2", "p3", "p4"], move |call, heard| match call {
        1 => page(),
        2 => Reply::new(302, "").header("location", &format!("/elsewhere{}", heard.path)),
        3 => Reply::new(200, PHOTO).promising(65 << 20),
        _ => Reply::new(200, PHOTO),
    });
    studio.work.vinrich(&DOWNLOAD).exits(76).says(&[
        "a web page in place of a photo",
        "HTTP status 302",
        "the file is over 64 MiB",
        "1 photo downloaded",
    ]);
    assert_eq!(studio.files().len(), 1, "{:?}", studio.files());
    assert!(studio.host.heard().iter().all(|heard| !heard.path.starts_with("/elsewhere")));
}

#[test]
fn a_photo_at_the_api_is_a_call() {
    let work = work(1, &[]);
    let api = Fake::start(|_, heard| match (&*heard.method, heard.path.contains("/files/")) {
        ("POST", _) => Reply::new(201, json!({ "data": { "id": "r9" } }).to_string()),
        (_, true) => Reply::new(200, PHOTO),
        _ => {
            let photo = json!({ "id": 4, "url": format!("http://{}/files/4", heard.host) });
            let shown = json!({ "id": "r9", "status": "submitted", "photos": [photo] });
            Reply::new(200, json!({ "data": shown }).to_string())
        }
    });
    lead_to(&work, &api);
    work.vinrich(&REQUEST).exits(0);
    work.vinrich(&DOWNLOAD).exits(0).says(&["1 photo downloaded"]);
    assert!(api.heard().iter().all(|heard| !heard.key.is_empty()), "the API wants its key");
    let calls = work.number("SELECT count(*) FROM calls");
    assert_eq!((calls, api.heard().len()), (3, 3), "each is in the ledger");
}

#[test]
fn hosts_that_fail_are_given_up() {
    let studio = Studio::new(&["1", "2", "3", "4", "5", "6", "7", "8"], |_, _| Reply::new(500, ""));
    studio.work.vinrich(&DOWNLOAD).exits(68).says(&["5 photos in a row failed"]);
    assert_eq!((studio.files().len(), studio.host.heard().len()), (0, 5));
    studio.work.write("blocked", "a file");
    let into_file = ["photos", "download", "-o", "blocked"];
    studio.work.vinrich(&into_file).exits(73).says(&["blocked"]);
}
