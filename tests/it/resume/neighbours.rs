//! A run that is stopped, as by Ctrl-Z, while it holds the store's write lock: others wait
//! for it, and lose nothing that they have paid for.
//!
//! strace stops it within a commit. Where there is none, nothing is shown here.

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, mpsc};

use crate::support::command::trace::{STRACE, can_trace, under};
use crate::support::command::{Ended, Running, Setup, eventually, vins_in};
use crate::support::server::{Fake, Heard, Reply};
use crate::support::{Work, number_in, say};

const OTHERS: [&str; 6] = ["enrich", "others.csv", "-o", "others-out.csv", "--with", "decode"];
const OURS: [&str; 6] = ["enrich", "ours.csv", "-o", "ours-out.csv", "--with", "decode"];

/// A store, VINs of a neighbour, and `count` other ones of ours.
fn work(max_wait: &str, count: usize, faults: &[&str]) -> Work {
    let work = Work::with_faults(faults);
    let list = |vins: Vec<String>| format!("vin\n{}\n", vins.join("\n"));
    work.write("others.csv", &list(vins_in(0..3)));
    work.write("ours.csv", &list(vins_in(100..100 + count)));
    configure(&work, max_wait);
    // A first run makes the store.
    work.write("first.csv", &list(vins_in(900..901)));
    work.vinrich(&["enrich", "first.csv", "-o", "first-out.csv", "--with", "decode"]).exits(0);
    work
}

/// VINs of a neighbour and of ours, and no store yet.
fn without_store() -> Work {
    let work = Work::with_faults(&[]);
    configure(&work, "0s");
    for (name, vins) in [("others.csv", vins_in(0..3)), ("ours.csv", vins_in(100..103))] {
        work.write(name, &format!("vin\n{}\n", vins.join("\n")));
    }
    work
}

fn configure(work: &Work, max_wait: &str) {
    let general = format!("max_wait = '{max_wait}'");
    let carvin = "quotas = []\nconcurrency = 1";
    work.configure(&Setup { general: &general, carvin, ..Setup::default() });
}

/// A run that is stopped while it holds the write lock; awake again, and killed, when dropped.
struct Neighbour {
    tracer: Option<Running>,
    pid: u32,
    run: String,
}

impl Neighbour {
    /// Starts it, and waits until it is stopped in its first commit.
    fn stop_in_a_commit(work: &Work) -> Self {
        // Only writes to the log count: the first is that of the commit.
        let mut stopped = Self::stop_at(work, &["-wal"], "pwrite64", 1).expect("it commits");
        let run = runs(work).into_iter().find(|(_, pid)| *pid == stopped.pid);
        stopped.run = run.expect("it has announced itself").0;
        stopped
    }

    /// Starts it, and waits until it is stopped after the `n`th system call `call` to its
    /// store; `None` where it makes fewer.
    fn stop_after(work: &Work, call: &str, n: usize) -> Option<Self> {
        Self::stop_at(work, &["", "-wal", "-shm"], call, n)
    }

    /// The same for calls to those files of its store alone.
    fn stop_at(work: &Work, files: &[&str], call: &str, n: usize) -> Option<Self> {
        let path = |end: &&str| work.path(&format!("store/vinrich.db{end}")).display().to_string();
        let paths: Vec<String> = files.iter().map(path).collect();
        let [trace, inject] =
            [format!("trace={call}"), format!("inject={call}:signal=SIGSTOP:when={n}")];
        let files: Vec<&str> = paths.iter().flat_map(|path| ["-P", path.as_str()]).collect();
        let rules = ["-o", "neighbour.log", "-e", &trace, "-e", &inject, "--"];
        let wrapper = [&STRACE[..], &files, &rules].concat();
        // What another neighbour left there would be taken for this one's.
        drop(std::fs::remove_file(work.path("neighbour.log")));
        let mut tracer = Running::start(&mut under(&wrapper, &work.command(&OTHERS)));
        let mut thread = None;
        eventually("the neighbour is stopped, or ends", || {
            let said = std::fs::read_to_string(work.path("neighbour.log")).unwrap_or_default();
            let line = said.lines().find(|line| line.contains("stopped by SIGSTOP"));
            thread = line.and_then(|line| line.split(' ').next()?.parse::<u32>().ok());
            thread.is_some() || !tracer.is_running()
        });
        let pid = process_of(thread?)?;
        Some(Self { tracer: Some(tracer), pid, run: String::new() })
    }

    /// As others name it.
    fn name(&self) -> String {
        format!("the run {} (pid {}, stopped)", self.run, self.pid)
    }

    /// Lets it go on, and waits for its end.
    fn wake(mut self) {
        let mut tracer = self.tracer.take().expect("it was started");
        // Each of its threads is stopped once.
        eventually("the neighbour ends", || {
            signal("CONT", self.pid);
            !tracer.is_running()
        });
        tracer.end().exits(0);
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        if self.tracer.is_some() {
            signal("KILL", self.pid);
        }
    }
}

/// A process that has ended meanwhile needs none.
fn signal(name: &str, pid: u32) {
    let line = format!("kill -{name} {pid} 2> /dev/null");
    Command::new("sh").args(["-c", &line]).status().expect("a shell");
}

/// The runs that have announced themselves, with their processes.
fn runs(work: &Work) -> Vec<(String, u32)> {
    let entries = std::fs::read_dir(work.path("store/vinrich.db.runs")).expect("a folder");
    let run = |entry: std::fs::DirEntry| {
        let signed = std::fs::read_to_string(entry.path()).ok()?;
        let pid = signed.strip_prefix("pid ")?.trim().parse().ok()?;
        Some((entry.file_name().into_string().ok()?, pid))
    };
    entries.flatten().filter_map(run).collect()
}

/// The process that a thread is of.
fn process_of(thread: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Tgid:"))?.trim().parse().ok()
}

/// Waits until a run says that it waits for the neighbour.
fn says_it_waits(running: &Running, neighbour: &Neighbour) {
    let stderr = format!("/proc/{}/fd/2", running.pid());
    let named = format!("{} holds the write lock", neighbour.name());
    eventually("it names whom it waits for", || {
        std::fs::read_to_string(&stderr).is_ok_and(|said| said.contains(&named))
    });
}

#[test]
fn a_stopped_neighbour_is_waited_for_then_named() {
    if !can_trace() {
        return;
    }
    let work = work("1s", 3, &[]);
    let neighbour = Neighbour::stop_in_a_commit(&work);
    let calls = work.calls("batch-decode");
    let ended = work.vinrich(&OURS).exits(79);
    let named = neighbour.name();
    ended.says(&[&named, "holds the write lock", "kill -CONT"]);
    assert_eq!(work.calls("batch-decode"), calls, "nothing was sent");
    neighbour.wake();
    work.vinrich(&OURS).exits(0);
    work.assert_sound();
}

/// Stopped between the two copies of the log's head: not even a reader comes past it.
#[test]
fn a_neighbour_that_bars_readers_is_named() {
    if !can_trace() {
        return;
    }
    let work = work("0s", 3, &[]);
    let neighbour = Neighbour::stop_in_a_commit(&work);
    let index = work.path("store/vinrich.db-shm");
    let whole = std::fs::read(&index).expect("an index");
    let set = |at: usize, bytes: &[u8]| {
        use std::io::{Seek as _, SeekFrom, Write as _};
        let mut file = std::fs::File::options().write(true).open(&index).expect("the index");
        file.seek(SeekFrom::Start(at as u64)).expect("a place in it");
        file.write_all(bytes).expect("it is written");
    };
    // One more transaction, as only the second copy says.
    let changes = 8;
    set(changes, &[whole[changes].wrapping_add(1)]);
    for words in [&OURS[..], &["runs", "list"]] {
        let ended = work.vinrich(words).exits(79);
        let named = neighbour.name();
        ended.says(&[&named, "holds the write lock", "kill -CONT"]);
    }
    set(changes, &whole[changes..=changes]);
    neighbour.wake();
    work.vinrich(&OURS).exits(0);
    work.assert_sound();
}

/// It was paid for, however long after its time limit the run is awake again.
#[test]
fn a_reply_that_came_while_stopped_is_taken() {
    let work = work("1h", 3, &["carvin/batch-decode/latency=300ms"]);
    let carvin = "quotas = []\nconcurrency = 1\ntimeout = '2s'";
    work.configure(&Setup { carvin, ..Setup::default() });
    let before = work.calls("batch-decode");
    let ours = work.start(&OURS);
    eventually("a call", || work.calls("batch-decode") > before);
    ours.signal("STOP");
    // Longer than the time limit: nothing tells of time that a stopped process has lost.
    std::thread::sleep(std::time::Duration::from_secs(3));
    ours.signal("CONT");
    let ended = ours.end().exits(0);
    assert_eq!(work.calls("batch-decode"), before + 1, "{}", ended.stderr);
    work.assert_sound();
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    if !can_trace() {
        return;
    }
    let work = work("2h", 3, &[]);
    let neighbour = Neighbour::stop_in_a_commit(&work);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let running = work.start(&OURS);
        says_it_waits(&running, &neighbour);
        running.signal(name);
        running.end().exits(code);
    }
    neighbour.wake();
}

#[test]
fn what_was_paid_for_is_kept_through_a_wait() {
    if !can_trace() {
        return;
    }
    let work = work("2h", 60, &[]);
    let ours = vins_in(100..160);
    let (vendor, release) = keeping_back(&work, &ours);
    let running = work.start(&OURS);
    eventually("a call", || !vendor.heard().is_empty());
    let neighbour = Neighbour::stop_in_a_commit(&work);
    drop(release);
    says_it_waits(&running, &neighbour);
    let asked = vendor.heard().len();
    // The other calls take no time: they would have been sent.
    let looks = std::cell::Cell::new(0);
    eventually("it looks again", || {
        looks.set(looks.get() + 1);
        looks.get() > 1000
    });
    assert_eq!(vendor.heard().len(), asked, "nothing is sent while it waits");
    neighbour.wake();
    let ended = running.end().exits(0);
    assert!(ended.stderr.contains("nothing is sent before it lets go"), "{}", ended.stderr);
    each_was_asked_once(&vendor, &ours);
    work.assert_sound();
}

/// A vendor that keeps back its replies about these VINs until the sender is dropped.
fn keeping_back(work: &Work, vins: &[String]) -> (Fake, mpsc::Sender<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (held, vins) = (Mutex::new(held), vins.to_vec());
    let vendor = Fake::start(move |_, heard| {
        if heard.vins().iter().any(|vin| vins.contains(vin)) {
            let _released = held.lock().expect("no panic there").recv();
        }
        Reply::decoded(heard)
    });
    work.readdress("carvin", &vendor.url());
    (vendor, release)
}

fn each_was_asked_once(vendor: &Fake, vins: &[String]) {
    let asked: Vec<String> = vendor.heard().iter().flat_map(Heard::vins).collect();
    let times = |vin: &String| asked.iter().filter(|other| *other == vin).count();
    assert!(vins.iter().all(|vin| times(vin) == 1), "each is asked once: {asked:?}");
}

#[test]
fn what_was_paid_for_outlives_the_patience() {
    if !can_trace() {
        return;
    }
    let work = work("1s", 60, &[]);
    let ours = vins_in(100..160);
    let (vendor, release) = keeping_back(&work, &ours);
    let running = work.start(&OURS);
    eventually("a call", || !vendor.heard().is_empty());
    let neighbour = Neighbour::stop_in_a_commit(&work);
    drop(release);
    let ended = running.end().exits(79);
    let named = neighbour.name();
    let ended = ended.says(&[&named, "kill -CONT", "`vinrich store restore "]);
    let (_, rescue) = ended.stderr.split_once("`vinrich store restore ").expect("a copy");
    let (rescue, _) = rescue.split_once('`').expect("its name");
    neighbour.wake();
    work.vinrich(&["store", "restore", rescue]).exits(0);
    work.vinrich(&OURS).exits(0);
    each_was_asked_once(&vendor, &ours);
    work.assert_sound();
}

/// Whether the neighbour kept ours out, which then ended with 79 and named it.
fn is_in_the_way(neighbour: &Neighbour, ended: &Ended, story: &str) -> bool {
    assert!(matches!(ended.code, Some(0 | 79)), "{story}");
    let is_out = ended.code == Some(79);
    let named = format!("(pid {}, stopped)", neighbour.pid);
    assert!(!is_out || ended.stderr.contains(&named), "{story}");
    is_out
}

/// A store that is made, and one whose log a killed run left: the neighbour is stopped
/// after every so-manieth lock that it takes on the store's files.
#[test]
fn a_neighbour_stopped_while_it_opens_is_named() {
    if !can_trace() {
        return;
    }
    let step = if number_in("VINRICH_STOPS").is_some() { 1 } else { 17 };
    for is_new in [true, false] {
        let mut met = [0, 0];
        for n in (1..).step_by(step) {
            let work = without_store();
            if !is_new {
                work.vinrich(&OURS).exits(0);
                drop(Neighbour::stop_in_a_commit(&work));
                work.write("ours.csv", &format!("vin\n{}\n", vins_in(200..203).join("\n")));
            }
            let Some(neighbour) = Neighbour::stop_after(&work, "fcntl", n) else { break };
            let ended = work.vinrich(&OURS);
            let story = format!("{is_new} {n}: {:?} {}", ended.code, ended.stderr);
            met[usize::from(is_in_the_way(&neighbour, &ended, &story))] += 1;
            neighbour.wake();
            work.vinrich(&OURS).exits(0);
            work.assert_sound();
            assert!(work.decodes_by_vin().values().all(|times| *times == 1), "{story}");
        }
        say(&format!("opening, new {is_new}: in the way {} of {}", met[1], met[0] + met[1]));
        assert!(met[1] > 0 && met[0] > 0, "{met:?}");
    }
}

/// A store of an older vinrich: the neighbour is stopped after every so-manieth write while
/// it brings the store up to date or works in it, and then goes on or is killed.
#[test]
fn a_neighbour_stopped_in_a_migration_is_named() {
    if !can_trace() {
        return;
    }
    let step = if number_in("VINRICH_STOPS").is_some() { 1 } else { 23 };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store");
    for (version, answers) in [(1, 27), (4, 29)] {
        let mut met = [0, 0];
        for n in (1..).step_by(step) {
            let work = without_store();
            std::fs::create_dir_all(work.path("store")).expect("a folder");
            std::fs::copy(fixtures.join(format!("v{version}.db")), work.store()).expect("a copy");
            let Some(neighbour) = Neighbour::stop_after(&work, "pwrite64", n) else { break };
            let ended = work.vinrich(&OURS);
            let story = format!("version {version}, {n}: {:?} {}", ended.code, ended.stderr);
            met[usize::from(is_in_the_way(&neighbour, &ended, &story))] += 1;
            let is_killed = n / step % 2 == 0;
            if is_killed {
                drop(neighbour);
            } else {
                neighbour.wake();
            }
            for words in [&OURS, &OTHERS] {
                work.vinrich(words).exits(0);
            }
            work.vinrich(&["cache", "verify"]).exits(0);
            let ours_and_theirs = 6;
            let kept = work.number("SELECT count(*) FROM answers");
            assert_eq!(kept, answers + ours_and_theirs, "{story}");
        }
        say(&format!("migration from {version}: in the way {} of {}", met[1], met[0] + met[1]));
        assert!(met[1] > 0, "{met:?}");
    }
}
