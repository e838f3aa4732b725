"""Vectors of texts from a transformer model."""

# SPDX-License-Identifier: BSD-3-Clause

import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from sklabel.text import (
    BertEmbedder,
    _bert,
    _embedding,
    _model_store,
    clear_embedding_cache,
    set_embedding_cache_size,
)

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

POSTS = [
    "It was a very nice sunny day!",
    "rain",
    "rain rain",
    "Not the good weather I love, but no storm either.",
    "hail again",
    "so windy outside today, I hate it",
    "snow snow snow",
    "a cloudy morning",
    "warm night",
    "it is cold, wet and terrible: storm, wind, hail, snow, rain, fog, cloud",
    "cool",
    "mild and dry",
    "@you: 10 #lovely days?",
    "fog in the morning, sun in the evening",
    "sun",
    "hot hot hot!",
]


@pytest.fixture(autouse=True)
def empty_caches():
    clear_embedding_cache()
    yield
    clear_embedding_cache()


@pytest.fixture(autouse=True)
def one_thread():
    # OpenMP threads that wait for a busy core make the tests slow.
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def loop(folder, texts, *, pooling="mean", layer=-1, special=True):
    """The obvious way: one text at a time, straight with transformers."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    rows = []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(text, add_special_tokens=special)])
        with torch.no_grad():
            states = model(ids, output_hidden_states=True).hidden_states[layer][0]
        if pooling == "mean":
            rows.append(states.mean(dim=0))
        elif pooling == "max":
            rows.append(states.max(dim=0).values)
        else:
            rows.append(states[0])
    return torch.stack(rows).numpy()


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"special": False},
        {"pooling": "cls"},
        {"pooling": "max", "special": False},
        {"layer": 1},
        {"layer": 0, "pooling": "max"},
    ],
)
def test_same_bits_as_one_text_at_a_time(tiny_bert, recipe, n_threads):
    torch.set_num_threads(n_threads)
    params = {"add_special_tokens": recipe.get("special", True), **recipe}
    params.pop("special", None)
    embedder = BertEmbedder(tiny_bert, exact=True, **params).fit(POSTS)
    np.testing.assert_array_equal(
        embedder.transform(POSTS), loop(tiny_bert, POSTS, **recipe)
    )


def test_packed_layers_agree_with_transformers(tiny_bert):
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    np.testing.assert_allclose(
        embedder.transform(POSTS), loop(tiny_bert, POSTS), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_a_row_does_not_depend_on_the_others(tiny_bert, exact, special, batch_size):
    embedder = BertEmbedder(
        tiny_bert,
        exact=exact,
        add_special_tokens=special,
        cache=False,
        batch_size=batch_size,
    )
    rows = embedder.fit(POSTS).transform(POSTS)
    alone = np.vstack([embedder.transform([post]) for post in POSTS])
    order = np.random.default_rng(0).permutation(len(POSTS))
    shuffled = embedder.transform([POSTS[i] for i in order])
    np.testing.assert_array_equal(rows, alone)
    np.testing.assert_array_equal(rows[order], shuffled)


def test_packing_gives_up_without_the_operators(tiny_bert, monkeypatch):
    from sklabel.text._packed_linear import pack_linears

    model = transformers.AutoModel.from_pretrained(tiny_bert).eval()
    monkeypatch.setattr(torch, "allclose", lambda *args, **kwargs: False)
    assert not pack_linears(model)
    assert type(model.encoder.layer[0].output.dense) is torch.nn.Linear
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not pack_linears(model)
    np.testing.assert_array_equal(
        BertEmbedder(tiny_bert).fit_transform(POSTS), loop(tiny_bert, POSTS)
    )


def test_output_and_names(tiny_bert):
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    rows = embedder.transform(POSTS)
    assert rows.shape == (len(POSTS), 32)
    assert rows.dtype == np.float32
    names = embedder.get_feature_names_out()
    assert [names[0], names[-1]] == ["bertembedder0", "bertembedder31"]
    frame = pd.DataFrame({"text": POSTS}, index=range(5, 5 + len(POSTS)))
    out = embedder.set_output(transform="pandas").fit_transform(frame)
    assert list(out.columns) == list(names)
    assert list(out.index) == list(frame.index)


def test_texts_are_embedded_once(tiny_bert, monkeypatch):
    seen = []
    embed = _bert.embed

    def spy(live, texts, *args, **kwargs):
        seen.extend(texts)
        return embed(live, texts, *args, **kwargs)

    monkeypatch.setattr(_bert, "embed", spy)
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    first = embedder.transform(["sun", "rain", "sun"])
    second = clone(embedder).fit(POSTS).transform(["rain", "fog", "sun"])
    assert seen == ["sun", "rain", "fog"]
    np.testing.assert_array_equal(first[[0, 1]], second[[2, 0]])
    np.testing.assert_array_equal(first[0], first[2])
    BertEmbedder(tiny_bert, normalize=True).fit(POSTS).transform(["sun"])
    assert len(seen) == 3
    others = ({"layer": 1}, {"pooling": "max"}, {"cache": False}, {"exact": False})
    for params in others:
        BertEmbedder(tiny_bert, **params).fit(POSTS).transform(["sun"])
    assert seen[3:] == ["sun"] * 4


def test_cached_rows_are_not_shared_with_the_caller(tiny_bert):
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    rows = embedder.transform(POSTS)
    expected = rows.copy()
    rows[:] = 0
    np.testing.assert_array_equal(embedder.transform(POSTS), expected)


def test_size_of_the_cache(tiny_bert):
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    previous = set_embedding_cache_size(2_000)
    try:
        embedder.transform(POSTS)
        assert 0 < _bert._CACHE.cost <= 2_000
        assert len(_bert._CACHE) < len(POSTS)
    finally:
        set_embedding_cache_size(previous)
    with pytest.raises(ValueError, match="0 or more"):
        set_embedding_cache_size(-1)


def test_changed_folder_is_loaded_anew(tiny_bert, tmp_path):
    from tests._tiny_bert import make_tiny_bert

    folder = make_tiny_bert(tmp_path / "model", seed=1)
    embedder = BertEmbedder(folder).fit(POSTS)
    before = embedder.transform(POSTS)
    make_tiny_bert(folder, seed=2)
    after = embedder.transform(POSTS)
    assert np.abs(before - after).max() > 0.1
    np.testing.assert_allclose(after, loop(folder, POSTS), atol=1e-5)


def test_another_model_in_the_folder(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    embedder = BertEmbedder(folder).fit(POSTS)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": 64}))
    with pytest.raises(ValueError, match=r"hidden_size was 32 and is 64\. Fit again"):
        embedder.transform(POSTS)


def test_missing_and_empty_texts(tiny_bert):
    X = ["sun", None, "", float("nan"), "sun"]
    rows = BertEmbedder(tiny_bert).fit(X).transform(X)
    assert not rows[[1, 3]].any()
    assert rows[2].any()
    bare = BertEmbedder(tiny_bert, add_special_tokens=False, normalize=True).fit(X)
    rows = bare.transform(X)
    assert not rows[[1, 2, 3]].any()
    np.testing.assert_allclose(np.linalg.norm(rows[[0, 4]], axis=1), 1, rtol=1e-6)
    assert not bare.transform([None, None]).any()


def test_halves_of_surrogate_pairs(tiny_bert):
    rows = BertEmbedder(tiny_bert).fit_transform(["sun \ud83d", "sun ?"])
    np.testing.assert_array_equal(rows[0], rows[1])


def test_long_texts_are_cut_with_one_warning(tiny_bert):
    long = " ".join(["sun"] * 100)
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    message = r"3 of 4 texts are longer than 64 tokens .* longest has \d+"
    for _ in range(2):
        with pytest.warns(UserWarning, match=message) as caught:
            rows = embedder.transform([long, "sun", long, "rain " + long])
        assert [warning.filename for warning in caught] == [__file__]
    with pytest.warns(UserWarning, match="longer than 64") as in_pipeline:
        make_pipeline(embedder, "passthrough").transform([long])
    assert [warning.filename for warning in in_pipeline] == [__file__]
    exact = clone(embedder).set_params(exact=False).fit(POSTS)
    with pytest.warns(UserWarning, match="longer than 64"):
        rows = exact.transform([long])
    np.testing.assert_array_equal(rows, loop(tiny_bert, [" ".join(["sun"] * 62)]))


def test_max_length(tiny_bert):
    embedder = BertEmbedder(tiny_bert, max_length=4, exact=True).fit(POSTS)
    with pytest.warns(UserWarning, match="1 of 2 texts are longer than 4 tokens"):
        rows = embedder.transform(["sun rain fog", "sun rain"])
    np.testing.assert_array_equal(rows[0], rows[1])
    with pytest.raises(ValueError, match=r"must be at most 64 .* Got 65"):
        embedder.set_params(max_length=65).transform(POSTS)
    with pytest.raises(ValueError, match="leave space for text beside 2 special"):
        embedder.set_params(max_length=2).transform(POSTS)


def test_fit_loads_no_weights(tiny_bert, tmp_path):
    shutil.copy(Path(tiny_bert) / "config.json", tmp_path)
    embedder = BertEmbedder(tmp_path).fit(POSTS)
    assert embedder.config_["hidden_size"] == 32
    assert len(embedder.get_feature_names_out()) == 32
    assert len(_model_store.MODELS) == 0
    with pytest.raises(OSError, match="lacks weights"):
        embedder.transform(POSTS)


def test_clones_share_a_live_model_and_few_are_kept(tiny_bert):
    for params in ({}, {"layer": 1}, {"exact": False}, {"exact": False, "layer": 1}):
        BertEmbedder(tiny_bert, cache=False, **params).fit_transform(POSTS)
    assert len(_model_store.MODELS) == 2
    BertEmbedder(tiny_bert, dtype="bfloat16").fit_transform(POSTS)
    assert len(_model_store.MODELS) == 2


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(tiny_bert, dtype):
    full = BertEmbedder(tiny_bert).fit_transform(POSTS)
    half = BertEmbedder(tiny_bert, dtype=dtype).fit_transform(POSTS)
    assert half.dtype == np.float32
    assert 0 < np.abs(full - half).max() < 0.1


def in_fresh_process(path, texts):
    code = (
        "import pickle, sys, numpy\n"
        "e = pickle.load(open(sys.argv[1], 'rb'))\n"
        "numpy.save(sys.argv[1] + '.npy', e.transform(sys.argv[2:]))"
    )
    # The last bits of a product depend on the number of threads.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(path), *texts]
    subprocess.run(command, check=True, env=environment)
    return np.load(f"{path}.npy")


def test_pickle_is_small_and_gives_the_same_bits(tiny_bert, tmp_path):
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    rows = embedder.transform(POSTS)
    content = pickle.dumps(embedder)
    assert len(content) < 2_000 + len(tiny_bert)
    (tmp_path / "embedder.pkl").write_bytes(content)
    np.testing.assert_array_equal(
        in_fresh_process(tmp_path / "embedder.pkl", POSTS), rows
    )


def test_stored_model_needs_no_folder(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    embedder = BertEmbedder(folder, store_model=True).fit(POSTS)
    rows = BertEmbedder(folder).fit_transform(POSTS)
    shutil.rmtree(folder)
    content = pickle.dumps(embedder)
    assert len(content) > 50_000
    np.testing.assert_array_equal(pickle.loads(content).transform(POSTS), rows)
    np.testing.assert_array_equal(embedder.transform(POSTS), rows)


def test_grid_search_in_processes(tiny_bert):
    # Processes of earlier tests grow when they import torch; joblib takes that for a
    # leak of memory, and replacing them can hang.
    get_reusable_executor().shutdown(wait=True, kill_workers=True)
    X = pd.DataFrame({"id": range(16), "text": POSTS})
    y = np.array([1, 0] * 8)
    pipeline = make_pipeline(BertEmbedder(tiny_bert, column="text"), GaussianNB())
    grid = {"gaussiannb__var_smoothing": [1e-9, 0.1]}
    one = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    two = GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    embedder = BertEmbedder(tiny_bert).fit(POSTS)
    parts = Parallel(n_jobs=2)(
        delayed(embedder.transform)(part) for part in (POSTS[:8], POSTS[8:])
    )
    np.testing.assert_array_equal(np.vstack(parts), embedder.transform(POSTS))


def test_threads_at_once(tiny_bert):
    embedder = BertEmbedder(tiny_bert, cache=False).fit(POSTS)
    expected = embedder.transform(POSTS * 4)
    clear_embedding_cache()
    results = {}

    def work(i):
        results[i] = [embedder.transform(POSTS * 4) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_model_store.MODELS) == 1
    for i in range(2):
        for rows in results[i]:
            np.testing.assert_array_equal(rows, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_child(tiny_bert, tmp_path):
    code = f"""
import os, sys, numpy, torch
torch.set_num_threads(2)
from sklabel.text import BertEmbedder, _model_store
posts = {POSTS!r}
embedder = BertEmbedder({tiny_bert!r}, cache=False).fit(posts)
rows = embedder.transform(posts)
child = os.fork()
if child == 0:
    fresh = len(_model_store.MODELS) == 0
    # The child runs one thread, so the last bits may differ.
    same = numpy.allclose(embedder.transform(posts), rows, atol=1e-5)
    os._exit(0 if fresh and same else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_settings_of_the_user_stay(tiny_bert, capsys):
    logging = transformers.utils.logging
    n_threads = torch.get_num_threads()
    state = torch.get_rng_state()
    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    BertEmbedder(tiny_bert).fit_transform(POSTS)
    assert torch.get_num_threads() == n_threads
    assert torch.equal(torch.get_rng_state(), state)
    assert logging.get_verbosity() == verbosity
    assert logging.is_progress_bar_enabled() == bar
    assert capsys.readouterr() == ("", "")


def test_progress_bar(tiny_bert, capsys):
    BertEmbedder(tiny_bert, verbose=1).fit_transform(POSTS)
    assert f"{len(POSTS)}/{len(POSTS)}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model_name", "message"),
    [
        ("./no-such-folder", "No model at './no-such-folder': there is no such folder"),
        ("a/b/c", "there is no such folder"),
        ("no-such-model", "the hub is not asked .HF_HUB_OFFLINE"),
    ],
)
def test_no_model(model_name, message):
    with pytest.raises(OSError, match=message):
        BertEmbedder(model_name=model_name).fit(POSTS)


def test_no_download_if_forbidden(monkeypatch):
    online(monkeypatch)
    with pytest.raises(
        OSError, match=r"the hub is not asked \(local_files_only=True\)"
    ):
        BertEmbedder("no-such-model", local_files_only=True).fit(POSTS)


def online(monkeypatch):
    import huggingface_hub

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


def test_unreachable_hub_is_one_quick_error(monkeypatch):
    online(monkeypatch)
    start = time.perf_counter()
    message = (
        "No model at 'no-such-model' and the hub is unreachable. Give a folder that "
        "holds config.json and the weights."
    )
    with pytest.raises(OSError, match=message):
        BertEmbedder("no-such-model").fit(POSTS)
    assert time.perf_counter() - start < 10


def test_answer_of_the_hub_is_passed_on(monkeypatch):
    import huggingface_hub

    from sklabel.text import _hub

    online(monkeypatch)
    monkeypatch.setattr(_hub, "_is_reachable", lambda hub: True)

    def refuse(*args, **kwargs):
        raise RuntimeError("401 Client Error\nmore")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)
    with pytest.raises(OSError, match="the hub answered RuntimeError: 401 Client Err"):
        BertEmbedder("no-such-model").fit(POSTS)


def test_download_takes_one_format_of_weights(monkeypatch, tiny_bert, tmp_path):
    import fnmatch

    import huggingface_hub

    from sklabel.text import _hub

    online(monkeypatch)
    monkeypatch.setattr(_hub, "_is_reachable", lambda hub: True)
    target = tmp_path / "snapshot"

    def download(name, *, revision, allow_patterns=None, local_files_only=False):
        if local_files_only:
            raise FileNotFoundError
        target.mkdir(exist_ok=True)
        for path in Path(tiny_bert).iterdir():
            if any(fnmatch.fnmatch(path.name, p) for p in allow_patterns):
                shutil.copy(path, target)
        return str(target)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    embedder = BertEmbedder("owner/model").fit(POSTS)
    assert [path.name for path in target.iterdir()] == ["config.json"]
    rows = embedder.transform(POSTS)
    assert (target / "model.safetensors").exists()
    np.testing.assert_array_equal(rows, BertEmbedder(tiny_bert).fit_transform(POSTS))


def test_name_in_the_local_cache_of_the_hub(monkeypatch, tiny_bert, tmp_path):
    import huggingface_hub

    commit = "0123456789012345678901234567890123456789"
    home = tmp_path / "models--owner--tiny"
    shutil.copytree(tiny_bert, home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    download = huggingface_hub.snapshot_download
    monkeypatch.setattr(
        huggingface_hub,
        "snapshot_download",
        lambda *args, **kwargs: download(*args, cache_dir=tmp_path, **kwargs),
    )
    rows = BertEmbedder("owner/tiny").fit_transform(POSTS)
    np.testing.assert_array_equal(rows, BertEmbedder(tiny_bert).fit_transform(POSTS))
    assert BertEmbedder("owner/tiny", revision=commit).fit_transform(POSTS).any()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_folder_that_lacks_a_file(tiny_bert, tmp_path, name):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(OSError, match=r"not hold a model: it lacks .*Give a folder"):
        BertEmbedder(folder).fit(POSTS).transform(POSTS)


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_config_that_cannot_be_read(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(OSError, match=r"config.json of .* (is not|holds a)"):
        BertEmbedder(tmp_path).fit(POSTS)


def test_weights_that_belong_to_another_config(tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["num_hidden_layers"] = 3
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(OSError, match=r"weights of .* lack 16 tensors"):
        BertEmbedder(folder).fit(POSTS).transform(POSTS)


def test_no_encoder(tmp_path):
    config = {"model_type": "t5", "d_model": 8, "is_encoder_decoder": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"takes encoders such as BERT.* 't5'"):
        BertEmbedder(tmp_path).fit(POSTS)


@pytest.mark.parametrize(
    "params",
    [
        {"pooling": "sum"},
        {"layer": 3},
        {"layer": -4},
        {"batch_size": 0},
        {"max_length": 0},
        {"dtype": "int8"},
        {"device": "abacus"},
        {"device": "cuda:99"},
        {"column": 1.5},
    ],
)
def test_parameters_out_of_range(tiny_bert, params):
    name = next(iter(params))
    with pytest.raises(ValueError, match=f"'?{name}'?.*"):
        BertEmbedder(tiny_bert, **params).fit(POSTS)


@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_missing_library_says_what_to_install(tiny_bert, monkeypatch, library):
    monkeypatch.setitem(sys.modules, library, None)
    message = rf'BertEmbedder needs {library}.* pip install "sklabel\[bert\]"'
    with pytest.raises(ImportError, match=message):
        BertEmbedder(tiny_bert).fit(POSTS)


def test_import_leaves_the_libraries_out():
    code = (
        "import sys, sklabel.text\n"
        "heavy = {'torch', 'transformers', 'textblob', 'matplotlib', 'tqdm'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_batches_are_not_trusted_blindly(tiny_bert, monkeypatch):
    sizes = []
    forward = _embedding._forward

    def rounding(live, tokens, recipe):
        sizes.append(len(tokens))
        return forward(live, tokens, recipe) + (len(tokens) > 1) * 1e-3

    monkeypatch.setattr(_embedding, "_forward", rounding)
    monkeypatch.setattr(_embedding, "_gives_the_same_bits", lambda *args: False)
    embedder = BertEmbedder(tiny_bert, cache=False).fit(POSTS)
    rows = embedder.transform(["sun", "rain", "fog"])
    assert sizes == [1, 1, 1]
    np.testing.assert_array_equal(rows[:1], embedder.transform(["sun"]))


@pytest.mark.filterwarnings("ignore:.*read numbers as text:UserWarning")
@pytest.mark.filterwarnings("ignore:.*texts are longer than:UserWarning")
def test_check_estimator(tiny_bert):
    results = check_estimator(BertEmbedder(tiny_bert), on_skip=None)
    assert len(results) >= 45
    assert {result["status"] for result in results} == {"passed"}
