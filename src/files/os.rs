//! What differs between operating systems: permissions, boot time, folders.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::path::{Path, PathBuf};

/// The name of whoever this process acts as, from the system's list of users;
/// where that has none, the user's number. Never from an environment variable:
/// those say what anybody likes.
pub(crate) fn user() -> String {
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

/// Names the current boot, where the system does. Elsewhere every process is its
/// own boot, so that windows across processes rest on wall time alone.
pub(crate) fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(|_| format!("process-{}", std::process::id()), |id| id.trim().to_owned())
}

/// Microseconds since the boot, suspend included: the same clock in every process.
#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no such clock")]
pub(crate) fn since_boot() -> Option<i64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1000))
}

/// No such clock here: a process counts from its own start.
#[cfg(not(target_os = "linux"))]
pub(crate) fn since_boot() -> Option<i64> {
    None
}

/// Creates `folder` and its parents; the last one is for its owner alone.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens `path` for reading and writing, creating it for its owner alone.
pub(crate) fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Reads at `position`, without a cursor that two readers of the file would share.
pub(crate) fn read_at(file: &File, out: &mut [u8], position: u64) -> io::Result<usize> {
    #[cfg(unix)]
    let read = std::os::unix::fs::FileExt::read_at(file, out, position);
    #[cfg(windows)]
    let read = std::os::windows::fs::FileExt::seek_read(file, out, position);
    read
}

/// Whether this user may change what is at `path`: a file's bytes, or a folder's entries.
pub(crate) fn may_write(path: &Path) -> bool {
    #[cfg(unix)]
    let may = rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    #[cfg(not(unix))]
    let may = path.metadata().is_ok_and(|found| !found.permissions().readonly());
    may
}

/// Whether both paths lead to one file, by symbolic or hard links.
pub(crate) fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    let identity = |path: &Path| path.metadata().map(|found| identity_of(&found));
    #[cfg(not(unix))]
    let identity = Path::canonicalize;
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

/// Where a file is, or would be: absolute, links followed as far as there is
/// something. One file has one such path, however it was typed.
pub fn real_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match (absolute.parent().map(Path::canonicalize), absolute.file_name()) {
            (Some(Ok(folder)), Some(name)) => folder.join(name),
            _ => absolute,
        }
    })
}

/// The device and the number that a file has on it, whatever its names.
#[cfg(unix)]
pub(crate) fn identity_of(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (found.dev(), found.ino())
}

/// All files are alike where the system does not tell.
#[cfg(not(unix))]
pub(crate) fn identity_of(_found: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// Whether the open `file` is what is at `path`, where the system tells.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        let (file, path) = (file.metadata(), path.symlink_metadata());
        matches!((file, path), (Ok(file), Ok(path)) if identity_of(&file) == identity_of(&path))
    }
    #[cfg(not(unix))]
    {
        let _untold = (file, path);
        true
    }
}

/// Whether the user of this process owns the file.
pub(crate) fn is_ours(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let us = rustix::process::geteuid().as_raw();
        file.metadata().is_ok_and(|found| found.uid() == us)
    }
    #[cfg(not(unix))]
    {
        let _its_folder_says_whose_it_is = file;
        true
    }
}

/// How many names (hard links) a file has, where the system tells.
pub(crate) fn links(found: &Metadata) -> u64 {
    #[cfg(unix)]
    let links = std::os::unix::fs::MetadataExt::nlink(found);
    #[cfg(not(unix))]
    let (links, _untold) = (1, found);
    links
}

/// Files are opened where they are, not where a link leads to; a pipe is not waited for.
pub(crate) fn follow_no_link(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let flags = i32::try_from(flags).unwrap_or_default();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    #[cfg(windows)]
    {
        const OPEN_REPARSE_POINT: u32 = 0x0020_0000;
        std::os::windows::fs::OpenOptionsExt::custom_flags(options, OPEN_REPARSE_POINT);
    }
}

/// Creates the file `path`, which must not exist, for its owner alone.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The mode of the file at `path`; `None` where there is none, and on systems
/// whose folders say who may read.
pub(crate) fn mode_of(path: &Path) -> Option<Permissions> {
    if cfg!(unix) { path.metadata().ok().map(|found| found.permissions()) } else { None }
}

/// Makes the file `path` readable for its owner alone.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _its_folder_says_who_reads_it = path;
    Ok(())
}

/// Makes `path` belong to the owner of `like`: a store that its administrator
/// puts in place stays its user's. Nothing to do where they are the same.
pub(crate) fn keep_owner(path: &Path, like: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let (wanted, is) = (std::fs::metadata(like)?, std::fs::metadata(path)?);
        if (wanted.uid(), wanted.gid()) != (is.uid(), is.gid()) {
            chown(path, Some(wanted.uid()), Some(wanted.gid()))?;
        }
    }
    #[cfg(not(unix))]
    {
        // Owners are inherited from the folder.
        let _nothing_to_do = (path, like);
    }
    Ok(())
}

/// As [`keep_owner`], as far as this user may: an administrator may give files
/// away, others may choose among groups of their own.
pub(crate) fn keep_owner_where_allowed(path: &Path, like: &Path) {
    let _kept = keep_owner(path, like);
    #[cfg(unix)]
    if let Ok(wanted) = std::fs::metadata(like) {
        let group = std::os::unix::fs::MetadataExt::gid(&wanted);
        let _kept = std::os::unix::fs::chown(path, None, Some(group));
    }
}

/// The type of the network filesystem that the folder `path` is on, such as
/// `nfs4`. Told on Linux only; elsewhere, and on local ones, `None`.
pub(crate) fn network_filesystem(path: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let path = path.canonicalize().ok()?;
    filesystem_of(&mounts, &path).filter(|kind| is_remote(kind)).map(str::to_owned)
}

/// Whether the file at `path` is mounted there by itself. Found on Linux only.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    let (Ok(mounts), Ok(path)) =
        (std::fs::read_to_string("/proc/self/mountinfo"), path.canonicalize())
    else {
        return false;
    };
    let places = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    places.map(unescaped).any(|place| Path::new(&place) == path)
}

/// The type of the filesystem that holds `path`, by the kernel's list of mounts:
/// the deepest one, and of those in one place the latest.
fn filesystem_of<'a>(mounts: &'a str, path: &Path) -> Option<&'a str> {
    let holding = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let folder = unescaped(place.split(' ').nth(4)?);
        let depth = Path::new(&folder).components().count();
        path.starts_with(&folder).then_some((depth, kind.split(' ').next()?))
    });
    holding.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// A path of the mount list, in which blanks and backslashes are octal numbers.
fn unescaped(place: &str) -> String {
    place.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// Filesystems whose files other machines may write at the same time.
fn is_remote(kind: &str) -> bool {
    const REMOTE: [&str; 13] = [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "9p",
        "ceph",
        "lustre",
        "beegfs",
        "glusterfs",
        "coda",
    ];
    /// Behind FUSE there are local ones too.
    const REMOTE_FUSE: [&str; 12] = [
        "sshfs",
        "s3fs",
        "rclone",
        "gcsfuse",
        "goofys",
        "glusterfs",
        "ceph",
        "juicefs",
        "davfs",
        "curlftpfs",
        "gvfsd-fuse",
        "blobfuse",
    ];
    match kind.strip_prefix("fuse.") {
        Some(fuse) => REMOTE_FUSE.iter().any(|name| fuse.starts_with(name)),
        None => REMOTE.contains(&kind),
    }
}

/// Fills `bytes` from the operating system's source of randomness.
pub(crate) fn random(bytes: &mut [u8]) -> io::Result<()> {
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(bytes)
        .map_err(|_| io::Error::other("the operating system gives no random bytes"))
}

#[cfg(test)]
#[path = "tests/os.rs"]
mod tests;
