//! What a file is: by its first bytes, whatever its name says.

use std::path::Path;

use serde::de::IgnoredAny;

use crate::domain::Error;

/// A format of rows that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// Delimited text, and lists of VINs, whatever delimits them.
    Csv,
    /// JSON lines: one object a line.
    Jsonl,
    /// Parquet.
    Parquet,
    /// An Arrow IPC file, as Feather is since its version 2.
    Arrow,
    /// An Arrow IPC stream.
    Arrows,
    /// A sheet of a workbook.
    Workbook(WorkbookKind),
}

/// A kind of workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkbookKind {
    /// .xlsx and .xlsm.
    Xlsx,
    /// .xlsb.
    Xlsb,
    /// .xls, as Excel wrote it until 2003.
    Xls,
    /// .ods.
    Ods,
}

impl InputFormat {
    /// Every format.
    pub const ALL: [Self; 9] = [
        Self::Csv,
        Self::Jsonl,
        Self::Parquet,
        Self::Arrow,
        Self::Arrows,
        Self::Workbook(WorkbookKind::Xlsx),
        Self::Workbook(WorkbookKind::Xlsb),
        Self::Workbook(WorkbookKind::Xls),
        Self::Workbook(WorkbookKind::Ods),
    ];

    /// The word used in flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Arrows => "arrows",
            Self::Workbook(WorkbookKind::Xlsx) => "xlsx",
            Self::Workbook(WorkbookKind::Xlsb) => "xlsb",
            Self::Workbook(WorkbookKind::Xls) => "xls",
            Self::Workbook(WorkbookKind::Ods) => "ods",
        }
    }

    /// The format called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The noun for messages.
    const fn noun(self) -> &'static str {
        match self {
            Self::Csv => "delimited text",
            Self::Jsonl => "JSON lines",
            Self::Parquet => "a Parquet file",
            Self::Arrow => "an Arrow file",
            Self::Arrows => "an Arrow stream",
            Self::Workbook(WorkbookKind::Xlsx) => "an Excel workbook (.xlsx)",
            Self::Workbook(WorkbookKind::Xlsb) => "a binary Excel workbook (.xlsb)",
            Self::Workbook(WorkbookKind::Xls) => "an old Excel workbook (.xls)",
            Self::Workbook(WorkbookKind::Ods) => "an OpenDocument workbook (.ods)",
        }
    }
}

/// What a file of rows is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Zip,
}

impl Packing {
    /// The word used in reports and messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }

    /// What the end of a name says.
    fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "gz" | "gzip" => Some(Self::Gzip),
            "zst" | "zstd" => Some(Self::Zstd),
            "zip" => Some(Self::Zip),
            _ => None,
        }
    }
}

/// What a file is when it is not rows, and what its owner can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) what: &'static str,
    pub(super) hint: &'static str,
}

impl Refused {
    /// 65 about the file `name`.
    pub(super) fn error(self, name: &str) -> Error {
        Error::bad_input(Path::new(name), self.what).hint(self.hint)
    }
}

/// What the first bytes of a file say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Packed(Packing),
    Rows(InputFormat),
    Other(Refused),
}

impl Content {
    /// What begins with `head`. Text that is nothing else is delimited text.
    pub(super) fn of(head: &[u8]) -> Self {
        let is_text = !head.iter().copied().any(is_binary);
        // A header may begin as the magic of a format does: `PARENT`, `ORC`.
        let begins = |magic: &[u8]| head.starts_with(magic) && !(is_text && is_word(magic));
        if let Some(&(_, content)) = MAGIC.iter().find(|(magic, _)| begins(magic)) {
            return content;
        }
        if is_arrow_stream(head) {
            return Self::Rows(InputFormat::Arrows);
        }
        if head.get(8..12) == Some(b"DUCK") {
            return Self::Other(DATABASE);
        }
        let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
        of_markup(text).or_else(|| of_json(text)).unwrap_or(Self::Rows(InputFormat::Csv))
    }
}

/// Whether a byte is in no text.
fn is_binary(byte: u8) -> bool {
    matches!(byte, 0..=8 | 14..=25 | 28..=31)
}

fn is_word(magic: &[u8]) -> bool {
    magic.iter().all(u8::is_ascii_alphanumeric)
}

pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// First bytes that tell what a file is.
const MAGIC: [(&[u8], Content); 23] = [
    (b"PK\x03\x04", Content::Packed(Packing::Zip)),
    (b"PK\x05\x06", Content::Packed(Packing::Zip)),
    (b"\x1F\x8B", Content::Packed(Packing::Gzip)),
    (b"\x28\xB5\x2F\xFD", Content::Packed(Packing::Zstd)),
    (b"PAR1", Content::Rows(InputFormat::Parquet)),
    (b"ARROW1", Content::Rows(InputFormat::Arrow)),
    (b"PARE", other("is an encrypted Parquet file", "write it again without encryption")),
    (
        b"FEA1",
        other(
            "is a Feather file of version 1",
            "write it again as Feather version 2, which is Arrow",
        ),
    ),
    (b"\xD0\xCF\x11\xE0", Content::Rows(InputFormat::Workbook(WorkbookKind::Xls))),
    (b"%PDF-", other("is a PDF document", "copy its table into a CSV file")),
    (b"{\\rtf", other("is an RTF document", "copy its table into a CSV file")),
    (b"SQLite format 3\0", Content::Other(DATABASE)),
    (b"\xFF\xFE\0\0", other("is UTF-32 text", SAVE_AS_CSV)),
    (b"\0\0\xFE\xFF", other("is UTF-32 text", SAVE_AS_CSV)),
    (b"ORC", other("is an ORC file", EXPORT)),
    (b"Obj\x01", other("is an Avro file", EXPORT)),
    (b"BZh", other("is bzip2 data", "unpack it first: `bzip2 -dc FILE`, then `-`")),
    (b"\xFD7zXZ\0", other("is xz data", "unpack it first: `xz -dc FILE`, then `-`")),
    (b"7z\xBC\xAF\x27\x1C", other("is a 7z archive", UNPACK)),
    (b"Rar!\x1A\x07", other("is a RAR archive", UNPACK)),
    (b"\x89PNG", other("is a picture", PICTURE)),
    (b"\xFF\xD8\xFF", other("is a picture", PICTURE)),
    (b"GIF8", other("is a picture", PICTURE)),
];

const fn other(what: &'static str, hint: &'static str) -> Content {
    Content::Other(Refused { what, hint })
}

pub(super) const SAVE_AS_CSV: &str = "save it as CSV (UTF-8)";
const EXPORT: &str = "export it as Parquet or CSV";
const UNPACK: &str = "unpack it first, and name the file that was in it";
const PICTURE: &str = "vinrich reads tables, not pictures";
const DATABASE: Refused =
    Refused { what: "is a SQLite or DuckDB database", hint: "export its table as CSV or Parquet" };

/// A stream begins with the mark of a message, and the length of its metadata.
fn is_arrow_stream(head: &[u8]) -> bool {
    const LONGEST: u32 = 64 << 20;
    let Some(&[255, 255, 255, 255, a, b, c, d]) = head.first_chunk() else { return false };
    (1..LONGEST).contains(&u32::from_le_bytes([a, b, c, d]))
}

/// Web pages and other markup.
fn of_markup(text: &[u8]) -> Option<Content> {
    const PAGE: [&str; 11] = [
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<table",
        "<script",
        "<style",
        "<meta",
        "<div",
        "<title",
        "<!--",
    ];
    let begins = |tag: &str| {
        text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
    };
    if PAGE.into_iter().any(begins) {
        return Some(other(
            "is a web page (HTML)",
            "download the table itself, signed in if need be, or save the page as CSV with a spreadsheet program",
        ));
    }
    let is_xml = begins("<?xml") || begins("<svg") || begins("<!doctype");
    is_xml.then(|| other("is an XML document", "save it as CSV with the program that reads it"))
}

/// JSON lines, and JSON that is not lines.
fn of_json(text: &[u8]) -> Option<Content> {
    let (first, rest) = text.split_first()?;
    let next = rest.trim_ascii_start().first();
    match (first, next) {
        (b'{', Some(b'"' | b'}') | None) => {}
        (b'[', Some(b'{')) => {
            return Some(other(
                "is one JSON array and not JSON lines",
                "write one object a line: `jq -c '.[]' FILE`",
            ));
        }
        _ => return None,
    }
    let mut lines = text.splitn(2, |byte| *byte == b'\n');
    let first_line = lines.next().unwrap_or_default();
    let error = serde_json::from_slice::<IgnoredAny>(first_line).err();
    // A line longer than the head is cut there.
    let goes_on = error.is_some_and(|error| error.is_eof()) && lines.next().is_some();
    Some(if goes_on {
        other("is one JSON document and not JSON lines", "write one object a line: `jq -c . FILE`")
    } else {
        Content::Rows(InputFormat::Jsonl)
    })
}

/// What the name of a file says that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    packing: Option<Packing>,
    format: NamedFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum NamedFormat {
    Known(InputFormat),
    /// One that is not read.
    Foreign,
    /// The name does not say.
    #[default]
    Unsaid,
}

/// The extensions by which a folder is searched, and what each says.
const EXTENSIONS: [(&str, InputFormat); 17] = [
    ("csv", InputFormat::Csv),
    ("tsv", InputFormat::Csv),
    ("txt", InputFormat::Csv),
    ("list", InputFormat::Csv),
    ("jsonl", InputFormat::Jsonl),
    ("ndjson", InputFormat::Jsonl),
    ("parquet", InputFormat::Parquet),
    ("pq", InputFormat::Parquet),
    ("arrow", InputFormat::Arrow),
    ("feather", InputFormat::Arrow),
    ("ipc", InputFormat::Arrow),
    ("arrows", InputFormat::Arrows),
    ("xlsx", InputFormat::Workbook(WorkbookKind::Xlsx)),
    ("xlsm", InputFormat::Workbook(WorkbookKind::Xlsx)),
    ("xlsb", InputFormat::Workbook(WorkbookKind::Xlsb)),
    ("xls", InputFormat::Workbook(WorkbookKind::Xls)),
    ("ods", InputFormat::Workbook(WorkbookKind::Ods)),
];

/// Extensions of other kinds of file, under which exports of text often go.
const FOREIGN: [&str; 3] = ["pdf", "html", "xml"];

impl Named {
    /// What `path` is called.
    pub(super) fn of(path: &Path) -> Self {
        let Some(extension) = lower_extension(path) else { return Self::default() };
        let packing = Packing::of_extension(&extension);
        let inner = match packing {
            Some(_) => path.file_stem().and_then(|stem| lower_extension(Path::new(stem))),
            None => Some(extension),
        };
        let Some(inner) = inner else { return Self { packing, ..Self::default() } };
        let known = EXTENSIONS.iter().find(|(extension, _)| *extension == inner);
        let format = match known {
            Some(&(_, format)) => NamedFormat::Known(format),
            None if FOREIGN.contains(&inner.as_str()) => NamedFormat::Foreign,
            None => NamedFormat::Unsaid,
        };
        Self { packing, format }
    }

    /// Whether it is read when its folder is named.
    pub(super) fn is_listed(self) -> bool {
        matches!(self.format, NamedFormat::Known(_))
    }

    /// The extensions by which it would be.
    pub(super) fn listed() -> String {
        let patterns: Vec<String> =
            EXTENSIONS.iter().map(|(extension, _)| format!("*.{extension}")).collect();
        patterns.join(", ")
    }

    /// What to say of the file `name` where it is something else.
    pub(super) fn mismatch(
        self,
        name: &str,
        packing: Option<Packing>,
        format: InputFormat,
    ) -> Option<String> {
        match (self.packing, packing) {
            (Some(said), None) => {
                return Some(format!("`{name}` is not {} data; it is read as it is", said.name()));
            }
            (said, Some(found)) if said.is_some_and(|said| said != found) => {
                return Some(format!("`{name}` is {} data, and is read as that", found.name()));
            }
            _ => {}
        }
        let fits = match self.format {
            NamedFormat::Known(said) => said == format,
            NamedFormat::Foreign => false,
            NamedFormat::Unsaid => true,
        };
        (!fits)
            .then(|| format!("`{name}` is {} by its content, and is read as that", format.noun()))
    }
}

fn lower_extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

#[cfg(test)]
#[path = "tests/content.rs"]
mod tests;
