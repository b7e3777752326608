use proptest::prelude::*;

use super::*;

#[test]
fn addresses_are_https_or_on_this_machine() {
    for (text, url) in [
        ("https://api.visor.vin/v1/", "https://api.visor.vin/v1"),
        ("https://example.com", "https://example.com"),
        ("https://10.1.2.3/proxy", "https://10.1.2.3/proxy"),
        ("http://127.0.0.1:8080/carvin", "http://127.0.0.1:8080/carvin"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:9/", "http://[::1]:9"),
    ] {
        assert_eq!(base_url(text).as_deref(), Ok(url));
    }
}

#[test]
fn one_address_has_one_spelling() {
    for (spellings, one) in [
        (
            &[
                "http://localhost:4010/carvin",
                "HTTP://LOCALHOST:4010/carvin/",
                "http://localhost.:4010//carvin",
                "http://127.1:4010/carvin//",
                "http://[::1]:4010/carvin",
                "http://[::ffff:127.0.0.1]:4010///carvin///",
            ][..],
            "http://127.0.0.1:4010/carvin",
        ),
        (
            &[
                "https://API.visor.vin:443/v1",
                "https://api.visor.vin//v1/",
                "https://api.visor.vin./v1",
            ],
            "https://api.visor.vin/v1",
        ),
        (&["https://example.com", "https://example.com//"], "https://example.com"),
        (&["here"], "here"),
    ] {
        for spelling in spellings {
            assert_eq!(one_spelling(spelling), one, "{spelling}");
        }
    }
    for (one, another) in [
        ("https://example.com/v1", "https://example.com/V1"),
        ("https://example.com:8443/v1", "https://example.com/v1"),
        ("http://127.0.0.1:1/a", "http://127.0.0.1:2/a"),
        ("http://127.0.0.1:1/a", "http://127.0.0.2:1/a"),
        ("http://127.0.0.1/a", "https://127.0.0.1/a"),
    ] {
        assert_ne!(one_spelling(one), one_spelling(another));
    }
}

#[test]
fn addresses_that_leak_or_mislead_are_refused_without_repeating_them() {
    for text in [
        "http://example.com",
        "http://0.0.0.0:80",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "https://canary:canary@example.com",
        "https://canary@example.com",
        "https://example.com/?key=canary",
        "https://example.com/#canary",
        "ftp://example.com",
        "file:///etc/passwd",
        "example.com",
        "",
    ] {
        let error = base_url(text).expect_err(text);
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn addresses_that_hand_out_credentials_are_refused_in_every_spelling() {
    for host in [
        "169.254.169.254",
        "169.254.170.2",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.254.169.254.",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[2002:a9fe:a9fe::1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "metadata.goog",
    ] {
        let error = base_url(&format!("https://{host}/latest")).expect_err(host);
        assert!(error.contains("metadata"), "{error}");
    }
    assert!(is_loopback(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into()));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        let _ = base_url(&text).is_ok();
        let _ = base_url(&format!("https://{text}")).is_ok();
    }
}
