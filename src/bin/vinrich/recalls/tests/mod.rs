use vinrich::nhtsa_file::{Edition, Part};

use super::*;

#[test]
fn an_import_is_summed_up_in_a_few_lines() {
    let edition = Edition {
        part: Part::Post2010,
        name: "FLAT_RCL_POST_2010.zip".into(),
        hash: [7; 32],
        rows: 210_000,
        other_rows: 30_000,
        duplicates: 1,
        rejected: 1,
        newest: Some(20_161),
        warnings: vec!["bad lines left out: 1 (line 7: it has no tabs)".into()],
    };
    let mut imported = Imported { edition, campaigns: 14_000, vehicles: 60_000, unchanged: false };
    insta::assert_snapshot!(as_text(&imported), @r"
        FLAT_RCL_POST_2010.zip: 210,000 rows: 14,000 campaigns, 60,000 vehicles by make, model and year; up to 2025-03-14
          left out: 30,000 rows about equipment, tires and child seats
          left out: 1 row repeated by another row
          warning: bad lines left out: 1 (line 7: it has no tabs)
        ");
    imported.unchanged = true;
    insta::assert_snapshot!(as_text(&imported), @"FLAT_RCL_POST_2010.zip: the store holds this edition already; nothing to do");
}

#[test]
fn the_parts_are_listed_with_their_age() {
    let held = KeptRecallFile {
        part: Part::Post2010,
        name: "FLAT_RCL_POST_2010.zip".into(),
        imported_at: Timestamp::from_micros(1_795_314_199_000_000),
        newest: Some(20_161),
        rows: 210_000,
        campaigns: 14_000,
        vehicles: 60_000,
        warnings: vec!["it is odd".into()],
    };
    insta::assert_snapshot!(held_as_text(&[held]), @r"
        file                    part          rows  campaigns  vehicles  latest      imported
        FLAT_RCL_POST_2010.zip  post_2010  210,000     14,000    60,000  2025-03-14  2026-11-22 02:23:19 UTC
        warning: FLAT_RCL_POST_2010.zip: it is odd
        ");
    assert!(held_as_text(&[]).contains("vinrich recalls update"));
}
