"""A protocol in words: the page of the documentation, and what --list-protocols prints."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from semgrasp.evaluation.report import TITLES, plain
from semgrasp.metrics.protocols import Protocol

_WORDS = ("name", "version", "summary", "known_defects", "deviations")


def protocol_page(protocol: Protocol) -> str:
    """Markdown that says everything about a protocol: constants, source, defects."""
    default = ", the default" if protocol.name == "corrected" else ""
    lines = [
        f"### `{protocol.name}` (version {protocol.version}{default})",
        "",
        f"{protocol.summary}.",
        "",
        f"Source: {protocol.source}.",
        "",
        f"Measures: {_names(protocol.metrics)}"
        + (
            f"; of all grasps together: {_names(protocol.set_metrics)}."
            if protocol.set_metrics
            else "."
        ),
    ]
    missing = tuple(name for name in TITLES if name not in protocol.metrics)
    if missing:
        lines += ["", f"Does not define: {_names(missing)}."]
    for title, sentences in (
        ("Known defects:", protocol.known_defects),
        ("Where this implementation differs from the script:", protocol.deviations),
    ):
        if sentences:
            lines += ["", title, "", *(f"- {sentence}" for sentence in sentences)]
    lines += ["", "| constant | value |", "|---|---|"]
    for entry in dataclasses.fields(protocol):
        if entry.name not in (*_WORDS, "source"):
            rows = _rows(entry.name, plain(getattr(protocol, entry.name)))
            lines += [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(lines) + "\n"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _rows(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Constants with dotted names; what is not defined is left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _WORDS:
                continue  # In words above.
            yield from _rows(f"{name}.{key}", inner)
    elif value is not None and value != "":
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield name, text.replace("|", "/")
