use super::*;

fn address(text: &str, ping: Ping) -> String {
    PingUrl::parse(text).expect("an address").of(ping).to_string()
}

#[test]
fn a_ping_says_start_done_or_the_exit_code() {
    let url = "https://ping.example.org/3f9e1c20-77aa";
    assert_eq!(address(url, Ping::Start), format!("{url}/start"));
    assert_eq!(address(url, Ping::End(0)), url);
    assert_eq!(address(url, Ping::End(75)), url, "the next night goes on");
    assert_eq!(address(url, Ping::End(77)), format!("{url}/77"));
    assert_eq!(
        address("https://ping.example.org/a/?key=b", Ping::End(3)),
        "https://ping.example.org/a/3?key=b"
    );
}

#[test]
fn only_this_machine_is_pinged_unencrypted() {
    for good in
        ["https://example.org/x", "http://127.0.0.1:9/x", "http://[::1]:9", "http://localhost"]
    {
        assert!(PingUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://example.org/secret",
        "ftp://example.org/secret",
        "https://169.254.169.254/secret",
        "secret",
    ] {
        let refused = PingUrl::parse(bad).expect_err(bad);
        assert!(!refused.contains("secret"), "{refused}");
    }
}

#[test]
fn its_address_is_in_no_debug_output_or_error() {
    // A port that was just free: no server listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let url = PingUrl::parse(&format!("http://127.0.0.1:{port}/token-4711")).expect("an address");
    let refused = url.send(Ping::Start).expect_err("no server");
    assert_eq!(refused, "127.0.0.1 was not pinged: it cannot be reached");
    assert!(!format!("{url:?}").contains("4711"));
}
