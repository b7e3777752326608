use super::*;

/// The statuses of `count` batch-decodes in a row; `None` where none was sent.
fn statuses(sandbox: &Sandbox, count: usize) -> Vec<Option<u16>> {
    let body = vins(&VINS);
    let call = || send(sandbox.address(), "POST", "/carvin/batch-decode", CARVIN_KEY, &body);
    (0..count).map(|_| call().map(|answer| answer.status)).collect()
}

#[test]
fn statuses_come_when_the_rule_says() {
    let good = Some(200);
    let of = |rule| statuses(&with_faults(&[rule]), 4);
    assert_eq!(of("500:every=2"), [good, Some(500), good, Some(500)]);
    assert_eq!(of("502:first=3"), [Some(502), Some(502), Some(502), good]);
    assert_eq!(of("402:after=2"), [good, good, Some(402), Some(402)]);
    assert_eq!(of("down"), [Some(503); 4]);
    assert_eq!(of("visor/down"), [good; 4]);
    assert_eq!(of("carvin/decode/500"), [good; 4]);
    assert_eq!(of("reset:every=3"), [good, good, None, good]);
}

#[test]
fn an_error_status_has_the_vendors_envelope_and_wait() {
    let sandbox = with_faults(&["carvin/429:wait=90s", "visor/401"]);
    let limited = post(&sandbox, "batch-decode", &vins(&VINS));
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("90")));
    assert_eq!(limited.json()["success"], false);
    let denied = get(&sandbox, "usage");
    assert_eq!(denied.json()["error"]["code"], "invalid_api_key");
    let usual = post(&with_faults(&["429"]), "batch-decode", &vins(&VINS));
    assert_eq!(usual.header("retry-after"), Some("1"));
    assert_eq!(post(&with_faults(&["503"]), "decode", "").header("retry-after"), None);
}

#[test]
fn a_poison_vin_fails_its_batch_only() {
    let sandbox = with_faults(&["400:vin=5YJSA1DG9DFP14705"]);
    assert_eq!(post(&sandbox, "batch-decode", &vins(&VINS)).status, 400);
    assert_eq!(post(&sandbox, "batch-decode", &vins(&VINS[..1])).status, 200);
    assert_eq!(post(&sandbox, "batch-decode", &vins(&[VINS[1].to_lowercase()])).status, 400);
}

#[test]
fn bodies_are_damaged_as_the_rule_says() {
    let of = |rule| post(&with_faults(&[rule]), "batch-decode", &vins(&VINS));
    let whole = of("visor/html");
    let cut = of("truncate");
    assert_eq!(cut.status, 200);
    assert!(whole.body.starts_with(&cut.body) && cut.body.len() == whole.body.len() / 2);
    assert_eq!(cut.header("content-length"), Some(cut.body.len().to_string().as_str()));
    let page = of("html");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(page.body.starts_with("<!DOCTYPE html>"));
    let garbled = of("garbled");
    assert_eq!((garbled.status, &garbled.json()["success"]), (200, &false.into()));
}

#[test]
fn lists_change_as_the_rule_says() {
    let of = |rule| post(&with_faults(&[rule]), "batch-decode", &vins(&VINS)).data("VIN");
    let [honda, tesla, bmw] = VINS;
    assert_eq!(of("missing"), [honda, tesla]);
    assert_eq!(of("reorder"), [bmw, tesla, honda]);
    assert_eq!(of("duplicate"), [honda, tesla, bmw, honda]);
    assert_eq!(of("lowercase"), VINS.map(str::to_lowercase));
    let foreign = of("foreign");
    assert_eq!(foreign[..3], VINS);
    assert!(foreign.len() == 4 && !VINS.contains(&foreign[3].as_str()));
    assert_eq!(foreign[3].len(), 17);
}

#[test]
fn list_faults_reach_listings_but_nothing_is_missing_there() {
    let masks: Vec<String> = (0..10).map(|n| format!("1FA6P8CF0J5{n:06}")).collect();
    let path = format!("listings?vin_pattern={}", masks.join(","));
    let of = |rule| get(&with_faults(&[rule]), &path).data("vin");
    let usual = of("carvin/down");
    let reversed: Vec<String> = usual.iter().rev().cloned().collect();
    assert_eq!(of("reorder"), reversed);
    assert_eq!(of("missing"), usual);
    assert_eq!(of("foreign").len(), usual.len() + 1);
}

#[test]
fn a_call_whose_reply_is_lost_is_billed_and_one_refused_is_not() {
    let sandbox = with_faults(&["visor/vins/reset:first=1", "visor/vins/500:first=2"]);
    let path = format!("/visor/vins/{}", VINS[0]);
    let call = || send(sandbox.address(), "GET", &path, VISOR_KEY, "").map(|answer| answer.status);
    assert_eq!([call(), call()], [None, Some(500)]);
    assert_eq!(get(&sandbox, "usage").json()["totals"]["requests"], 1);
    let log: Vec<_> = sandbox.log().iter().map(|seen| seen.status).collect();
    assert_eq!(log, [None, Some(500), Some(200)]);
}

#[test]
fn a_stalled_call_ends_with_the_sandbox() {
    let sandbox = with_faults(&["stall"]);
    let mut stalled = connect(sandbox.address());
    write(&mut stalled, "POST", "/carvin/batch-decode", CARVIN_KEY, &vins(&VINS));
    while sandbox.log().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(sandbox.log()[0].status, None);
    drop(sandbox);
    assert!(read(&mut stalled).is_none());
}

#[test]
fn latency_delays_a_reply_at_least_so_long() {
    let spec = SandboxSpec {
        latency: Some(Duration::from_millis(5)),
        faults: vec!["latency=10ms:every=2".parse().expect("a rule")],
        ..SandboxSpec::default()
    };
    let sandbox = sandbox(spec);
    let timed = || {
        let start = Instant::now();
        post(&sandbox, "batch-decode", &vins(&VINS));
        start.elapsed()
    };
    assert!(timed() >= Duration::from_millis(5));
    assert!(timed() >= Duration::from_millis(15));
}

#[test]
fn counters_are_shared_by_all_connections() {
    let sandbox = with_faults(&["500:every=5"]);
    let failed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| statuses(&sandbox, 10))).collect();
        let all = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        all.filter(|status| *status == Some(500)).count()
    });
    assert_eq!(failed, 8);
}
