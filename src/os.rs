//! What differs between operating systems: permissions, boot time, folders.

use std::fs::File;
use std::io;
use std::path::Path;

/// The name of whoever this process acts as, from the system's list of users;
/// where that has none, the user's number. Never from an environment variable:
/// those say what anybody likes.
pub fn user() -> String {
    whoami::username().unwrap_or_else(|_| user_number())
}

#[cfg(unix)]
fn user_number() -> String {
    format!("uid {}", rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn user_number() -> String {
    String::new()
}

/// Whether `path` is on a filesystem that nothing can be written to from here,
/// as the secrets mounted into a container are. False where that cannot be told.
pub fn is_read_only(path: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::statvfs(path)
        .is_ok_and(|found| found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
    #[cfg(not(unix))]
    return path.metadata().is_ok_and(|found| found.permissions().readonly());
}

/// Whether the file that `found` describes is this user's own or the system's.
#[cfg(unix)]
pub fn is_ours(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.uid() == 0 || found.uid() == rustix::process::geteuid().as_raw()
}

/// Names the current boot and tells the microseconds since it, suspend included.
///
/// Linux gives both; elsewhere every process is its own boot, so that windows
/// across processes rest on wall time alone.
pub fn boot() -> (String, i64) {
    linux_boot().unwrap_or_else(|| (format!("process-{}", std::process::id()), 0))
}

fn linux_boot() -> Option<(String, i64)> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let (whole, fraction) = uptime.split_whitespace().next()?.split_once('.')?;
    let whole: i64 = whole.parse().ok()?;
    let hundredths: i64 = fraction.parse().ok()?;
    Some((id.trim().to_owned(), whole * 1_000_000 + hundredths * 10_000))
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

/// Whether both paths lead to one file, by symbolic or hard links.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path: &Path| {
        use std::os::unix::fs::MetadataExt as _;
        path.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
    };
    #[cfg(not(unix))]
    let identity = Path::canonicalize;
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

/// Fills `bytes` from the operating system's source of randomness.
pub fn random(bytes: &mut [u8]) -> io::Result<()> {
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(bytes)
        .map_err(|_| io::Error::other("the operating system gives no random bytes"))
}
