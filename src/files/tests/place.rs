use super::*;

#[test]
fn a_bare_name_is_in_the_current_folder() {
    let place = Place::find(Path::new("out.csv")).expect("the current folder is there");
    let here = Path::new(".").canonicalize().expect("the current folder is there");
    assert_eq!(place.path, here.join("out.csv"));
    assert_eq!(place.beside("lock"), here.join(".out.csv.vinrich-lock"));
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_a_circle_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    std::os::unix::fs::symlink(&b, &a).expect("a link");
    std::os::unix::fs::symlink(&a, &b).expect("a link");
    let error = Place::find(&a).expect_err("a circle");
    assert_eq!(error.exit(), Exit::CannotCreate);
}
