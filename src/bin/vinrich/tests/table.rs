use proptest::prelude::*;

use super::*;

fn rows(cells: &[&[&str]]) -> Vec<Vec<String>> {
    cells.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
}

#[test]
fn tables_line_up() {
    let rows = rows(&[
        &["vendor", "calls", "quota"],
        &["carvin", "1,200", "none"],
        &["é", "7", "60/minute"],
        &["車", "30", ""],
    ]);
    assert_eq!(
        table(&rows),
        [
            "vendor  calls  quota",
            "carvin  1,200  none",
            "é           7  60/minute",
            "車         30",
        ]
    );
}

#[test]
fn text_gives_way_on_a_narrow_terminal() {
    let rows = rows(&[
        &["run", "rows", "command"],
        &["20261129T1820-4f", "12,000", "vinrich enrich fleet.csv -o /srv/fleet/out/fleet.parquet"],
    ]);
    assert_eq!(
        within(&rows, 50),
        [
            "run                 rows  command",
            "20261129T1820-4f  12,000  vinrich enrich fleet.csv",
            "                          -o",
            "                          /srv/fleet/out/fleet.par",
            "                          quet",
        ]
    );
    assert_eq!(within(&rows, 200), table(&rows));
    assert_eq!(
        within(&rows, 60)[1..],
        [
            "20261129T1820-4f  12,000  vinrich enrich fleet.csv -o",
            "                          /srv/fleet/out/fleet.parquet",
        ]
    );
}

#[test]
fn names_stay_whole_beside_text() {
    let rows = rows(&[
        &["run", "rows", "ended", "command"],
        &[
            "20261129T182044Z-4f3c709b",
            "1,048,576",
            "exit 75: carvin quota",
            "vinrich enrich /srv/fleet/in/everything.parquet -o /srv/fleet/out/fleet.parquet",
        ],
    ]);
    for most in [52, 60, 80] {
        let lines = within(&rows, most);
        let named = "20261129T182044Z-4f3c709b  1,048,576  exit";
        assert!(lines.iter().any(|line| line.starts_with(named)), "{lines:#?}");
        assert!(lines.iter().all(|line| line.len() <= most), "{lines:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_table_fits_and_says_all(
        cells in proptest::collection::vec(proptest::collection::vec("[ a-z車]{0,60}", 3), 2..6),
        most in 60_usize..120,
    ) {
        let lines = within(&cells, most);
        prop_assert!(lines.iter().all(|line| measure_text_width(line) <= most), "{lines:#?}");
        // Column by column the letters are all there; together they are as many.
        let letters = |text: &str| text.chars().filter(|c| *c != ' ').count();
        let said: usize = lines.iter().map(|line| letters(line)).sum();
        prop_assert_eq!(said, cells.iter().flatten().map(|cell| letters(cell)).sum::<usize>());
    }
}
