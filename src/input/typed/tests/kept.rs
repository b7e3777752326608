use arrow::array::{
    BinaryArray, Date32Array, Date64Array, Decimal256Array, FixedSizeBinaryArray, RunArray,
    StringArray, StringViewArray, Time32SecondArray, TimestampSecondArray, UInt8Array,
};
use arrow::datatypes::{Field, Int32Type, i256};

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "the tests make them where they are passed")]
fn carried(cells: ArrayRef) -> Result<(DataType, ArrayRef), ArrowError> {
    let field = Arc::new(Field::new("column", cells.data_type().clone(), true));
    let kept = Kept::of(&field);
    let cells = kept.carry(&cells, &AtomicBool::new(false))?;
    Ok((kept.data_type().clone(), cells))
}

fn text(cells: impl Array + 'static) -> (DataType, Vec<Option<String>>) {
    let (kept, cells) = carried(Arc::new(cells)).expect("carried");
    let text = cast(&cells, &DataType::Utf8View).expect("a text form");
    let cells = text.as_string_view().iter().map(|cell| cell.map(str::to_owned)).collect();
    (kept, cells)
}

fn one(cell: &str) -> Vec<Option<String>> {
    vec![Some(cell.to_owned())]
}

#[test]
fn every_type_has_one_that_holds_its_values() {
    assert_eq!(text(UInt8Array::from(vec![255])), (DataType::Int16, one("255")));
    let noon = DataType::Time64(TimeUnit::Microsecond);
    assert_eq!(text(Time32SecondArray::from(vec![43_200])), (noon, one("12:00:00")));
    assert_eq!(text(Date64Array::from(vec![86_400_000])), (DataType::Date32, one("1970-01-02")));
    let decimal = |digits| {
        Decimal256Array::from(vec![i256::from_i128(1_250)])
            .with_precision_and_scale(digits, 2)
            .expect("a decimal")
    };
    assert_eq!(text(decimal(20)), (DataType::Decimal128(20, 2), one("12.50")));
    assert_eq!(text(decimal(50)), (DataType::Utf8, one("12.50")));
    let local = DataType::Timestamp(TimeUnit::Microsecond, None);
    assert_eq!(text(TimestampSecondArray::from(vec![0])), (local, one("1970-01-01T00:00:00")));
}

#[test]
fn runs_and_dictionaries_are_their_values() {
    let runs: RunArray<Int32Type> = ["a", "a", "b"].into_iter().collect();
    let (kept, cells) = text(runs);
    assert_eq!((kept, cells.len()), (DataType::Utf8, 3));
}

#[test]
fn bytes_are_text_or_hex() {
    let bytes = BinaryArray::from_vec(vec![b"1HGCM82633A004352", b"\xff\x00"]);
    let (kept, cells) = text(bytes);
    assert_eq!(kept, DataType::Utf8);
    assert_eq!(cells, [Some("1HGCM82633A004352".to_owned()), Some("\\xff00".to_owned())]);
    let id = FixedSizeBinaryArray::try_from_iter([b"abcd"].into_iter()).expect("ids");
    assert_eq!(text(id).1, one("61626364"));
}

#[test]
fn a_time_in_no_calendar_is_refused() {
    assert!(carried(Arc::new(Date32Array::from(vec![i32::MAX]))).is_err());
    assert!(carried(Arc::new(TimestampSecondArray::from(vec![i64::MAX]))).is_err());
    assert!(carried(Arc::new(Date32Array::from(vec![6_000_000]))).is_ok(), "a typo in a year");
}

#[test]
fn text_is_views_whatever_it_was() {
    for cells in [
        Arc::new(StringArray::from(vec!["x"])) as ArrayRef,
        Arc::new(StringViewArray::from(vec!["x"])),
    ] {
        let (_, cells) = carried(cells).expect("carried");
        assert_eq!(cells.data_type(), &DataType::Utf8View);
    }
}
