//! Runs that are stopped or killed, beside others or alone, and the run after them.

#[cfg(unix)]
mod kills;
#[cfg(target_os = "linux")]
mod neighbours;
#[cfg(unix)]
mod processes;
mod soak;
mod stops;
#[cfg(target_os = "linux")]
mod suspended;
