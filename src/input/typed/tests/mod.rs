//! Files of the `arrow` and `parquet` crates' own writers, with odd options.

use ::arrow::array::{
    BooleanArray, DictionaryArray, Float64Array, Int8Array, Int32Array, Int64Array,
    LargeStringArray, ListArray, MapBuilder, RecordBatchWriter, StringArray, StringBuilder,
    StringViewArray, StructArray, TimestampNanosecondArray, UInt64Array,
};
use ::arrow::datatypes::{Field, Int8Type, Int32Type, Schema, TimeUnit, UInt32Type};
use ::arrow::ipc::CompressionType;
use ::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

use super::*;
use crate::domain::Exit;
use crate::input::Inputs;
use crate::input::tests::{Folder, failure, open, opened, pass, rows};

mod stream;

const ACCORD: &str = "1HGCM82633A004352";
const TESLA: &str = "5YJ3E1EA7KF317000";

/// Rows of a VIN, a note and a number.
const ROWS: usize = 50;

fn vins() -> Vec<Option<&'static str>> {
    (0..ROWS).map(|row| [Some(ACCORD), Some(TESLA), None][row % 3]).collect()
}

fn notes() -> Vec<&'static str> {
    (0..ROWS).map(|row| ["", "a longer note that is no view", "é"][row % 3]).collect()
}

/// The same table, its text in different types.
fn tables() -> Vec<RecordBatch> {
    let dictionary = |cells: Vec<Option<&'static str>>| -> ArrayRef {
        Arc::new(cells.into_iter().collect::<DictionaryArray<Int8Type>>())
    };
    let wide = |cells: Vec<&'static str>| -> ArrayRef {
        Arc::new(cells.into_iter().collect::<DictionaryArray<UInt32Type>>())
    };
    let texts: [(ArrayRef, ArrayRef); 4] = [
        (Arc::new(StringArray::from(vins())), Arc::new(StringArray::from(notes()))),
        (Arc::new(LargeStringArray::from(vins())), Arc::new(LargeStringArray::from(notes()))),
        (Arc::new(StringViewArray::from(vins())), Arc::new(StringViewArray::from(notes()))),
        (dictionary(vins()), wide(notes())),
    ];
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..50));
    texts
        .into_iter()
        .map(|(vin, note)| table(&[("vin", vin), ("note", note), ("n", Arc::clone(&numbers))]))
        .collect()
}

fn table(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let columns = columns.iter().map(|(name, cells)| (*name, Arc::clone(cells), true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("a table")
}

fn parquet(table: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut writer =
        ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties)).expect("a writer");
    writer.write(table).expect("written");
    writer.into_inner().expect("a file")
}

fn plain_parquet(table: &RecordBatch) -> Vec<u8> {
    parquet(table, WriterProperties::default())
}

fn ipc(compression: Option<CompressionType>) -> IpcWriteOptions {
    IpcWriteOptions::default().try_with_compression(compression).expect("a compression")
}

fn stream(batches: &[RecordBatch], options: IpcWriteOptions) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut bytes = Vec::new();
    let writer = StreamWriter::try_new_with_options(&mut bytes, &schema, options);
    write_all(writer.expect("a writer"), batches);
    bytes
}

fn file(batches: &[RecordBatch], options: IpcWriteOptions) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut bytes = Vec::new();
    let writer = FileWriter::try_new_with_options(&mut bytes, &schema, options);
    write_all(writer.expect("a writer"), batches);
    bytes
}

fn write_all(mut writer: impl RecordBatchWriter, batches: &[RecordBatch]) {
    for batch in batches {
        writer.write(batch).expect("written");
    }
    writer.close().expect("finished");
}

/// Every way in which Parquet's writer can be asked to write.
fn parquet_properties() -> Vec<WriterProperties> {
    let odd = || {
        WriterProperties::builder()
            .set_max_row_group_row_count(Some(7))
            .set_data_page_row_count_limit(3)
            .set_write_batch_size(2)
    };
    let gzip = Compression::GZIP(GzipLevel::default());
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let mut all = vec![
        WriterProperties::default(),
        odd()
            .set_dictionary_enabled(false)
            .set_column_encoding("note".into(), Encoding::DELTA_BYTE_ARRAY)
            .set_column_encoding("vin".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
            .set_column_encoding("n".into(), Encoding::DELTA_BINARY_PACKED)
            .build(),
        odd().set_dictionary_enabled(false).set_writer_version(WriterVersion::PARQUET_2_0).build(),
    ];
    for compression in [Compression::SNAPPY, gzip, zstd, Compression::LZ4_RAW] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            all.push(odd().set_compression(compression).set_writer_version(version).build());
        }
    }
    all
}

#[test]
fn one_table_reads_alike_whatever_wrote_it() {
    let expected: Vec<_> = vins()
        .into_iter()
        .zip(notes())
        .zip(1_i64..)
        .map(|((vin, note), row)| {
            let note = Some(note).filter(|note| !note.is_empty());
            let number = (row - 1).to_string();
            (row, [vin, note, Some(&number)].map(|cell| cell.map(str::to_owned)).to_vec())
        })
        .collect();
    let mut files = Vec::new();
    for table in tables() {
        files
            .extend(parquet_properties().into_iter().map(|properties| parquet(&table, properties)));
        let parts = [table.slice(0, 20), table.slice(20, 0), table.slice(20, ROWS - 20)];
        for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
            files.push(stream(&parts, ipc(compression)));
            files.push(file(std::slice::from_ref(&table), ipc(compression)));
        }
    }
    for bytes in files {
        let (_folder, inputs) = opened(&bytes);
        assert_eq!(inputs.types(), [DataType::Utf8, DataType::Utf8, DataType::Int32]);
        let (seen, digests) = pass(&inputs).expect("a pass");
        let seen: Vec<_> = seen.into_iter().map(|row| (row.source_row, row.cells)).collect();
        assert!(seen == expected, "{:?}: {seen:?}", inputs.files()[0].format);
        assert_eq!(pass(&inputs).expect("a second pass").1, digests);
        let mut only = inputs.vins().expect("a pass");
        let batch = only.read().expect("rows").expect("a batch");
        assert_eq!((batch.len(), batch.columns().len(), batch.row(1).vin()), (ROWS, 0, TESLA));
    }
}

#[test]
fn numbers_that_were_vins_are_refused() {
    let number: ArrayRef = Arc::new(Int64Array::from(vec![Some(12_345_678_901_234_567), None]));
    let double: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.234_567e16), None]));
    for cells in [number, double] {
        let (_folder, inputs) = opened(&plain_parquet(&table(&[("VIN", cells)])));
        let problems: Vec<_> = rows(&inputs).into_iter().map(|row| row.problem).collect();
        assert_eq!(problems, [Some(VinError::ExcelNumberDamage), None]);
        let mut batches = inputs.batches().expect("a pass");
        let batch = batches.read().expect("rows").expect("a batch");
        let reading = batch.row(0).reading(crate::domain::vin::Rules::default());
        assert!(reading.detail.is_some_and(|detail| detail.contains("lost characters")));
    }
}

#[test]
fn nested_values_are_json() {
    let list =
        ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None]);
    let inside: ArrayRef = Arc::new(StringArray::from(vec![Some("a\"b"), None]));
    let plain: ArrayRef = Arc::new(BooleanArray::from(vec![true, false]));
    let fields = vec![
        (Arc::new(Field::new("s", DataType::Utf8, true)), inside),
        (Arc::new(Field::new("b", DataType::Boolean, true)), plain),
    ];
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    map.keys().append_value("k");
    map.values().append_value("v");
    map.append(true).expect("a map");
    map.append(false).expect("no map");
    let table = table(&[
        ("vin", Arc::new(StringArray::from(vec![ACCORD, TESLA]))),
        ("list", Arc::new(list)),
        ("struct", Arc::new(StructArray::from(fields))),
        ("map", Arc::new(map.finish())),
    ]);
    for bytes in [plain_parquet(&table), stream(std::slice::from_ref(&table), ipc(None))] {
        let (_folder, inputs) = opened(&bytes);
        assert!(inputs.types().iter().all(|data_type| *data_type == DataType::Utf8));
        let cells: Vec<_> = rows(&inputs).into_iter().map(|row| row.cells[1..].to_vec()).collect();
        let first = ["[1,null]", r#"{"s":"a\"b","b":true}"#, r#"{"k":"v"}"#];
        assert_eq!(cells[0], first.map(|text| Some(text.to_owned())));
        assert_eq!(cells[1], [None, Some(r#"{"s":null,"b":false}"#.to_owned()), None]);
    }
}

#[test]
fn a_column_whose_type_differs_between_files_is_text() {
    let first = table(&[
        ("vin", Arc::new(StringArray::from(vec![ACCORD]))),
        ("miles", Arc::new(Int64Array::from(vec![7]))),
        ("sold", Arc::new(BooleanArray::from(vec![true]))),
    ]);
    let second = table(&[
        ("miles", Arc::new(Float64Array::from(vec![8.5]))),
        ("vin", Arc::new(StringArray::from(vec![TESLA]))),
    ]);
    let folder = Folder::of(&[
        ("a.parquet", &plain_parquet(&first)),
        ("b.parquet", &plain_parquet(&second)),
    ]);
    let inputs = Inputs::open(&folder.spec("")).expect("opened");
    assert_eq!(inputs.types(), [DataType::Utf8, DataType::Utf8, DataType::Boolean]);
    let warning = inputs.warnings().join("\n");
    assert!(warning.contains("`miles`") && warning.contains("carried as text"), "{warning}");
    let cells: Vec<_> = rows(&inputs).into_iter().map(|row| row.cells).collect();
    let of = |cells: [Option<&str>; 3]| cells.map(|cell| cell.map(str::to_owned)).to_vec();
    assert_eq!(
        cells,
        [of([Some(ACCORD), Some("7"), Some("true")]), of([Some(TESLA), Some("8.5"), None])]
    );
}

#[test]
fn a_stream_that_was_cut_is_refused_wherever_it_was_cut() {
    let table = &tables()[0];
    let parts = [table.slice(0, 25), table.slice(25, 25)];
    let whole = stream(&parts, ipc(None));
    let refused = |bytes: &[u8], length: usize| {
        let (exit, message, hint) = failure(&bytes[..length]);
        assert_eq!(exit, Exit::BadInput, "{length}: {message}");
        assert!(!hint.is_empty());
        message
    };
    // Without its last eight bytes, it ends at a batch: a shorter table to most readers.
    assert!(refused(&whole, whole.len() - 8).contains("its end is not marked"));
    let file = file(&parts, ipc(None));
    let parquet = plain_parquet(table);
    for bytes in [&whole, &file, &parquet] {
        for length in (12..bytes.len()).step_by(61) {
            refused(bytes, length);
        }
    }
}

#[test]
fn a_dictionary_of_one_long_text_takes_bounded_memory() {
    let long = "x".repeat(1 << 20);
    let notes = StringArray::from_iter_values(std::iter::repeat_n(&long[..], 48));
    let vins = StringArray::from_iter_values(std::iter::repeat_n(ACCORD, 48));
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let table = table(&[("vin", Arc::new(vins)), ("note", Arc::new(notes))]);
    let (_folder, inputs) = opened(&parquet(&table, properties));
    let mut batches = inputs.batches().expect("a pass");
    let mut rows = 0;
    while let Some(batch) = batches.read().expect("rows") {
        assert!(batch.len() <= 17, "{}", batch.len());
        rows += batch.len();
    }
    assert_eq!(rows, 48);
}

#[test]
fn times_finer_than_a_microsecond_are_warned_of() {
    let times = |nanos: i64| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from(vec![nanos]).with_timezone("Europe/Berlin"))
    };
    for (nanos, warned) in [(1_764_547_200_000_001_000, false), (1_764_547_200_000_001_001, true)] {
        let table =
            table(&[("vin", Arc::new(StringArray::from(vec![ACCORD]))), ("seen", times(nanos))]);
        for bytes in [plain_parquet(&table), stream(std::slice::from_ref(&table), ipc(None))] {
            let (_folder, inputs) = opened(&bytes);
            let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
            assert_eq!(inputs.types()[1], utc);
            pass(&inputs).expect("a pass");
            assert_eq!(!inputs.warnings().is_empty(), warned);
        }
    }
}

#[test]
fn unsigned_numbers_and_others_are_widened() {
    let table = table(&[
        ("vin", Arc::new(StringArray::from(vec![ACCORD]))),
        ("u", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("i", Arc::new(Int8Array::from(vec![-1]))),
    ]);
    let (_folder, inputs) = opened(&plain_parquet(&table));
    assert_eq!(inputs.types()[1..], [DataType::Decimal128(20, 0), DataType::Int8]);
    assert_eq!(rows(&inputs)[0].cells[1].as_deref(), Some("18446744073709551615"));
}

#[test]
fn too_many_columns_are_refused() {
    let fields: Vec<Field> =
        (0..4_097).map(|number| Field::new(format!("c{number}"), DataType::Int8, true)).collect();
    let batch = RecordBatch::new_empty(Arc::new(Schema::new(fields)));
    let (exit, message, _) = failure(&stream(&[batch], ipc(None)));
    assert_eq!(exit, Exit::BadInput);
    assert!(message.contains("4097 columns"), "{message}");
}

#[test]
fn a_damaged_index_takes_no_memory() {
    let table = &tables()[3].slice(0, 12);
    let whole = file(std::slice::from_ref(table), ipc(None));
    // The lengths of blocks are in the index; one of them said that it took 90 TiB.
    for place in whole.len().saturating_sub(300)..whole.len() {
        for value in [0x58, 0xFF] {
            let mut bytes = whole.clone();
            bytes[place] = value;
            if let Err(error) = open(&bytes).and_then(|(_folder, inputs)| pass(&inputs).map(drop)) {
                assert!(matches!(error.exit(), Exit::BadInput | Exit::Usage), "{place}: {error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_bytes_are_rows_or_refused(
        which in 0_usize..4,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let table = &tables()[3].slice(0, 12);
        let parts = std::slice::from_ref(table);
        let mut bytes = match which {
            0 => plain_parquet(table),
            1 => stream(parts, ipc(None)),
            2 => stream(parts, ipc(Some(CompressionType::LZ4_FRAME))),
            _ => file(parts, ipc(Some(CompressionType::ZSTD))),
        };
        for (place, value) in damage {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let read = open(&bytes).and_then(|(_folder, inputs)| pass(&inputs).map(drop));
        if let Err(error) = read {
            prop_assert!(matches!(error.exit(), Exit::BadInput | Exit::Usage), "{error}");
            prop_assert!(error.hint_text().is_some());
        }
    }
}
