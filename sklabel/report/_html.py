"""Building blocks of the page of the report: tables, lists, figures, the frame."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from sklabel._version import __version__
from sklabel.report._findings import Finding
from sklabel.utils._validation import plain

# Longer names and shorter texts are wrapped, on a narrow page all names that are not
# short; longer texts are cut.
_SHORT_NAME, _LONG_NAME, _LONGEST_TEXT = 12, 28, 300
_WRAPPED_TEXT = 16
_MOST_VALUES = 4


@dataclass(frozen=True)
class Column:
    """How a table of the page shows one column of a DataFrame.

    Attributes
    ----------
    name : str
        Column of the DataFrame; "" for the index.
    title : str
        Heading.
    kind : {'name', 'text', 'long', 'integer', 'share', 'number', 'interval'}
        How to write and sort it. 'interval' draws `name` between `low` and `high`.
    low, high : str
        Columns of an interval.
    """

    name: str
    title: str
    kind: str
    low: str = ""
    high: str = ""


_NUMERIC = {"integer", "share", "number", "interval"}


def table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    label: str,
    max_rows: int,
    rows_are: str,
    rest: str,
) -> str:
    """Return a table that can be sorted, in a container that scrolls.

    Parameters
    ----------
    frame : DataFrame
        The rows, the most important first.
    columns : sequence of Column
        Those that the frame lacks, and long texts that are all empty, are left out.
    label : str
        What the table is, for those who do not see it.
    max_rows : int
        Longer tables are cut, with a note.
    rows_are : str
        What a row is, in the plural.
    rest : str
        Where to find all rows, for the note below a table that was cut.

    Returns
    -------
    html : str
        A ``<div>``.
    """
    columns = [
        c
        for c in columns
        if {c.name, c.low, c.high} - {""} <= set(frame.columns)
        and not (c.kind == "long" and (frame[c.name] == "").all())
    ]
    head = "".join(
        f'<th scope="col" aria-sort="none" class="{_css(c)}" '
        f'data-kind="{"number" if c.kind in _NUMERIC else "text"}">'
        f'<button type="button">{escape(c.title)}</button></th>'
        for c in columns
    )
    shown = frame.iloc[:max_rows]
    cells = [_cells(shown, c) for c in columns]
    body = "".join(f"<tr>{''.join(row)}</tr>\n" for row in zip(*cells, strict=True))
    note = ""
    if len(frame) > max_rows:
        note = (
            f"<p>{len(frame):,} {escape(rows_are)}; the {max_rows:,} to act upon first "
            f"are shown. {escape(rest)} holds all.</p>"
        )
    return (
        f'<div class="table"><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(label)}"><table class="sortable">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
        f"{note}</div>"
    )


def finding_list(findings: Sequence[Finding], voter: str) -> str:
    """Return the list of what needs attention; `voter` is what those are that vote."""
    if not findings:
        return (
            '<p class="soft">Nothing was found that needs attention: no flagged '
            f"{voter}s, votes for every sample, and agreement above chance.</p>"
        )
    items = "\n".join(
        f'<li class="{f.level}"><em>{f.level}</em><b>{escape(f.title)}</b>'
        f"<span>{escape(f.detail)}</span></li>"
        for f in findings
    )
    return f'<ul class="findings">{items}</ul>'


def headline_list(figures: Sequence[tuple[str, str, str]]) -> str:
    """Return the headline figures."""
    items = "\n".join(
        f'<div><dt>{escape(name)}</dt><dd class="value">{escape(value)}</dd>'
        f'<dd class="meaning">{escape(meaning)}</dd></div>'
        for name, value, meaning in figures
    )
    return f'<dl class="figures">{items}</dl>'


def plot(svg: str, heading: str, caption: str, *, css: str = "") -> str:
    """Return a figure with its heading and a caption that says how to read it.

    `css` is "wide" or "dense" for a figure that scrolls on a narrow page.
    """
    reach = f' tabindex="0" role="region" aria-label="{escape(heading)}"' if css else ""
    return (
        f'<figure class="{f"plot {css}".strip()}"><h3>{escape(heading)}</h3>'
        f'<div class="scroll"{reach}>{svg}</div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def page(title: str, subtitle: str, sections: Sequence[tuple[str, str, str]]) -> str:
    """Return the whole page.

    Parameters
    ----------
    title, subtitle : str
        Plain text.
    sections : sequence of (id, heading, html)
        In order.

    Returns
    -------
    html : str
        A complete document that forbids itself to load anything.
    """
    links = "".join(
        f'<a href="#{key}">{escape(heading)}</a>' for key, heading, _ in sections
    )
    body = "\n".join(
        f'<section id="{key}"><h2>{escape(heading)}</h2>\n{html}</section>'
        for key, heading, html in sections
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>{escape(title)}</title>
<style>
{_asset("_style.css")}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="lead">{escape(subtitle)}</p>
<nav aria-label="Sections">{links}</nav>
</header>
<main>
{body}
</main>
<footer>Made with sklabel {__version__}. This page holds everything it shows \
and loads nothing.</footer>
<script>
{_asset("_script.js")}</script>
</body>
</html>
"""


def in_frame(html: str, title: str) -> str:
    """Return a page in a frame of its own, so that a notebook keeps its style."""
    return (
        f'<iframe srcdoc="{escape(html)}" title="{escape(title)}" '
        'sandbox="allow-scripts" style="width: 100%; height: 800px; border: 0">'
        "</iframe>"
    )


def _asset(name: str) -> str:
    return resources.files("sklabel.report").joinpath(name).read_text("utf-8")


def _css(column: Column) -> str:
    return "number" if column.kind in _NUMERIC else "text"


def _cells(frame: pd.DataFrame, column: Column) -> list[str]:
    """Write the cells of a column."""
    values = frame.index if column.name == "" else frame[column.name]
    if column.kind == "interval":
        return [
            _interval(*row)
            for row in frame[[column.name, column.low, column.high]].to_numpy(float)
        ]
    write = {"integer": "{:,.0f}", "share": "{:.1%}", "number": "{:.3f}"}
    if column.kind in write:
        return [
            '<td data-v="">&ndash;</td>'
            if np.isnan(v)
            else f'<td data-v="{v:.10g}">{write[column.kind].format(v)}</td>'
            for v in np.asarray(values, dtype=np.float64)
        ]
    css = {"name": "name", "text": "text", "long": "text long"}[column.kind]
    texts = [_text(v) for v in values]
    return [
        f'<td class="{css}{_css_of_length(text, column)}">{_breakable(text)}</td>'
        for text in texts
    ]


def _css_of_length(text: str, column: Column) -> str:
    if len(text) > (_LONG_NAME if column.kind == "name" else _WRAPPED_TEXT):
        return " wrap"
    return " short" if len(text) <= _SHORT_NAME else ""


def _breakable(text: str) -> str:
    """Escape a text and allow a new line after an underscore."""
    return escape(text).replace("_", "_<wbr>")


def _text(value: Any) -> str:
    """Write a name or text; long ones are cut, with a note."""
    if isinstance(value, list):
        shown = ", ".join(str(plain(v)) for v in value[:_MOST_VALUES])
        return shown + (f", ... ({len(value)})" if len(value) > _MOST_VALUES else "")
    if value is None or value is pd.NA or value != value:
        return ""
    text = str(plain(value))
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + f" … ({len(text):,} characters)"
    return text


def _interval(value: float, low: float, high: float) -> str:
    """Draw a value in its interval on a track from 0 to 1."""
    if np.isnan(value):
        return '<td data-v="">&ndash;</td>'
    if np.isnan(low) or np.isnan(high):
        return f'<td data-v="{value:.10g}">{value:.1%}</td>'
    left, width = 100 * low, 100 * (high - low)
    return (
        f'<td data-v="{value:.10g}" title="interval {low:.1%} to {high:.1%}">'
        f"{value:.1%} "
        f'<span class="interval"><i style="left:{left:.1f}%;width:{width:.1f}%"></i>'
        f'<b style="left:calc({100 * value:.1f}% - 1.5px)"></b></span></td>'
    )
