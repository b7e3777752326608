//! What docs/nightly.md gives to schedulers, read by the programs that would read it,
//! as far as they are on this machine.

use std::path::Path;
use std::process::{Command, Output};

use super::{Page, page};
use crate::support::Work;

fn nightly() -> Page {
    page("docs/nightly.md")
}

/// The blocks in `language`, each as one text.
fn blocks(language: &str) -> Vec<String> {
    let page = nightly();
    let found = page.blocks().into_iter().filter(|block| block.language == language);
    let found: Vec<_> = found.map(|block| block.lines.join("\n") + "\n").collect();
    assert!(!found.is_empty(), "no block of {language}");
    found
}

/// What `program` says; `None` where this machine does not have it.
fn run(program: &str, words: &[&str]) -> Option<Output> {
    Command::new(program).args(words).output().ok()
}

#[track_caller]
fn passes(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn shells_can_read_its_cron_lines() {
    let mut seen = 0;
    let pages = [nightly(), page("README.md")];
    let blocks = pages.iter().flat_map(Page::blocks).filter(|block| block.language == "cron");
    for line in blocks.flat_map(|block| block.lines) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.len() < 6 {
            continue;
        }
        assert!(!line.replace("\\%", "").contains('%'), "cron ends a command at `%`: {line}");
        let command = fields[5..].join(" ");
        if let Some(output) = run("sh", &["-n", "-c", &command]) {
            passes(&output);
        }
        seen += 1;
    }
    assert!(seen >= 2, "{seen} lines were seen");
}

#[test]
fn systemd_takes_its_units() {
    let work = Work::with_faults(&[]);
    let units = blocks("systemd");
    let [service, timer] = &*units else { panic!("{} units", units.len()) };
    assert!(service.contains("\nSuccessExitStatus=75\n"));
    // The program is elsewhere on this machine.
    let service = service.replace("/usr/local/bin/vinrich", "/bin/true");
    work.write("vinrich.service", &service);
    work.write("vinrich.timer", timer);
    let paths = ["vinrich.service", "vinrich.timer"].map(|name| work.path(name));
    let paths = paths.each_ref().map(|path| path.to_str().expect("text"));
    if let Some(output) = run("systemd-analyze", &["verify", "--man=no", paths[0], paths[1]]) {
        passes(&output);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("vinrich"), "{said}");
    }
}

#[test]
fn python_can_read_its_dag() {
    for dag in blocks("python") {
        let parse = "import ast, sys; ast.parse(sys.argv[1])";
        if let Some(output) = run("python3", &["-c", parse, &dag]) {
            passes(&output);
        }
        assert!(dag.contains("skip_on_exit_code=75"));
    }
}

/// A code that a repetition cures is not among those that end the job.
#[test]
fn its_cron_job_retries_an_outage_alone() {
    let read = "
import json, sys
try:
    import yaml
except ImportError:
    sys.exit(0)
print(json.dumps(yaml.safe_load(sys.argv[1])))";
    for job in blocks("yaml") {
        let Some(output) = run("python3", &["-c", read, &job]) else { continue };
        passes(&output);
        if output.stdout.is_empty() {
            continue;
        }
        let job: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let spec = &job["spec"]["jobTemplate"]["spec"];
        let codes = spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"].clone();
        let codes: Vec<u8> = serde_json::from_value(codes).expect("a list of codes");
        assert!(codes.contains(&77) && codes.contains(&78), "{codes:?}");
        assert!(![0, 3, 68, 75, 79].iter().any(|code| codes.contains(code)), "{codes:?}");
        assert_eq!(spec["template"]["spec"]["restartPolicy"], "Never");
        let script = &spec["template"]["spec"]["containers"][0]["args"][0];
        let script = script.as_str().expect("a script");
        if Path::new("/bin/sh").exists() {
            passes(&run("sh", &["-n", "-c", script]).expect("a shell"));
        }
    }
}
