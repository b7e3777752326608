use super::*;

fn name(folder: Option<&str>, path: &str) -> String {
    String::from_utf8(name_below(folder.map(Path::new), Path::new(path))).expect("text")
}

#[test]
fn a_file_is_named_below_what_was_named() {
    assert_eq!(name(None, "fleet.csv"), "fleet.csv");
    assert_eq!(name(None, "/data/2026/fleet.csv"), "fleet.csv");
    assert_eq!(name(Some("in/"), "in/a.csv"), "a.csv");
    assert_eq!(name(Some("./in"), "in/a.csv"), "a.csv");
    assert_eq!(name(Some("/srv/in"), "/srv/in/north/a.csv"), "north/a.csv");
    assert_eq!(name(Some("in"), "./in/north/./a.csv"), "north/a.csv");
}

#[test]
fn the_fixed_part_ends_before_the_first_pattern() {
    let fixed = |pattern| fixed_part(pattern).display().to_string();
    assert_eq!(fixed("in/*.csv"), "in");
    assert_eq!(fixed("*.csv"), "");
    assert_eq!(fixed("/data/20??/north/[ab].csv"), "/data");
    assert_eq!(fixed("../x/**/a.csv"), "../x");
}

#[cfg(unix)]
#[test]
fn names_that_are_not_text_stay_apart() {
    use std::os::unix::ffi::OsStrExt;
    let path = |bytes: &[u8]| name_below(None, Path::new(OsStr::from_bytes(bytes)));
    assert_ne!(path(b"in/\xff.csv"), path(b"in/\xfe.csv"));
}
