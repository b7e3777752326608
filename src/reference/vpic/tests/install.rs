//! Data that arrive, and data that must not.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use ultravin::tables::{VpicData, compute_artifact_blake3_hex, serialize_artifact};

use crate::domain::{Error, Exit};
use crate::reference::vpic::artifact::{Artifact, VERSION};
use crate::reference::vpic::install::{Done, install, install_file, install_release};
use crate::reference::vpic::{Place, Provenance, testing};

/// A data file of some hundred bytes that says nothing about any vehicle.
pub(super) fn data(builder: u32) -> Vec<u8> {
    let nothing = VpicData {
        cover: Vec::new(),
        arena_bytes: vec![0],
        arena_offsets: vec![0, 0],
        wmi: Vec::new(),
        wmi_vinschema: Vec::new(),
        vinschema: Vec::new(),
        pattern: Vec::new(),
        element: Vec::new(),
        make_model: Vec::new(),
        wmi_make: Vec::new(),
        enginemodel: Vec::new(),
        enginemodelpattern: Vec::new(),
        defaultvalue: Vec::new(),
        vinexception: Vec::new(),
        conversion: Vec::new(),
        lookups: Vec::new(),
        vspecschema: Vec::new(),
        vspecschemapattern: Vec::new(),
        vspecpattern: Vec::new(),
        vspecschemamodel: Vec::new(),
        vspecschemayear: Vec::new(),
    };
    serialize_artifact(&nothing, builder)
}

pub(super) fn expected() -> Artifact {
    let data = data(0);
    Artifact { length: data.len() as u64, digest: compute_artifact_blake3_hex(&data) }
}

/// A library that holds `data`, among what looks like them.
pub(super) fn library(data: &[u8], before: usize) -> Vec<u8> {
    let mut library = b"\x7fELF".to_vec();
    library.resize(4 + before, b'.');
    library.extend_from_slice(b"ULTRAVIN_DATA=/a/b");
    library.extend_from_slice(data);
    library.extend_from_slice(b"ULTRAVIN");
    library
}

/// A wheel with such a library.
fn wheel(data: &[u8], before: usize) -> Vec<u8> {
    let library = library(data, before);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in
        [("ultravin/__init__.py", &b"ULTRAVIN\x01\0"[..]), ("ultravin/_ultravin.abi3.so", &library)]
    {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("a wheel").into_inner()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 3).expect("compressed")
}

/// A folder with data in place.
struct Machine {
    folder: tempfile::TempDir,
}

const OLD: &[u8] = b"what was there before";

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(machine.place().parent().expect("a folder")).expect("created");
        std::fs::write(machine.place(), OLD).expect("written");
        machine
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("data/vpic.rkyv")
    }

    fn install(&self, bytes: &[u8]) -> Result<Provenance, Error> {
        let from = self.folder.path().join("from");
        std::fs::write(&from, bytes).expect("written");
        install_file(&from, &self.place(), &expected(), &|_| ())
    }

    fn holds(&self) -> Vec<u8> {
        std::fs::read(self.place()).expect("data")
    }

    fn leftovers(&self) -> usize {
        let folder = self.place();
        std::fs::read_dir(folder.parent().expect("a folder")).expect("a folder").count() - 1
    }

    /// Bytes that must not be installed; gives what is said about them.
    fn refuses(&self, bytes: &[u8]) -> String {
        let error = self.install(bytes).expect_err("must be refused");
        assert_eq!(error.exit(), Exit::BadInput, "{error}");
        assert!(error.hint_text().expect("a hint").contains("python3 -m pip download"));
        assert_eq!((self.holds(), self.leftovers()), (OLD.to_vec(), 0));
        error.to_string()
    }
}

#[test]
fn data_are_installed_in_whatever_they_come() {
    let (early, late) = (library(&data(0), 0), wheel(&data(0), (1 << 20) - 44));
    for bytes in [data(0), zstd(&data(0)), early, wheel(&data(0), 0), late] {
        let machine = Machine::new();
        let provenance = machine.install(&bytes).expect("installed");
        assert_eq!(provenance.digest, expected().digest);
        assert_eq!(provenance.decoder_version, VERSION);
        assert_eq!(provenance.place, Place::File(machine.place()));
        assert_eq!((machine.holds(), machine.leftovers()), (data(0), 0));
    }
}

#[test]
fn the_way_there_is_told_to_its_end() {
    let machine = Machine::new();
    let from = machine.folder.path().join("from");
    std::fs::write(&from, data(0)).expect("written");
    let told = Cell::new(None);
    install_file(&from, &machine.place(), &expected(), &|done| told.set(Some(done)))
        .expect("installed");
    let length = expected().length;
    assert_eq!(told.get(), Some(Done { bytes: length, of: length }));
}

#[test]
fn the_folder_is_made_where_there_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("a/b/vpic.rkyv"));
    std::fs::write(&from, data(0)).expect("written");
    install_file(&from, &to, &expected(), &|_| ()).expect("installed");
    assert_eq!(std::fs::read(to).expect("data"), data(0));
}

#[test]
fn cut_off_data_are_refused() {
    let machine = Machine::new();
    let all = data(0);
    let told = machine.refuses(&all[..all.len() - 1]);
    assert!(
        told.contains(&format!("ends after {} of {} bytes", all.len() - 1, all.len())),
        "{told}"
    );
    assert!(machine.refuses(&all[..20]).contains("ends after 20 of"));
    let packed = zstd(&all);
    assert!(machine.refuses(&packed[..packed.len() / 2]).contains("cannot be read to its end"));
    let wheel = wheel(&all, 0);
    assert!(machine.refuses(&wheel[..wheel.len() / 2]).contains("damaged"));
    machine.refuses(&super::install::wheel(&all[..all.len() - 1], 0));
}

#[test]
fn data_of_another_release_are_refused() {
    let machine = Machine::new();
    for bytes in [data(1), zstd(&data(1)), wheel(&data(1), 0)] {
        let told = machine.refuses(&bytes);
        assert!(told.contains("not the data of release 3.0.2"), "{told}");
    }
    let mut later = data(0);
    later[8] = 2;
    assert!(machine.refuses(&later).contains("not the data of release 3.0.2"));
}

#[test]
fn one_changed_byte_is_noticed() {
    let machine = Machine::new();
    let mut bytes = data(0);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    machine.refuses(&bytes);
    machine.refuses(&wheel(&bytes, 100));
}

#[test]
fn something_else_is_refused_by_name() {
    let machine = Machine::new();
    let page = b"\n<!DOCTYPE html><html><body>Sign in to the guest network, please.</body></html>";
    assert!(machine.refuses(page).contains("a web page"));
    assert!(machine.refuses(b"").contains("no decoder data"));
    assert!(machine.refuses(b"VIN\n1HGCM82633A004352\n").contains("no decoder data"));
    assert!(machine.refuses(&wheel(b"", 0)).contains("no decoder data"));
    assert!(machine.refuses(&zstd(b"ULTRAVIN_DATA=/a")).contains("no decoder data"));
}

#[test]
fn what_cannot_be_read_or_written_is_told_apart() {
    let machine = Machine::new();
    let missing = machine.folder.path().join("missing");
    let exit = |from: &Path, to: &Path| {
        install_file(from, to, &expected(), &|_| ()).expect_err("fails").exit()
    };
    assert_eq!(exit(&missing, &machine.place()), Exit::NoInput);
    assert_eq!(exit(machine.folder.path(), &machine.place()), Exit::BadInput);
    let from = machine.folder.path().join("from");
    std::fs::write(&from, data(0)).expect("written");
    assert_eq!(exit(&from, &from.join("vpic.rkyv")), Exit::CannotCreate);
    assert_eq!(exit(&from, machine.folder.path()), Exit::CannotCreate);
}

/// Serves one reply, then is gone.
fn serve(reply: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let mut request = [0; 1024];
        let _length = stream.read(&mut request).expect("a request");
        stream.write_all(&reply).expect("sent");
    });
    format!("http://{address}/vpic.rkyv")
}

fn reply(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn a_release_is_downloaded_or_the_old_data_stay() {
    let machine = Machine::new();
    let download = |reply| install_release(&serve(reply), &machine.place(), &expected(), &|_| ());
    let all = data(0);
    let page = b"<html><title>Blocked</title>This site is not allowed in this place, sorry.</html>";
    for (reply, exit) in [
        (reply("404 Not Found", 0, b""), Exit::Protocol),
        (reply("503 Service Unavailable", 0, b""), Exit::Outage),
        (reply("200 OK", page.len(), page), Exit::Protocol),
        (reply("200 OK", all.len(), &data(1)), Exit::Protocol),
        (reply("200 OK", all.len(), &all[..all.len() / 2]), Exit::Outage),
        (reply("200 OK", all.len() / 2, &all[..all.len() / 2]), Exit::Outage),
    ] {
        let error = download(reply).expect_err("must be refused");
        assert_eq!(error.exit(), exit, "{error}");
        assert!(error.hint_text().expect("a hint").contains("--from"));
        assert_eq!((machine.holds(), machine.leftovers()), (OLD.to_vec(), 0));
    }
    download(reply("200 OK", all.len(), &all)).expect("installed");
    assert_eq!((machine.holds(), machine.leftovers()), (all, 0));
}

#[test]
fn the_real_data_are_installed() {
    let Some(from) = testing::data() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("vpic.rkyv");
    let provenance = install(Some(&from), &to, &|_| ()).expect("installed");
    assert_eq!(provenance.data_month, "2026-10");
}

/// Without the end of the header, behind the digest: no part of it, and not read.
fn read_by_the_decoder(mut data: Vec<u8>) -> Vec<u8> {
    data.drain(46..64);
    data
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_but_the_right_ones_are_installed(
        start in proptest::sample::select(vec![&b""[..], b"ULTRAVIN\x01\0", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"]),
        rest in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        Machine::new().refuses(&[start, &rest].concat());
    }

    #[test]
    fn a_damaged_file_is_refused_unless_the_data_in_it_are_whole(
        packed in 0_usize..3,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = vec![data(0), zstd(&data(0)), wheel(&data(0), 50)].swap_remove(packed);
        for (at, flipped) in damage {
            let at = at.index(bytes.len());
            bytes[at] ^= flipped;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        let machine = Machine::new();
        let (held, expected) = match machine.install(&bytes) {
            Ok(_) => (read_by_the_decoder(machine.holds()), read_by_the_decoder(data(0))),
            Err(error) => {
                prop_assert_eq!(error.exit(), Exit::BadInput, "{}", error);
                (machine.holds(), OLD.to_vec())
            }
        };
        prop_assert_eq!(held, expected);
        prop_assert_eq!(machine.leftovers(), 0);
    }
}
