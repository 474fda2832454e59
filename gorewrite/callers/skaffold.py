"""Builds in skaffold.yaml: the artifacts, as they are and as each profile makes them.

Sources: skaffold.yaml reference; Skaffold's build/docker/docker.go: its local builder uses the
API of the classic builder, and the docker command only with `useDockerCLI`, `useBuildkit`,
`cliFlags` or several platforms; docker/image.go for where a Dockerfile is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gorewrite.callers import places
from gorewrite.callers import yamlnodes as yaml
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source, bare_image
from gorewrite.evidence import Evidence

#: What builds an artifact without a Dockerfile.
_OTHERS: Final = frozenset({"bazel", "buildpacks", "jib", "ko"})
_PATCH: Final = re.compile(r"/build/artifacts/(\d+)/(?:(?:docker|kaniko)/)?(\w+)")


class _How(NamedTuple):
    """How artifacts are built unless they say otherwise, and what says so."""

    builder: Builder
    because: Evidence
    platforms: tuple[str, ...]


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the artifacts of a file."""
    document = Document(source.path, source.data)
    found = (
        call
        for config in yaml.read(document.text)
        if isinstance(config, yaml.Mapping)
        if (config.text("apiVersion") or "").startswith("skaffold/")
        for call in _Config(source, document, config).calls()
    )
    # What a profile builds as the rest of the file does is told once.
    told: dict[BuildCall, BuildCall] = {}
    for call in found:
        told.setdefault(call._replace(builder_because=None), call)
    yield from told.values()


class _Config:
    """One configuration of a file, which may hold several."""

    def __init__(self, source: Source, document: Document, config: yaml.Mapping) -> None:
        self.source, self.document, self.config = source, document, config

    def calls(self) -> Iterator[BuildCall]:
        build = self.config.mapping("build")
        artifacts = build.sequence("artifacts")
        how = self._how(build, None)
        yield from self._artifacts(artifacts, how, {})
        for profile in self.config.sequence("profiles"):
            if isinstance(profile, yaml.Mapping):
                own = profile.mapping("build")
                patches = dict(_patches(profile))
                changed = own.sequence("artifacts") or (artifacts if own.items or patches else ())
                yield from self._artifacts(changed, self._how(own, how), patches)

    def _how(self, build: yaml.Mapping, base: _How | None) -> _How:
        """How a `build` builds; what a profile leaves out is that of `base`."""
        stated = tuple(p.text for p in build.sequence("platforms") if isinstance(p, yaml.Scalar))
        platforms = stated or (base.platforms if base else ())
        local = build.mapping("local")
        if build.get("cluster") is not None:
            return _How(Builder.NEVER, self._line(build, "cluster"), platforms)
        if build.get("googleCloudBuild") is not None:
            builder = Builder.BUILDKIT if platforms else Builder.CLASSIC
            return _How(builder, self._line(build, "googleCloudBuild"), platforms)
        if (setting := local.text("useBuildkit")) is not None:
            builder = Builder.BUILDKIT if setting.lower() == "true" else Builder.CLASSIC
            return _How(builder, self._line(local, "useBuildkit"), platforms)
        if (local.text("useDockerCLI") or "").lower() == "true":
            return _How(Builder.DEFAULT, self._line(local, "useDockerCLI"), platforms)
        if base is not None and not local.items:
            return base._replace(platforms=platforms)
        where = self._line(self.config, "build")._replace(
            text="build.local.useBuildkit is not set: Skaffold uses the API of the classic builder"
        )
        return _How(Builder.CLASSIC, where, platforms)

    def _artifacts(
        self,
        artifacts: tuple[yaml.Node, ...],
        how: _How,
        patches: Mapping[tuple[int, str], str],
    ) -> Iterator[BuildCall]:
        for number, artifact in enumerate(artifacts):
            if not isinstance(artifact, yaml.Mapping):
                continue
            own = {key: value for (n, key), value in patches.items() if n == number}
            if artifact.get("custom") is not None:
                yield from self._custom(artifact)
            elif not _OTHERS & {name for name, _, _ in artifact.items}:
                yield self._artifact(artifact, how, own)

    def _artifact(self, node: yaml.Mapping, how: _How, own: Mapping[str, str]) -> BuildCall:
        in_cluster = any(name == "kaniko" for name, _, _ in node.items)
        kind = node.mapping("kaniko" if in_cluster else "docker")
        written = (
            own.get("context", node.text("context") or ""),
            own.get("dockerfile", kind.text("dockerfile") or ""),
        )
        target = own.get("target", kind.text("target"))
        context = places.join(self.source.start, written[0] or ".")
        flags = [f.text for f in kind.sequence("cliFlags") if isinstance(f, yaml.Scalar)]
        platforms = node.sequence("platforms")
        stated = tuple(p.text for p in platforms if isinstance(p, yaml.Scalar)) or how.platforms
        builder, because = how.builder, how.because
        if in_cluster:
            builder, because = Builder.NEVER, self._line(node, "kaniko")
        elif builder is Builder.CLASSIC and (flags or len(stated) > 1):
            # The docker command builds it then, for several platforms with BuildKit.
            builder = Builder.BUILDKIT if len(stated) > 1 else Builder.DEFAULT
        exports = any(flag.startswith("--cache-to") for flag in flags)
        # What a reader of the report wants to see of files that are copied.
        line = node.line_of("sync" if node.get("sync") is not None else "image")
        image = node.text("image")
        return BuildCall(
            tool="skaffold",
            file=self.source.path,
            line=line,
            text=self.document.text_of(line),
            span=self._span(node),
            context=context,
            dockerfile=self._dockerfile(context, written[1] or "Dockerfile"),
            written=written,
            target=target if target and places.is_plain(target) else None,
            args=tuple(_arguments(kind.mapping("buildArgs"))),
            platforms=stated,
            builder=builder,
            builder_because=because,
            exports_layers=exports,
            syncs=node.get("sync") is not None,
            tags=(bare_image(image),) if image else (),
            target_because=self._line(kind, "target") if kind.get("target") is not None else None,
            exports_because=self._line(kind, "cliFlags") if exports else None,
        )

    def _dockerfile(self, context: str | None, written: str) -> str | None:
        """In the context; where it is not there, relative to the configuration."""
        if context is None:
            return None
        inside = places.join(context, written)
        beside = places.join(self.source.start, written)
        if inside is None or beside is None or self.source.read(inside) is not None:
            return inside
        return beside if self.source.read(beside) is not None else inside

    def _custom(self, node: yaml.Mapping) -> Iterator[BuildCall]:
        """A command that is run in the context of the artifact."""
        from gorewrite.callers.shellscript import Setting, commands

        command = node.mapping("custom").get("buildCommand")
        context = places.join(self.source.start, node.text("context") or ".")
        if isinstance(command, yaml.Scalar) and context is not None:
            here = places.absolute(context)
            excerpt = self.document.value(command.start, command.end, command.text)
            for call in commands(excerpt, Setting(here, {"BUILD_CONTEXT": here}), self.source):
                yield call._replace(syncs=node.get("sync") is not None)

    def _line(self, node: yaml.Mapping, key: str) -> Evidence:
        line = node.line_of(key)
        return Evidence(self.source.path, line, self.document.text_of(line)[:200])

    def _span(self, node: yaml.Mapping) -> tuple[int, int]:
        text = self.document.text[node.start : node.end].rstrip()
        return self.document.bytes_span(node.start, node.start + len(text))


def _patches(profile: yaml.Mapping) -> Iterator[tuple[tuple[int, str], str]]:
    """((number of the artifact, key), value) that a profile puts in (JSON patch)."""
    for patch in profile.sequence("patches"):
        if isinstance(patch, yaml.Mapping) and patch.text("op") in (None, "add", "replace"):
            found = _PATCH.fullmatch(patch.text("path") or "")
            value = patch.text("value")
            if found and value is not None:
                yield (int(found[1]), found[2]), value


def _arguments(args: yaml.Mapping) -> Iterator[tuple[str, str | None]]:
    for name, _, value in args.items:
        known = isinstance(value, yaml.Scalar) and not value.null and "{{" not in value.text
        yield name, value.text if known and isinstance(value, yaml.Scalar) else None
