use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::domain::Vin;

fn vin() -> impl Strategy<Value = Vin> {
    "[A-HJ-NPR-Z0-9]{17}".prop_map(|text| Vin::new(&text).expect("a VIN"))
}

fn said() -> impl Strategy<Value = Said> {
    prop::sample::select(vec![Said::NotAsked, Said::Unanswered, Said::Absent, Said::Found])
}

fn decode() -> impl Strategy<Value = DecodeState> {
    ("[A-Z ]{0,4}", "\\PC{0,3}", prop::option::of(1886..2200), any::<u64>())
        .prop_map(|(make, model, year, digest)| DecodeState { make, model, year, digest })
}

fn recall() -> impl Strategy<Value = RecallState> {
    ("2[0-3]V[0-9]{2}", any::<bool>(), 0_u8..4)
        .prop_map(|(number, doubtful, parking)| RecallState::new(number, doubtful, parking))
}

fn listing() -> impl Strategy<Value = ListingState> {
    let price = (any::<i64>(), "[A-Z]{3}").prop_map(|(cents, currency)| {
        let currency = currency.as_bytes().try_into().expect("three letters");
        Price { cents, currency }
    });
    ("\\PC{0,9}", prop::option::of(price)).prop_map(|(id, price)| ListingState { id, price })
}

fn vehicle() -> impl Strategy<Value = VehicleState> {
    let recalls = vec(recall(), 0..4);
    let facts = (prop::option::of(decode()), recalls, vec(listing(), 0..3));
    (vin(), any::<u128>(), [said(), said(), said()], facts).prop_map(
        |(vin, row_id, said, (decode, recalls, listings))| VehicleState {
            vin,
            row_id,
            said,
            decode: decode.map(Arc::new),
            recalls: recalls.into(),
            listings,
        },
    )
}

fn pack(vehicles: &[VehicleState]) -> Vec<Vec<u8>> {
    let mut packer = Packer::default();
    for vehicle in vehicles {
        packer.push(vehicle);
    }
    packer.finish()
}

proptest! {
    #[test]
    fn vehicles_come_back_as_they_were(mut vehicles in vec(vehicle(), 0..40)) {
        vehicles.sort_by_key(|vehicle| vehicle.vin);
        vehicles.dedup_by_key(|vehicle| vehicle.vin);
        let back: Vec<_> =
            pack(&vehicles).iter().flat_map(|chunk| unpack(chunk).expect("whole")).collect();
        prop_assert_eq!(back, vehicles);
    }

    #[test]
    fn damaged_chunks_never_panic(
        vehicle in vehicle(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        raw in vec(any::<u8>(), 0..60),
    ) {
        let packed = pack(&[vehicle]).remove(0);
        let mut inner = zstd::decode_all(packed.as_slice()).expect("zstd");
        let place = at.index(inner.len());
        inner[place] = byte;
        for inner in [&inner[..], &inner[..place], &raw] {
            let _any = unpack(&zstd::bulk::compress(inner, LEVEL).expect("memory"));
        }
        prop_assert_eq!(unpack(&packed[..at.index(packed.len())]), None);
    }
}

#[test]
fn a_chunk_may_be_empty() {
    assert_eq!(unpack(&empty()), Some(Vec::new()));
    assert_eq!(unpack(b"no zstd at all"), None);
}
