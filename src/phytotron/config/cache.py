"""Answers that are kept on disk under the hash of all that they were worked out from.

Such an answer can never be out of date: whatever changes the question changes the name under which
the answer is looked for. A file that is missing or damaged only costs the time to work it out.

For a composed config the question has the files of `conf/` that may decide it, and no others: after
an edit, the configs that it does not concern are still known.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from phytotron.config.components import figure_names
from phytotron.config.composed import Composed
from phytotron.config.experiments import CONF, FOLDER, PARAMS

KEPT = Path("build/cache")
_MOST_ANSWERS = 5000  # an answer has about 5 kB


def remembered(question: Any, work_out: Callable[[], Any]) -> Any:
    """The answer to a question, from the disk if it has been asked before.

    Args:
        question: a value of JSON that says all that the answer depends on, the code that works it
            out included; the version of Python is added here. None: that cannot be known, so the
            answer is not kept.
        work_out: gives the answer. One that JSON would change is not kept.
    """
    if question is None:
        return work_out()
    name = digest([platform.python_version(), question])
    path = KEPT / name[:2] / f"{name[2:]}.json"
    with suppress(OSError, ValueError):
        return json.loads(path.read_text(encoding="utf-8"))
    answer = work_out()
    text = json.dumps(answer)
    if json.loads(text) == answer:  # a key that is a number becomes a text in JSON
        _write(path, text)
    return answer


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # a folder that cannot be written only costs time
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not flushed to the disk: what a power cut leaves is no JSON, and is worked out again.
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
        # Old answers become useless with each edit. To look for them each time would take longer
        # than to work out an answer, so one folder of 256 has them looked for.
        if path.parent.name == "00":
            _remove_oldest()


def _remove_oldest() -> None:
    answers = list(KEPT.glob("*/*.json"))
    if len(answers) > _MOST_ANSWERS:
        answers.sort(key=lambda path: path.stat().st_mtime)
        for path in answers[: -_MOST_ANSWERS // 2]:
            path.unlink(missing_ok=True)


def digest(value: Any) -> str:
    """The hash of a value of JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@cache
def own_code(file: str) -> str:
    """The hash of a module's file (`__file__`), for questions that its code answers."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


# --- composed configs --------------------------------------------------------------------------


def cached(
    experiment: str | None, overrides: Sequence[str], compose: Callable[[], Composed]
) -> Composed:
    """What `compose` gives as `dvc repro` would use it, from the disk where it was asked before.

    Args:
        experiment: its id; None: the pipeline's config.
        overrides: those besides `params.yaml`.
        compose: is called where there is no answer.
    """
    composed: list[Composed] = []

    def work_out() -> dict[str, Any]:
        composed.append(compose())
        return _as_json(composed[0])

    question = ConfFiles().question(experiment, overrides, with_params=True)
    answer = remembered(question, work_out)
    return composed[0] if composed else _from_json(answer)


def _as_json(composed: Composed) -> dict[str, Any]:
    return {
        "content": composed.content,
        "sources": [[file.as_posix(), package] for file, package in composed.sources],
        "overrides": list(composed.overrides),
        "from_params": list(composed.from_params),
    }


def _from_json(answer: dict[str, Any]) -> Composed:
    return Composed(
        content=answer["content"],
        sources=tuple((Path(file), package) for file, package in answer["sources"]),
        overrides=tuple(answer["overrides"]),
        from_params=tuple(answer["from_params"]),
    )


# `${oc.env:HOME}` and its like: what they give is not in any file. `${seed}` is.
_RESOLVER = re.compile(r"\$\{[^}]*:")
_WORD = re.compile(r"[\w.-]+")
# A comment that cannot be a part of a string: no quotation mark precedes it.
_COMMENT = re.compile(r"^([^#\n'\"]*\s|)#.*", re.MULTILINE)


class ConfFiles:
    """The files of `conf/`, for the question which of them may decide a config.

    A file matters only if a file that matters names it: as a choice of a group, a component or a
    figure. So these are all files that can be reached by name, where every word outside a comment
    counts as a name. These may be too many, but none is missing.
    """

    def __init__(self) -> None:
        self._files: dict[str, list[Path]] = {}
        self._unnamed: list[Path] = []  # whose names are no words
        self._folders: list[str] = []
        self._has_links = False
        self._read: dict[Path, tuple[str, str, set[str]]] = {}
        for name, folders, files in os.walk(CONF):
            folders.sort()
            parent = Path(name)
            self._folders.append(parent.as_posix())
            # A symbolic link to a folder may lead anywhere, even back.
            self._has_links |= any((parent / folder).is_symlink() for folder in folders)
            for path in (parent / file for file in sorted(files) if file.endswith(".yaml")):
                named = _WORD.fullmatch(path.stem)
                (self._files.setdefault(path.stem, []) if named else self._unnamed).append(path)

    def question(
        self, experiment: str | None, overrides: Sequence[str], with_params: bool = False
    ) -> list[Any] | None:
        """All that the config of an experiment, or of the pipeline, depends on.

        Args:
            experiment: its id; None: the pipeline's config.
            overrides: those that are given to the composition.
            with_params: whether `params.yaml` has a say.

        Returns:
            A value of JSON; None where that cannot be known, such as a variable of the environment.
        """
        root = CONF / ("config.yaml" if experiment else "pipeline.yaml")
        begin = [root, *([FOLDER / f"{experiment}.yaml"] if experiment else []), *self._unnamed]
        params = PARAMS.read_text("utf-8") if with_params and PARAMS.is_file() else ""
        # The choices and overrides of params.yaml are meant for the configs that it names.
        concerned = experiment is None or experiment in params
        texts = [*overrides, params if concerned else ""]
        begin += self._named_in(_WORD.findall(" ".join(texts)))
        if self._has_links or not all(path.is_file() for path in begin):
            return None
        reached = self._reached(begin)
        if any(map(_RESOLVER.search, [*texts, *(self._content(path)[0] for path in reached)])):
            return None
        files = {path.as_posix(): self._content(path)[1] for path in reached}
        return [_composing(), experiment, list(overrides), params, self._folders, files]

    def _reached(self, begin: Iterable[Path]) -> list[Path]:
        found: dict[Path, None] = {}
        waiting = list(begin)
        while waiting:
            current = waiting.pop()
            if current not in found:
                found[current] = None
                waiting += self._named_in(self._content(current)[2])
        return sorted(found)

    def _named_in(self, words: Iterable[str]) -> list[Path]:
        return [path for word in words for path in self._files.get(word, ())]

    def _content(self, path: Path) -> tuple[str, str, set[str]]:
        """A file's text without comments, its hash, and the words in it that are names of files."""
        if path not in self._read:
            content = path.read_bytes()
            text = _COMMENT.sub(r"\1", content.decode(errors="replace"))
            words = set(_WORD.findall(text)) & self._files.keys()
            self._read[path] = text, hashlib.sha256(content).hexdigest(), words
        return self._read[path]


# --- the code that composes --------------------------------------------------------------------

_LIBRARIES = ("antlr4_python3_runtime-", "hydra_core-", "omegaconf-", "pydantic", "pyyaml-")


@cache
def _composing() -> str:
    """The hash of this package's code, of the libraries' versions and of the figures' names."""
    code = Path(__file__).parent
    files = {
        path.relative_to(code).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*code.rglob("*.py"), *code.glob("*.csv")]
    }
    return digest([files, _libraries(), figure_names()])


def _libraries() -> list[str]:
    """Names and versions of the libraries that compose, from the names of their folders."""
    # To ask the libraries, one would have to import them, which takes 50 times as long.
    with os.scandir(Path(yaml.__file__).parents[1]) as packages:
        return sorted(
            package.name
            for package in packages
            if package.name.endswith(".dist-info") and package.name.lower().startswith(_LIBRARIES)
        )
