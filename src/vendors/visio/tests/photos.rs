use serde_json::json;

use super::*;

fn named(body: &Value) -> Vec<(String, String)> {
    let found = photos(body.to_string().as_bytes());
    found.into_iter().map(|photo| (photo.name, photo.url)).collect()
}

#[test]
fn photos_are_found_wherever_requests_keep_them() {
    let link = |name: &str| format!("https://cdn.example/{name}?sig=1");
    let flat = json!({ "data": { "id": "req_9", "request_url": "https://visio.now/p/9", "items": [
        { "id": "it_1", "instructions": "Front", "download_url": link("a") },
        { "id": "it_2", "instructions": "Back", "photos": [
            { "id": 71, "url": link("b"), "thumbnail_url": link("t") },
            { "id": 72, "file_url": link("c") } ] },
        { "id": "it_3", "instructions": "Odometer", "photos": [] },
    ] } });
    let expected = [("it_1", "a"), ("71", "b"), ("72", "c")];
    let expected = expected.map(|(name, of)| (name.to_owned(), link(of)));
    assert_eq!(named(&flat), expected);
    let bare = json!({ "submission": { "photo_urls": [link("x/1.jpg"), link("x/2.jpg")] } });
    let names = named(&bare);
    assert_eq!(names.len(), 2);
    let renewed = bare.to_string().replace("sig=1", "sig=2");
    let renewed = photos(renewed.as_bytes());
    assert!(names.iter().zip(&renewed).all(|(old, new)| old.0 == new.name && old.1 != new.url));
    assert!(photos(b"<html>").is_empty() && named(&json!({ "data": { "items": [] } })).is_empty());
}

#[test]
fn a_photo_whose_name_is_taken_keeps_its_own() {
    let body = json!({ "photos": [
        { "id": "same", "url": "https://cdn.example/1" },
        { "id": "same", "url": "https://cdn.example/2" },
        { "id": "same", "url": "https://cdn.example/2" },
    ] });
    let names: HashSet<String> = named(&body).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn names_of_files_hold_nothing_that_leads_elsewhere() {
    let long = "x".repeat(900);
    let hostile = ["../../etc/passwd", "C:\\nul", "a\0b", "", "ABC", "abc.", "ä/ö", "CON", &long];
    let names: HashSet<String> = hostile.iter().map(|text| safe(text)).collect();
    assert_eq!(names.len(), hostile.len(), "{names:?}");
    for name in names {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        assert!(name.chars().all(fits) && (1..=64).contains(&name.len()), "{name}");
    }
    assert_eq!(safe("3ed1a000-0001"), "3ed1a000-0001");
}
