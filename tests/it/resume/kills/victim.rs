//! A child that others may kill at any moment.

use std::fs::File;
use std::io::{Read, Seek};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any of these runs takes, those of the long forms included.
const LIMIT: Duration = Duration::from_mins(10);

/// How often its end is looked for.
const LOOK: Duration = Duration::from_millis(1);

/// The child.
pub(super) struct Victim {
    child: Arc<Mutex<Child>>,
    stderr: File,
}

/// The right to kill it.
#[derive(Clone)]
pub(super) struct Killer(Arc<Mutex<Child>>);

/// How it ended.
#[derive(Debug)]
pub(super) struct Fate {
    /// `None`: it was killed.
    pub(super) code: Option<i32>,
    pub(super) stderr: String,
}

impl Victim {
    /// Starts `command`; what it prints as data is nobody's.
    pub(super) fn start(command: &mut Command) -> Self {
        let stderr = tempfile::tempfile().expect("a file");
        let again = stderr.try_clone().expect("a second handle");
        let child = command.stdout(Stdio::null()).stderr(again).spawn().expect("it starts");
        Self { child: Arc::new(Mutex::new(child)), stderr }
    }

    pub(super) fn killer(&self) -> Killer {
        Killer(Arc::clone(&self.child))
    }

    /// Waits for its end.
    pub(super) fn end(mut self) -> Fate {
        let deadline = Instant::now() + LIMIT;
        loop {
            let status = self.killer().child(|child| child.try_wait().expect("the child is ours"));
            if let Some(status) = status {
                return Fate { code: status.code(), stderr: text(&mut self.stderr) };
            }
            if Instant::now() > deadline {
                self.killer().kill();
                panic!("it hangs; stderr:\n{}", text(&mut self.stderr));
            }
            thread::sleep(LOOK);
        }
    }
}

impl Killer {
    /// Kills it as `kill -9` does; one that has ended stays as it is.
    pub(super) fn kill(&self) {
        self.child(|child| child.kill().expect("the child is ours"));
    }

    fn child<T>(&self, act: impl FnOnce(&mut Child) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Fate {
    pub(super) fn was_killed(&self) -> bool {
        self.code.is_none()
    }
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("a file is read");
    String::from_utf8_lossy(&bytes).into_owned()
}
