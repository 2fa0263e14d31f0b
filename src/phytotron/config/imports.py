"""What the source says without running it: imports, and the arguments of classes and functions.

Imports inside a function count like those at the top, imports for type checkers alone do not. What
is imported by a name that is put together at run time cannot be seen: configs name such modules,
see `phytotron.config.fingerprint`.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from phytotron.config.cache import own_code, remembered

SOURCE = Path(__file__).parents[2]
PACKAGE = "phytotron"


class SourceTree:
    """The modules of a folder as they are now; each file is read once.

    Args:
        source: the folder that has `phytotron/`.
    """

    def __init__(self, source: Path = SOURCE) -> None:
        self.source = source
        self._facts: dict[Path, dict[str, Any]] = {}

    def file_of(self, module: str) -> Path | None:
        """The file of one of our modules; None for a name inside a module, or a foreign one."""
        found = self.modules.get(module)
        return self.source / found if found else None

    def defining(self, target: str) -> Path | None:
        """The file in which an object such as `phytotron.nn.losses.Huber` is looked for."""
        while target.startswith(f"{PACKAGE}."):
            if file := self.file_of(target):
                return file
            target = target.rpartition(".")[0]
        return None

    def imports(self, path: Path) -> frozenset[Path]:
        """The files of ours that a file imports, without the packages that hold them."""
        files = (self.file_of(name) for name in self._of(path)["imports"])
        return frozenset(file for file in files if file)

    def needed(
        self, paths: Iterable[Path], left_out: Callable[[Path], bool] = lambda path: False
    ) -> set[Path]:
        """Files and all files of ours that they need, by way of others too.

        Python runs the `__init__.py` of each package on the way, so these are needed as well.

        Args:
            paths: where to begin.
            left_out: which files do not count; what only they import does not count either.
        """
        seen: set[Path] = set()
        waiting = list(paths)
        while waiting:
            current = waiting.pop()
            if current in seen or left_out(current):
                continue
            seen.add(current)
            waiting.extend(self.imports(current))
            waiting.extend(self._packages(current))
        return seen

    def code_hash(self, path: Path) -> str:
        """The hash of a module without comments, docstrings and empty lines."""
        return self._of(path)["code"]

    def data_files(self, paths: Iterable[Path]) -> list[Path]:
        """Files of other kinds, such as templates, in the packages of some modules."""
        found: list[Path] = []
        waiting = sorted({path.parent for path in paths})
        while waiting:
            for path in waiting.pop().iterdir():
                if path.is_dir():
                    is_package = (path / "__init__.py").exists() or path.name == "__pycache__"
                    waiting += [] if is_package else [path]
                elif path.suffix not in (".py", ".pyc") and not path.name.startswith("."):
                    found.append(path)
        return sorted(found)

    def name(self, path: Path) -> str:
        """A file's path from `source`, with slashes."""
        return path.relative_to(self.source).as_posix()

    @cached_property
    def modules(self) -> dict[str, str]:
        """The dotted name of each module of ours with its file, from `source`."""
        found = {}
        for path in (self.source / PACKAGE).rglob("*.py"):
            inside = path.relative_to(self.source)
            parts = (
                inside.parts[:-1] if path.name == "__init__.py" else inside.with_suffix("").parts
            )
            found[".".join(parts)] = inside.as_posix()
        return found

    def _of(self, path: Path) -> dict[str, Any]:
        if path not in self._facts:
            text = path.read_text(encoding="utf-8")
            package = ".".join(path.relative_to(self.source).parts[:-1])
            question = [
                "code",
                own_code(__file__),
                hashlib.sha256(text.encode()).hexdigest(),
                package,  # relative imports start there
            ]
            self._facts[path] = remembered(
                question,
                lambda: {
                    "code": hashlib.sha256(code(text).encode()).hexdigest(),
                    "imports": imported_names(text, package),
                },
            )
        return self._facts[path]

    def _packages(self, path: Path) -> Iterator[Path]:
        for folder in path.relative_to(self.source).parents:
            if file := self.file_of(".".join(folder.parts)):
                yield file


def parameters(target: str) -> list[str] | None:
    """The arguments of a class or function of ours.

    Args:
        target: such as `phytotron.models.dense.mlp.MLP`.

    Returns:
        Their names; None where the definition alone does not say them: it is not ours, takes any
        keyword (`**options`), is decorated, or inherits its `__init__`.
    """
    module, _, name = target.rpartition(".")
    path = SOURCE.joinpath(*module.split(".")).with_suffix(".py")
    if not _is_ours(target) or not path.is_file():
        return None
    body = ast.parse(path.read_text(encoding="utf-8")).body
    found = _defined(body, name)
    if isinstance(found, ast.ClassDef) and not found.decorator_list:
        found = _defined(found.body, "__init__")
        skipped = 1  # self
    else:
        skipped = 0
    if not isinstance(found, ast.FunctionDef) or found.decorator_list or found.args.kwarg:
        return None
    names = [argument.arg for argument in found.args.args[skipped:]]
    return names + [argument.arg for argument in found.args.kwonlyargs]


def _defined(body: list[ast.stmt], name: str) -> ast.stmt | None:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return next((node for node in body if isinstance(node, kinds) and node.name == name), None)


def imports(path: Path, source: Path = SOURCE) -> frozenset[Path]:
    """The files of ours that a file imports, at the top or inside a function."""
    return SourceTree(source).imports(path)


def everything_imported(path: Path, source: Path = SOURCE) -> set[Path]:
    """A file and all files of ours that it needs, by way of others too."""
    return SourceTree(source).needed([path])


def imported_names(text: str, package: str = "") -> list[str]:
    """The dotted names of ours that a file imports, among them some of objects inside modules.

    Args:
        text: the file's.
        package: the package that holds it, where relative imports start.
    """
    return sorted(set(_imported_names(ast.parse(text), package)))


def _imported_names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.If) and _is_for_type_checkers(node.test):
        for other in node.orelse:
            yield from _imported_names(other, package)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if _is_ours(alias.name))
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1]
            base = ".".join([*above, base] if base else above)
        if _is_ours(base):
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _imported_names(child, package)


def _is_ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def _is_for_type_checkers(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def code(text: str) -> str:
    """A Python file's text without comments, docstrings and empty lines."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for row in _docstring_rows(node):
                lines[row - 1] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _docstring_rows(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> range:
    """The lines, from 1, of a docstring that shares its first line with no code."""
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
        and first.lineno > getattr(node, "lineno", 0)
    ):
        return range(first.lineno, (first.end_lineno or first.lineno) + 1)
    return range(0)
