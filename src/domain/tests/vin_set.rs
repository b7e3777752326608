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
fn numbers_can_follow_the_vins() {
    let mut set = Distinct::new();
    let numbered = |number: u32| vin(&format!("1HGCM82633A{number:06}"));
    for number in (0..5_000).rev() {
        let id = set.insert(numbered(number));
        if number % 7 == 0 {
            set.insert(numbered(number));
            set.state_year(id, 2003);
        }
    }
    (0..300).for_each(|_| _ = set.insert(numbered(8)));
    let set = set.in_order();
    assert_eq!(set.len(), 5_000);
    for number in 0..5_000 {
        assert_eq!((set.vin(number), set.get(&numbered(number))), (numbered(number), Some(number)));
        let seventh = number % 7 == 0;
        assert_eq!(set.stated_year(number), seventh.then_some(2003));
        let times = if number == 8 { 301 } else { 1 + u32::from(seventh) };
        assert_eq!(set.times(number), times);
    }
}

#[test]
fn many_at_once_get_the_numbers_of_one_by_one() {
    let numbered = |number: u32| vin(&format!("1HGCM82633A{number:06}"));
    let vins: Vec<Vin> = (0..3_000).map(|row| numbered(row * row % 997)).collect();
    let (mut one_by_one, mut at_once) = (Distinct::new(), Distinct::new());
    let ids: Vec<u32> = vins.iter().map(|vin| one_by_one.insert(*vin)).collect();
    assert_eq!(
        vins.chunks(700).flat_map(|part| at_once.insert_each(part)).collect::<Vec<_>>(),
        ids
    );
    let asked: Vec<Vin> = (0..2_000).map(numbered).collect();
    let found: Vec<_> = asked.iter().map(|vin| one_by_one.get(vin)).collect();
    assert_eq!(at_once.get_each(&asked), found);
    assert!(found.contains(&None));
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
