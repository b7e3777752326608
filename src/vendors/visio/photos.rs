//! The photos in a photo request that was submitted: links to them, each valid for
//! [24 hours](LINKS_LAST) from the reply that shows it.
//!
//! Under which names they come is not documented; a link is read wherever a field of a
//! usual name below the request's photos holds one.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// How long a link to a photo is valid.
pub const LINKS_LAST: Duration = Duration::from_hours(24);

/// What a photo request calls its photos, and what they are in.
const PHOTOS: [&str; 9] = [
    "items",
    "photos",
    "photo_slots",
    "submission",
    "submissions",
    "photo_submissions",
    "files",
    "images",
    "media",
];

/// What a photo calls the link to itself, the best first.
const LINK: [&str; 5] = ["download_url", "photo_url", "file_url", "image_url", "url"];

/// Lists of links.
const LINKS: [&str; 3] = ["download_urls", "photo_urls", "urls"];

/// Photos of one request; the vendor's largest plan has 50.
const MOST: usize = 1000;

/// A photo that a customer sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Photo {
    /// Tells it from the others of its request, also once its link is another. Of
    /// small letters, digits, `-` and `_`: it is part of a file's name.
    pub name: String,
    /// The link, with its signature.
    pub url: String,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Photo").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The photos in a kept reply about one request, in its order.
pub fn photos(body: &[u8]) -> Vec<Photo> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let request = value.get("data").filter(|data| data.is_object()).unwrap_or(&value);
    let mut found = Found::default();
    found.below(request);
    found.photos
}

/// What was found so far.
#[derive(Default)]
struct Found {
    photos: Vec<Photo>,
    names: HashSet<String>,
}

impl Found {
    /// Takes what an object says of photos, but for a link of its own.
    fn below(&mut self, object: &Value) {
        for name in PHOTOS {
            match object.get(name) {
                Some(Value::Array(entries)) => entries.iter().for_each(|entry| self.entry(entry)),
                Some(entry) => self.entry(entry),
                None => {}
            }
        }
        for list in LINKS.iter().filter_map(|name| object.get(name)?.as_array()) {
            list.iter().for_each(|entry| self.entry(entry));
        }
    }

    fn entry(&mut self, entry: &Value) {
        if let Value::String(link) = entry {
            return self.take(None, link);
        }
        if let Some(link) = LINK.iter().find_map(|name| entry.get(name)?.as_str()) {
            let id = ["id", "photo_id", "uuid"].iter().find_map(|name| match entry.get(name)? {
                Value::String(id) if !id.is_empty() => Some(id.clone()),
                Value::Number(id) => Some(id.to_string()),
                _ => None,
            });
            self.take(id.as_deref(), link);
        }
        self.below(entry);
    }

    /// A link without an id is known by its path: what follows that is its signature.
    fn take(&mut self, id: Option<&str>, link: &str) {
        let Ok(url) = Url::parse(link) else { return };
        let by_path = || format!("{:016x}", xxh3_64(url.path().as_bytes()));
        let mut name = id.map_or_else(by_path, safe);
        if self.photos.iter().any(|photo| photo.url == link) || self.photos.len() >= MOST {
            return;
        }
        if !self.names.insert(name.clone()) {
            name = format!("{name}-{}", by_path());
            if !self.names.insert(name.clone()) {
                return;
            }
        }
        self.photos.push(Photo { name, url: link.to_owned() });
    }
}

/// `text` as part of a file's name, on any system. What is lost of it, the case of
/// letters included, a hash tells.
pub fn safe(text: &str) -> String {
    const LONGEST: usize = 64;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !text.is_empty() && text.len() <= LONGEST && text.chars().all(fits) {
        return text.to_owned();
    }
    let kept: String =
        text.to_ascii_lowercase().chars().filter(|c| fits(*c)).take(LONGEST / 2).collect();
    format!("{kept}-{:016x}", xxh3_64(text.as_bytes()))
}

#[cfg(test)]
#[path = "tests/photos.rs"]
mod tests;
