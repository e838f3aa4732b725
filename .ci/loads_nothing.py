"""Check that no page of a built site loads anything from another machine.

    python .ci/loads_nothing.py docs/_build/html

Links that a reader may follow are fine; scripts, styles, pictures and frames are not.
"""

# SPDX-License-Identifier: BSD-3-Clause

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

# What a browser fetches on its own: the tags, and their attributes.
FETCHED = {
    "script": ["src"],
    "link": ["href"],
    "img": ["src", "srcset"],
    "iframe": ["src"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
    "embed": ["src"],
    "object": ["data"],
}
NOT_FETCHED = {"canonical", "next", "prev", "search", "index", "author", "license"}
OF_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s]+)")


class Page(HTMLParser):
    """Collects what a page fetches from other machines.

    Parameters
    ----------
    text : str
        The page.
    """

    def __init__(self, text):
        super().__init__()
        self.found = OF_STYLES.findall(text)
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Look at one tag; a frame that holds its page is looked at as a page."""
        values = dict(attrs)
        if tag == "link" and values.get("rel") in NOT_FETCHED:
            return
        for name in FETCHED.get(tag, []):
            for value in (values.get(name) or "").split(","):
                if re.match(r"\s*(https?:)?//", value):
                    self.found.append(value.strip())
        if values.get("srcdoc"):
            self.found += Page(values["srcdoc"]).found


def main(site):
    """Print what is fetched, and return how many pages and styles fetch something."""
    pages = sorted(site.rglob("*.html"))
    if not pages:
        sys.exit(f"{site} holds no pages. Build the site first.")
    bad = 0
    for path in [*pages, *sorted(site.rglob("*.css"))]:
        text = path.read_text(encoding="utf-8")
        found = Page(text).found if path.suffix == ".html" else OF_STYLES.findall(text)
        if found:
            bad += 1
            print(f"{path.relative_to(site)} loads {', '.join(sorted(set(found)))}")
    print(f"{len(pages)} pages looked at, {bad} files load something from the net")
    return bad


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 1))
