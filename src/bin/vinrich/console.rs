//! What a person sees of a run under way: a bar on a terminal, a line a minute elsewhere.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::console::{Term, measure_text_width};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vinrich::domain::events::{Events, Fields, Level, Note, Phase, Progress};

use crate::cli::{CommonArgs, LogFormat};
use crate::format::{Paint, bytes, count, now, span, thousands, visible};
use crate::log_line::{self, LogLine};

/// Shows a run's progress and notes on stderr.
pub(crate) struct Console {
    format: LogFormat,
    quiet: bool,
    /// On a terminal that wants one.
    bar: Option<ProgressBar>,
    pace: Mutex<Pace>,
    /// The notes printed so far, so that none is printed twice.
    printed: Mutex<BTreeSet<String>>,
    /// Notes that are printed only if the run ends with something missing.
    held: Option<Mutex<Vec<HeldNote>>>,
}

type HeldNote = (Level, &'static str, String, Fields);

/// The codes of notes that concern nobody where the output is whole in the end.
const OF_MISSING_ANSWERS: [&str; 3] = ["no_data", "parked", "trouble"];

/// Notes remembered; the others may be repeated.
const MOST_PRINTED: usize = 256;

impl Console {
    /// A console in the format of the common flags, with a bar where the terminal has one.
    pub(crate) fn new(common: &CommonArgs) -> Self {
        let drawn = on_terminal() && !common.quiet && common.log_format == LogFormat::Text;
        let every = if drawn { Pace::BAR } else { Pace::LINES };
        Self {
            format: common.log_format,
            quiet: common.quiet,
            bar: drawn.then(bar),
            pace: Mutex::new(Pace::new(every)),
            printed: Mutex::default(),
            held: None,
        }
    }

    /// With `--quiet` a whole output is silent: why answers were missing on the way
    /// is said by [`Console::say_held`] alone.
    pub(crate) fn silent_when_whole(self) -> Self {
        let held = self.quiet.then(Mutex::default);
        Self { held, ..self }
    }

    /// Prints what was held back.
    pub(crate) fn say_held(&self) {
        let held = self.held.as_ref().map(|held| std::mem::take(&mut *lock(held)));
        for (level, code, message, fields) in held.into_iter().flatten() {
            self.say(&Note { level, code, message: &message, fields });
        }
    }

    /// Clears the bar, so that what follows has the line to itself.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Whether `message` was printed before.
    pub(crate) fn has_printed(&self, message: &str) -> bool {
        lock(&self.printed).contains(message)
    }

    /// Shows how much of a file has arrived.
    pub(crate) fn arrived(&self, so_far: u64, all: u64) {
        if self.quiet || !lock(&self.pace).is_due(Phase::Reading, Instant::now()) {
            return;
        }
        let message = format!("{} of {}", bytes(so_far), bytes(all));
        match &self.bar {
            Some(bar) => fill(bar, so_far, all, message),
            None => self.say_progress(&message, Fields::default()),
        }
    }

    /// Prints `text` as it is.
    pub(crate) fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print(text)),
            None => print(text),
        }
    }

    fn say(&self, note: &Note<'_>) {
        let Note { level, code, message, fields } = note;
        let line = match self.format {
            LogFormat::Json => {
                LogLine::new(&now(), (*level, code), message).about(fields.clone()).to_json()
            }
            LogFormat::Text if self.bar.is_some() => text_line(*level, message, wants_colour()),
            LogFormat::Text => format!("{} {}", now(), text_line(*level, message, wants_colour())),
        };
        self.print(&format!("{line}\n"));
    }

    fn say_progress(&self, message: &str, fields: Fields) {
        self.say(&Note { level: Level::Info, code: "progress", message, fields });
    }
}

impl Events for Console {
    fn progress(&self, progress: &Progress) {
        if self.quiet || !lock(&self.pace).is_due(progress.phase, Instant::now()) {
            return;
        }
        if let Some(bar) = &self.bar {
            draw(bar, progress);
            return;
        }
        let (rows, cost_micros) = (Some(progress.rows), Some(progress.spent.0));
        let fields = Fields { rows, cost_micros, ..Fields::default() };
        self.say_progress(&status(progress, usize::MAX), fields);
    }

    fn run_started(&self, run_id: &str) {
        log_line::set_run_id(run_id);
    }

    fn publish(&self, note: &Note<'_>) {
        let Note { level, message, .. } = *note;
        if level == Level::Debug || (self.quiet && level == Level::Info) {
            return;
        }
        let mut printed = lock(&self.printed);
        let is_new = !printed.contains(message);
        if printed.len() < MOST_PRINTED {
            printed.insert(message.to_owned());
        }
        drop(printed);
        match &self.held {
            _ if !is_new => {}
            Some(held) if OF_MISSING_ANSWERS.contains(&note.code) => {
                lock(held).push((level, note.code, message.to_owned(), note.fields.clone()));
            }
            _ => self.say(note),
        }
    }
}

/// How far the run has come, in one line of at most `room`: what matters most comes
/// first, and what has no room is left out.
fn status(progress: &Progress, room: usize) -> String {
    let mut line = headline(progress);
    for part in details(progress) {
        if measure_text_width(&line).saturating_add(2 + measure_text_width(&part)) <= room {
            line = format!("{line}, {part}");
        }
    }
    line
}

fn details(progress: &Progress) -> Vec<String> {
    let mut parts = Vec::new();
    if progress.phase == Phase::Asking {
        if let Some(waiting) = &progress.waiting {
            parts.push(format!("waiting for {waiting}"));
        }
        // The estimate knows the quotas alone: zero only means that none of them holds the run up.
        if let Some(seconds) = progress.eta_seconds.filter(|seconds| *seconds > 0) {
            parts.push(format!("{} to go", span(seconds)));
        }
        if let Some((left, quota)) = &progress.quota_left {
            parts.push(format!("{} of {quota} left", thousands(*left)));
        }
    }
    if progress.spent.0 != 0 {
        parts.push(format!("{} spent", progress.spent));
    }
    if matches!(progress.phase, Phase::Asking | Phase::Done) && progress.lookups > 0 {
        let (hits, lookups) = (thousands(progress.cache_hits), thousands(progress.lookups));
        parts.push(format!("{hits} of {lookups} lookups from the store"));
    }
    parts
}

fn headline(progress: &Progress) -> String {
    let rows = match progress.rows_total {
        Some(total) => format!("{} of {}", thousands(progress.rows), count(total, "row")),
        None => count(progress.rows, "row"),
    };
    let calls = thousands(progress.calls);
    match progress.phase {
        Phase::Reading => format!("reading: {rows}"),
        Phase::Asking if progress.calls_planned > 0 => {
            format!("asking: {calls} of {}", count(progress.calls_planned, "call"))
        }
        Phase::Asking => format!("asking: {}", count(progress.calls, "call")),
        Phase::Writing => format!("writing: {rows}"),
        Phase::Done => {
            format!("done: {}, {}", count(progress.rows, "row"), count(progress.calls, "call"))
        }
    }
}

/// Lets progress through at the pace a reader wants: the first, then one each
/// `every`, and the last.
#[derive(Debug)]
struct Pace {
    every: Duration,
    last: Option<(Phase, Instant)>,
}

impl Pace {
    /// Fast enough to look alive.
    const BAR: Duration = Duration::from_millis(100);
    /// Slow enough for a night's log.
    const LINES: Duration = Duration::from_mins(1);

    fn new(every: Duration) -> Self {
        Self { every, last: None }
    }

    fn is_due(&mut self, phase: Phase, now: Instant) -> bool {
        let due = match self.last {
            None => true,
            Some((Phase::Done, _)) => false,
            Some((_, at)) => phase == Phase::Done || now.duration_since(at) >= self.every,
        };
        if due {
            self.last = Some((phase, now));
        }
        due
    }
}

/// Whether stderr is a terminal that can draw.
fn on_terminal() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether what is printed to stderr may have colours.
pub(crate) fn wants_colour() -> bool {
    on_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(spinner_style());
    bar.enable_steady_tick(Pace::BAR);
    bar
}

/// Without a known total, or without room, there is nothing to fill.
fn spinner_style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {wide_msg}").expect("the template is fixed and valid")
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} [{bar:16}] {wide_msg}")
        .expect("the template is fixed and valid")
        .progress_chars("=> ")
}

/// What the spinner and the bar take of a line, with the spaces around them.
const SPINNER: usize = 3;
const BAR: usize = 19;

/// What is left of a line of the terminal.
fn room(taken: usize) -> usize {
    usize::from(Term::stderr().size().1).saturating_sub(taken)
}

fn draw(bar: &ProgressBar, progress: &Progress) {
    let (done, total) = match progress.phase {
        Phase::Asking => {
            (progress.calls, (progress.calls_planned > 0).then_some(progress.calls_planned))
        }
        Phase::Reading | Phase::Writing | Phase::Done => (progress.rows, progress.rows_total),
    };
    let message = visible(&status(progress, room(SPINNER))).into_owned();
    if let Some(total) = total {
        fill(bar, done, total, message);
    } else {
        bar.set_style(spinner_style());
        bar.set_message(message);
    }
}

/// What is said goes before the bar, where the terminal has no room for both.
fn fill(bar: &ProgressBar, done: u64, total: u64, message: String) {
    let fits = measure_text_width(&message) <= room(SPINNER + BAR);
    bar.set_style(if fits { bar_style() } else { spinner_style() });
    bar.set_length(total);
    bar.set_position(done.min(total));
    bar.set_message(message);
}

fn text_line(level: Level, message: &str, colour: bool) -> String {
    let message = visible(message);
    match level {
        Level::Debug | Level::Info => message.into_owned(),
        Level::Warn => format!("{} {message}", Paint::Yellow.on("warning:", colour)),
        Level::Error => format!("{} {message}", Paint::Red.on("error:", colour)),
    }
}

fn print(text: &str) {
    // Without a stderr the run goes on unread.
    let _unread = io::stderr().lock().write_all(text.as_bytes());
}

/// A panic elsewhere ends the process; what it left behind is still good to draw.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "tests/console.rs"]
mod tests;
