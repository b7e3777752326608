//! Files as spreadsheets, databases and programs write them: each VIN that was written
//! is read, or the file is refused with the line that is in doubt.
//!
//! `VINRICH_DIALECTS=10000` writes as many files.

mod writers;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fastrand::Rng;
use vinrich::Error;
use vinrich::domain::error::Exit;
use vinrich::domain::vin::Rules;
use vinrich::input::{InputSpec, Inputs};

use self::writers::{WRITERS, Writer};
use crate::support::say;

const THREADS: usize = 4;

/// Texts that people write into cells, and what they are made of breaks readers.
const NOTES: [&str; 26] = [
    "",
    "ok",
    "lift 12\" kit",
    "\"spare key missing",
    "rims 20\"",
    "see \"long\" note",
    "\"quoted\"",
    "a, b; c",
    "Nord | Süd",
    "tab\there",
    "left\nright",
    "left\r\nright\r\n",
    "said \"no\", went\nhome",
    "C:\\fleet\\",
    "\\\\server\\share",
    "ends in \\\"",
    "\\",
    "'quoted'",
    " leading",
    " \"Berta\"",
    "trailing ",
    "München – 北京",
    "12,5",
    "\"",
    "\"\"",
    "5'10\" x 6'2\"",
];

/// A table whose VINs are known.
struct Fleet {
    header: Vec<&'static str>,
    rows: Vec<Vec<Option<String>>>,
    vins: Vec<String>,
    note: Option<usize>,
}

impl Fleet {
    fn random(rng: &mut Rng) -> Self {
        let vin_name = ["VIN", "Serial", "Chassis No", "Fin", "vehicle_vin"][rng.usize(..5)];
        let mut header = vec!["Unit", "Plate", "Note", "Meter", "Site"];
        rng.shuffle(&mut header);
        header.truncate(rng.usize(0..=5));
        let vin_place = rng.usize(0..=header.len());
        header.insert(vin_place, vin_name);
        let note = header.iter().position(|&name| name == "Note");
        let mut fleet = Self { header, rows: Vec::new(), vins: Vec::new(), note };
        // Notes of one file are of few kinds.
        let kinds: Vec<&str> = (0..4).map(|_| NOTES[rng.usize(..NOTES.len())]).collect();
        for number in 0..rng.usize(3..40) {
            let row = fleet.row(number, &kinds, rng);
            fleet.rows.push(row);
        }
        fleet
    }

    fn row(&mut self, number: usize, notes: &[&str], rng: &mut Rng) -> Vec<Option<String>> {
        let mut row = Vec::new();
        for name in self.header.clone() {
            row.push(match name {
                "Unit" => Some((number + 101).to_string()),
                "Plate" => rng.bool().then(|| format!("AB {}", rng.u16(100..999))),
                "Note" if rng.u8(..100) == 0 => {
                    self.vins.last().map(|other| format!("was\n{other}\nbefore"))
                }
                "Note" => rng.bool().then(|| notes[rng.usize(..notes.len())].to_owned()),
                "Meter" => Some(rng.u32(1..300_000).to_string()),
                "Site" => Some(["Oslo", "Lyon, Sud", "Graz; Ost"][rng.usize(..3)].to_owned()),
                _ => self.vin(number, rng),
            });
        }
        row
    }

    /// A VIN that is to be found, or a cell without one.
    fn vin(&mut self, number: usize, rng: &mut Rng) -> Option<String> {
        const ALPHABET: &[u8; 33] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
        let mut character = || char::from(ALPHABET[rng.usize(..ALPHABET.len())]);
        let start: String = (0..12).map(|_| character()).collect();
        let vin = format!("{start}K{:04}", number + 1);
        match rng.u8(..20) {
            0 => None,
            1 => Some(vin[..9].to_owned()),
            _ => {
                self.vins.push(vin.clone());
                Some(vin)
            }
        }
    }

    /// The file, and how many rows it has.
    fn write(&self, writer: &Writer, rng: &mut Rng) -> (String, usize) {
        let one_in = |rng: &mut Rng, many: u8| rng.u8(..many) == 0;
        let text = |cells: &[&str]| {
            let cells = cells.iter().map(|&cell| Some(cell.to_owned()));
            let width = self.header.len();
            cells.chain(std::iter::repeat(None)).take(width).collect::<Vec<_>>()
        };
        let is_trimmed = writer.by_hand && one_in(rng, 3);
        let mut file = String::new();
        if one_in(rng, 6) {
            file.push('\u{feff}');
        }
        let has_header = !one_in(rng, 8);
        if has_header {
            if writer.by_hand && one_in(rng, 4) && self.header.len() > 2 {
                file += &writer.line(&text(&["Fleet of 2026"]), is_trimmed);
            }
            let names: Vec<_> = self.header.iter().map(|&name| Some(name.to_owned())).collect();
            file += &writer.line(&names, false);
        }
        let mut rows = 0;
        for row in &self.rows {
            rows += usize::from(row.iter().flatten().any(|cell| !cell.trim().is_empty()));
            file += &writer.line(row, is_trimmed);
        }
        if writer.by_hand && has_header && one_in(rng, 4) && self.header.len() > 2 {
            file += &writer.line(&text(&["Total"]), is_trimmed);
        }
        if one_in(rng, 4) {
            file.truncate(file.trim_end_matches(['\r', '\n']).len());
        }
        (file, rows)
    }
}

/// What was read: each row's VIN, if it is one, and the cell in the column of the notes.
type Read = Vec<(Option<String>, Option<String>)>;

fn read(path: &Path, note: Option<usize>) -> Result<Read, Error> {
    let sources = vec![path.display().to_string()];
    let inputs = Inputs::open(&InputSpec { sources, ..InputSpec::default() })?;
    let mut batches = inputs.batches()?;
    let mut rows = Vec::new();
    while let Some(batch) = batches.read()? {
        rows.extend(batch.rows().map(|row| {
            let vin = row.reading(Rules::default()).vin.map(|vin| vin.to_string());
            (vin, note.and_then(|note| row.cell(note)).map(str::to_owned))
        }));
    }
    batches.finish()?;
    Ok(rows)
}

/// Writes and reads one file; whether it was read.
fn is_read(seed: u64, folder: &Path) -> (&'static str, bool) {
    let mut rng = Rng::with_seed(seed);
    let writer = WRITERS[rng.usize(..WRITERS.len())];
    let fleet = Fleet::random(&mut rng);
    let (file, count) = fleet.write(&writer, &mut rng);
    let path = folder.join(format!("{seed}.csv"));
    fs::write(&path, &file).expect("a file");
    let what = || format!("seed {seed}, {}:\n{file}", writer.name);
    let result = read(&path, fleet.note);
    fs::remove_file(&path).expect("removed");
    let rows = match result {
        Ok(rows) => rows,
        Err(error) => {
            let is_explained = error.exit() == Exit::BadInput && error.to_string().contains("line");
            // A table of three rows may have lost all its VINs.
            assert!(is_explained || fleet.vins.len() < 3, "{error}: {}", what());
            return (writer.name, false);
        }
    };
    let vins: Vec<&String> = rows.iter().filter_map(|(vin, _)| vin.as_ref()).collect();
    assert_eq!(vins, fleet.vins.iter().collect::<Vec<_>>(), "{}", what());
    assert_eq!(rows.len(), count, "{}", what());
    if let Some(note) = fleet.note.filter(|_| writer.is_exact()) {
        let notes = fleet.rows.iter().map(|row| row[note].clone().filter(|note| !note.is_empty()));
        assert!(rows.into_iter().map(|(_, note)| note).eq(notes), "{}", what());
    }
    (writer.name, true)
}

#[test]
fn every_vin_is_read_whatever_program_wrote_it() {
    let files = std::env::var("VINRICH_DIALECTS").ok().and_then(|files| files.parse().ok());
    let files: u64 = files.unwrap_or(2_000);
    let folder = tempfile::tempdir().expect("a folder");
    let of_thread = |thread: usize| {
        let seeds = (0..files).skip(thread).step_by(THREADS);
        seeds.map(|seed| is_read(seed, folder.path())).collect::<Vec<_>>()
    };
    let read = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || of_thread(thread))).collect();
        let ended = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        ended.collect::<Vec<_>>()
    });
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for (writer, _) in read.iter().filter(|(_, is_read)| !is_read) {
        *refused.entry(writer).or_default() += 1;
    }
    say(&format!("{files} files, refused: {refused:?}"));
    let refused: usize = refused.values().sum();
    assert!(refused * 50 < read.len(), "{refused} of {} are refused", read.len());
}
