//! The bare client: reads, validates, sends, parses, writes Parquet. No store,
//! no ledger, no gate, no retry: the yardstick.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    ArrayRef, Float64Builder, Int32Builder, RecordBatch, StringBuilder, UInt32Array,
};
use arrow::compute::take;
use futures_util::future::try_join_all;
use hashbrown::HashMap;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::Deserialize;
use tokio::net::TcpStream;

use crate::contest::{BATCH, IN_FLIGHT};
use crate::{Result, fleet};

/// Rows of a record batch.
const BLOCK: usize = 8192;

/// Enriches `input` into `out` with the vendor at `port`, and says how it went in `report`.
pub(crate) fn run(port: &str, input: &str, out: &str, report: &str) -> Result<()> {
    let mut phases = Phases::default();
    let input = phases.time("reading", || Input::read(input))?;
    let asked = phases.time("asking", || ask(port, &input))?;
    let (columns, places) = (asked.columns.finish(), asked.places);
    phases.time("writing", || write(&input, &columns, &places, out))?;
    // The parts of vinrich's report that the contest looks at.
    let told = serde_json::json!({
        "rows": { "written": input.rows.len() },
        "vendors": { "carvin": { "attempted": asked.calls } },
        "phase_seconds": phases.seconds,
    });
    Ok(fs::write(report, told.to_string())?)
}

/// How long each phase took.
#[derive(Default)]
struct Phases {
    seconds: BTreeMap<&'static str, f64>,
}

impl Phases {
    fn time<T>(&mut self, phase: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.seconds.insert(phase, started.elapsed().as_secs_f64());
        done
    }
}

/// The rows, and the distinct VINs among them.
#[derive(Default)]
struct Input {
    names: Vec<String>,
    columns: Vec<ArrayRef>,
    /// For each row, the number of its VIN.
    rows: Vec<Option<u32>>,
    vins: Vec<[u8; 17]>,
    ids: HashMap<[u8; 17], u32>,
}

impl Input {
    fn read(path: &str) -> Result<Self> {
        let mut reader = csv::Reader::from_path(path)?;
        let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let vin_column = names.iter().position(|name| name == "VIN").ok_or("no column `VIN`")?;
        let mut columns: Vec<StringBuilder> = names.iter().map(|_| StringBuilder::new()).collect();
        let mut input = Self { names, ..Self::default() };
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row)? {
            for (column, cell) in columns.iter_mut().zip(&row) {
                column.append_option((!cell.is_empty()).then_some(cell));
            }
            let id = input.number(&row[vin_column]);
            input.rows.push(id);
        }
        input.columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as _).collect();
        Ok(input)
    }

    /// The number of the VIN that `cell` holds, if it holds one.
    fn number(&mut self, cell: &str) -> Option<u32> {
        let vin: [u8; 17] = cell.trim().as_bytes().try_into().ok()?;
        let vin = vin.map(|byte| byte.to_ascii_uppercase());
        let known = self.ids.get(&vin).copied();
        known.or_else(|| {
            let id = u32::try_from(self.vins.len()).ok().filter(|_| fleet::is_valid(&vin))?;
            self.vins.push(vin);
            self.ids.insert(vin, id);
            Some(id)
        })
    }
}

/// What the vendor said: one row of `columns` for each item, in order of arrival.
struct Asked {
    columns: Columns,
    /// For each VIN, its row.
    places: Vec<Option<u32>>,
    items: u32,
    calls: u64,
}

fn ask(port: &str, input: &Input) -> Result<Asked> {
    let asked = RefCell::new(Asked {
        columns: Columns::default(),
        places: vec![None; input.vins.len()],
        items: 0,
        calls: 0,
    });
    let batches = RefCell::new(input.vins.chunks(BATCH));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(try_join_all((0..IN_FLIGHT).map(async |_| {
        let mut vendor = connect(port).await?;
        loop {
            let Some(batch) = batches.borrow_mut().next() else { return Result::Ok(()) };
            let body = call(&mut vendor, batch).await?;
            asked.borrow_mut().append(&body, &input.ids)?;
        }
    })))?;
    Ok(asked.into_inner())
}

async fn connect(port: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn call(vendor: &mut SendRequest<Full<Bytes>>, vins: &[[u8; 17]]) -> Result<Bytes> {
    let mut json = Vec::with_capacity(16 + BATCH * 20);
    json.extend_from_slice(b"{\"vins\":");
    for (place, vin) in vins.iter().enumerate() {
        json.extend_from_slice(if place == 0 { b"[\"" } else { b",\"" });
        json.extend_from_slice(vin);
        json.push(b'"');
    }
    json.extend_from_slice(b"]}");
    let request = Request::post("/api/v1/batch-decode")
        .header(HOST, "127.0.0.1")
        .header(AUTHORIZATION, "Bearer bench")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(json))?;
    vendor.ready().await?;
    let response = vendor.send_request(request).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("the vendor answered {}", response.status()).into());
    }
    Ok(response.into_body().collect().await?.to_bytes())
}

impl Asked {
    fn append(&mut self, body: &[u8], ids: &HashMap<[u8; 17], u32>) -> Result<()> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            success: bool,
            #[serde(borrow)]
            data: Vec<Item<'a>>,
        }

        self.calls += 1;
        let Envelope { success, data } = serde_json::from_slice(body)?;
        if !success {
            return Err("the vendor failed".into());
        }
        for item in data {
            let id = ids.get(item.vin.as_bytes()).ok_or("a foreign VIN")?;
            self.places[*id as usize] = Some(self.items);
            self.items += 1;
            self.columns.append(&item);
        }
        Ok(())
    }
}

/// An item's fields, borrowed from the reply, and the columns they go to.
macro_rules! columns {
    ($($field:ident: $name:literal in $builder:ty, $append:expr;)*) => {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(rename = "VIN")]
            vin: &'a str,
            $(#[serde(rename = $name)] $field: Option<&'a str>,)*
        }

        #[derive(Default)]
        struct Columns {
            $($field: $builder,)*
        }

        impl Columns {
            fn append(&mut self, item: &Item<'_>) {
                $($append(&mut self.$field, item.$field.filter(|text| !text.is_empty()));)*
            }

            fn finish(mut self) -> Vec<(&'static str, ArrayRef)> {
                vec![$((stringify!($field), Arc::new(self.$field.finish())),)*]
            }
        }
    };
}

columns! {
    make: "Make" in StringBuilder, StringBuilder::append_option;
    model: "Model" in StringBuilder, StringBuilder::append_option;
    model_year: "ModelYear" in Int32Builder, append_int;
    trim: "Trim" in StringBuilder, StringBuilder::append_option;
    series: "Series" in StringBuilder, StringBuilder::append_option;
    vehicle_type: "VehicleType" in StringBuilder, StringBuilder::append_option;
    body_class: "BodyClass" in StringBuilder, StringBuilder::append_option;
    drive_type: "DriveType" in StringBuilder, StringBuilder::append_option;
    fuel_type_primary: "FuelTypePrimary" in StringBuilder, StringBuilder::append_option;
    fuel_type_secondary: "FuelTypeSecondary" in StringBuilder, StringBuilder::append_option;
    electrification_level: "ElectrificationLevel" in StringBuilder, StringBuilder::append_option;
    engine_configuration: "EngineConfiguration" in StringBuilder, StringBuilder::append_option;
    engine_model: "EngineModel" in StringBuilder, StringBuilder::append_option;
    engine_cylinders: "EngineCylinders" in Int32Builder, append_int;
    displacement_l: "DisplacementL" in Float64Builder, append_double;
    engine_hp: "EngineHP" in Float64Builder, append_double;
    transmission_style: "TransmissionStyle" in StringBuilder, StringBuilder::append_option;
    transmission_speeds: "TransmissionSpeeds" in Int32Builder, append_int;
    doors: "Doors" in Int32Builder, append_int;
    gvwr: "GVWR" in StringBuilder, StringBuilder::append_option;
    manufacturer: "Manufacturer" in StringBuilder, StringBuilder::append_option;
    plant_city: "PlantCity" in StringBuilder, StringBuilder::append_option;
    plant_state: "PlantState" in StringBuilder, StringBuilder::append_option;
    plant_country: "PlantCountry" in StringBuilder, StringBuilder::append_option;
    decode_error_codes: "ErrorCode" in StringBuilder, StringBuilder::append_option;
}

fn append_int(column: &mut Int32Builder, text: Option<&str>) {
    column.append_option(text.and_then(|text| text.parse().ok()));
}

fn append_double(column: &mut Float64Builder, text: Option<&str>) {
    column.append_option(text.and_then(|text| text.parse().ok()));
}

/// One row for each input row: its own cells, then what was decoded.
fn write(
    input: &Input,
    decoded: &[(&'static str, ArrayRef)],
    places: &[Option<u32>],
    out: &str,
) -> Result<()> {
    let place_of_row: UInt32Array = input.rows.iter().map(|id| places[(*id)? as usize]).collect();
    let rows = |start, count| -> Result<RecordBatch> {
        let names = input.names.iter().map(String::as_str);
        let own = names.zip(input.columns.iter().map(|column| column.slice(start, count)));
        let places = place_of_row.slice(start, count);
        let decoded =
            decoded.iter().map(|(name, column)| Ok((*name, take(column, &places, None)?)));
        RecordBatch::try_from_iter(own.map(Ok).chain(decoded).collect::<Result<Vec<_>>>()?)
            .map_err(Into::into)
    };
    let schema = rows(0, 0)?.schema();
    let mut writer = ArrowWriter::try_new(File::create(out)?, schema, Some(properties()?))?;
    for start in (0..place_of_row.len()).step_by(BLOCK) {
        writer.write(&rows(start, BLOCK.min(place_of_row.len() - start))?)?;
    }
    writer.close()?;
    Ok(())
}

/// As vinrich's: zstd 3, no dictionary where values do not repeat.
fn properties() -> Result<WriterProperties> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_dictionary_enabled("Unit".into(), false)
        .set_column_dictionary_enabled("VIN".into(), false)
        .build())
}
