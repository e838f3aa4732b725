"""Which tool wrote a file, told by its content."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sklabel.io._files import (
    WORKBOOKS,
    check_encoding,
    inner_folder,
    is_zip,
    iter_json,
    open_bytes,
    open_zip,
    unpacked_name,
    zip_names,
)
from sklabel.io._tables import header_of
from sklabel.io._values import short

# Reader of each tool; what has no reader here is named, with what to do.
READERS = {
    "Label Studio": "read_label_studio",
    "Argilla": "read_argilla",
    "Prodigy": "read_prodigy",
    "doccano": "read_doccano",
    "Amazon Mechanical Turk": "read_mturk",
    "Appen": "read_appen",
    "SageMaker Ground Truth": "read_sagemaker_ground_truth",
    "Toloka": "read_toloka",
    "Labelbox": "read_labelbox",
    "the OpenAI batch interface": "read_openai_batch",
    "the Anthropic batch interface": "read_anthropic_batch",
}
# What these tools write as JSON too, and is read as a table only.
_TABLES = {
    "Appen": "the report 'Full', a CSV",
    "Toloka": "assignments in TSV",
}

# What `tool_of` says of files without content.
EMPTY = "no tool: it is empty"


def is_table(path: Path, encoding: str | None = None) -> bool:
    """Whether a file is a table and not JSON, by its first character."""
    if path.suffix.lower() in WORKBOOKS:
        return True
    text = first_text(path, encoding)
    if not text:
        raise ValueError(f"'{path}' is empty. Export it again.")
    return text[0] not in "[{"


def first_text(path: Path, encoding: str | None = None) -> str:
    """Return the first characters of a file that are no blanks, '' if none are."""
    check_encoding(encoding)
    with open_bytes(path) as stream:
        while head := stream.read(256):
            if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
                encoding = "utf-16"
            # A byte that does not belong is for the reader to report.
            text = head.decode(encoding or "latin-1", errors="ignore")
            text = text.removeprefix("\xef\xbb\xbf").removeprefix("\ufeff").lstrip()
            if text:
                return text
    return ""


def tool_of(path: Path, encoding: str | None = None) -> str | None:
    """Return the name of the tool that wrote a file or folder, None if not known.

    `EMPTY` if there is nothing in it.
    """
    if path.is_dir():
        if any(path.glob("**/iteration-*/*/*.json")) or path.name.startswith(
            "iteration"
        ):
            return "SageMaker Ground Truth"
        files = sorted(
            p
            for p in inner_folder(path).iterdir()
            if unpacked_name(p).suffix.lower() in {".jsonl", ".json", ".csv"}
        )
        found = None
        for p in files:
            tool = tool_of(p, encoding) if first_text(p, encoding) else EMPTY
            if tool not in (None, EMPTY):
                return tool
            found = found or tool
        return found
    if is_zip(path):
        with open_zip(path) as packed:
            if len(zip_names(packed)) != 1:
                return "doccano"
    if is_table(path, encoding):
        return tool_of_columns(header_of(path, encoding))
    first = next(iter_json(path, encoding), None)
    return EMPTY if first is None else tool_of_object(first.value)


def tool_of_columns(columns: Sequence[str]) -> str | None:
    """Return the tool whose table has such columns."""
    names = set(columns)
    if {"annotation_id", "annotator"} <= names:
        return "Label Studio"
    if {"HITId", "WorkerId"} <= names:
        return "Amazon Mechanical Turk"
    if "_unit_id" in names:
        return "Appen"
    if any(name.startswith("ASSIGNMENT:") for name in names):
        return "Toloka"
    if {"label", "id"} <= names and names & {"Comments", "annotation_approver"}:
        return "doccano"
    if any(name.endswith(".responses") for name in names):
        return "Argilla"
    return None


def tool_of_object(value: Any) -> str | None:
    """Return the tool whose JSON has such objects."""
    if not isinstance(value, Mapping):
        return None
    keys = set(value)
    if "data_row" in keys and "projects" in keys:
        return "Labelbox"
    if {"Created By", "Label"} <= keys:
        # Version 1, which the reader refuses with what to do.
        return "Labelbox"
    if "custom_id" in keys:
        if "result" in keys:
            return "the Anthropic batch interface"
        return "the OpenAI batch interface"
    if {"task_suite_id", "solutions"} <= keys:
        return "Toloka"
    if {"judgments_count", "data"} <= keys or {"_unit_id", "_worker_id"} <= keys:
        return "Appen"
    if "_input_hash" in keys or "_task_hash" in keys:
        return "Prodigy"
    if {"annotation_id", "annotator"} <= keys:
        return "Label Studio"
    if "data" in keys and keys & {"annotations", "completions"}:
        return "Label Studio"
    if {"fields", "responses"} <= keys or any(
        isinstance(key, str)
        and key.endswith((".responses.users", "-suggestion-metadata"))
        for key in keys
    ):
        return "Argilla"
    if {"annotation", "annotation_agent"} <= keys:
        return "Argilla"
    # Before keys that data of users may have too: doccano spreads theirs into its rows.
    if "id" in keys and ("Comments" in keys or "annotation_approver" in keys):
        return "doccano"
    if isinstance(value.get("label"), list) and keys & {"text", "filename"}:
        return "doccano"
    if (
        "answers" in keys
        or {"datasetObjectId", "annotations"} <= keys
        or keys & {"source", "source-ref"}
    ):
        return "SageMaker Ground Truth"
    return None


def refuse_table(path: Path, tool: str, encoding: str | None, expected: str) -> None:
    """Raise if a file is a table, which the tool does not write."""
    if is_table(path, encoding):
        columns = tuple(header_of(path, encoding))
        refuse_other(path, tool, columns, f"'{path}'", expected)


def refuse_json(path: Path, tool: str, encoding: str | None, expected: str) -> None:
    """Raise if a file is JSON, which the tool does not write."""
    if not is_table(path, encoding):
        first = next(iter_json(path, encoding), None)
        content = [] if first is None else first.value
        refuse_other(path, tool, content, f"'{path}'", expected)


def refuse_other(
    path: Path, tool: str, content: Any, where: str, expected: str
) -> NoReturn:
    """Raise for content that is not the tool's; name the reader that takes it.

    The content is the tuple of a table's columns, or a value of JSON.

    Raises
    ------
    ValueError
        Always.
    """
    is_header = isinstance(content, tuple)
    found = tool_of_columns(content) if is_header else tool_of_object(content)
    if is_header:
        got = f"the columns {', '.join(map(short, content[:12]))}"
    elif isinstance(content, Mapping) and content:
        got = f"an object with {', '.join(map(short, list(content)[:12]))}"
    else:
        got = f"{content!r:.60}"
    if found is not None and found != tool:
        remedy = f"It looks like an export of {found}: use {READERS[found]}."
    elif found == tool and tool in _TABLES and not is_header:
        remedy = f"This is {tool}'s JSON. Download the same as {_TABLES[tool]}."
    elif found == tool:
        remedy = "Export it again, in full."
    else:
        remedy = (
            "For a table of your own, use CrowdLabels.from_csv (one judgement a line) "
            "or read_wide (one column a person)."
        )
    raise ValueError(
        f"{where}: expected {expected}, as {tool} writes it, got {got}. {remedy}"
    )
