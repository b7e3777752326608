//! Keys are nowhere but in the request, and VINs in no log.
//!
//! Every key that the sandbox takes is a canary here. What commands print, at
//! every level there is, what they leave in files, living or killed, and what
//! the library's types show of themselves is searched for them.

use std::path::Path;
use std::process::Command;

use vinrich::chain::{Available, Chains};
use vinrich::sandbox::{Keys, Quotas, SandboxSpec};

#[cfg(unix)]
use crate::support::command::terminal::drawn;
use crate::support::command::{DECODE, Ended, Running, Setup, eventually, vins};
use crate::support::server::{Fake, Reply};
use crate::support::{Work, each_at_once, passes_by};
/// The canary keys by vendor, and the variables they stand in.
const KEYS: [(&str, &str, &str); 5] = [
    ("carvin", "CARVIN_API_KEY", "canary-carvin-0f9e8d7c6b"),
    ("visor", "VISOR_API_KEY", "canary-visor-1a2b3c4d5e"),
    ("carstrel", "CARSTREL_API_KEY", "canary-carstrel-2b3c4d5e6f"),
    ("visio", "VISIO_API_KEY", "canary-visio-3c4d5e6f70"),
    ("visa", "VISA_KEY", "canary-visa-4d5e6f7081"),
];
const CARVIN: &str = KEYS[0].2;

fn guarded(faults: &[&str]) -> Work {
    let keys = KEYS.iter().fold(Keys::default(), |keys, (id, _, key)| keys.with(id, key));
    let work = Work::with(SandboxSpec {
        faults: faults.iter().map(|rule| rule.parse().expect("a rule")).collect(),
        keys,
        quotas: Quotas::roomy(),
        ..SandboxSpec::default()
    });
    work.configure(&Setup::default());
    work.write_vins(&vins(45));
    work.write("input.json", r#"{"prompt": "Tell me of {vin}"}"#);
    work
}

/// `vinrich WORDS…` with the canaries in its environment, and what makes libraries talk.
fn command(work: &Work, words: &[&str]) -> Command {
    let mut command = work.command(words);
    for (_, variable, key) in KEYS {
        command.env(variable, key);
    }
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").env("SQLITE_TRACE", "1");
    command
}

fn run(work: &Work, words: &[&str]) -> Ended {
    Running::start(&mut command(work, words)).end()
}

fn enrich(work: &Work, words: &[&str]) -> Ended {
    run(work, &[&["enrich", "vins.csv"], words].concat())
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

#[track_caller]
fn has_no_key(what: &str, bytes: &[u8]) {
    for (_, _, key) in KEYS {
        assert!(!holds(bytes, key), "a key is in {what}");
    }
}

/// No file below `folder` holds a key, or is named after one, except where the
/// user put it.
#[track_caller]
fn check_files(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        has_no_key("a name", path.to_string_lossy().as_bytes());
        if path.is_dir() {
            check_files(&path);
        } else if path.extension().is_none_or(|extension| extension != "key") {
            has_no_key(&path.display().to_string(), &std::fs::read(&path).expect("a file"));
        }
    }
}

#[track_caller]
fn check_words(ended: &Ended) {
    has_no_key("stdout", &ended.stdout);
    has_no_key(&format!("stderr:\n{}", ended.stderr), ended.stderr.as_bytes());
    let stderr = ended.stderr.to_uppercase();
    for vin in vins(45) {
        assert!(!stderr.contains(&vin), "a VIN in the log:\n{}", ended.stderr);
    }
    assert!(
        !ended.stderr.contains("vin_pattern") && !ended.stderr.contains("http://"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_run_that_goes_well_tells_no_secret() {
    let work = guarded(&[]);
    for level in [&["--log-format", "text"][..], &["--log-format", "json"], &["--quiet"]] {
        for out in ["out.csv", "out.parquet", "-"] {
            let words = [&["-o", out, "--refresh", "decode,listings"], level].concat();
            check_words(&enrich(&work, &words).exits(0));
        }
    }
    check_files(work.folder.path());
    assert!(work.sandbox.log().iter().all(|call| call.status == Some(200)));
}

#[test]
fn a_run_that_goes_wrong_tells_no_secret() {
    let cases: [&[&str]; 11] = [
        &["401"],
        &["402"],
        &["403"],
        &["500"],
        &["429:wait=9h"],
        &["400"],
        &["html"],
        &["truncate"],
        &["garbled"],
        &["foreign", "missing"],
        &["reset"],
    ];
    each_at_once(cases, |faults| {
        let work = guarded(faults);
        for format in ["text", "json"] {
            let words = ["-o", "out.csv", "--max-wait", "100ms", "--log-format", format];
            let ended = enrich(&work, &words);
            assert_ne!(ended.code, Some(70), "{}", ended.stderr);
            check_words(&ended);
        }
        check_files(work.folder.path());
    });
}

/// Every command that has a key in its hands, or looks at what those left.
#[test]
fn no_other_command_tells_a_key_either() {
    let vin = &vins(1)[0];
    let cases: [&[&str]; 4] = [&[], &["401"], &["400"], &["garbled"]];
    each_at_once(cases, |faults| {
        let work = guarded(faults);
        work.write_vins(&vins(2));
        let tool =
            "tool run vins.csv --tool try-me --input input.json -o tool.csv --max-cost 1 --yes";
        for line in [
            "check",
            "check --format json",
            "plan vins.csv --format json",
            "enrich vins.csv -o out.csv --listings visor,carstrel --max-wait 100ms",
            "quota",
            "quota --reconcile --format json",
            "photos request vins.csv -o photos.csv --yes",
            "photos status vins.csv -o status.csv --log-format json",
            tool,
            "runs list",
            "runs audit --format jsonl",
            "runs audit --export audit.csv",
            "cache stats",
            "cache verify",
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            let ended = run(&work, &words);
            assert_ne!(ended.code, Some(70), "{line}: {}", ended.stderr);
            check_words(&ended);
        }
        has_no_key("explain", &run(&work, &["cache", "explain", vin, "--format", "json"]).stdout);
        let runs = run(&work, &["runs", "list"]).exits(0);
        for id in runs.stdout().lines().skip(1).filter_map(|line| line.split(' ').next()) {
            check_words(&run(&work, &["runs", "show", id]).exits(0));
        }
        check_files(work.folder.path());
    });
}

/// A vendor says in its replies which key it was asked with, in errors and in data.
#[test]
fn a_key_repeated_by_vendors_is_redacted() {
    for status in [200, 400, 401, 403, 429, 500] {
        let vendor = Fake::start(move |_, heard| {
            let key = heard.key.trim_start_matches("Bearer ");
            assert_eq!(key, CARVIN);
            let mut reply = serde_json::json!({
                "success": status == 200,
                "error": { "code": key, "message": format!("your key {key} is fine") },
                "message": format!("key={key}"),
            });
            if status == 200 {
                let item =
                    |vin: String| serde_json::json!({ "VIN": vin, "Make": "HONDA", "Model": key });
                reply["data"] = heard.vins().into_iter().map(item).collect();
            }
            Reply::new(status, reply.to_string()).header("x-request-id", &format!("for {key}"))
        });
        let work = guarded(&[]);
        work.readdress("carvin", &vendor.url());
        for format in ["text", "json"] {
            let words =
                ["-o", "out.csv", "--with", "decode", "--max-wait", "0s", "--log-format", format];
            let ended = enrich(&work, &words);
            assert_ne!(ended.code, Some(70), "{}", ended.stderr);
            assert!(!vendor.heard().is_empty());
            has_no_key(&ended.stderr, ended.stderr.as_bytes());
        }
        check_files(work.folder.path());
    }
}

#[test]
fn a_killed_run_leaves_no_key_behind() {
    let work = guarded(&["latency=30s"]);
    let running = Running::start(&mut command(&work, &["enrich", "vins.csv", "-o", "out.csv"]));
    eventually("a call", || !work.sandbox.log().is_empty());
    check_files(work.folder.path());
    let ended = running.kill();
    has_no_key("stderr", ended.stderr.as_bytes());
    check_files(work.folder.path());
}

#[cfg(unix)]
#[test]
fn a_bar_on_a_terminal_tells_no_secret() {
    for faults in [&["latency=200ms"][..], &["500"], &["garbled"]] {
        let work = guarded(faults);
        let words = ["enrich", "vins.csv", "-o", "out.csv", "--max-wait", "100ms"];
        let Some(drawn) = drawn(&command(&work, &words)) else { return };
        assert!(drawn.contains("\u{1b}["), "no bar was drawn: {drawn:?}");
        has_no_key("what was drawn", drawn.as_bytes());
        for vin in vins(45) {
            assert!(!drawn.contains(&vin), "a VIN on the terminal");
        }
    }
}

#[test]
fn the_types_that_hold_keys_show_none() {
    let work = Work::with_faults(&[]);
    let input = work.write("vins.csv", &format!("vin\n{}\n", vins(2).join("\n")));
    let mut plan = work.plan(&input, "out.csv");
    for (id, _, key) in KEYS {
        let vendor = plan.settings.vendors.get_mut(id).expect("a vendor");
        vendor.api_key = Some(key.to_owned().into());
        has_no_key("VendorSettings", format!("{vendor:?} {vendor:#?}").as_bytes());
    }
    has_no_key("Settings", format!("{:?} {0:#?}", plan.settings).as_bytes());
    has_no_key("Plan", format!("{plan:?} {plan:#?}").as_bytes());
    let on_hand = Available::at(&plan.settings).expect("what is on hand");
    let chains = Chains::of(&plan, &on_hand).expect("a chains");
    assert!(
        chains
            .by_dataset
            .values()
            .flat_map(vinrich::chain::Chain::sources)
            .any(|source| source.key.is_some())
    );
    has_no_key("Chains", format!("{chains:?} {chains:#?}").as_bytes());
    let vin = vinrich::domain::vin::Vin::new(&vins(1)[0]).expect("a VIN");
    assert!(!format!("{vin:?}").contains(vin.as_str()), "Debug of a VIN is masked");
}

#[test]
fn an_unreachable_vendors_address_is_not_shown() {
    let work = guarded(&[]);
    work.configure(&Setup { general: "max_wait = '0s'", ..Setup::default() });
    work.readdress("carvin", "http://127.0.0.1:9");
    let ended = enrich(&work, &["-o", "out.csv", "--with", "decode"]);
    assert!([68].contains(&ended.code.unwrap_or(-1)), "{}", ended.stderr);
    check_words(&ended);
    check_files(work.folder.path());
}

#[cfg(unix)]
#[test]
fn a_key_file_is_read_and_never_told() {
    use std::os::unix::fs::PermissionsExt;
    let work = guarded(&[]);
    work.configure(&Setup {
        carvin: "quotas = []\napi_key_file = 'carvin.key'",
        ..Setup::default()
    });
    let file = work.write("carvin.key", &format!("{CARVIN}\n"));
    let mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let enrich = |key: &str| {
        let mut command = work.command(&DECODE);
        Running::start(command.env("CARVIN_API_KEY", key)).end()
    };
    mode(0o600);
    check_words(&enrich("wrong").exits(0));
    assert_eq!(work.calls("batch-decode"), 3);
    mode(0o640);
    let ended = enrich("wrong").exits(0);
    assert!(!ended.stderr.contains("chmod"), "a group may read it: {}", ended.stderr);
    mode(0o644);
    check_words(&enrich("wrong").exits(0).says(&["carvin.key", "chmod 600"]));
    mode(0o666);
    check_words(&enrich("wrong").exits(77).says(&["carvin.key", "hint: "]));
    mode(0o600);
    work.write("carvin.key", &format!("{CARVIN} and more"));
    check_words(&enrich("wrong").exits(77));
    check_files(work.folder.path());
}

/// As a container's runtime mounts a secret: for everybody to read, on a
/// filesystem that nobody writes to.
#[cfg(target_os = "linux")]
#[test]
fn keys_on_a_read_only_mount_are_fine() {
    let work = guarded(&[]);
    work.configure(&Setup {
        carvin: "quotas = []\napi_key_file = 'secrets/carvin.key'",
        ..Setup::default()
    });
    std::fs::create_dir(work.path("secrets")).expect("a folder");
    let vinrich = command(&work, &[]);
    let script = format!(
        "mount -t tmpfs tmpfs secrets && printf %s {CARVIN} > secrets/carvin.key && \
         chmod 444 secrets/carvin.key && {{ [ \"$1\" = rw ] || mount -o remount,ro secrets; }} && \
         exec '{}' enrich vins.csv -o out.csv --with decode",
        vinrich.get_program().to_string_lossy()
    );
    let mounted = |how: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh", how]);
        unshare.current_dir(work.folder.path());
        for (name, value) in vinrich.get_envs() {
            unshare.envs(value.map(|value| (name, value)));
        }
        unshare.env_remove("CARVIN_API_KEY").output()
    };
    match mounted("ro") {
        Ok(ended) if ended.status.success() => {
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(!said.contains("can be read by everybody"), "{said}");
            let writable = mounted("rw").expect("it ran before");
            let said = String::from_utf8_lossy(&writable.stderr);
            assert!(said.contains("can be read by everybody"), "{said}");
        }
        other => passes_by(&format!("nothing can be mounted here: {other:?}")),
    }
}

#[test]
fn check_shows_the_keys_place_only() {
    let work = guarded(&[]);
    let ended = run(&work, &["check"]).exits(0);
    assert!(ended.stdout().contains("CARVIN_API_KEY"));
    assert!(!ended.stdout().contains("canary"));
}
