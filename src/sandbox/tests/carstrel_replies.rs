use super::*;

const LIST: &str = "external/vehicles";

fn ask(sandbox: &Sandbox, path: &str, key: &str) -> Answer {
    let mut stream = connect(sandbox.address());
    let head = format!(
        "GET /carstrel/{path} HTTP/1.1\r\nhost: sandbox\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("sent");
    read(&mut stream).expect("a reply")
}

fn list(sandbox: &Sandbox, query: &str) -> Answer {
    ask(sandbox, &format!("{LIST}?{query}"), "sandbox-carstrel")
}

fn refused(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert_eq!(json["statusCode"], answer.status);
    (answer.status, json["message"].to_string())
}

#[test]
fn the_list_comes_in_pages_that_do_not_overlap() {
    let sandbox = sandbox(SandboxSpec::default());
    let pages: Vec<Answer> =
        (1..=4).map(|page| list(&sandbox, &format!("page={page}&limit=100"))).collect();
    let sizes: Vec<usize> = pages.iter().map(|page| page.data("id").len()).collect();
    assert_eq!(sizes, [100, 100, 50, 0]);
    let ids: std::collections::BTreeSet<String> =
        pages.iter().flat_map(|page| page.data("id")).collect();
    assert_eq!(ids.len(), 250);
    let first = pages[0].json();
    assert_eq!((&first["total"], &first["totalPages"]), (&250.into(), &3.into()));
    assert_eq!(list(&sandbox, "").data("id").len(), 20, "by default");
}

#[test]
fn the_body_may_say_201_within_the_200() {
    let sandbox = sandbox(SandboxSpec::default());
    let said = |page: u32| {
        let answer = list(&sandbox, &format!("page={page}&limit=100"));
        (answer.status, answer.json()["statusCode"].as_u64())
    };
    assert_eq!([said(1), said(2)], [(200, Some(200)), (200, Some(201))]);
}

#[test]
fn keys_and_parameters_are_checked() {
    let sandbox = sandbox(SandboxSpec::default());
    assert_eq!(refused(&ask(&sandbox, LIST, "other")).0, 401);
    let (status, words) = refused(&list(&sandbox, "limit=101&colour=red"));
    assert_eq!(status, 400);
    assert!(words.contains("limit must not be greater than 100"), "{words}");
    assert!(words.contains("property colour should not exist"), "{words}");
    for query in ["page=0", "minYear=old", "listingType=lease", "sort=colour"] {
        assert_eq!(refused(&list(&sandbox, query)).0, 400, "{query}");
    }
    let one = list(&sandbox, "limit=1").data("id").concat();
    let detail = ask(&sandbox, &format!("{LIST}/{one}"), "sandbox-carstrel");
    assert_eq!(refused(&detail).0, 404, "a look at one vehicle would count as an impression");
}

#[test]
fn filters_hold() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = list(&sandbox, "limit=100&listingType=sale&minYear=2018&maxPrice=30000");
    let json = answer.json();
    let rows = json["data"].as_array().expect("a list");
    assert!(!rows.is_empty() && rows.len() < 100);
    for row in rows {
        assert_eq!(row["listingType"], "sale");
        assert!(row["year"].as_u64() >= Some(2018), "{row}");
        assert!(row["saleOptions"]["price"].as_u64() <= Some(30_000), "{row}");
    }
}

#[test]
fn a_page_can_be_made_to_repeat() {
    let sandbox = with_faults(&["carstrel/repeat:every=2"]);
    let [first, second] = [1, 2].map(|page| list(&sandbox, &format!("page={page}&limit=100")));
    assert_eq!(first.data("id"), second.data("id"));
    assert_eq!(list(&sandbox, "page=3&limit=100").data("id").len(), 50);
}
