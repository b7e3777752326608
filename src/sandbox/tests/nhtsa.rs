use super::*;
use crate::sandbox::per;

fn ask(sandbox: &Sandbox, path: &str) -> Answer {
    send(sandbox.address(), "GET", &format!("/nhtsa/{path}"), "", "").expect("a reply")
}

fn recalls(sandbox: &Sandbox, make: &str, model: &str, year: u16) -> Answer {
    ask(sandbox, &format!("recalls/recallsByVehicle?make={make}&model={model}&modelYear={year}"))
}

/// The campaign numbers under `list` of a reply.
fn numbers(answer: &Answer, list: &str) -> Vec<String> {
    let json = answer.json();
    let campaigns = json[list].as_array().expect("a list").iter();
    campaigns.map(|one| one["NHTSACampaignNumber"].as_str().expect("a number").to_owned()).collect()
}

#[test]
fn recalls_wear_nhtsas_envelope_and_agree_with_carvins() {
    let sandbox = sandbox(SandboxSpec::default());
    let mut seen = 0;
    for year in 1990..2026 {
        let here = recalls(&sandbox, "ford", "F-250%20SD", year);
        assert_eq!(here.status, 200);
        assert_eq!(here.json()["Message"], "Results returned successfully");
        let body = format!(r#"{{"make":"FORD","model":"F-250 SD","year":"{year}"}}"#);
        let there = post(&sandbox, "recalls", &body);
        assert_eq!(numbers(&here, "results"), numbers(&there, "recalls"), "{year}");
        assert_eq!(here.json()["Count"], numbers(&here, "results").len());
        seen += numbers(&here, "results").len();
    }
    assert!(seen > 0);
}

#[test]
fn a_name_it_does_not_file_under_gets_an_empty_400_and_no_campaign_an_empty_200() {
    let sandbox = sandbox(SandboxSpec::default());
    let empty = |answer: Answer| (answer.status, answer.json()["Count"].clone(), answer.body);
    let unknown = empty(recalls(&sandbox, "FORD", "F-250", 2016));
    let body = r#"{"Count":0,"Message":"Results returned successfully","results":[]}"#;
    assert_eq!(unknown, (400, 0.into(), body.to_owned()));
    // A Honda Civic of 1986 has none.
    assert_eq!(empty(recalls(&sandbox, "HONDA", "Civic", 1986)), (200, 0.into(), body.to_owned()));
    assert_eq!(empty(recalls(&sandbox, "NOBODY", "Civic", 1986)).0, 400);
}

#[test]
fn the_catalogue_has_the_names_it_files_under_and_one_of_them_twice() {
    let sandbox = sandbox(SandboxSpec::default());
    let answer = ask(&sandbox, "products/vehicle/models?modelYear=2016&make=Ford&issueType=r");
    let json = answer.json();
    let rows = json["results"].as_array().expect("a list");
    assert_eq!(json["count"], rows.len());
    let mut names: Vec<&str> = rows.iter().filter_map(|row| row["model"].as_str()).collect();
    assert!(names.contains(&"F-250 SD") && !names.contains(&"F-250"), "{names:?}");
    assert!(rows.iter().all(|row| row["make"] == "FORD" && row["modelYear"] == "2016"));
    let listed = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), listed - 1);
    let nobody = ask(&sandbox, "products/vehicle/models?modelYear=2016&make=NOBODY&issueType=r");
    assert_eq!((nobody.status, nobody.json()["count"].clone()), (200, 0.into()));
}

#[test]
fn what_is_no_question_is_refused_in_words() {
    let sandbox = sandbox(SandboxSpec::default());
    for path in [
        "recalls/recallsByVehicle?vin=5YJSA1DG9DFP14705",
        "recalls/recallsByVehicle?make=FORD&model=F-150&modelYear=new",
        "products/vehicle/models?make=FORD",
    ] {
        let answer = ask(&sandbox, path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.json()["message"].is_string(), "{path}");
    }
    assert_eq!(ask(&sandbox, "investigations").status, 404);
}

#[test]
fn too_many_calls_are_answered_like_an_unknown_name() {
    let quotas = Quotas::default().with("nhtsa", vec![per(1, Duration::from_mins(1))]);
    let sandbox = with_quotas(quotas);
    assert_eq!(recalls(&sandbox, "FORD", "F-250%20SD", 2016).status, 200);
    let limited = recalls(&sandbox, "FORD", "F-250%20SD", 2016);
    assert_eq!((limited.status, numbers(&limited, "results").len()), (400, 0));
    assert_eq!(limited.header("retry-after"), None);
}

#[test]
fn the_empty_400_applies_to_nhtsa_alone() {
    let sandbox = with_faults(&["empty400:first=1"]);
    assert_eq!(post(&sandbox, "batch-decode", &vins(&VINS)).status, 200);
    assert_eq!(recalls(&sandbox, "FORD", "F-250%20SD", 2016).status, 400);
    assert_eq!(recalls(&sandbox, "FORD", "F-250%20SD", 2016).status, 200);
    let log = sandbox.log();
    assert_eq!((log[1].vendor, log[1].endpoint), ("nhtsa", "recalls"));
    assert_eq!(log[1].keys, ["FORD F-250 SD 2016"]);
}
