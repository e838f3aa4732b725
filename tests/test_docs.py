"""The site: what it links and lists is there, and code that no build runs does run."""

import importlib
import json
import re
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sklabel
from sklabel.datasets import load_weather_posts, make_llm_answers
from tests.test_api import EXPORTING

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LLMS = DOCS / "llms.txt"
PYTHON = re.compile(r"^```(?:\{code-block\} )?python\n(.*?)^```", re.M | re.S)
ANY_CODE = re.compile(r"^```\{code-(cell|block)\}[^\n]*\n(.*?)^```", re.M | re.S)
OPTION = re.compile(r"^:[\w-]+:.*\n", re.M)
# What a block that holds the word cannot do without.
NEEDS = {"labeling_report": "matplotlib", "plt.": "matplotlib"}
NEEDS |= {"PolarityLFTransformer": "textblob"}
PEERS = ["snorkel", "crowdkit", "cleanlab"]


def run(code, namespace):
    """Run a block, unless a library that it needs is missing."""
    if all(word not in code or find_spec(library) for word, library in NEEDS.items()):
        exec(OPTION.sub("", code), namespace)


def sources():
    """Return the pages that are written, by name."""
    written = [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")]
    generated = ("_build/", "_templates/", "auto_examples/", "api/generated/")
    generated += ("api/backreferences/", "sg_execution_times")
    names = [page.relative_to(DOCS).with_suffix("").as_posix() for page in written]
    pages = dict(zip(names, written, strict=True))
    return {name: p for name, p in pages.items() if not name.startswith(generated)}


def test_code_for_language_models_runs():
    blocks = PYTHON.findall(LLMS.read_text())
    assert len(blocks) >= 3
    namespace = {}
    for code in blocks:
        run(code, namespace)
    assert set(namespace["clf"].predict(namespace["data"].test)) == {
        "Negative",
        "Positive",
    }


def test_links_for_language_models_lead_to_pages():
    pages = set(sources())
    links = re.findall(r"\]\(([^)]*)\)", LLMS.read_text())
    assert "start/judgements.html" in links
    for link in links:
        assert link.endswith(".html"), link
        name = link.removesuffix(".html")
        if name.startswith("auto_examples/"):
            assert (ROOT / "examples" / f"{Path(name).name}.py").is_file(), link
        else:
            assert name in pages, link
    chapters = {name for name in pages if name.startswith(("start/", "guide/"))}
    chapters -= {"start/index", "guide/index"}
    assert chapters <= {link.removesuffix(".html") for link in links}


def test_names_for_language_models_exist():
    text = LLMS.read_text().split("## Judgements")[0]
    named = set(re.findall(r"`([A-Z]\w+|[a-z]+_\w+)(?:\(|`)", text))
    known = {name for m in EXPORTING for name in importlib.import_module(m).__all__}
    others = {"GridSearchCV", "FeatureUnion", "FrozenEstimator", "label_proba_"}
    others |= {"n_votes", "from_frame", "from_csv", "from_wide", "predict_proba"}
    others |= {"set_output", "fit_predict"}
    assert named - others <= known
    assert len(named & known) > 20


def test_the_reference_lists_every_public_name_once():
    index = (DOCS / "api" / "index.rst").read_text()
    listed = re.findall(r"^   ([A-Za-z]\w*(?:\.\w+)*)$", index, re.M)
    listed += re.findall(r"^\.\. data:: (\w+)$", index, re.M)
    public = set(sklabel.__all__)
    for module in EXPORTING[1:]:
        package = module.removeprefix("sklabel.")
        for name in importlib.import_module(module).__all__:
            if name not in sklabel.__all__:
                public.add(f"{package}.{name}")
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == public


def test_every_page_is_in_a_toctree():
    pages = sources()
    entries = set()
    for name, page in pages.items():
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.M | re.S
        ):
            folder = Path(name).parent
            lines = [line.strip() for line in block.splitlines()]
            entries |= {
                (folder / line).as_posix()
                for line in lines
                if line and not line.startswith(":")
            }
    assert set(pages) - {"index"} <= entries
    assert entries - {"auto_examples/index"} <= set(pages)


def test_the_gallery_orders_and_lists_every_example():
    names = {path.name for path in (ROOT / "examples").glob("*.py")}
    ordered = (DOCS / "conf.py").read_text().split("BY_QUESTION = [")[1].split("]")[0]
    assert set(re.findall(r'"(\w+\.py)"', ordered)) == names
    header = (ROOT / "examples" / "GALLERY_HEADER.rst").read_text()
    assert set(re.findall(r"auto_examples_(\w+\.py)`", header)) == names


def test_snippets_of_the_cheat_sheet_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = load_weather_posts()
    lines = [
        {
            "text": "Sunny at last",
            "_input_hash": 7,
            "_view_id": "choice",
            "answer": "accept",
            "accept": ["good"],
            "_annotator_id": person,
        }
        for person in ("ann", "bob")
    ]
    Path("export.jsonl").write_text("\n".join(map(json.dumps, lines)))
    moods = data.train["sentiment"].map({0: "negative", 1: "positive"})
    namespace = {
        "judgements": data.crowd_labels,
        "posts": data.train,
        "answers": make_llm_answers(moods, random_state=0).answers,
        "gold": data.train["sentiment"].where(data.train.index < 60, -1),
        "new": pd.DataFrame({"tweet_text": ["what a lovely warm morning"]}),
        "tfidf": make_pipeline(
            make_column_transformer((TfidfVectorizer(), "tweet_text")),
            LogisticRegression(),
        ),
    }
    blocks = PYTHON.findall((DOCS / "cheat_sheet.md").read_text())
    assert len(blocks) == 12
    for code in blocks:
        run(code, namespace)
    assert namespace["votes"].shape[1] == 60 + 1 + 2 * 2
    assert hasattr(namespace["search"], "best_score_")


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("peer", PEERS)
def test_code_of_peers_in_the_pages_runs(peer):
    pytest.importorskip(peer)
    page = (DOCS / "coming_from" / f"{peer}.md").read_text()
    blocks = ANY_CODE.findall(page)
    assert sum(kind == "block" for kind, _ in blocks) >= 3
    # Both sides use the same names; each finds its own, and data that cells made.
    ours, theirs = {}, {}
    for kind, code in blocks:
        if kind == "cell":
            run(code, ours)
            continue
        scope = {**ours, **theirs}
        run(code, scope)
        theirs |= {k: v for k, v in scope.items() if k not in ours or ours[k] is not v}
    assert any(getattr(v, "__module__", "").startswith(peer) for v in theirs.values())
