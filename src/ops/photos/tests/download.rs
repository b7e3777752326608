use super::*;

#[test]
fn a_file_is_what_its_bytes_say() {
    for (bytes, ending) in [
        (&b"\xff\xd8\xff\xe1\x00\x18Exif"[..], "jpg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "png"),
        (b"GIF89a", "gif"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x24ftypheic\x00\x00", "heic"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00", "mp4"),
        (b"%PDF-1.7", "pdf"),
    ] {
        assert_eq!(kind(bytes), Ok(ending));
        assert!(ENDINGS.contains(&ending));
    }
}

#[test]
fn what_is_not_a_photo_says_what_it_is() {
    assert_eq!(kind(b"\n <!doctype html><title>Sign in"), Err("a web page in place of a photo"));
    assert_eq!(kind(br#"{"error":"expired"}"#), Err("a file that is not a photo"));
    assert_eq!(kind(b"  \n"), Err("an empty file in place of a photo"));
}
