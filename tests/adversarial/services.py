"""Makes up services: a Dockerfile as people write them, its context, and what the program does."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from random import Random

from tests.adversarial.contexts import sources
from tests.adversarial.programs import Behaviour

_BUILDERS = (
    "golang:1.24 golang:1.24 golang:1.23-bookworm golang golang:1.22-bullseye golang:1.24-alpine "
    "golang:1.23-alpine3.20 golang:alpine golang:$GO"
).split()
_RUNTIMES = (
    "golang:1.24 debian:bookworm-slim debian:trixie alpine:3.20 alpine golang:1.24-alpine "
    "gcr.io/distroless/base-debian12 scratch"
).split()
_WORKDIRS = ("/app", "/app", "/src", "/go/src/example.com/shop", "/usr/src/app", "", "app", "$TOP")
_PACKAGES = ("git", "curl", "bash", "tzdata", "ca-certificates", "make", "jq")
_USERS = {
    True: """
RUN adduser -D shop
RUN adduser -S -u 1001 shop
RUN addgroup -S shop && adduser -S -G shop shop
""".strip().splitlines(),
    False: """
RUN useradd -m shop
RUN useradd -u 1001 shop
RUN groupadd shop && useradd -r -g shop shop
""".strip().splitlines(),
}
_DATA = """
RUN mkdir -p /data
RUN mkdir -p /data /var/log/app && chown -R USER /data /var/log/app
RUN mkdir /data && chmod 777 /data
RUN mkdir -p data uploads
RUN mkdir -p /app/cache && chown USER /app/cache
RUN FETCH /opt/model.bin https://example.com/model.bin
ADD https://example.com/model.bin /opt/model.bin
""".strip().splitlines()
#: RUNs that make what the program may read.
_SETUP = (
    "RUN mkdir -p /etc/app && cp config.yml /etc/app/",
    "RUN echo built > built.txt",
    "RUN ln -s config.yml current.yml",
    "RUN mv config.yml settings.yml && ln -s settings.yml config.yml",
    "RUN cp -r static /srv/www",
    "RUN mkdir -p /usr/share/app && echo list > /usr/share/app/list.txt",
    "RUN chmod +x start.sh",
    "RUN rm -rf docs",
    "RUN mkdir -p /etc/app; \\\n    # the defaults\n    cp config.yml /etc/app/config.yml",
    "RUN <<EOF\nmkdir -p /etc/app\ncp config.yml /etc/app/config.yml\nEOF",
    "RUN cd static && cp app.js copy.js",
    "RUN for f in conf data; do cp -r $f /srv/$f; done",
    "COPY <<EOF /etc/app/config.yml\nport: 81\nEOF",
    "RUN ln -s /etc/app /srv/app-config && mkdir -p /etc/app && touch /etc/app/config.yml",
    "RUN go test ./...",
    "RUN go vet ./... && go test ./...",
    "RUN go generate ./...",
)
_SCHEMA = "/go/pkg/mod/example.org/queue@v1.0.0/schema.sql"
_FLAGS = (
    "",
    "",
    "",
    "-v ",
    '-ldflags "-s -w" ',
    "-a -installsuffix cgo ",
    "-trimpath ",
    "-ldflags='-X main.version=1' ",
    "-mod=mod ",
)
_SETTINGS = (
    "EXPOSE 8080",
    "ENV MODE=fast PORT=8080",
    "ENV CONFIG=config.yml",
    "ENV CONFIG=HERE/conf/app.toml",
    "ENV CONFIG /etc/app/config.yml",
    "ENV APP_HOME=HERE DATA_DIR=data",
    "LABEL org.opencontainers.image.title=shop",
    "VOLUME /data",
    'VOLUME ["/data"]',
    "STOPSIGNAL SIGINT",
    "# what is said about the container",
    "ENV PATH=$PATH:/opt/bin",
    "ENV TZ=Europe/Berlin",
)
_ARGUMENTS: tuple[tuple[str, ...], ...] = (
    (),
    (),
    (),
    ("serve",),
    ("-config", "conf/app.toml"),
    ("--config=/etc/app/config.yml",),
    ("-config", "config.yml", "-v"),
)
#: WORDS: program and arguments as JSON; PLAIN: the same for a shell; SCRIPT: start.sh.
_STARTS = """
CMD [WORDS]
CMD [WORDS]
ENTRYPOINT [WORDS]
CMD PLAIN
ENTRYPOINT PLAIN
CMD exec PLAIN
CMD ["sh", "-c", "PLAIN"]
CMD PLAIN -port $PORT
ENTRYPOINT ["SCRIPT"]|CMD [WORDS]
ENTRYPOINT ["SCRIPT", WORDS]
CMD ["/bin/sh", "start.sh"]
CMD ["bash", "./start.sh", WORDS]
CMD cat config.yml && PLAIN
ENTRYPOINT ["sh", "SCRIPT"]|CMD [WORDS]
""".strip().splitlines()
_HEALTH = """
HEALTHCHECK CMD BINARY health
HEALTHCHECK --interval=5s CMD ["BINARY", "health"]
HEALTHCHECK CMD curl -f http://localhost:8080/ || exit 1
HEALTHCHECK CMD wget -q -O- http://localhost:8080/
""".strip().splitlines()


@dataclass(frozen=True)
class Service:
    """context: path -> text, with the ignore file; behaviours: directory of a main package -> what
    its program does."""

    dockerfile: bytes
    context: dict[str, str]
    behaviours: dict[str, list[Behaviour]]


def service(rng: Random) -> Service:
    """A service. The same state of `rng` gives the same one."""
    return _Maker(rng).make()


class _Maker:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.sources = sources(rng)
        self.context = self.sources.files
        self.lines: list[str] = []
        self.alpine = False
        self.user = ""
        self.workdir = "/go"
        self.binary = ""

    def chance(self, likely: float) -> bool:
        return self.rng.random() < likely

    def make(self) -> Service:
        shape = self.rng.choice(["single"] * 5 + ["two", "two", "chain"])
        name = "" if shape == "single" and self.chance(0.7) else " AS build"
        self._builder(name)
        if shape == "chain":
            self.lines += ["", "FROM build" + self.rng.choice(["", " AS final"])]
        if shape == "two":
            self._final()
        self._settings()
        if self.chance(0.02):
            self.lines.append("ONBUILD COPY . .")
        self._start()
        return Service(self._written(), self.context, self.sources.behaviours)

    # --- the stage that builds ---

    def _builder(self, name: str) -> None:
        rng = self.rng
        image = rng.choice(_BUILDERS)
        self.alpine = "alpine" in image
        if self.chance(0.15):
            self.lines.append("# syntax=docker/dockerfile:1")
        if "$" in image:
            self.lines.append("ARG GO=1.24")
        web = "web/src/main.js" in self.context and self.chance(0.5)
        if web:
            self.lines += ["FROM node:22 AS web", "WORKDIR /web", "COPY web ./"]
            self.lines += ["RUN npm ci && npm run build", ""]
        self.lines.append(f"FROM {image}{name}")
        self._packages()
        directory = rng.choice(_WORKDIRS)
        if directory:
            self.lines += ["ENV TOP=/srv/app"] * (directory == "$TOP") + [f"WORKDIR {directory}"]
            self.workdir = posixpath.join("/go", directory.replace("$TOP", "/srv/app"))
        if self.chance(0.1):
            self.lines.append("ARG VERSION=dev")
        if self.chance(0.15):
            set_ = (
                "CGO_ENABLED=0",
                "GO111MODULE=on",
                "GOFLAGS=-mod=mod",
                "CGO_ENABLED=0 GOOS=linux",
            )
            self.lines.append("ENV " + rng.choice(set_[1:3] if self.sources.cgo else set_))
        self._someone()
        if self.chance(0.3):
            line = rng.choice(_DATA).replace("USER", self.user or "root")
            self.lines.append(line.replace("FETCH", "wget -O" if self.alpine else "curl -o"))
        self._copies()
        if web:
            self.lines.append("COPY --from=web /web/dist ./static")
        if self.chance(0.35):
            choices = list(_SETUP)
            if "example.org/queue v1.0.0" in self.context["go.mod"]:
                choices += [f"RUN go mod download && cp {_SCHEMA} /schema.sql"] * 8
            self.lines += rng.sample(choices, rng.choice([1, 1, 2]))
        self._build()

    def _packages(self) -> None:
        compiler = ["gcc", "musl-dev"] if self.sources.cgo and self.alpine else []
        if not self.chance(0.35) and not compiler:
            return
        names = " ".join([*self.rng.sample(_PACKAGES, self.rng.randint(1, 3)), *compiler])
        if self.alpine:
            front = self.rng.choice(["RUN apk add --no-cache ", "RUN apk update && apk add "])
            self.lines.append(front + names)
        else:
            tail = self.rng.choice(["", " && rm -rf /var/lib/apt/lists/*"])
            self.lines.append(f"RUN apt-get update && \\\n    apt-get install -y {names}{tail}")

    def _someone(self) -> None:
        if self.chance(0.25):
            self.user = "shop"
            self.lines.append(self.rng.choice(_USERS[self.alpine]))
        elif self.chance(0.1):
            self.user = self.rng.choice(["nobody", "1000", "1000:1000", "65532"])

    def _copies(self) -> None:
        rng = self.rng
        chown = f"--chown={self.user} " if self.user and self.chance(0.3) else ""
        sums = " go.sum" if "go.sum" in self.context else ""
        sums += " go.work" if "go.work" in self.context and self.chance(0.7) else ""
        late = "COPY netrc /root/.netrc"
        if "netrc" in self.context and self.chance(0.5):
            self.lines.append(late)
        if self.chance(0.4):
            self.lines.append(f"COPY go.mod{sums} ./")
            if "lib/go.mod" in self.context:
                self.lines.append("COPY lib/go.mod lib/")
            if "netrc" not in self.context or late in self.lines:
                self.lines.append("RUN go mod download")
        if self.chance(0.8):
            whole = ["COPY {}. .", "COPY {}. .", "COPY {}./ ./", "ADD {}. ."]
            whole += ["COPY {}. HERE", "ADD {}. HERE/"]
            line = rng.choice(whole).format(chown)
            self.lines.append(line.replace("HERE", self.workdir))
        else:
            for top in sorted({path.partition("/")[0] for path in self.context if "/" in path}):
                if top in ("cmd", "internal", "lib", "vendor") or (
                    top != ".git" and self.chance(0.7)
                ):
                    self.lines.append(f"COPY {chown}{top} ./{top}")
            own = any(path.endswith(".go") and "/" not in path for path in self.context)
            files = ("*.go " if own else "") + f"go.mod{sums} config.yml start.sh"
            self.lines.append(f"COPY {chown}{files} ./")
        if "netrc" in self.context and late not in self.lines:
            self.lines.append(late)

    def _build(self) -> None:
        rng, work, name, main = self.rng, self.workdir, self.sources.name, self.sources.main
        package = "." if main == "." else f"./{main}"
        flags = rng.choice(_FLAGS)
        front = rng.choice(
            ["", "", "", "CGO_ENABLED=0 ", "CGO_ENABLED=0 GOOS=linux ", "CGO_ENABLED=1 "]
        )
        if self.sources.cgo or (self.alpine and "=1" in front):
            front = ""
        build = f"{front}go build {flags}"
        forms = [
            (f"{build}-o {name} {package}", f"{work}/{name}"),
            (f"{build}-o ./{name} {package}", f"{work}/{name}"),
            (f"{build}-o /usr/local/bin/{name} {package}", f"/usr/local/bin/{name}"),
            (f"{build}-o /{name} {package}", f"/{name}"),
            (f"{build}-o bin/{name} {package}", f"{work}/bin/{name}"),
            (f"{build}-o bin/ {package}", f"{work}/bin/{name}"),
            (f"{build}{package}", f"{work}/{name}"),
            (f"{front}go install {flags}{package}", f"/go/bin/{name}"),
            (f"{build}-o {name} {package} && mv {name} /usr/local/bin/", f"/usr/local/bin/{name}"),
            (
                f"{build}-o {name} {package} && ln -s {work}/{name} /usr/bin/{name}",
                f"/usr/bin/{name}",
            ),
        ]
        if main != ".":
            forms.append((f"cd {main} && {build}-o ../../{name} .", f"{work}/{name}"))
            forms.append((f"{build}-o /out/ ./cmd/...", f"/out/{name}"))
        command, self.binary = rng.choice(forms)
        if self.chance(0.1):
            command = command.replace(" -o", " \\\n    # where it goes\n    -o", 1)
        styles = [
            "RUN <<EOF\nset -e\n{}\nEOF",
            "RUN --mount=type=cache,target=/root/.cache/go-build {}",
            "RUN set -ex; \\\n    go version; \\\n    {}",
            "RUN go mod download && {}",
        ]
        self.lines.append(rng.choice([*styles, *["RUN {}"] * 12]).format(command))
        if "cmd/worker" in self.sources.behaviours and self.chance(0.7):
            self.lines.append("RUN go build -o /usr/local/bin/worker ./cmd/worker")

    # --- the stage that runs ---

    def _final(self) -> None:
        rng = self.rng
        image = "build" if self.chance(0.1) else rng.choice(_RUNTIMES)
        web = any(line.startswith("FROM node") for line in self.lines)
        source = "build" if web else rng.choice(["build", "build", "build", "0"])
        self.lines += ["", f"FROM {image}"]
        self.alpine = "alpine" in image
        if self.chance(0.3) and image != "scratch" and "distroless" not in image:
            self._packages()
        old, self.workdir = self.workdir, "/"
        if self.chance(0.7):
            self.workdir = rng.choice(["/app", "/srv", "/root"])
            self.lines.append(f"WORKDIR {self.workdir}")
        if self.user == "shop":
            self.user = ""
        name = posixpath.basename(self.binary)
        target = posixpath.join(rng.choice(["/usr/local/bin", self.workdir]), name)
        self.lines.append(f"COPY --from={source} {self.binary} {target}")
        self.binary = target
        if self.chance(0.5):
            self.lines.append(f"COPY --from={source} {old}/config.yml {old}/start.sh ./")
        if self.chance(0.4):
            copies = ["COPY static ./static", "COPY . .", "COPY templates templates/"]
            self.lines.append(rng.choice(copies))

    def _settings(self) -> None:
        rng = self.rng
        here = self.workdir.rstrip("/")
        for line in rng.sample(_SETTINGS, rng.choice([0, 1, 1, 2, 3, 4])):
            self.lines.append(line.replace("HERE", here or "/"))
        if self.chance(0.15) and self.user:
            self.lines.append(
                f"RUN chown -R {self.user} {rng.choice([self.workdir, '/data', '.'])}"
            )
        if self.chance(0.06):
            self.lines.append(f"WORKDIR {rng.choice(['/', '/tmp', 'data', '/srv', 'conf'])}")
        if self.user and self.chance(0.8):
            self.lines.append(f"USER {self.user}")

    def _start(self) -> None:
        rng, binary = self.rng, self.binary
        called = rng.choice([binary, binary, "./" + posixpath.relpath(binary, self.workdir)])
        if posixpath.dirname(binary).endswith("bin") and self.chance(0.5):
            called = posixpath.basename(binary)
        if self.chance(0.1):
            self.lines.append(rng.choice(_HEALTH).replace("BINARY", binary))
        self.context["start.sh"] = self.context["start.sh"].replace("PROGRAM", binary)
        words = [called, *rng.choice(_ARGUMENTS)]
        form = rng.choice(_STARTS).replace("WORDS", ", ".join(f'"{word}"' for word in words))
        form = form.replace("PLAIN", " ".join(words))
        form = form.replace("SCRIPT", posixpath.join(self.workdir, "start.sh"))
        self.lines += form.split("|") if "||" not in form else [form]

    def _written(self) -> bytes:
        newline = self.rng.choice(["\n"] * 9 + ["\r\n"])
        if any("<<EOF" in line for line in self.lines):
            newline = "\n"
        text = "\n".join(self.lines) + self.rng.choice(["\n", "\n", "", "\n\n"])
        bom = self.rng.choice([""] * 15 + ["\ufeff"])
        return (bom + text.replace("\n", newline)).encode()
