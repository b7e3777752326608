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

#[test]
fn an_address_is_not_a_file() {
    for address in
        ["s3://bucket/fleet.parquet", "https://u:p@host/x.csv?sig=1", "gs+x://a", "FILE:///tmp/x"]
    {
        let error = Place::find(Path::new(address)).expect_err(address);
        assert_eq!(error.exit(), Exit::Usage, "{error}");
        let scheme = address.split(':').next().expect("a scheme");
        let expected = format!("`{scheme}://…` is an address, and only files are supported");
        assert_eq!(error.to_string(), expected, "what follows may be a secret");
    }
    for path in ["c://x.csv", "s3:/x.csv", "//host/x.csv", "a b://x.csv", "./s3://x.csv"] {
        refuse_address(Path::new(path)).expect(path);
    }
}
