//! Signals: the first asks the run to stop, the second ends the process.
//!
//! So does the first where there is nothing to stop, and time: a run that hangs
//! on a dead disk is over when its caller has waited long enough. Whenever the
//! process ends, what was paid for is in the store, and the next run resumes.

use vinrich::domain::cancel::Cancel;
use vinrich::domain::error::Error;
#[cfg(not(unix))]
use vinrich::domain::error::Exit;

/// A stopped run is over within ten seconds: calls in flight have eight of them
/// ([`vinrich::gate`]), this is for what hangs.
#[cfg(unix)]
const LONGEST_STOP: std::time::Duration = std::time::Duration::from_millis(9500);

/// A file that grows over `ulimit -f` is an error like a full disk, instead of a
/// death by SIGXFSZ.
pub(crate) fn survive_file_limits() {
    #[cfg(unix)]
    {
        let noticed = std::sync::Arc::default();
        // Where that cannot be had, a limit ends the run as a kill would.
        let _handled = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noticed);
    }
}

/// Listens from here on, in a thread of its own.
pub(crate) fn watch(cancel: &Cancel) -> Result<(), Error> {
    let cancel = cancel.clone();
    listen(cancel).map_err(|source| Error::internal("cannot listen for signals").because(source))
}

#[cfg(unix)]
fn listen(cancel: Cancel) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_signals();
    let wanted =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if let Some(exit) = cancel.asked() {
                signal_hook::low_level::exit(i32::from(exit.code()));
            }
            cancel.stop(signal != SIGINT);
            if cancel.is_idle() {
                leave(&cancel, "nothing was asked, and no output was finished");
            }
            end_in_time(cancel.clone());
        }
    })?;
    Ok(())
}

/// Ends the process if the run does not.
#[cfg(unix)]
fn end_in_time(cancel: Cancel) {
    let watch = std::thread::Builder::new().name("stop".into());
    // Without that thread a second signal does it.
    let _started = watch.spawn(move || {
        std::thread::sleep(LONGEST_STOP);
        leave(
            &cancel,
            "it took too long to end in good order; run the same command again to resume",
        );
    });
}

#[cfg(unix)]
fn leave(cancel: &Cancel, why: &str) {
    use std::io::Write;

    if let Some(exit) = cancel.asked() {
        // Without a stderr the exit code alone says it.
        let _unread = writeln!(std::io::stderr(), "stopped by a signal: {why}");
        signal_hook::low_level::exit(i32::from(exit.code()));
    }
}

/// The signals this process was started to ignore, as a bit mask: `nohup` does
/// that with SIGHUP, and a shell with SIGINT for what runs in the background.
/// Known on Linux only; elsewhere none.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored_in(&status)
}

#[cfg(unix)]
fn ignored_in(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Without a signal iterator: flags set by the handler, looked at by a thread.
#[cfg(not(unix))]
fn listen(cancel: Cancel) -> std::io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;

    const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(50);
    let (interrupted, terminated) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    for (signal, flag, exit) in
        [(SIGINT, &interrupted, Exit::Interrupted), (SIGTERM, &terminated, Exit::Terminated)]
    {
        flag::register_conditional_shutdown(signal, i32::from(exit.code()), Arc::clone(flag))?;
        flag::register(signal, Arc::clone(flag))?;
    }
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        while cancel.asked().is_none() {
            std::thread::sleep(LOOK_EVERY);
            for (flag, is_term) in [(&interrupted, false), (&terminated, true)] {
                if flag.load(Ordering::Acquire) {
                    cancel.stop(is_term);
                }
            }
        }
    })?;
    Ok(())
}

#[cfg(all(test, unix))]
#[path = "tests/signals.rs"]
mod tests;
