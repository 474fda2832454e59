"""Which required modules anybody can download, as far as their paths tell.

Rules: `go help goproxy`, `go help private` (GOPRIVATE, GONOPROXY), Go modules reference,
"Private modules". A path on a public forge may still be private; then GOPRIVATE or a set-up of
credentials says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gorewrite.context.globs import match
from gorewrite.evidence import Evidence
from gorewrite.golang.gomod import GoMod

#: Forges, and hosts of vanity import paths that serve public modules.
# fmt: off
_PUBLIC = frozenset(
    [
        "github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gopkg.in", "golang.org",
        "google.golang.org", "4d63.com", "9fans.net", "al.essio.dev", "ariga.io", "atomicgo.dev",
        "authelia.com", "bou.ke", "buf.build", "capnproto.org", "cdr.dev", "cel.dev",
        "chainguard.dev", "charm.land", "cloud.google.com", "code.as", "code.cloudfoundry.org",
        "code.dny.dev", "code.forgejo.org", "code.gitea.io", "code.superseriousbusiness.org",
        "code.vikunja.io", "connectrpc.com", "contrib.go.opencensus.io", "cosmossdk.io",
        "crawshaw.io", "cuelang.org", "cyphar.com", "dario.cat", "dev.gaijin.team",
        "dmitri.shuralyov.com", "emperror.dev", "encore.dev", "entgo.io", "ergo.services",
        "filippo.io", "firebase.google.com", "fortio.org", "fyne.io", "gioui.org", "git.apache.org",
        "git.mills.io", "git.sr.ht", "gitea.com", "gitee.com", "go-hep.org", "go-micro.dev",
        "go-simpler.org", "go.abhg.dev", "go.augendre.info", "go.bug.st", "go.bytebuilders.dev",
        "go.dedis.ch", "go.einride.tech", "go.elastic.co", "go.etcd.io", "go.flipt.io",
        "go.jetpack.io", "go.k6.io", "go.lsp.dev", "go.mau.fi", "go.mongodb.org", "go.mozilla.org",
        "go.nanomsg.org", "go.nhat.io", "go.octolab.org", "go.opencensus.io", "go.opentelemetry.io",
        "go.pinniped.dev", "go.podman.io", "go.senan.xyz", "go.shabbyrobe.org", "go.starlark.net",
        "go.step.sm", "go.temporal.io", "go.uber.org", "go.universe.tf", "go.yaml.in", "go101.org",
        "go4.org", "goa.design", "gocloud.dev", "gocv.io", "goftp.io", "goji.io",
        "golang.zx2c4.com", "golift.io", "gomodules.xyz", "gonum.org", "googlemaps.github.io",
        "gorgonia.org", "gorm.io", "gotest.tools", "grpc.go4.org", "gvisor.dev", "heckel.io",
        "helm.sh", "honnef.co", "howett.net", "inet.af", "istio.io", "jaytaylor.com", "k8c.io",
        "k8s.io", "kcl-lang.io", "kernel.org", "kmodules.xyz", "knative.dev", "kubevirt.io",
        "launchpad.net", "layeh.com", "lukechampine.com", "maunium.net", "mellium.im",
        "modernc.org", "moul.io", "mvdan.cc", "namespacelabs.dev", "nhooyr.io", "ocm.software",
        "olympos.io", "open-cluster-management.io", "oras.land", "pault.ag", "periph.io",
        "perkeep.org", "pgregory.net", "pipelined.dev", "pluginrpc.com", "resenje.org", "resty.dev",
        "rogchap.com", "rsc.io", "sigs.k8s.io", "software.sslmate.com", "sourcegraph.com",
        "src.elv.sh", "src.techknowlogick.com", "stathat.com", "storj.io", "tags.cncf.io",
        "tailscale.com", "tinygo.org", "trpc.group", "unknwon.dev", "upper.io", "vbom.ml",
        "vitess.io", "volcano.sh", "xorm.io", "zenhack.net", "zgo.at", "zntr.io", "zombiezen.com",
    ]
)
# fmt: on
_PRIVATE = re.compile(
    r"(?:git|gitlab|github|bitbucket|stash|gitea|gogs|scm|vcs|code|svn|gerrit|tfs)\.[^.]+\."
    r"|.*\.(?:local|lan|internal|intranet|corp|home|private)$|dev\.azure\.com|ssh\.dev\.azure\.com"
    r"|.*\.visualstudio\.com|git-codecommit\."
)
_PROXIES = re.compile(
    r"(?:https?://(?:proxy\.golang\.org|goproxy\.(?:cn|io)|mirrors\.aliyun\.com/goproxy"
    r"|proxy\.golang\.com\.cn|athens\.azurefd\.net|gocenter\.io)/?|direct|off|)"
)


class Reach(NamedTuple):
    """private: modules that need credentials; unknown: (path, where it is required) of modules on
    hosts not known here; direct: whether some module is fetched with git or another tool, not from
    a proxy."""

    private: tuple[Evidence, ...]
    unknown: tuple[tuple[str, Evidence], ...]
    direct: bool


def external(mods: Iterable[GoMod]) -> tuple[tuple[str, Evidence], ...]:
    """(module path, where it is required) of each module that is downloaded."""
    mods = list(mods)
    local = {mod.module for mod in mods}
    renamed: dict[str, str] = {}
    for mod in mods:
        for replace in mod.replaces:
            if replace.local:
                local.add(replace.old)
            else:
                renamed[replace.old] = replace.new
    found: dict[str, Evidence] = {}
    for mod in mods:
        for require in mod.requires:
            if require.path not in local:
                path = renamed.get(require.path, require.path)
                text = f"require {path} {require.version}"
                found.setdefault(path, Evidence(mod.path, require.line, text))
    return tuple(found.items())


def reach(required: Iterable[tuple[str, Evidence]], env: Mapping[str, str | None]) -> Reach:
    """What a download of some modules has to get at.

    required: see `external`; env: the environment of the download; a value of None is not known.
    """
    proxy = env.get("GOPROXY", "")
    proxies = re.split(r"[,|]", proxy) if proxy is not None else ["?"]
    own_proxy = not all(_PROXIES.fullmatch(each) for each in proxies)
    patterns = ",".join(env.get(name) or "" for name in ("GOPRIVATE", "GONOPROXY")).split(",")
    private, unknown = [], []
    for path, evidence in required:
        host = path.partition("/")[0]
        if any(_matches(pattern.strip(), path) for pattern in patterns):
            private.append(evidence)
        elif own_proxy or host in _PUBLIC:
            continue
        elif _PRIVATE.match(host):
            private.append(evidence)
        else:
            unknown.append((path, evidence))
    direct = bool(private) or proxies[0] == "direct"
    return Reach(tuple(private), tuple(unknown), direct)


def _matches(pattern: str, path: str) -> bool:
    """GOPRIVATE: a glob of path prefixes (x/mod module.MatchPrefixPatterns)."""
    if not pattern:
        return False
    prefix = "/".join(path.split("/")[: pattern.count("/") + 1])
    if len(prefix.split("/")) < pattern.count("/") + 1:
        return False
    return match(pattern, prefix)
