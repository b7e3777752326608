use super::*;

const MOUNTS: &str = "\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 27 0:30 / /srv/fleet rw,relatime shared:7 - nfs4 filer:/fleet rw,vers=4.2
32 31 0:31 / /srv/fleet/local rw - xfs /dev/vdb rw
33 27 0:32 / /mnt/my\\040share rw - cifs //nas/share rw
34 27 0:33 / /home/x/remote rw - fuse.sshfs host:/ rw
35 27 0:34 / /var/lib/box rw - fuse.fuse-overlayfs fuse-overlayfs rw
36 27 0:35 / /over rw - nfs filer:/a rw
37 27 0:36 / /over rw - tmpfs none rw
";

#[test]
fn a_folder_is_on_the_deepest_and_latest_mount_that_holds_it() {
    let kind = |path: &str| filesystem_of(MOUNTS, Path::new(path));
    assert_eq!(kind("/srv/fleet/a/b"), Some("nfs4"));
    assert_eq!(kind("/srv/fleetwood"), Some("ext4"));
    assert_eq!(kind("/srv/fleet/local/a"), Some("xfs"));
    assert_eq!(kind("/mnt/my share/a"), Some("cifs"));
    assert_eq!(kind("/over/a"), Some("tmpfs"));
    assert_eq!(filesystem_of("", Path::new("/a")), None);
}

#[test]
fn local_filesystems_are_told_from_those_on_a_network() {
    for kind in ["nfs", "nfs4", "cifs", "9p", "fuse.sshfs", "fuse.rclone"] {
        assert!(is_remote(kind), "{kind}");
    }
    for kind in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs"] {
        assert!(!is_remote(kind), "{kind}");
    }
}
