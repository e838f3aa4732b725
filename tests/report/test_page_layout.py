"""Nothing of the page is cut: on a screen, on a telephone and on paper."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest

from sklabel import CrowdLabels
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.report import labeling_report
from tests.report._browser import open_in_browser

pytest.importorskip("matplotlib")

NAMES = [
    "account and login problems",
    "billing, invoices and refunds",
    "delivery and shipment tracking",
    "damaged or defective product",
    "product information request",
    "cancellation of a subscription",
    "complaint about customer service",
    "other / not listed anywhere above",
]
WORD = "Donaudampfschifffahrtsgesellschaft" * 4

PROBE = """
<script>
(function () {
  var out = { errors: window.probeErrors, boxes: [], tables: [] };
  function line(box) {
    return getComputedStyle(box.parentElement, "::before").content;
  }
  document.querySelectorAll(".scroll").forEach(function (box) {
    var hidden = box.scrollWidth - box.clientWidth;
    var found = { hidden: hidden, before: line(box), table: !!box.querySelector("td") };
    box.scrollLeft = hidden;
    box.scrollTop = box.scrollHeight;
    box.dispatchEvent(new Event("scroll"));
    var edge = box.getBoundingClientRect();
    var cells = box.querySelectorAll("tbody tr:last-child td");
    if (cells.length) {
      var first = cells[0].getBoundingClientRect();
      var last = cells[cells.length - 1].getBoundingClientRect();
      found.first = first.left - edge.left;
      found.share = first.width / edge.width;
      found.last = edge.right - last.right;
      found.bottom = edge.bottom - last.bottom;
    }
    found.after = line(box);
    out.boxes.push(found);
  });
  document.querySelectorAll("table").forEach(function (table) {
    var heads = table.tHead.rows[0].cells;
    out.tables.push({
      width: table.getBoundingClientRect().right,
      heads: Array.prototype.map.call(heads, function (head) {
        return head.innerText.trim();
      }),
      buttons: table.querySelectorAll("thead button").length,
      drawn: Array.prototype.filter.call(
        table.querySelectorAll("thead button"),
        function (button) { return button.getClientRects().length > 0; }
      ).length
    });
  });
  out.width = document.documentElement.scrollWidth;
  parent.postMessage(JSON.stringify(out), "*");
})();
</script>
"""


@pytest.fixture(scope="module")
def pages():
    data = make_crowd_labels(80, 12, len(NAMES), random_state=0)
    named = data.crowd_labels.assign(label=[NAMES[c] for c in data.crowd_labels.label])
    crowd = CrowdLabels.from_frame(named, classes=NAMES)
    y = np.array(NAMES, dtype=object)[data.y[crowd.sample_ids]]
    texts = [f"{WORD} and short words"] * crowd.n_samples
    votes = pd.DataFrame(make_lf_votes(90, 4, coverage=0.7, random_state=0).votes)
    votes.columns = ["regex_" + "x" * 60, "a_b_c", "keyword_" * 6, "d"]
    return {
        "crowd": labeling_report(crowd, y, texts=texts).html,
        "functions": labeling_report(votes, texts=[WORD] * 90).html,
    }


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["crowd", "functions"])
def test_what_is_out_of_sight_is_said_and_can_be_reached(pages, name, width, tmp_path):
    found = open_in_browser(pages[name], tmp_path, width, PROBE)
    assert found["errors"] == []
    assert found["width"] <= width
    for box in found["boxes"]:
        if box["hidden"] > 2:
            assert "\N{RIGHTWARDS ARROW}" in box["before"]
        assert "\N{RIGHTWARDS ARROW}" not in box["after"]
        if not box["table"]:
            continue
        # Scrolled to the end, the last cell is in sight and so is whose row it is.
        assert box["last"] >= -1.5
        assert box["bottom"] >= -1.5
        assert -1.5 <= box["first"] <= 1.5
        assert box["share"] <= 0.55
        assert "\N{DOWNWARDS ARROW}" not in box["after"]
    hidden = [box["hidden"] > 2 for box in found["boxes"] if box["table"]]
    assert any(hidden) == (width == 400), [b["hidden"] for b in found["boxes"]]


@pytest.mark.parametrize("name", ["crowd", "functions"])
def test_paper_has_all_columns_and_their_headings(pages, name, tmp_path):
    # What is for paper, on a screen as wide as the shorter of the two usual papers,
    # turned on its side.
    assert "@page { size: landscape; margin: 12mm; }" in pages[name]
    html = pages[name].replace("@media print", "@media all")
    width = int((11 * 25.4 - 24) / 25.4 * 96)
    found = open_in_browser(html, tmp_path, width, PROBE)
    assert found["width"] <= width
    for table in found["tables"]:
        assert table["width"] <= width + 1
        assert all(table["heads"])
        # Chromium leaves out buttons where a heading repeats on the next page.
        assert table["buttons"] == len(table["heads"])
        assert table["drawn"] == 0
    assert all(box["hidden"] <= 2 for box in found["boxes"])
