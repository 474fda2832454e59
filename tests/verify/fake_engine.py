"""A `docker` that builds and runs nothing, but answers like Docker Engine.

It understands what `gorewrite verify` asks, and nothing else: an option that is not listed here is
an error, as it is for docker. STATE is a directory with `scenario` (see `SCENARIO` in
tools.py); it holds images and containers as files, `calls` with a line for each call, and `builds`
with what was there to be built. The answers were compared with those of docker 20.10; what later
ones say differently is in the scenario.

A test calls it some dozen times, so it loads next to nothing: its own files hold Python literals.
"""

# pathlib takes as long to load as all else.
# ruff: noqa: PTH107,PTH110,PTH113,PTH118,PTH119,PTH120,PTH123,PTH208

import os
import sys
import time

STATE = sys.argv.pop(1)


def read(*names):
    """One of its own files."""
    with open(os.path.join(STATE, *names)) as file:
        return eval(file.read())


def write(value, *names, mode="w"):
    with open(os.path.join(STATE, *names), mode) as file:
        file.write(f"{value!r}\n")


def there(*names):
    return os.path.exists(os.path.join(STATE, *names))


SCENARIO = read("scenario")
#: Option -> whether a value follows. `--name=value` is one word for all that take a value.
OPTIONS = {
    "build": {
        "--progress": True,
        "--build-arg": True,
        "--secret": True,
        "--network": True,
        "--target": True,
        "--tag": True,
        "--file": True,
        "--no-cache": False,
        "--load": False,
        "--provenance": True,
    },
    "create": {"--name": True},
    "run": {
        "--detach": False,
        "--name": True,
        "--hostname": True,
        "--network": True,
        "--publish": True,
        "--env": True,
    },
    "history": {"--human": True, "--format": True},
    "image inspect": {},
    "inspect": {"--format": True},
    "logs": {"--tail": True},
    "network ls": {"--format": True},
    "port": {},
    "ps": {"--all": False, "--format": True},
    "images": {"--format": True},
    "rm": {"--force": False, "--volumes": False},
    "rmi": {"--force": False},
    "cp": {},
    "version": {"--format": True},
    "buildx version": {},
    "buildx prune": {"--force": False, "--filter": True},
}
#: What is written in Go templates, as it is asked for.
FORMATS = {
    "version": ("{{.Server.Version}}", "{{.Client.Version}}"),
    "history": ("{{.Size}}",),
    "inspect": ("{{json .State}}",),
    "network ls": ("{{.Name}}",),
    "ps": ("{{.Names}}",),
    "images": ("{{.Repository}}:{{.Tag}}",),
}


class Failure(Exception):
    def __init__(self, message, code=1, out=""):
        super().__init__(message)
        self.code, self.out = code, out


def main(words):
    write(words, "calls", mode="a")
    if words == ["--version"]:
        print(SCENARIO.get("named", f"Docker version {SCENARIO['client']}, build 297e128"))
        return
    plugin = SCENARIO["buildx"]
    if words[0] == "buildx" and plugin is None:
        raise Failure("docker: 'buildx' is not a docker command.\nSee 'docker --help'")
    if words[:2] == ["buildx", "version"]:
        print(f"github.com/docker/buildx {plugin} 30feaa1a915b869ebc2eea6328624b49facd4bfb")
        return
    if words[:2] == ["buildx", "build"]:
        words = words[1:]
    elif words[0] == "build":
        needs_plugin = int(SCENARIO["client"].split(".")[0]) >= 23
        if needs_plugin and plugin is None:
            raise Failure(
                "ERROR: BuildKit is enabled but the buildx component is missing or broken."
            )
        if os.environ.get("DOCKER_BUILDKIT") != "1":
            raise Failure("the --progress option requires BuildKit")
    size = 2 if " ".join(words[:2]) in OPTIONS else 1
    command = " ".join(words[:size])
    if command not in OPTIONS:
        raise Failure(f"docker: '{command}' is not a docker command.\nSee 'docker --help'")
    options, arguments = parsed(command, words[size:])
    wanted = options.get("--format", [""])[0]
    if wanted not in FORMATS.get(command, ("",)):
        raise Failure(f"fake: no format {wanted} for {command}", 64)
    broken = SCENARIO.get("broken", {}).get(command)
    if broken is not None:
        raise Failure(broken)
    if SCENARIO["server"] is None:
        out = "\n" if command == "version" else ""
        raise Failure("Cannot connect to the Docker daemon. Is the docker daemon running?", 1, out)
    COMMANDS[command](options, *arguments)


def parsed(command, words):
    known, options, words = OPTIONS[command], {}, list(words)
    while words and words[0].startswith("-") and words[0] != "-":
        name, equals, value = words.pop(0).partition("=")
        if name not in known:
            raise Failure(f"unknown flag: {name}\nSee 'docker {command} --help'.", 125)
        if known[name] and not equals:
            value = words.pop(0)
        options.setdefault(name, []).append(value)
    return options, words


# --- images ----------------------------------------------------------------------------


def spec_of(tag):
    """What the scenario says of an image: by its whole tag, else by the first part of it; in
    `after` what is special of the first, the second … verification."""
    found = SCENARIO["images"]
    spec = found.get(tag, found.get(tag.partition("-")[0], {}))
    special = SCENARIO.get("after", [{}])
    count = read("count") if there("count") else 0
    return {**spec, **special[min(count, len(special) - 1)]} if tag == "after" else spec


def image(name, missing="Error: No such image: {}", code=1, out=""):
    if not there("images", name.replace("/", "%")):
        raise Failure(missing.format(name), code, out)
    return spec_of(name.rpartition(":")[2])


def build(options, context):
    file, name = options["--file"][0], options["--tag"][0]
    spec = spec_of(name.rpartition(":")[2])
    ignores = [f"{file}.dockerignore", os.path.join(context, ".dockerignore")]
    ignore = next((path for path in ignores if os.path.exists(path)), None)
    files = {}
    for directory, _, names in os.walk(context):
        for each in names:
            path = os.path.join(directory, each)
            files[os.path.relpath(path, context)] = text(path) if os.path.isfile(path) else ""
    record = {
        "tag": name.rpartition(":")[2],
        "dockerfile": text(file),
        "ignore": text(ignore) if ignore else None,
        "files": sorted(files),
        "edited": [
            f"{path}:{line}"
            for path in sorted(files)
            for line in files[path].splitlines()
            if "gorewrite verify" in line
        ],
        "buildkit": os.environ.get("DOCKER_BUILDKIT"),
    }
    write(record, "builds", mode="a")
    log = sys.stderr
    print(f"#1 [internal] load build definition from {os.path.basename(file)}", file=log)
    print("#1 transferring dockerfile: 213B done\n#1 DONE 0.0s\n", file=log)
    print("#2 [internal] load .dockerignore\n#2 transferring context: 2B done", file=log)
    print("#2 DONE 0.0s\n\n#3 [internal] load build context", file=log)
    print(f"#3 transferring context: {spec.get('sent', '112B')} 0.1s done", file=log)
    print("#3 DONE 0.1s\n\n#4 [1/2] COPY . .", file=log, flush=True)
    if "delay" in spec:
        # A child in the same process group, as a plugin of the command line is one.
        os.spawnlp(os.P_WAIT, "sleep", "sleep", str(spec["delay"]))
    if "build_error" in spec:
        error = spec["build_error"]
        print(f"#4 ERROR: {error}\n------\n > [1/2] COPY . .:\n------", file=log)
        raise Failure(f"failed to solve: {error}")
    print("#4 DONE 0.0s\n\n#5 exporting to image\n#5 exporting layers 0.0s done", file=log)
    print(f"#5 naming to docker.io/library/{name} done\n#5 DONE 0.0s", file=log)
    write(None, "images", name.replace("/", "%"))


def text(path):
    with open(path, encoding="latin-1", newline="") as file:
        return file.read()


def inspect_image(_, name):
    import json

    spec = image(name, out="[]\n")
    config = {
        "Hostname": "",
        "User": "",
        "AttachStdin": False,
        "Tty": False,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "Cmd": None,
        "Image": "",
        "Volumes": None,
        "WorkingDir": "",
        "Entrypoint": None,
        "OnBuild": None,
        "Labels": None,
    }
    document = {
        "Id": "sha256:5ea8e874459003b2b049eeff36f0134d19d8951d33ae5d02e97f4152f78687fc",
        "RepoTags": [name],
        "Created": "2026-11-22T11:31:08.201799785Z",
        "Config": {**config, **spec.get("config", {})},
        "Architecture": spec.get("architecture", "amd64"),
        "Os": "linux",
        "Size": spec.get("size", 3),
        "RootFS": {"Type": "layers", "Layers": []},
    }
    print(json.dumps([document], indent=4))


def history(_, name):
    # The youngest first; the steps that change no file are told, too.
    for size in reversed([0, *image(name).get("layers", [3]), 0]):
        print(size)


def images(_):
    for each in sorted(os.listdir(os.path.join(STATE, "images"))):
        print(each.replace("%", "/"))
    print("<none>:<none>\ngcr.io/distroless/static-debian12:nonroot")


def remove_images(_, *names):
    for name in names:
        if there("images", name.replace("/", "%")):
            os.remove(os.path.join(STATE, "images", name.replace("/", "%")))
            print(f"Untagged: {name}")
        else:
            print(f"Error: No such image: {name}", file=sys.stderr)


# --- containers ------------------------------------------------------------------------


def container(name, missing="Error: No such container: {}", out=""):
    if not there("containers", name):
        raise Failure(missing.format(name), 1, out)
    return read("containers", name)


def create(options, name, *command, code=1):
    unknown = f"Unable to find image '{name}' locally\nError response from daemon: no such host"
    spec = image(name, unknown, code)
    own = options["--name"][0]
    if there("containers", own):
        used = f'The container name "/{own}" is already in use by container "65dad3256508".'
        raise Failure(f"Error response from daemon: Conflict. {used}", code)
    config = spec.get("config", {})
    if not (command or config.get("Cmd") or config.get("Entrypoint")):
        raise Failure("Error response from daemon: No command specified", code)
    # Of several runs that an image is said to have, this is the next one.
    runs = spec.get("runs") or [{}]
    count = f"runs of {name.rpartition(':')[2]}"
    number = read(count) if there(count) else 0
    run = {**spec, **runs[min(number, len(runs) - 1)]}
    made = {"image": name, "options": options, "command": command, "run": run}
    write(made, "containers", own)
    print("65dad3256508a892d081bf1555a2664cc91c02b9a44d4397bb517f904b68e092", flush=True)
    return made, own, count, number


def run(options, name, *command):
    made, own, count, number = create(options, name, *command, code=125)
    write(number + 1, count)
    error = made["run"].get("start_error")
    if error is not None:
        # docker/cli cli/command/container/run.go, runStartContainerErr.
        code = 125
        if "executable file not found" in error or "no such file or directory" in error:
            code = 127
        elif "permission denied" in error or "is a directory" in error:
            code = 126
        more = SCENARIO.get("run_help", "")
        raise Failure(f"docker: Error response from daemon: {error}.{more}", code)
    write({**made, "started": time.time()}, "containers", own)


def running(made):
    lasts = made["run"].get("lasts", 0)
    return "started" in made and (lasts is None or time.time() - made["started"] < lasts)


def state(_, name):
    made = container(name, "Error: No such object: {}", "\n")
    up = running(made)
    told = '"running","Running":true' if up else '"exited","Running":false'
    code = 0 if up else made["run"].get("code", 0)
    print(f'{{"Status":{told},"Paused":false,"OOMKilled":false,"Pid":1,"ExitCode":{code}}}')


def logs(options, name):
    made = container(name)["run"]
    last = int(options["--tail"][0])
    for stream, text in ((sys.stdout, made.get("out", "")), (sys.stderr, made.get("err", ""))):
        stream.write("".join(text.splitlines(keepends=True)[-last:]))


def port(_, name, wanted):
    made = container(name)
    number = wanted.removesuffix("/tcp")
    published = f"127.0.0.1::{number}" in made["options"].get("--publish", ())
    if not (published and running(made)):
        raise Failure(f"Error: No public port '{wanted}' published for {name}")
    print(f"127.0.0.1:{made['run']['serves'][number]}")


def containers(_):
    print("somebody-elses", *os.listdir(os.path.join(STATE, "containers")), sep="\n")


def remove_containers(_, *names):
    for name in names:
        if there("containers", name):
            os.remove(os.path.join(STATE, "containers", name))
            print(name)
        else:
            print(f"Error: No such container: {name}", file=sys.stderr)


def copy(_, source, target):
    import tarfile

    name, _, path = source.partition(":")
    assert target == "-"
    missing = f"Error: No such container:path: {source}"
    files = image(container(name, missing)["image"]).get("files", {})
    entries = dict(files)
    for each in files:
        while (each := os.path.dirname(each)) != "/":
            entries.setdefault(each, {"kind": "directory"})
    path = "/" + path.strip("/")
    if path not in entries:
        raise Failure(missing)
    base = path.rpartition("/")[2]
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for each in sorted(entries):
            if each == path or each.startswith(path + "/"):
                add(tar, base + each.removeprefix(path), base, path, entries[each])


def add(tar, name, base, path, entry):
    import io
    import tarfile

    data = entry.get("content", "").encode("latin-1")
    member = tarfile.TarInfo(name)
    member.uid, member.gid = entry.get("owner", (0, 0))
    member.mode = entry.get("mode", 0o755)
    match entry.get("kind", "file"):
        case "directory":
            member.type = tarfile.DIRTYPE
        case "link":
            member.type, member.linkname, member.mode = tarfile.SYMTYPE, entry["target"], 0o777
        case "hard":
            # The other name is told as it is called in the archive.
            member.type = tarfile.LNKTYPE
            member.linkname = base + entry["target"].removeprefix(path)
        case _:
            member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def networks(_):
    print(*SCENARIO["networks"], sep="\n")


def prune(_):
    # The last that a verification asks for.
    write((read("count") if there("count") else 0) + 1, "count")
    print("ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\nTotal:\t0B")


COMMANDS = {
    "build": build,
    "create": lambda *words: create(*words) and None,
    "run": run,
    "history": history,
    "image inspect": inspect_image,
    "inspect": state,
    "logs": logs,
    "network ls": networks,
    "port": port,
    "ps": containers,
    "images": images,
    "rm": remove_containers,
    "rmi": remove_images,
    "cp": copy,
    "version": lambda _: print(SCENARIO["server"]),
    "buildx prune": prune,
}


def start():
    try:
        main(sys.argv[1:])
    except Failure as failure:
        sys.stdout.write(failure.out)
        print(failure, file=sys.stderr)
        sys.exit(failure.code)
