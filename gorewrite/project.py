"""From a path to a plan: reads a Dockerfile, finds its build context, runs the engine.

The reasons to leave a whole file alone are in gorewrite.leftalone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from gorewrite import files
from gorewrite.checks import InternalError
from gorewrite.config import Config, ConfigError, Configurations
from gorewrite.context import Context, ContextGuess, infer_context
from gorewrite.context.ignorefile import IgnoreError
from gorewrite.discovery import Survey, repository_root
from gorewrite.dockerfile import Dockerfile, ParseError, copy_parts, parse
from gorewrite.engine import CannotRead, Plan, observations, plan
from gorewrite.evidence import Evidence, Unknown
from gorewrite.files import SharedMemory, is_below, kind_of
from gorewrite.leftalone import left_alone, mentions_go, not_ours, switched_off
from gorewrite.neighbours import Search
from gorewrite.readings import Readings
from gorewrite.shared import Verdict, concluded, with_changes
from gorewrite.surroundings import Project
from gorewrite.transform import Observation, Safety, SharedTransform, Transform


class FileError(Exception):
    """A file that cannot be rewritten. `str()` is `path:line: problem; what to do`."""

    def __init__(self, path: str, line: int, problem: str) -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {problem}")
        self.path, self.line, self.problem = path, line, problem


class Result(NamedTuple):
    """A planned Dockerfile. context, project: None when the file was left alone as a whole."""

    path: Path
    display: str
    plan: Plan
    context: ContextGuess | None
    project: Project | None = None


#: Contexts that are remembered in a run with all that was read of them.
_MOST_CONTEXTS = 16


@dataclass
class Workspace:
    """One run over many Dockerfiles: what is shared between them.

    transforms: those that may run, of which the configuration of each file chooses; allowed: the
    lowest safety that is applied where that configuration does not ask for more; context: the
    build context of all, None where it is inferred; configure: gives the configuration of
    Dockerfiles that are only looked at, as they share a context with one that is rewritten.
    """

    transforms: Sequence[Transform]
    allowed: Safety
    context: Path | None = None
    survey: Survey = field(default_factory=Survey)
    configure: Callable[[Path], Config] = field(default_factory=lambda: Configurations().load)
    _contexts: SharedMemory = field(default_factory=lambda: SharedMemory(_MOST_CONTEXTS))
    _known: SharedMemory = field(default_factory=SharedMemory)
    #: (transform, context root) -> the Dockerfile whose plan has what is concluded there.
    _carriers: dict[tuple[str, str], Path] = field(default_factory=dict)

    def rewrite(
        self, path: Path, display: str, config: Config, data: bytes | None = None
    ) -> Result:
        """Plans one Dockerfile, and what follows for files that it shares with others, which are
        read where they lie. data: its bytes when they do not come from the file.

        The first of several that share a file carries what is concluded of it. Raises FileError
        for what cannot be read or parsed, and for every failure of gorewrite itself, so that the
        other files of a run are still done; ConfigError.
        """
        result = self.plan(path, display, config, data)
        with reported(display):
            for seen in result.plan.observations:
                if seen.place is None:
                    continue
                others: tuple[Observation, ...] = ()
                if not seen.alone:
                    key = (seen.transform, seen.root)
                    if self._carriers.setdefault(key, path) != path:
                        continue
                    others = tuple(self._others(seen))
                result = with_verdict(result, self.conclude(seen, others))
        return result

    def settled(self, result: Result) -> tuple[Result, tuple[Observation, ...]]:
        """(a result of `plan` with what follows where its Dockerfile is the only one that is known
        to share a file, the observations of which others have to be known).

        Raises FileError.
        """
        left = []
        with reported(result.display):
            for seen in result.plan.observations:
                path, root = Path(seen.path), Path(seen.root)
                if not (seen.alone or self.lone(root, path)):
                    left.append(seen)
                elif seen.place is not None:
                    result = with_verdict(result, self.conclude(seen, ()))
        return result, tuple(left)

    def lone(self, root: Path, path: Path) -> bool:
        """Whether a Dockerfile, by its real path, is the only one known below its context."""
        if not is_below(path, root):
            return False
        search = Search.of(root, _repository(path), self.configure(path))
        # It depends on this answer, not on all that was looked at for it.
        with files.unrecorded():
            found = search.lone(self.survey)
        if files.recorded():
            files.answered("lone", search.question(), found)
        return found is not None and all(each == str(path) for each in found)

    def plan(self, path: Path, display: str, config: Config, data: bytes | None = None) -> Result:
        """Plans one Dockerfile as `rewrite` does, but concludes nothing from what was observed."""
        if not config.enabled:
            same = data or b""
            said = switched_off(path, display)
            return Result(path, display, Plan(same, same, (), (), (said,)), None)
        if data is None:
            data = read(path, display, config.max_file_size)
        if b"\0" in data[:8192]:
            raise FileError(display, 0, "is a binary file; exclude it if it is no Dockerfile")
        with reported(display):
            return self._planned(path, display, config, data)

    def drop(self, result: Result) -> None:
        """Forgets a result that is not going to be written: another one may carry its part."""
        for key, path in list(self._carriers.items()):
            if path == result.path:
                del self._carriers[key]

    def conclude(self, carrying: Observation, others: Sequence[Observation]) -> Verdict:
        """What follows for a shared file. Raises InternalError, IgnoreError."""
        (transform,) = (t for t in self._shared() if t.name == carrying.transform)
        context = self._context(Path(carrying.root), Path(carrying.path))
        return concluded(transform, context, carrying, others)

    def known(self, root: Path, path: Path) -> Sequence[str]:
        """The real paths of the Dockerfiles known to lie below a build context, which those of
        `path` are, sorted."""
        search = Search.of(root, _repository(path), self.configure(path))

        def find() -> Sequence[str]:
            with files.unrecorded():
                found = search.below(self.survey)
            files.answered("known", search.question(), found)
            return found

        known: Sequence[str] = self._known.answer(search, find)
        return known

    def observe(self, path: Path, root: Path) -> tuple[Observation, ...]:
        """What the shared transforms see in a Dockerfile as it is on disk, were its build context
        at `root`; () when that is certain to be another one. What cannot be read is observed as
        such. path: its real path."""
        shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        try:
            return tuple(self._observed(path, shown, root))
        except Exception:
            # Whatever is wrong with it is said when it is its turn.
            place = Evidence(shown, 0, "shares the build context")
            return tuple(
                Observation(t.name, str(path), str(root), "", None, None, self.allowed, what)
                for t in self._shared()
                for what in (t.unread(place),)
            )

    def prepare(self, path: Path) -> None:
        """Reads what is read once for the repository that a Dockerfile lies in."""
        self.survey.index(_repository(path))

    def surroundings(self, path: Path) -> Project | None:
        """What lies around a Dockerfile; None where it cannot be read. path: its real path."""
        try:
            config = self.configure(path)
            tree = parse(read(path, path.name, config.max_file_size))
            return self._project(path, path.name, tree, config)[0]
        except Exception:
            return None  # What is wrong with it is said when it is its turn.

    def _shared(self) -> list[SharedTransform]:
        return [t for t in self.transforms if isinstance(t, SharedTransform)]

    def _others(self, seen: Observation) -> Iterator[Observation]:
        """The further observations of a context, from disk."""
        path, root = Path(seen.path), Path(seen.root)
        for other in self.known(root, path):
            if other != seen.path:
                found = self.observe(Path(other), root)
                yield from (each for each in found if each.transform == seen.transform)

    def _observed(self, path: Path, shown: str, root: Path) -> Iterator[Observation]:
        config = self.configure(path)
        tree = parse(read(path, shown, config.max_file_size))
        project, guess = self._project(path, shown, tree, config)
        if guess.root != root:
            if guess.certain:
                return
            project = replace(project, context=self._context(root, path))
        known = Readings.of(tree, project)
        with closing(known):
            able = config.enabled and left_alone(tree, path, shown) is None
            able = able and not_ours(known.first) is None
            chosen = self._chosen(config) if able else ()
            for each in observations(known, self._shared(), self._allowed(config)):
                carries = any(transform.name == each.transform for transform in chosen)
                yield each if carries else each._replace(place=None)

    def _planned(self, path: Path, display: str, config: Config, data: bytes) -> Result:
        try:
            tree = parse(data)
        except ParseError as error:
            template = b"{{" in data or b"{%" in data or b"<%" in data
            hint = (
                "it looks like a template: rewrite what it renders"
                if template
                else "builds fail on it, too: correct it first"
            )
            raise FileError(display, error.line, f"{error.problem}; {hint}") from None
        refused = left_alone(tree, path, display)
        if refused is not None:
            said = (refused,) if mentions_go(data) or refused.code == "opted-out" else ()
            return Result(path, display, Plan(data, data, (), (), said), None)
        try:
            project, guess = self._project(path, display, tree, config)
        except IgnoreError as error:
            raise FileError(display, 0, f"its ignore file: {error}; builds fail with it") from None
        known = Readings.of(tree, project)
        foreign = not_ours(known.first)
        if foreign is not None:
            left = Plan(data, data, (), (), foreign, observations=self._seen(known))
            known.close()
            return Result(path, display, left, guess)
        try:
            planned = plan(data, project, self._chosen(config), self._allowed(config), known)
        except CannotRead as error:
            raise FileError(display, error.line, error.problem) from None
        real = files.real(path)
        seen = tuple(each._replace(path=real) for each in planned.observations)
        return Result(path, display, planned._replace(observations=seen), guess, project)

    def _seen(self, known: Readings) -> tuple[Observation, ...]:
        """What is seen in a Dockerfile that is left alone, for those that share its context."""
        project = known.first.project
        real = files.real(project.path)
        try:
            found = observations(known, self._chosen(project.config), self.allowed)
            return tuple(each._replace(path=real, place=None) for each in found)
        except InternalError:
            return ()  # It is observed as one that cannot be read, where it matters.

    def _allowed(self, config: Config) -> Safety:
        return Safety.REVIEW if config.review else self.allowed

    def _chosen(self, config: Config) -> tuple[Transform, ...]:
        return tuple(
            transform
            for transform in self.transforms
            if (not config.select or transform.name in config.select)
            and transform.name not in config.ignore
        )

    def _project(
        self, path: Path, display: str, tree: Dockerfile, config: Config
    ) -> tuple[Project, ContextGuess]:
        repository = _repository(path)
        given = self.context or config.context_for(path)
        index = self.survey.index(repository)
        guess = infer_context(path, repository, _context_sources(tree), given, index=index)
        context = self._context(guess.root, path)
        doubt = None if guess.certain else Unknown(guess.why)
        return Project(path, display, repository, context, config, doubt, index=index), guess

    def _context(self, root: Path, path: Path) -> Context:
        """The context at a directory as a build of the Dockerfile sees it. Raises IgnoreError."""
        key = (root, path if _own_ignore(path) else None)
        context: Context = self._contexts.answer(key, lambda: Context.of(root, path))
        return context


def with_verdict(result: Result, verdict: Verdict) -> Result:
    """A result with what was concluded of shared files."""
    plan = result.plan
    return result._replace(
        plan=plan._replace(
            files=(*plan.files, *verdict.files),
            changes=with_changes(plan.changes, verdict.changes),
            refusals=(*plan.refusals, *verdict.refusals),
        )
    )


@contextmanager
def reported(display: str) -> Iterator[None]:
    """Makes every failure of gorewrite itself a FileError of that file."""
    try:
        yield
    except (FileError, ConfigError):
        raise
    except MemoryError as error:
        problem = "its planning takes more memory than there is; the file is left alone"
        raise FileError(display, 0, problem) from error
    except RecursionError as error:
        problem = "it is nested deeper than can be followed; the file is left alone"
        raise FileError(display, 0, problem) from error
    except Exception as error:
        what = str(error) if isinstance(error, InternalError) else repr(error)
        problem = f"internal error: {what}; the file is left alone, please report this"
        raise FileError(display, 0, problem) from error


def _repository(path: Path) -> Path:
    return repository_root(path.parent) or Path(files.real(path.parent))


def read(path: Path, display: str, limit: int) -> bytes:
    """The bytes of a Dockerfile. Raises FileError when it is none or too large (bytes)."""
    try:
        if kind_of(path) == "dir":
            raise FileError(display, 0, "is a directory; name a file or a directory to search")
        data = files.read(path, limit)
        if len(data) > limit:
            size = path.stat().st_size
            problem = f"has {size} bytes, the limit is {limit}; raise max-file-size to read it"
            raise FileError(display, 0, problem)
        return data
    except OSError as error:
        why = error.strerror or str(error)
        raise FileError(display, 0, f"cannot be read: {why}; check the path and its mode") from None


def _own_ignore(path: Path) -> bool:
    return kind_of(f"{path}.dockerignore") == "file"


def _context_sources(tree: Dockerfile) -> tuple[str, ...]:
    sources: list[str] = []
    for instruction in tree.instructions:
        if instruction.keyword in ("COPY", "ADD"):
            parts = copy_parts(instruction)
            if parts.from_ is None:
                sources += [s for s in parts.sources if "://" not in s and not s.startswith("<<")]
    return tuple(sources)
