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
use crate::support::{number_in, say};

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
    /// A cell holds a line that may be a row of its own.
    is_doubtful: bool,
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
        let mut fleet =
            Self { header, rows: Vec::new(), vins: Vec::new(), note, is_doubtful: false };
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
                    self.is_doubtful = true;
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

    /// The file, and how many of its rows are blank.
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
        let mut blank = 0;
        for row in &self.rows {
            blank += usize::from(row.iter().flatten().all(|cell| cell.trim().is_empty()));
            file += &writer.line(row, is_trimmed);
        }
        if writer.by_hand && has_header && one_in(rng, 4) && self.header.len() > 2 {
            file += &writer.line(&text(&["Total"]), is_trimmed);
        }
        if one_in(rng, 4) {
            file.truncate(file.trim_end_matches(['\r', '\n']).len());
        }
        (file, blank)
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

/// What became of a file.
enum Outcome {
    Read,
    Refused(&'static str),
    /// VINs or rows are missing, or others are there.
    Wrong(String),
}

/// Writes and reads one file.
fn outcome(seed: u64, folder: &Path) -> Outcome {
    let mut rng = Rng::with_seed(seed);
    let writer = WRITERS[rng.usize(..WRITERS.len())];
    let fleet = Fleet::random(&mut rng);
    let (file, blank) = fleet.write(&writer, &mut rng);
    let path = folder.join(format!("{seed}.csv"));
    fs::write(&path, &file).expect("a file");
    let wrong = |why: &str| Outcome::Wrong(format!("seed {seed}, {}: {why}:\n{file}", writer.name));
    let result = read(&path, fleet.note);
    fs::remove_file(&path).expect("removed");
    let rows = match result {
        Ok(rows) => rows,
        Err(error) if error.exit() == Exit::BadInput && error.to_string().contains("line") => {
            return Outcome::Refused(writer.name);
        }
        // A table of three rows may have lost all its VINs.
        Err(_) if fleet.vins.len() < 3 => return Outcome::Refused(writer.name),
        Err(error) => return wrong(&error.to_string()),
    };
    let vins: Vec<&String> = rows.iter().filter_map(|(vin, _)| vin.as_ref()).collect();
    if fleet.is_doubtful && rows.len() > fleet.rows.len() {
        // Where quotes are not proven, a VIN on a line of its own may be a row. None is lost.
        let all = fleet.vins.iter().all(|vin| vins.contains(&vin));
        return if all { Outcome::Read } else { wrong("VINs are lost") };
    }
    if vins != fleet.vins.iter().collect::<Vec<_>>() {
        return wrong("other VINs are read");
    }
    // A row of nulls alone is blank.
    if !(fleet.rows.len() - blank..=fleet.rows.len()).contains(&rows.len()) {
        return wrong(&format!("{} rows are read", rows.len()));
    }
    if let Some(note) = fleet.note.filter(|_| writer.is_exact()) {
        let notes = fleet.rows.iter().filter_map(|row| row[note].as_deref());
        let notes = notes.filter(|note| !note.is_empty());
        if !rows.iter().filter_map(|(_, note)| note.as_deref()).eq(notes) {
            return wrong("other notes are read");
        }
    }
    Outcome::Read
}

#[test]
fn every_vin_is_read_whatever_program_wrote_it() {
    let files = number_in("VINRICH_DIALECTS").map_or(1_000, |files| files as u64);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let of_thread = |thread: usize| {
        let seeds = (0..files).skip(thread).step_by(THREADS);
        seeds.map(|seed| outcome(seed, folder)).collect::<Vec<_>>()
    };
    let outcomes = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || of_thread(thread))).collect();
        let ended = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        ended.collect::<Vec<_>>()
    });
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Read => {}
            Outcome::Refused(writer) => *refused.entry(writer).or_default() += 1,
            Outcome::Wrong(what) => wrong.push(what),
        }
    }
    say(&format!("{files} files, {} wrong, refused: {refused:?}", wrong.len()));
    wrong.truncate(12);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let refused: usize = refused.values().sum();
    assert!(refused as u64 * 50 < files, "{refused} of {files} are refused");
}
