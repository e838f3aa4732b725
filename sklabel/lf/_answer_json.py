"""JSON in the answers of language models: whole, in a fence, or within a text."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Answers with more braces than this are not JSON.
_MOST_OBJECTS = 100
_STRING = r'"(?:[^"\\]|\\.)*"'
# An object, not the brace of a smiley or of LaTeX.
_OPEN = re.compile(r"\{(?=\s*(?:[\"'}\u201c]|\Z))")
_SMART = str.maketrans("\u201c\u201d", '""')
_TOKEN = re.compile(rf"{_STRING}|[{{}}]", re.DOTALL)


class Pairs(list[tuple[str, Any]]):
    """The pairs of an object; a dict would keep the last of a repeated key only."""


_DECODER = json.JSONDecoder(object_pairs_hook=Pairs, strict=False)


def json_in(text: str) -> tuple[list[Any], str, bool]:
    """Find the JSON objects in a text.

    Parameters
    ----------
    text : str
        An answer.

    Returns
    -------
    objects : list of Pairs
        The outermost objects. Where one is not valid, nothing inside it is read.
    rest : str
        The text without them.
    is_broken : bool
        Whether an object begins and never ends.
    """
    if text[:1] == '"' and '\\"' in text:
        try:  # JSON, written out as a JSON string once more
            text = str(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            return [], text, True
    objects: list[Any] = []
    rest: list[str] = []
    place = 0
    for _ in range(_MOST_OBJECTS):
        brace = _OPEN.search(text, place)
        if brace is None:
            return objects, "".join([*rest, text[place:]]), False
        start = brace.start()
        rest.append(text[place:start])
        try:
            found, place = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            place = _end_of_braces(text, start)
            if place < 0:
                return objects, "".join(rest), True
            found = _python_object(text[start:place].translate(_SMART))
        if found is None:
            rest.append(text[start:place])
        else:
            objects.append(found)
    return [], text, True


def values_under(thing: Any, keys: Sequence[str]) -> list[tuple[int, Any]]:
    """Return the values under some keys, of the outermost object that has one.

    Parameters
    ----------
    thing : object
        Nested lists and Pairs.
    keys : sequence of str
        Lower case.

    Returns
    -------
    values : list of (int, object)
        Position of the key, and a text, number, bool or None.
    """
    level = [thing]
    while level:
        found: list[tuple[int, Any]] = []
        below: list[Any] = []
        for item in level:
            if not isinstance(item, Pairs):
                below += [part for part in item if isinstance(part, list)]
                continue
            for key, value in item:
                name = key.strip().casefold()
                if name in keys and not isinstance(value, Pairs):
                    rank = keys.index(name)
                    values = value if isinstance(value, list) else [value]
                    plain = [(rank, v) for v in values if not isinstance(v, list)]
                    # An empty list is an answer too: none.
                    found += plain if plain or values else [(rank, None)]
                if isinstance(value, list):
                    below.append(value)
        if found:
            return found
        level = below
    return []


def pairs_of(value: Any) -> Any:
    """Return a dict or a list as Pairs and lists, as the decoder would."""
    if isinstance(value, Mapping):
        return Pairs((str(key), pairs_of(item)) for key, item in value.items())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple | set | frozenset):
        return [pairs_of(item) for item in value]
    return value


def _end_of_braces(text: str, start: int) -> int:
    """Return where the brace at `start` is closed, -1 if it is not."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token.group() == "{":
            depth += 1
        elif token.group() == "}":
            depth -= 1
            if depth == 0:
                return token.end()
    return -1


def _python_object(text: str) -> Pairs | None:
    """Read what `str` makes of a dict of Python, or JSON with a comma too many."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval").body
        found = _literal(tree)
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        return None
    return found if isinstance(found, Pairs) else None


def _literal(node: ast.AST) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Dict):
        keys = [_literal(key) for key in node.keys if key is not None]
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("a key is not text")
        return Pairs(zip(keys, map(_literal, node.values), strict=True))
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [_literal(item) for item in node.elts]
    if isinstance(node, ast.Name) and node.id in {"true", "false", "null"}:
        return {"true": True, "false": False, "null": None}[node.id]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_literal(node.operand)
    raise ValueError("not a literal")
