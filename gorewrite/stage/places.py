"""Directories of an image that mean something by their name."""

#: Directories that a tree is never kept of: they hold the toolchain, caches or the system.
NO_TREE = frozenset(
    (
        "/ /go /root /usr /usr/local /usr/src /opt /home /etc /var "
        "/tmp /bin /usr/bin /usr/local/bin /go/src /go/bin /lib"
    ).split()
)
#: Directories of the system, which are never copied as a whole to keep one thing in them.
SYSTEM = frozenset(
    (
        "/ /bin /etc /go /go/bin /home /lib /opt /root /run /sbin /srv /tmp /usr /usr/bin /usr/lib "
        "/usr/local /usr/local/bin /usr/local/lib /usr/local/sbin /usr/local/share /usr/sbin "
        "/usr/share /var /var/cache /var/lib /var/run"
    ).split()
)
#: Those that only golang images have.
OF_GO = frozenset({"/go", "/go/bin"})
#: Directories of Debian and Alpine that distroless and scratch lack: what the maintainer script of
#: base-files makes is not in its package (base-files.postinst; alpine-baselayout, APKBUILD).
LACKING = frozenset(
    (
        "/opt /srv /mnt /media /etc/opt /var/opt /var/mail "
        "/usr/local/bin /usr/local/lib /usr/local/share"
    ).split()
)
#: Those that Debian has and Alpine lacks, too.
OF_DEBIAN = frozenset(
    ("/run/lock", *(f"/usr/local/{name}" for name in "etc games include sbin src".split()))
)
#: What `os/user` and others read to learn about accounts.
ACCOUNTS = ("/etc/passwd", "/etc/group")
#: Where commands are looked up.
COMMAND_PLACES = (
    "/bin/",
    "/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/local/bin/",
    "/usr/local/sbin/",
    "/go/bin/",
)
