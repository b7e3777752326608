//! What differs between operating systems: permissions, boot time, folders.

use std::fs::File;
use std::io;
use std::path::Path;

/// Names the current boot, where the system does. Elsewhere every process is its
/// own boot, so that windows across processes rest on wall time alone.
pub fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(|_| format!("process-{}", std::process::id()), |id| id.trim().to_owned())
}

/// Microseconds since the boot, suspend included: the same clock in every process.
#[cfg(target_os = "linux")]
pub fn since_boot() -> Option<i64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1000))
}

/// No such clock here: a process counts from its own start.
#[cfg(not(target_os = "linux"))]
pub fn since_boot() -> Option<i64> {
    None
}

/// Creates `folder` and its parents; the last one is for its owner alone.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens `path` for reading and writing, creating it for its owner alone.
pub fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Fills `bytes` from the operating system's source of randomness.
pub fn random(bytes: &mut [u8]) -> io::Result<()> {
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(bytes)
        .map_err(|_| io::Error::other("the operating system gives no random bytes"))
}
