//! Replies from files, read by every endpoint of every vendor as a run would.
//!
//! `tests/fixtures/VENDOR/CASE.EXT` is the reply to the vendor's first endpoint,
//! `tests/fixtures/VENDOR/ENDPOINT/CASE.EXT` the reply to any other. What a vendor
//! says alike wherever it is asked (`refused`, `quota`, `denied`, `garbled`)
//! stands in its folder once. A file comes with its case's usual status, or with
//! the one in its name: `empty.404.json`.
//!
//! The keys asked about are those of [`keys`]; a fixture speaks of the first
//! ones, as many as the endpoint takes.

use std::path::{Path, PathBuf};

use vinrich::domain::Timestamp;
use vinrich::domain::facts::{Dealer, DecodeFacts, Facts};
use vinrich::domain::key::{Effect, Key, KeyKind, Page, Task, Vehicle};
use vinrich::domain::outcome::Fault;
use vinrich::domain::vin::Vin;
use vinrich::vendors::{Answer, Auth, Endpoint, Parsed, Reply, Role, Vendor, registry, visio};

/// A situation that every vendor gets into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Ok,
    Partial,
    Empty,
    Refused,
    Quota,
    Denied,
    Garbled,
}

impl Case {
    const ALL: [Self; 7] = [
        Self::Ok,
        Self::Partial,
        Self::Empty,
        Self::Refused,
        Self::Quota,
        Self::Denied,
        Self::Garbled,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Empty => "empty",
            Self::Refused => "refused",
            Self::Quota => "quota",
            Self::Denied => "denied",
            Self::Garbled => "garbled",
        }
    }

    fn usual_status(self) -> u16 {
        match self {
            Self::Ok | Self::Partial | Self::Empty | Self::Garbled => 200,
            Self::Refused => 400,
            Self::Quota => 429,
            Self::Denied => 401,
        }
    }

    /// Whether a vendor's endpoints may say it alike.
    fn is_shared(self) -> bool {
        match self {
            Self::Ok | Self::Partial | Self::Empty => false,
            Self::Refused | Self::Quota | Self::Denied | Self::Garbled => true,
        }
    }
}

/// An endpoint and the vendor it is at.
#[derive(Clone, Copy)]
pub(super) struct Place {
    vendor: &'static dyn Vendor,
    pub(super) endpoint: &'static dyn Endpoint,
}

pub(super) fn places() -> impl Iterator<Item = Place> {
    registry().iter().flat_map(|vendor| places_at(*vendor))
}

fn places_at(vendor: &'static dyn Vendor) -> impl Iterator<Item = Place> {
    vendor.endpoints().iter().map(move |endpoint| Place { vendor, endpoint: *endpoint })
}

impl Place {
    /// Such as `carvin/recalls`.
    pub(super) fn name(self) -> String {
        format!("{}/{}", self.vendor.spec().id(), self.endpoint.spec().id)
    }

    fn reads_only(self) -> bool {
        self.endpoint.spec().effect == Effect::Read
    }

    /// As many keys as the endpoint takes at once, three at the most.
    pub(super) fn keys(self) -> Vec<Key> {
        let mut keys = keys(self.endpoint.spec().key);
        keys.truncate(self.endpoint.spec().batch);
        keys
    }

    /// The folders where a case's fixture may stand, the nearest first.
    fn folders(self, case: Case) -> Vec<PathBuf> {
        let vendor = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(self.vendor.spec().id());
        let first = self.vendor.endpoints().first().map(|endpoint| endpoint.spec().id);
        let is_first = first == Some(self.endpoint.spec().id);
        let own = vendor.join(self.endpoint.spec().id);
        if is_first || case.is_shared() { vec![own, vendor] } else { vec![own] }
    }

    /// The reply in the fixture of a case.
    pub(super) fn reply(self, case: Case) -> Option<Reply> {
        let path = self.folders(case).iter().find_map(|folder| fixture(folder, case))?;
        let stem = path.file_stem()?.to_str()?;
        let status = stem.split_once('.').map(|(_, status)| status.parse().expect("a status"));
        let body = std::fs::read(&path).expect("a readable fixture");
        Some(Reply {
            status: status.unwrap_or(case.usual_status()),
            headers: Vec::new(),
            body: body.into(),
        })
    }

    /// What a case's reply comes to: the vendor's reading first, then the endpoint's.
    fn read(self, case: Case) -> Result<Parsed, Fault> {
        let reply = self.reply(case).unwrap_or_else(|| panic!("{}", lack(self, case)));
        self.read_reply(&reply)
    }

    pub(super) fn read_reply(self, reply: &Reply) -> Result<Parsed, Fault> {
        vinrich::vendors::read(self.vendor, self.endpoint, reply, &self.keys())
    }

    /// How many of the keys were found.
    fn found(self, case: Case) -> usize {
        let parsed = self.read(case).unwrap_or_else(|fault| panic!("{}: {fault:?}", self.name()));
        parsed.answers.iter().filter(|answer| answer.said == Answer::Found).count()
    }

    /// Whether a kept answer fills a column or a page, or names somebody or something.
    fn says_something(self, key: &Key, body: &[u8]) -> bool {
        match self.endpoint.role() {
            Role::Answers(answers) => match answers.facts(key, body) {
                Facts::Decode(facts) => facts != DecodeFacts::default(),
                Facts::Recalls(facts) => !facts.campaigns.is_empty(),
                Facts::Listings(facts) => !facts.listings.is_empty(),
            },
            Role::Catalogue(names) => !names(body).is_empty(),
            Role::Dealers(dealer) => dealer(body).is_some_and(|read| read != Dealer::default()),
            Role::Prices(models) => models(body).is_some_and(|models| !models.is_empty()),
            Role::Pages(pages) => pages.page(1, body).is_some_and(|page| page.entries > 0),
            // Visio's list of photo requests is the one list that is not an inventory.
            Role::Acts if matches!(key, Key::Page(_)) => {
                visio::listed(body).is_some_and(|page| !page.requests.is_empty())
            }
            Role::Acts => true,
        }
    }
}

/// The VINs that fixtures speak of, and their model years.
fn vins() -> [(Vin, i32); 3] {
    [("1HGBH41JXMN109186", 1991), ("5YJSA1DG9DFP14705", 2013), ("WBAPH5C55BA218692", 2011)]
        .map(|(vin, year)| (Vin::new(vin).expect("a VIN"), year))
}

/// The keys that fixtures speak of.
fn keys(kind: KeyKind) -> Vec<Key> {
    match kind {
        KeyKind::Vin => vins().map(|(vin, _)| Key::Vin(vin)).into(),
        KeyKind::VinOfYear => vins().map(|(vin, year)| Key::VinOfYear(vin, year)).into(),
        KeyKind::Vehicle => vec![Key::Vehicle(Vehicle::new("Ford", "F-250 SD", 2016))],
        KeyKind::Page => vec![Key::Page(Page {
            list: "/".into(),
            snapshot: Timestamp::from_micros(1),
            number: 1,
        })],
        KeyKind::Name => [1, 2, 3].map(|number| Key::Name(format!("16ed7612-000{number}"))).into(),
        KeyKind::Task => {
            vec![Key::Task(Task { subject: "1HGBH41JXMN109186".into(), body: "{}".into() })]
        }
    }
}

/// The file `CASE.EXT` or `CASE.STATUS.EXT` in a folder.
fn fixture(folder: &Path, case: Case) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files = entries.map(|entry| entry.expect("an entry").path());
    files.find(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.is_file() && name.split('.').next() == Some(case.name())
    })
}

/// The fixtures that a vendor does not have.
pub(super) fn lacking(vendor: &'static dyn Vendor) -> Vec<String> {
    let each = places_at(vendor).flat_map(|place| Case::ALL.map(|case| (place, case)));
    let lacks = each.filter(|(place, case)| place.reply(*case).is_none());
    lacks.map(|(place, case)| lack(place, case)).collect()
}

/// What is said of a fixture that is not there.
fn lack(place: Place, case: Case) -> String {
    let folders = place.folders(case);
    let folder = folders.last().expect("a folder").display().to_string();
    format!("`{}` has no fixture for `{}` in {folder}", place.name(), case.name())
}

fn is_garbled(read: &Result<Parsed, Fault>) -> bool {
    matches!(read, Err(Fault::Garbled { .. }))
}

#[test]
fn every_endpoint_has_a_fixture_for_every_case() {
    let missing: Vec<String> = registry().iter().flat_map(|vendor| lacking(*vendor)).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn ok_answers_every_key() {
    for place in places() {
        let (name, keys) = (place.name(), place.keys());
        assert_eq!(place.found(Case::Ok), keys.len(), "{name}");
        let parsed = place.read(Case::Ok).expect("answers");
        assert_eq!((parsed.foreign, parsed.repeated.len()), (0, 0), "{name}");
        for answer in parsed.answers {
            assert!(place.says_something(&keys[answer.key], &answer.body), "{name}");
        }
    }
}

/// Of a batch, some keys; of a single key, some of what could be said.
#[test]
fn partial_answers_what_it_answers() {
    for place in places() {
        let (found, asked) = (place.found(Case::Partial), place.keys().len());
        assert!(found > 0 && (found < asked || asked == 1), "{}: {found}", place.name());
    }
}

/// A call that acts and says nothing of what it did is no answer.
#[test]
fn empty_finds_nothing() {
    for place in places() {
        let (name, keys) = (place.name(), place.keys());
        match place.read(Case::Empty) {
            Ok(parsed) => {
                for answer in parsed.answers {
                    let says = place.says_something(&keys[answer.key], &answer.body);
                    let is_page = matches!(keys[answer.key], Key::Page(_));
                    assert!(answer.said == Answer::Absent || is_page && !says, "{name}");
                }
            }
            fault => assert!(!place.reads_only() && is_garbled(&fault), "{name}: {fault:?}"),
        }
    }
}

#[test]
fn refused_blames_what_was_asked() {
    for place in places() {
        let read = place.read(Case::Refused);
        let Err(Fault::Poisoned { code }) = &read else { panic!("{}: {read:?}", place.name()) };
        assert!(!code.is_empty() && code.chars().count() <= 80, "{}: {code:?}", place.name());
    }
}

#[test]
fn quota_is_waited_out() {
    for place in places() {
        let read = place.read(Case::Quota);
        assert!(matches!(read, Err(Fault::Limited { .. })), "{}: {read:?}", place.name());
    }
}

/// Where no key is shown nobody is turned away for good.
#[test]
fn denied_turns_the_account_away() {
    for place in places() {
        let read = place.read(Case::Denied);
        let is_so = match place.vendor.spec().auth {
            Auth::None => matches!(read, Err(Fault::Limited { .. })),
            Auth::Bearer | Auth::Header(_) => matches!(read, Err(Fault::Denied(_))),
        };
        assert!(is_so, "{}: {read:?}", place.name());
    }
}

/// Neither another server's page nor half of an answer is one.
#[test]
fn garbled_is_no_answer() {
    for place in places() {
        let read = place.read(Case::Garbled);
        assert!(is_garbled(&read), "{}: {read:?}", place.name());
        let whole = place.reply(Case::Ok).expect("a fixture");
        let half = Reply { body: whole.body.slice(..whole.body.len() / 2), ..whole };
        let read = place.read_reply(&half);
        assert!(is_garbled(&read), "{}: half of it: {read:?}", place.name());
    }
}
