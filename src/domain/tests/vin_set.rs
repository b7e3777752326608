use super::*;

fn vin(text: &str) -> Vin {
    Vin::new(text).expect("a VIN")
}

#[test]
fn numbers_follow_first_appearance() {
    let mut set = Distinct::new();
    let (late, early) = (vin("5YJ3E1EA7KF317000"), vin("1HGCM82633A004352"));
    assert_eq!([set.insert(late), set.insert(early), set.insert(late)], [0, 1, 0]);
    assert_eq!((set.len(), set.get(&early), set.vin(0)), (2, Some(1), late));
    assert_eq!(set.get(&vin("WVWZZZ1KZ6W612305")), None);
}

#[test]
fn sorted_follows_the_vins_and_survives_growth() {
    let mut set = Distinct::new();
    for number in (0..5_000).rev() {
        set.insert(vin(&format!("1HGCM82633A{number:06}")));
    }
    let sorted: Vec<Vin> = set.sorted().into_iter().map(|id| set.vin(id)).collect();
    assert_eq!(sorted.len(), 5_000);
    assert!(sorted.is_sorted());
    assert_eq!(set.get(&sorted[0]), Some(4_999));
}

#[test]
fn each_vin_is_counted_past_a_byte() {
    let mut set = Distinct::new();
    let (often, once) = (vin("5YJ3E1EA7KF317000"), vin("1HGCM82633A004352"));
    set.insert(once);
    for _ in 0..255 {
        set.insert(often);
    }
    assert_eq!((set.times(0), set.times(1)), (1, 255));
    set.insert(often);
    set.insert(often);
    assert_eq!((set.times(0), set.times(1)), (1, 257));
}

#[test]
fn a_year_that_rows_agree_on_is_stated() {
    let mut set = Distinct::new();
    let [one, two, three] = ["1HGCM82633A004352", "5TDXZ3DC2KS015402", "WBAPH5C55BA218692"]
        .map(|vin| set.insert(Vin::new(vin).expect("a VIN")));
    set.state_year(two, 2019);
    set.state_year(two, 2019);
    set.state_year(three, 1900);
    set.state_year(three, 2011);
    set.state_year(three, 2011);
    assert_eq!([one, two, three].map(|id| set.stated_year(id)), [None, Some(2019), None]);
    set.state_year(one, 2003);
    assert_eq!(set.stated_year(one), Some(2003));
    set.state_year(one, 9999);
    assert_eq!(set.stated_year(one), None, "no such year");
}
