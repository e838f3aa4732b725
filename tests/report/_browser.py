"""Opens pages in a browser that is installed, and asks them what they look like."""

# SPDX-License-Identifier: BSD-3-Clause

import json
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
CATCH = """<script>
window.probeErrors = [];
window.addEventListener("error", function (e) { probeErrors.push(e.message); });
document.addEventListener("securitypolicyviolation", function (e) {
  probeErrors.push("blocked " + e.blockedURI + " " + e.violatedDirective);
});
</script>"""
# A window of Chromium has a least width; a frame in a page has none.
WRAPPER = """<!DOCTYPE html><body><pre id="probe"></pre><script>
window.addEventListener("message", function (e) {
  document.getElementById("probe").textContent = e.data;
});
</script><iframe src="page.html" style="width: WIDTHpx; height: 900px; border: 0">
</iframe></body>"""


def open_in_browser(html, folder, width, probe):
    """Open a page in a frame of a width and return what a script on it found."""
    if BROWSER is None:
        pytest.skip("needs Chromium or Chrome")
    page = html.replace("<head>", f"<head>{CATCH}", 1).replace(
        "</body>", f"{probe}</body>", 1
    )
    (folder / "page.html").write_text(page, encoding="utf-8")
    wrapper = folder / "wrapper.html"
    wrapper.write_text(WRAPPER.replace("WIDTH", str(width)))
    done = subprocess.run(
        [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width + 60},1000",
            "--virtual-time-budget=5000",
            "--dump-dom",
            wrapper.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    dumped = _Probe(done.stdout).found
    assert dumped, done.stderr[-2000:]
    return json.loads(dumped)


class _Probe(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.inside, self.found = False, ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "pre"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.found += data
