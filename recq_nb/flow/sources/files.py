"""Sources by path: notebooks, modules, packages, and the modules beside them that they import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from recq_nb.flow.sources.imports import imported_modules
from recq_nb.flow.sources.notebook import notebook_sources
from recq_nb.flow.sources.source import Source
from recq_nb.flow.sources.source_error import SourceError

_SKIPPED = {"__pycache__", "node_modules", "site-packages"}


def read_sources(*paths: str | Path) -> tuple[Source, ...]:
    """Everything to read a model from: what the paths name, and the modules beside them that it imports.

    Args:
        *paths: Notebooks (``.ipynb``), Python files, or folders, which are searched for both.

    Returns:
        Sources in the order of the paths, folders in the order of their names; then those only imported, which are
        not asked for.

    Raises:
        SourceError: A path names nothing that could be read.
    """
    asked = _asked(paths)
    return _with_imports([source for sources in asked.values() for source in sources], _all_roots(asked))


def read_models(*paths: str | Path) -> tuple[tuple[Source, ...], ...]:
    """The models that paths name: each of several notebooks is one, with what it imports; the modules are another.

    A notebook runs in a kernel of its own, so what two of them call alike is not the same. One notebook and modules
    beside it are one model.

    Args:
        *paths: As ``read_sources`` takes them.

    Returns:
        Sources of each model. A module that several notebooks import is in each of their models.

    Raises:
        SourceError: A path names nothing that could be read.
    """
    asked = _asked(paths)
    notebooks = [file for file in asked if file.suffix == ".ipynb"]
    if len(notebooks) < 2:  # noqa: PLR2004  two notebooks are two models
        return (read_sources(*paths),)
    named = {file.resolve(): file for file in asked}
    models = [_with_imports(list(asked[file]), tuple(_roots(file))) for file in notebooks]
    models = [tuple(_as_asked(source, named) for source in model) for model in models]
    reached = {source.path for model in models for source in model}
    others = {file: sources for file, sources in asked.items() if str(file) not in reached}
    loose = [source for sources in others.values() for source in sources]
    return (*models, *([_with_imports(loose, _all_roots(others))] if loose else []))


def _as_asked(source: Source, named: Mapping[Path, Path]) -> Source:
    """An imported module as the paths name it, if they do."""
    file = named.get(Path(source.path).resolve())
    return source if file is None else replace(source, path=str(file), is_asked_for=True)


def _asked(paths: Iterable[str | Path]) -> dict[Path, tuple[Source, ...]]:
    files = dict.fromkeys(file for path in map(Path, paths) for file in _files(path))
    return {file: _sources_of(file) for file in files}


def _all_roots(files: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(root for file in files for root in _roots(file)))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.suffix in {".py", ".ipynb"} and _is_shown(file, path)]
        if not found:
            raise SourceError(f"{path} holds no Python file and no notebook.", remedy="Name the folder of the model.")
        yield from found
    elif not path.is_file():
        raise SourceError(f"{path} does not exist.", remedy="Name a notebook, a Python file or a folder.")
    elif path.suffix not in {".py", ".ipynb"}:
        raise SourceError(
            f"{path} is neither a notebook nor a Python file.", remedy="Name a file that ends in .ipynb or .py."
        )
    else:
        yield path


def _is_shown(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    return not any(part.startswith(".") or part in _SKIPPED for part in parts)


def _sources_of(file: Path) -> tuple[Source, ...]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read: {error}.", remedy="Save it as UTF-8.") from None
    if file.suffix == ".ipynb":
        return notebook_sources(text, str(file), module=str(file))
    return (Source(text, str(file), _module_name(file), is_package=file.name == "__init__.py"),)


def _root(file: Path) -> Path:
    """The folder that top-level imports of a file are looked for in."""
    folder = file.resolve().parent
    if file.suffix == ".py":
        while (folder / "__init__.py").is_file() and folder.parent != folder:
            folder = folder.parent
    return folder


def _roots(file: Path) -> Iterator[Path]:
    """Where imports are looked for: beside the file, then in the folders above it, as far as the current one."""
    root, here = _root(file), Path.cwd()
    yield root
    yield from (folder for folder in root.parents if folder.is_relative_to(here))


def _module_name(file: Path) -> str:
    parts = file.resolve().relative_to(_root(file)).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _with_imports(asked: list[Source], roots: tuple[Path, ...]) -> tuple[Source, ...]:
    known = {source.module for source in asked}
    result, waiting = list(asked), list(asked)
    while waiting:
        for name in imported_modules(waiting.pop(0)):
            for module in _with_parents(name):
                file = _find(module, roots) if module not in known else None
                if file is not None:
                    known.add(module)
                    (source,) = _sources_of(file)
                    followed = replace(source, module=module, is_asked_for=False)
                    result.append(followed)
                    waiting.append(followed)
    return tuple(result)


def _with_parents(name: str) -> Iterable[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _find(module: str, roots: Iterable[Path]) -> Path | None:
    if not module or module.partition(".")[0] == "recq_nb":
        return None
    for root in roots:
        place = root.joinpath(*module.split("."))
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                return _shown(file)
    return None


def _shown(file: Path) -> Path:
    """The path as a reader would write it: from where they are, if it is below."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file
