"""Figures of the report as inline SVG, drawn without pyplot and its global state."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from html import escape
from io import StringIO
from typing import Any

from sklabel.inspection._plotting import BLUE, GREEN, RED, SOFT

# Colours that the page makes lighter where it is dark; see the style sheet.
_VARIABLES = {BLUE: "--blue", GREEN: "--green", RED: "--red", SOFT: "--soft"}
_PROLOG = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# It holds "* {stroke-linejoin: round ...}", which would apply to the whole page.
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_ROOT = re.compile(r"<svg[^>]*?viewBox=\"([^\"]+)\"[^>]*>")
_IDS = re.compile(r"(\bid=\"|url\(#|href=\"#)([^\")]+)")
_ID = re.compile(r" id=\"([^\"]+)\"")
_REFERENCES = re.compile(r"(?:url\(#|href=\"#)([^\")]+)")
_BLACK = re.compile(r"(fill|stroke): ?#000000")


def draw_svg(
    draw: Callable[[Any], None],
    *,
    size: tuple[float, float],
    name: str,
    alt: str,
) -> str:
    """Draw a figure and return it as an SVG element for an HTML page.

    Text and frames take the colour of the page's text (``currentColor``), so that one
    figure serves a light and a dark page. The same figure gives the same characters.

    Parameters
    ----------
    draw : callable
        Gets the empty figure and draws on it.
    size : (float, float)
        Width and height in inches.
    name : str
        Prefix of all ids in the SVG; unique on the page.
    alt : str
        What the picture shows, for those who do not see it.

    Returns
    -------
    svg : str
        An ``<svg>`` element.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    buffer = StringIO()
    with warnings.catch_warnings():
        # Letters that the font lacks become boxes here; the tables show them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        draw(figure)
        _neutralise(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None}, facecolor="none")
    return _inline(buffer.getvalue(), name, alt)


def _neutralise(figure: Any) -> None:
    """Make text and frames black whatever style the user has set."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    default = {
        to_hex(rcParams[key])
        for key in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color")
    }
    for text in figure.findobj(Text):
        if to_hex(text.get_color()) in default:
            text.set_color("black")
    for axes in figure.axes:
        if axes.get_facecolor() == _default_face():
            axes.patch.set_visible(False)
        axes.tick_params(which="both", color="black")
        for spine in axes.spines.values():
            spine.set_edgecolor("black")


def _default_face() -> Any:
    from matplotlib import rcParams
    from matplotlib.colors import to_rgba

    return to_rgba(rcParams["axes.facecolor"])


def _inline(svg: str, name: str, alt: str) -> str:
    """Turn an SVG file of matplotlib into an element for an HTML page."""
    svg = _PROLOG.sub("", svg, count=1)
    for pattern in (_METADATA, _COMMENT, _STYLE):
        svg = pattern.sub("", svg)
    svg = _BLACK.sub(r"\1: currentColor", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(f": {colour}", f": var({variable})")
    svg = _ROOT.sub(
        lambda match: (
            f'<svg viewBox="{match.group(1)}" role="img" fill="currentColor" '
            f'aria-label="{escape(alt)}" xmlns:xlink="http://www.w3.org/1999/xlink">'
        ),
        svg,
        count=1,
    )
    # matplotlib puts a random number into its ids. Numbered in the order of appearance,
    # they are the same each time; the prefix keeps those of two figures apart.
    known: dict[str, str] = {}

    def rename(match: re.Match[str]) -> str:
        new = known.setdefault(match.group(2), f"{name}{len(known)}")
        return f"{match.group(1)}{new}"

    used = set(_REFERENCES.findall(svg))
    svg = _ID.sub(lambda match: match.group(0) if match.group(1) in used else "", svg)
    svg = _IDS.sub(rename, svg)
    return re.sub(r"\n\s*", "\n", svg).strip()
