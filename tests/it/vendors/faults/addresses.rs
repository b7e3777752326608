//! Where requests may go: to nobody but the vendor that was configured, and
//! never in the clear or to an address that hands out a machine's credentials.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::command::DECODE;
use crate::support::command::vins as ford_vins;
use crate::support::ledger::Ledger;
use crate::support::library::{Enriched, Tweak, vins};
use crate::support::server::{Fake, Port, Reply};
use crate::support::{Work, each_at_once, passes_by};

#[test]
fn metadata_addresses_are_refused_early() {
    let work = Work::configured(&[]);
    work.write_vins(&ford_vins(1));
    let configured = work.read("vinrich.toml");
    let ours = format!("'{}'", work.sandbox.base_url("carvin"));
    for address in [
        "http://api.example.com",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::]/",
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.1.1",
        "https://2852039166/",
        "https://0xA9FEA9FE/",
        "https://0251.0376.0251.0376/",
        "https://169.254.43518/",
        "https://[fe80::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:a9fe:a9fe::]/",
        "https://[fd00:ec2::254]/",
        "https://[fd20:ce::254]/",
        "https://100.100.100.200/",
        "https://metadata.google.internal/",
        "https://METADATA.google.internal./",
        "https://metadata.goog/",
    ] {
        work.write("vinrich.toml", &configured.replace(&ours, &format!("'{address}'")));
        let ended = work.vinrich(&DECODE).exits(78).says(&["base_url"]);
        assert!(!ended.stderr.contains(address), "{address} is repeated: {}", ended.stderr);
        assert!(!work.path("out.csv").exists());
    }
    for address in [ours.replace("127.0.0.1", "localhost"), ours.clone()] {
        work.write("vinrich.toml", &configured.replace(&ours, &address));
        work.vinrich(&DECODE).exits(0);
    }
    assert_eq!(work.calls("batch-decode"), 1, "it is one address, however it is spelled");
}

#[test]
fn a_redirect_is_not_followed_anywhere() {
    each_at_once([301, 302, 303, 307, 308], |status| {
        let elsewhere = Fake::start(|_, heard| Reply::decoded(heard));
        let target = format!("{}/batch-decode", elsewhere.url());
        let fake = Fake::start(move |_, _| {
            let refresh = format!("0; url={target}");
            Reply::new(status, "").header("location", &target).header("refresh", &refresh)
        });
        let work = Work::with_faults(&[]);
        let plan = work.decoding(&vins(2), &fake.url());
        let enriched = Enriched::by(&plan);
        assert_eq!(enriched.report.exit_code, 76, "{status}");
        enriched.all("decode_status", "failed");
        assert_eq!(elsewhere.connections(), 0, "{status}: neither key nor VINs leave");
        assert_eq!(Ledger::of(&plan.settings.store).answers, 0, "{status}");
    });
}

/// Decodes 100 VINs, five calls at once, at an address where nobody answers.
fn unanswered(base_url: &str) -> (Enriched, Ledger) {
    let work = Work::with_faults(&[]);
    let mut plan = work.decoding(&vins(100), base_url);
    plan.settings.max_wait = Duration::ZERO;
    plan.vendor("carvin").concurrency = 5.try_into().expect("not zero");
    let enriched = Enriched::by(&plan);
    assert_eq!(enriched.report.exit_code, 68, "{:#?}", enriched.report);
    assert!(enriched.report.resume_at.is_some());
    let statuses = enriched.count("decode_status");
    assert!(statuses.keys().all(|status| ["pending", "failed"].contains(status)), "{statuses:?}");
    let ledger = Ledger::of(&plan.settings.store);
    assert_eq!((ledger.calls, ledger.not_sent, ledger.open), (ledger.not_sent, ledger.calls, 0));
    (enriched, ledger)
}

fn says(enriched: &Enriched, words: &str) {
    let warnings = &enriched.report.warnings;
    assert!(warnings.iter().any(|warning| warning.contains(words)), "{words}: {warnings:?}");
}

#[test]
fn nothing_is_sent_to_an_unknown_host() {
    // No label of a name may be longer than 63: no resolver needs to ask anyone.
    let (enriched, _) = unanswered(&format!("http://{}.invalid", "x".repeat(64)));
    says(&enriched, "no such host name");
}

#[test]
fn a_server_without_tls_hears_no_request() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let base_url = format!("https://{}", listener.local_addr().expect("an address"));
    let heard = std::thread::spawn(move || {
        let mut all = Vec::new();
        for stream in listener.incoming().take(5) {
            let mut stream = stream.expect("a connection");
            let mut hello = [0; 4096];
            let length = stream.read(&mut hello).expect("it begins");
            all.extend_from_slice(&hello[..length]);
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("it listens");
        }
        all
    });
    let (enriched, _) = unanswered(&base_url);
    says(&enriched, "no TLS");
    let heard = heard.join().expect("no panic there");
    for secret in [&b"Bearer"[..], b"batch-decode", b"vins"] {
        assert!(memchr::memmem::find(&heard, secret).is_none(), "nothing is sent in the clear");
    }
}

#[test]
fn nothing_is_sent_to_a_closed_port() {
    let nobody = Port::reserve();
    let (enriched, _) = unanswered(&nobody.url());
    says(&enriched, "connection refused");
}

/// A port whose queue of connections is full: whoever connects waits.
fn full_queue() -> Option<(socket2::Socket, Vec<TcpStream>, SocketAddr)> {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
    socket.listen(0).expect("it listens");
    let address = socket.local_addr().ok()?.as_socket()?;
    let mut waiting = Vec::new();
    for _ in 0..64 {
        match TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            Ok(stream) => waiting.push(stream),
            Err(_) => return Some((socket, waiting, address)),
        }
    }
    None
}

#[test]
fn connecting_times_out_after_ten_seconds() {
    let Some((_socket, _waiting, address)) = full_queue() else {
        return passes_by("this system takes connections that nobody accepts");
    };
    let started = Instant::now();
    let (enriched, ledger) = unanswered(&format!("http://{address}"));
    let took = started.elapsed();
    assert!((10..25).contains(&took.as_secs()), "{took:?}");
    assert_eq!(ledger.calls, 5, "all of them at once, and none again");
    assert_eq!(enriched.report.vendors["carvin"].faults, [("unreachable".to_owned(), 5)].into());
}
