use std::path::PathBuf;

use super::*;
use crate::store::migration;

pub(super) fn vin(serial: usize) -> Vin {
    Vin::new(&format!("1HGBH41JXMN{serial:06}")).expect("a VIN")
}

fn vehicle(serial: usize) -> VehicleState {
    let number = format!("26V{:03}000", serial % 7);
    VehicleState {
        vin: vin(serial),
        row_id: serial as u128,
        said: [Said::Found, Said::Found, Said::NotAsked],
        decode: None,
        recalls: [RecallState::new(number, false, 0)].into(),
        listings: Vec::new(),
    }
}

/// A store in memory with a run of `out.csv` for each number of vehicles.
fn kept(vehicles: &[usize]) -> Connection {
    let db = migration::in_memory().expect("tables");
    for (run, vehicles) in (1_i64..).zip(vehicles) {
        db.execute(
            "INSERT INTO runs (run_id, boot_id, pid, version, command, started_at, output)
             VALUES (?1, '', 1, '', '', ?2, 'out.csv')",
            params![format!("run {run}"), run],
        )
        .expect("a run");
        let end = u32::try_from(*vehicles).expect("few");
        let vehicle = |id| Some(vehicle(id as usize));
        let snapshot = PackedSnapshot::pack(end.into(), end, vehicle);
        save(&db, run, Timestamp::from_micros(run), &snapshot).expect("saved");
    }
    db
}

fn vehicles(db: &Connection, run: &str) -> Vec<VehicleState> {
    let view = Snapshot { db, path: PathBuf::new(), is_outermost: false };
    let kept = view.output_snapshots(Some("out.csv")).expect("a list");
    let of = kept.iter().find(|kept| kept.run_id == run).expect("kept");
    let all: Vec<_> = view.vehicles(of).collect::<Result<_, _>>().expect("vehicles");
    assert_eq!(of.vehicles, all.len() as u64);
    all
}

#[test]
fn snapshots_are_listed_and_read_by_output() {
    let db = kept(&[3, 70_000]);
    let view = Snapshot { db: &db, path: PathBuf::new(), is_outermost: false };
    let runs = |output| -> Vec<String> {
        view.output_snapshots(output).expect("a list").into_iter().map(|kept| kept.run_id).collect()
    };
    assert_eq!(runs(None), ["run 2", "run 1"]);
    assert_eq!(runs(Some("out.csv")), ["run 2", "run 1"]);
    assert_eq!(runs(Some("other.csv")), [""; 0]);
    assert_eq!(vehicles(&db, "run 1"), [0, 1, 2].map(vehicle));
    assert!(vehicles(&db, "run 2").into_iter().eq((0..70_000).map(vehicle)));
}

#[test]
fn forgotten_vehicles_leave_every_snapshot() {
    let db = kept(&[3, 70_000, 1]);
    db.execute_batch("UPDATE output_snapshots SET format = 99 WHERE run_id = 'run 3'")
        .expect("of another version");
    let gone = [vin(1), vin(69_999)];
    assert_eq!(forget(&db, &gone), Ok(3), "one that cannot be read goes whole");
    assert_eq!(vehicles(&db, "run 1"), [0, 2].map(vehicle));
    assert_eq!(vehicles(&db, "run 2").len(), 69_998);
    let chunks = "SELECT chunk FROM output_snapshot_chunks";
    let mut chunks = db.prepare(chunks).expect("chunks");
    let chunks = chunks.query_map([], |row| row.get::<_, Vec<u8>>(0)).expect("chunks");
    for chunk in chunks {
        let vehicles = packed::unpack(&chunk.expect("a chunk")).expect("whole");
        assert!(vehicles.iter().all(|vehicle| !gone.contains(&vehicle.vin)));
    }
    assert_eq!(forget(&db, &gone), Ok(0));
    // The last of all.
    forget(&db, &[vin(0), vin(2)]).expect("forgotten");
    assert_eq!(vehicles(&db, "run 1"), []);
}

#[test]
fn damaged_snapshots_are_said() {
    let db = kept(&[2]);
    db.execute_batch("UPDATE output_snapshot_chunks SET chunk = x'00'").expect("damage");
    let view = Snapshot { db: &db, path: PathBuf::from("v.db"), is_outermost: false };
    let of = view.output_snapshots(None).expect("a list").remove(0);
    let error = view.vehicles(&of).next().expect("one").expect_err("damaged");
    assert!(error.to_string().contains("`v.db` is damaged"), "{error}");
}

/// A million vehicles of a usual fleet: eight digits of model, a year and plant, serial
/// numbers; one in three with campaigns, one in ten listed.
#[test]
fn a_million_vehicles_take_less_than_40_megabytes() {
    const VEHICLES: u64 = 100_000;
    let mut random = fastrand::Rng::with_seed(7);
    let decodes: Vec<_> = (0..3_000)
        .map(|n| {
            let (make, model) = (format!("MAKE {}", n % 40), format!("Model {}", n % 900));
            Arc::new(DecodeState { make, model, year: Some(2010 + n % 16), digest: random.u64(..) })
        })
        .collect();
    let sets: Vec<Arc<[RecallState]>> = (0..1_500)
        .map(|_| {
            let mut numbers: Vec<_> =
                (0..random.usize(1..5)).map(|_| random.u32(10_000..40_000)).collect();
            numbers.sort_unstable();
            let recall =
                |n| RecallState::new(format!("{}V{:03}000", n / 1000, n % 1000), n % 5 == 0, 0);
            numbers.into_iter().map(recall).collect()
        })
        .collect();
    let mut vehicles: Vec<_> = (0..VEHICLES)
        .map(|_| {
            let model = random.usize(0..decodes.len());
            let check = b"0123456789X"[random.usize(0..11)] as char;
            let (year, plant) = (b"ABCDEFGHJKLMNPRST"[model % 16] as char, model % 7);
            let head = format!("{}FT{:02}{:03}", model % 5 + 1, model % 40, model % 900);
            let text = format!("{head}{check}{year}{plant}{:06}", random.u32(0..1_000_000));
            let listed = random.u8(0..10) == 0;
            let mut listings = Vec::new();
            if listed {
                let cents = random.i64(5_000..60_000) * 100;
                let (id, price) = (random.u128(..), Price { cents, currency: *b"USD" });
                listings.push(ListingState { id: format!("{id:032x}"), price: Some(price) });
            }
            VehicleState {
                vin: Vin::new(&text).expect("a VIN"),
                row_id: random.u128(..),
                said: [Said::Found, Said::Found, if listed { Said::Found } else { Said::Absent }],
                decode: Some(Arc::clone(&decodes[model])),
                recalls: if model.is_multiple_of(3) {
                    Arc::clone(&sets[model / 2])
                } else {
                    Arc::default()
                },
                listings,
            }
        })
        .collect();
    vehicles.sort_by_key(|vehicle| vehicle.vin);
    vehicles.dedup_by_key(|vehicle| vehicle.vin);
    let end = u32::try_from(vehicles.len()).expect("few");
    let packed = PackedSnapshot::pack(VEHICLES, end, |id| vehicles.get(id as usize).cloned());
    let bytes = packed.bytes() as f64 / VEHICLES as f64;
    assert!(bytes < 40.0, "{bytes} bytes a vehicle");
    assert!(bytes > 16.0, "row ids alone take 16: {bytes}");
}
