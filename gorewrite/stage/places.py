"""Directories of an image that mean something by their name."""

#: Directories that a tree is never kept of: they hold the toolchain, caches or the system.
NO_TREE = frozenset(
    (
        "/ /go /root /usr /usr/local /usr/src /opt /home /etc /var "
        "/tmp /bin /usr/bin /usr/local/bin /go/src /go/bin /srv /lib"
    ).split()
)
#: Empty directories of Debian and Alpine that distroless and scratch lack: what the maintainer
#: script of base-files makes is not in its package.
LACKING = frozenset({"/opt", "/srv", "/mnt", "/media"})
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
