//! The long run: a million VINs against a vendor that fails a call in twenty,
//! for as many nights as wished, killed at random moments and started again.
//!
//! `VINRICH_SOAK_VINS` (at most 1,000,000, which is also what is usual) says how
//! many, `VINRICH_SOAK_MINUTES` for how long further nights follow the first.
//! It ends with an error when a promise is broken, and tells which.

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "soak.rs"]
mod soak;

use std::env;
use std::io::{BufRead as _, BufReader, Read as _, stdin};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use soak::{Result, Spec, vendor};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the soak; or, executed by it, its vendor.
fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [role, vins] = &arguments[..]
        && role == "--vendor"
    {
        println!("{}", vendor::listen(vins.parse()?)?);
        stdin().read_to_end(&mut Vec::new())?;
        return Ok(());
    }
    let vins = number("VINRICH_SOAK_VINS")?.unwrap_or(1_000_000);
    let minutes = number("VINRICH_SOAK_MINUTES")?.unwrap_or(0);
    let vendor = Vendor::start(vins)?;
    let spec = Spec {
        vins,
        port: vendor.port,
        executable: env!("CARGO_BIN_EXE_vinrich").into(),
        lasting: Duration::from_secs(minutes as u64 * 60),
        nights: 1,
        kills: 2,
    };
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let nights = soak::run(&spec, folder, &mut |line| println!("{line}"))?;
    soak::judge(&nights)
}

fn number(variable: &str) -> Result<Option<usize>> {
    match env::var(variable) {
        Ok(text) => Ok(Some(text.parse().map_err(|_| format!("`{variable}` is no number"))?)),
        Err(_) => Ok(None),
    }
}

/// The vendor's process; it ends when its stdin does.
struct Vendor {
    child: Child,
    port: u16,
}

impl Vendor {
    fn start(vins: usize) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(["--vendor", &vins.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut port = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut port)?;
        Ok(Self { child, port: port.trim().parse()? })
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It serves nobody any more; how it ends changes no figure.
        let _ended = self.child.wait();
    }
}
