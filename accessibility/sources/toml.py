"""Reads TOML files into checked models; a wrong key is refused with the nearest right one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from accessibility.errors import StudyError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)

LARGEST_BYTES = 5_000_000
SCHEMA_VERSION = 1
_READABLE = {
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "float_type": "must be a number",
    "int_type": "must be a number",
    "string_type": "must be text",
}


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    StudyError
        If it is missing, too large, another format, or not TOML (with line and column).
    """
    if path.suffix.lower() != ".toml":
        raise StudyError(f"{what}: {path} is not a .toml file")
    try:
        there = path.is_file()
    except OSError as problem:
        raise StudyError(f"{what}: {path} cannot be read ({problem.strerror})") from problem
    if not there:
        near = [one.name for one in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        raise StudyError(f"{what}: there is no file {path}{did_you_mean(path.name, near)}")
    if path.stat().st_size > LARGEST_BYTES:
        raise StudyError(f"{path}: is {path.stat().st_size:,} bytes; expected a small text file")
    try:
        raw = path.read_bytes()
        return tomllib.loads(raw.decode("utf-8-sig"))
    except OSError as problem:
        raise StudyError(f"{what}: {path} cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise StudyError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from (
            problem
        )
    except RecursionError as problem:
        raise StudyError(f"{path}: is not valid TOML: brackets are nested too deeply") from problem
    except tomllib.TOMLDecodeError as problem:
        raise StudyError(f"{path}: is not valid TOML: {problem}") from problem


def checked(model: type[Model], data: dict[str, Any], where: str) -> Model:
    """Check data against a model; report every problem at once.

    Raises
    ------
    StudyError
        One line a problem: `study.toml: targets[0].shre: unknown key (did you mean "share"?)`.
    """
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        lines = [_line(one, model, data) for one in problem.errors()]
        raise StudyError("\n".join(f"{where}: {line}" for line in dict.fromkeys(lines))) from None


def check_version(data: dict[str, Any], where: str) -> None:
    """Check `schema_version`.

    Raises
    ------
    StudyError
        If it is missing or another version's.
    """
    version = data.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        found = "is missing" if version is None else f"is {version!r}"
        newer = type(version) is int and version > SCHEMA_VERSION
        raise StudyError(
            f"{where}: schema_version {found}; this version reads schema_version = "
            f"{SCHEMA_VERSION}{'. Install a newer version of accessibility' if newer else ''}"
        )


def _line(error: Any, model: type[BaseModel], data: Any) -> str:
    place = _place(_in_file(error["loc"], data))
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = _fields_at(model, error["loc"][:-1])
        return f"{place}: unknown key{did_you_mean(error['loc'][-1], known)}"
    if kind == "missing":
        return f"{place}: is missing"
    text = _READABLE.get(kind)
    if text is None:
        text = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    shown = "" if isinstance(given, (dict, list)) or given is None else f" (it is {given!r:.80})"
    return f"{place}: {text}{shown}" if place else text


def _in_file(loc: tuple[int | str, ...], data: Any) -> tuple[int | str, ...]:
    """Leave out the parts of a place that are pydantic's own, such as the branch of a union."""
    parts: list[int | str] = []
    for part in loc:
        if isinstance(part, str) and not isinstance(data, dict):
            break
        parts.append(part)
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            break
    return tuple(parts)


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """List the keys that a model knows at a place in it."""
    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue
        fields = _named_fields(current)
        if part not in fields:
            return []
        current = _model_in(fields[part].annotation)
    return list(_named_fields(current))


def _named_fields(model: Any) -> dict[str, Any]:
    """List a model's fields by the keys that they have in a file."""
    fields = getattr(model, "model_fields", {})
    return {field.alias or name: field for name, field in fields.items()}


def _model_in(annotation: Any) -> Any:
    """Find the model inside an annotation such as `list[Target]` or `Register | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None
