use super::*;
use crate::domain::facts::Listing;

fn vehicles(ids: std::ops::Range<u32>) -> Vec<StockVehicle> {
    let vehicle = |id: u32| StockVehicle {
        listing: Listing { id: id.to_string(), ..Listing::default() },
        ..StockVehicle::default()
    };
    ids.map(vehicle).collect()
}

fn page(entries: usize, more: bool) -> ListPage {
    ListPage { entries, more, total: Some(25), pages: Some(3) }
}

/// Walks through pages of these vehicles; the last one is said to be the last.
fn walked(pages: &[std::ops::Range<u32>]) -> Result<Walk, String> {
    let mut walk = Walk::default();
    for (place, ids) in pages.iter().enumerate() {
        let more = place + 1 < pages.len();
        walk.take(page(ids.len(), more), &vehicles(ids.clone()))?;
    }
    Ok(walk)
}

#[test]
fn a_list_is_walked_to_its_last_page() {
    let walk = walked(&[0..10, 10..20, 20..25]).expect("a list");
    assert!(walk.has_ended());
    assert_eq!((walk.pages(), walk.next_number(), walk.remark()), (3, 4, None));
    let empty = ListPage { entries: 0, more: false, total: Some(0), pages: Some(0) };
    let mut walk = Walk::default();
    assert_eq!(walk.take(empty, &[]), Ok(()));
    assert!(walk.has_ended(), "an empty inventory is one, too");
    assert!(walk.remark().is_some_and(|remark| remark.contains("is empty")));
}

#[test]
fn a_list_may_change_while_it_is_read() {
    let walk = walked(&[0..10, 9..19, 19..24]).expect("a list");
    assert_eq!(
        walk.remark().as_deref(),
        Some("its inventory of 25 vehicles showed 24: it changed while it was read")
    );
}

#[test]
fn a_page_that_repeats_is_no_page() {
    let why = walked(&[0..10, 10..20, 10..20]).expect_err("a repeated page");
    assert_eq!(why, "page 3 repeats page 2");
    let why = walked(&[0..10, 3..9, 10..12]).expect_err("nothing new");
    assert_eq!(why, "page 2 repeats page 1");
    assert!(walked(&[0..10, 9..10]).is_ok(), "pushed on to a page of its own");
    let why = walked(&[0..10, 0..10]).expect_err("not even as the last one");
    assert_eq!(why, "page 2 repeats page 1");
}

#[test]
fn a_list_without_an_end_is_no_list() {
    let mut walk = Walk::default();
    let why = (0..).find_map(|n| walk.take(page(10, true), &vehicles(n * 10..n * 10 + 10)).err());
    assert_eq!(why.as_deref(), Some("page 6 is not the last, but the list said it has fewer"));
    let mut walk = Walk::default();
    let silent = ListPage { total: None, pages: None, ..page(10, true) };
    let why = (0..).find_map(|n| walk.take(silent, &vehicles(n * 10..n * 10 + 10)).err());
    assert!(why.is_some_and(|why| why.starts_with("it has more than 2500 pages")));
}

#[test]
fn an_empty_page_before_the_end_is_no_end() {
    let mut walk = walked(&[0..10, 10..20]).expect("pages");
    let why = walk.take(page(0, true), &[]).expect_err("an empty page");
    assert_eq!(why, "page 3 is empty, but the list of 25 vehicles goes on after it");
    assert!(walk.take(page(0, false), &[]).is_ok(), "an empty last page ends it");
}
