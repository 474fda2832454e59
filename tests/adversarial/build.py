"""A model of BuildKit: from a Dockerfile and its context to the image, or a Failure.

Rules: Dockerfile reference. COPY without --chown gives what comes from the context to root and
keeps owners within what comes from a stage; the directory that it makes itself is root's.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

from gorewrite.dockerfile import Instruction, parse
from tests.adversarial.bases import Image, base
from tests.adversarial.commands import Shell, copy_tree
from tests.adversarial.disk import Disk, Entry, Failure
from tests.adversarial.shell import Unsupported, substituted


def build(dockerfile: bytes, context: Mapping[str, str]) -> Image:
    """The image of the last stage. context: path -> text (of a directory it ends in `/`), what an
    ignore file leaves out is not there any more. Every stage is built, needed or not."""
    return _Build(dockerfile, context).run()


def visible(context: Mapping[str, str], ignore: str | None) -> dict[str, str]:
    """A context as the builder gets it (Dockerfile reference, .dockerignore)."""
    patterns = [line.strip() for line in (ignore or "").splitlines()]
    rules = [
        (line.startswith("!"), _pattern(line.removeprefix("!").strip()))
        for line in patterns
        if line and not line.startswith("#")
    ]

    def hidden(path: str) -> bool:
        result = False
        path = path.rstrip("/")
        tops = [path] + [path[:i] for i, char in enumerate(path) if char == "/"]
        for exception, rule in rules:
            if any(rule.fullmatch(top) for top in tops):
                result = not exception
        return result

    directories = {path[: i + 1]: "" for path in context for i, c in enumerate(path) if c == "/"}
    return {path: text for path, text in {**context, **directories}.items() if not hidden(path)}


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of an ignore file: of filepath.Match, and `**` for any number of directories."""
    text = posixpath.normpath(text).lstrip("/")
    out, at = "", 0
    while at < len(text):
        if text.startswith("**/", at):
            out, at = out + "(?:.*/)?", at + 3
        elif text.startswith("**", at):
            out, at = out + ".*", at + 2
        elif text[at] == "[" and "]" in text[at:]:
            end = text.index("]", at)
            out, at = out + text[at : end + 1], end + 1
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(text[at]) or re.escape(text[at])
            at += 1
    return re.compile(out)


class _Build:
    def __init__(self, dockerfile: bytes, context: Mapping[str, str]) -> None:
        self.tree = parse(dockerfile)
        self.context = Disk()
        for path, text in context.items():
            self.context.make(posixpath.dirname("/" + path))
            if not path.endswith("/"):
                self.context.put("/" + path, Entry("file", text, 0, 0o644))
        self.stages: list[Image] = []
        self.names: dict[str, int] = {}
        self.image: Image | None = None
        self.globals: dict[str, str] = {"TARGETOS": "linux", "TARGETARCH": "amd64"}
        self.arguments: dict[str, str] = {}
        #: The arguments of each stage, which those that are made of it have, too.
        self.declared: list[dict[str, str]] = []
        #: Cache mounts by their place: empty at first, kept from one RUN to the next.
        self.caches: dict[str, dict[str, Entry]] = {}

    def run(self) -> Image:
        for instruction in self.tree.instructions:
            handler = getattr(self, f"_{instruction.keyword.lower()}", None)
            if handler is None:
                raise Unsupported(instruction.keyword)
            handler(instruction)
        assert self.image is not None
        return self.image

    @property
    def now(self) -> Image:
        if self.image is None:
            raise Failure("no build stage in current context")
        return self.image

    def _expand(self, text: str) -> str:
        return substituted(text, {**self.arguments, **(self.image.env if self.image else {})})

    def _words(self, instruction: Instruction) -> list[str]:
        """The words of an instruction without its flags, unquoted and expanded."""
        if instruction.json is not None:
            return [self._expand(word) for word in instruction.json]
        return [self._expand(_bare(word.text)) for word in instruction.words]

    # --- stages ---

    def _arg(self, instruction: Instruction) -> None:
        for word in instruction.words:
            name, given, default = word.text.partition("=")
            if self.image is None:
                self.globals[name] = substituted(_bare(default), self.globals)
            elif given:
                self.arguments[name] = self._expand(_bare(default))
            else:
                self.arguments[name] = self.globals.get(name, "")

    def _from(self, instruction: Instruction) -> None:
        words = [substituted(word.text, self.globals) for word in instruction.words]
        number = self.names.get(words[0].lower())
        self.image = self.stages[number].copy() if number is not None else base(words[0])
        self.arguments = dict(self.declared[number]) if number is not None else {}
        self.declared.append(self.arguments)
        if len(words) == 3:
            self.names[words[2].lower()] = len(self.stages)
        self.stages.append(self.image)

    def _stage(self, name: str) -> Image:
        if name.lower() in self.names:
            return self.stages[self.names[name.lower()]]
        return self.stages[int(name)] if name.isdigit() else base(name)

    # --- files ---

    def _copy(self, instruction: Instruction) -> None:
        image = self.now
        flags = {flag.name: flag.value or "" for flag in instruction.flags}
        source = self._stage(flags["from"]).disk if "from" in flags else self.context
        owner = image.number(self._expand(flags["chown"])) if flags.get("chown") else None
        *sources, last = self._words(instruction)
        heredocs = {heredoc.name: heredoc.content for heredoc in instruction.heredocs}
        target = posixpath.join(image.workdir, last)
        into = last.endswith("/") or last in (".", "./", "") or len(sources) > 1
        found: list[str] = []
        for word in sources:
            if word.startswith("<<"):
                name = word.strip("<-\"'")
                place = posixpath.join(target, name) if into else target
                image.disk.make(posixpath.dirname(place))
                image.disk.put(place, Entry("file", heredocs[name], owner or 0, 0o644))
                continue
            matches = source.glob("/" + posixpath.normpath("/" + word).lstrip("/"))
            if not matches:
                raise Failure(f"COPY {word}: not found")
            found += matches
        if len(found) > 1 and not into and not image.disk.is_dir(target):
            raise Failure("COPY: the destination must be a directory and end with a /")
        for path in found:
            self._place(source, path, target, into, owner)

    def _place(self, source: Disk, path: str, target: str, into: bool, owner: int | None) -> None:
        disk = self.now.disk
        kept = owner if source is not self.context else (owner or 0)
        if source.is_dir(path):
            if not disk.is_dir(target):
                disk.make(target, owner or 0)
            copy_tree(disk, source, path, target, kept)
            return
        if into or disk.is_dir(target):
            disk.make(target, owner or 0)
            target = posixpath.join(target, posixpath.basename(path))
        disk.make(posixpath.dirname(target), owner or 0)
        copy_tree(disk, source, path, target, kept)

    def _add(self, instruction: Instruction) -> None:
        words = self._words(instruction)
        if "://" not in words[0]:
            self._copy(instruction)
            return
        target = posixpath.join(self.now.workdir, words[1])
        if words[1].endswith("/"):
            target = posixpath.join(target, posixpath.basename(words[0]))
        self.now.disk.make(posixpath.dirname(target))
        self.now.disk.put(target, Entry("file", f"fetched from {words[0]}", 0, 0o600))

    def _workdir(self, instruction: Instruction) -> None:
        image = self.now
        image.workdir = posixpath.normpath(posixpath.join(image.workdir, self._rest(instruction)))
        image.disk.make(image.workdir, image.number(image.user))

    # --- commands ---

    def _run(self, instruction: Instruction) -> None:
        image = self.now
        variables = {**self.arguments, **image.env}
        network = not any(f.name == "network" and f.value == "none" for f in instruction.flags)
        mounts = list(self._mounts(instruction))
        for place, content in mounts:
            self._over(place, content)
        shell = Shell(image, variables, network)
        try:
            if instruction.heredocs:
                for heredoc in instruction.heredocs:
                    shell.run(heredoc.content)
            elif instruction.json is not None:
                shell.command(list(instruction.json))
            else:
                if image.find(image.shell[0]) is None:
                    raise Failure(f"{image.shell[0]}: not found")
                shell.run(_joined(instruction))
        finally:
            for place, content in reversed(mounts):
                self._under(place, content)

    def _mounts(self, instruction: Instruction) -> Iterable[tuple[str, dict[str, Entry]]]:
        for value in instruction.flag_values("mount"):
            options = dict(part.partition("=")[::2] for part in value.split(","))
            place = posixpath.join(self.now.workdir, self._expand(options.get("target", "")))
            if options.get("type") == "cache":
                yield place, self.caches.setdefault(options.get("id") or place, {})
            elif options.get("type") == "secret":
                yield place, {"": Entry("file", "a secret", 0, 0o400)}
            else:
                raise Unsupported(value)

    def _over(self, place: str, content: dict[str, Entry]) -> None:
        """Mounts something; what it hides is kept with it."""
        disk = self.now.disk
        hidden = {p: disk.entries[p] for p in (*disk.below(place), place) if p in disk.entries}
        disk.make(posixpath.dirname(place))
        for path in hidden:
            del disk.entries[path]
        if "" in content:
            disk.entries[place] = content[""]
        else:
            disk.entries[place] = Entry("dir")
            disk.entries |= {place + path: entry for path, entry in content.items() if path != "\0"}
        self._hidden = {**getattr(self, "_hidden", {}), place: hidden}

    def _under(self, place: str, content: dict[str, Entry]) -> None:
        disk = self.now.disk
        there = [*disk.below(place), place]
        if "" not in content:
            content.clear()
            content |= {path[len(place) :]: disk.entries[path] for path in there if path != place}
        for path in there:
            disk.entries.pop(path, None)
        disk.entries |= self._hidden.pop(place) or ({} if "" in content else {place: Entry("dir")})

    # --- configuration ---

    def _rest(self, instruction: Instruction) -> str:
        return self._expand(_bare(_joined(instruction)))

    def _env(self, instruction: Instruction) -> None:
        self.now.env |= self._pairs(instruction)

    def _label(self, instruction: Instruction) -> None:
        self.now.labels |= self._pairs(instruction)

    def _pairs(self, instruction: Instruction) -> dict[str, str]:
        words = [word.text for word in instruction.words]
        if "=" not in words[0]:
            return {words[0]: self._expand(" ".join(words[1:]))}
        pairs = (_bare(word).partition("=") for word in words)
        return {name: self._expand(value) for name, _, value in pairs}

    def _user(self, instruction: Instruction) -> None:
        self.now.user = self._rest(instruction)
        self.now.number(self.now.user)

    def _expose(self, instruction: Instruction) -> None:
        self.now.exposed |= {w if "/" in w else w + "/tcp" for w in self._words(instruction)}

    def _volume(self, instruction: Instruction) -> None:
        self.now.volumes |= set(self._words(instruction))

    def _stopsignal(self, instruction: Instruction) -> None:
        self.now.signal = self._rest(instruction)

    def _shell(self, instruction: Instruction) -> None:
        self.now.shell = tuple(instruction.json or ())

    def _entrypoint(self, instruction: Instruction) -> None:
        self.now.entrypoint = _form(instruction)
        self.now.cmd = []

    def _cmd(self, instruction: Instruction) -> None:
        self.now.cmd = _form(instruction)

    def _healthcheck(self, instruction: Instruction) -> None:
        words = _joined(instruction)
        listed = re.search(r"\[.*\]", words)
        command = words.partition("CMD")[2].strip()
        self.now.health = re.findall(r'"([^"]*)"', listed[0]) if listed else command

    def _onbuild(self, instruction: Instruction) -> None:
        return

    def _maintainer(self, instruction: Instruction) -> None:
        return


def _joined(instruction: Instruction) -> str:
    """The text behind the keyword and the flags, as the builder joins its lines."""
    return instruction.logical[instruction.rest_start :].strip()


def _form(instruction: Instruction) -> list[str] | str:
    return list(instruction.json) if instruction.json is not None else _joined(instruction)


def _bare(word: str) -> str:
    """A word without its quotes."""
    return re.sub(r"""(["'])(.*?)\1""", r"\2", word)
