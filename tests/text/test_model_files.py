import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from sklabel import BertEmbedder
from sklabel.text import clear_embedding_cache

TEXTS = ["a warm day", "rain again"]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 440449768\n"
JSON_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json")
WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(tiny_bert, tmp_path):
    return shutil.copytree(tiny_bert, tmp_path / "model")


def tensors(folder):
    from safetensors.torch import load_file

    return load_file(folder / WEIGHTS)


def save(weights, path):
    from safetensors.torch import save_file

    save_file(weights, path, metadata={"format": "pt"})


def shard(folder):
    """Split the weights into two files with an index."""
    weights = tensors(folder)
    half = len(weights) // 2
    parts = {
        f"model-0000{i + 1}-of-00002.safetensors": dict([*weights.items()][part])
        for i, part in enumerate((slice(half), slice(half, None)))
    }
    for name, part in parts.items():
        save(part, folder / name)
    names = {key: name for name in parts for key in parts[name]}
    index = {"metadata": {"total_size": 1}, "weight_map": names}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / WEIGHTS).unlink()
    return list(parts)


def as_torch(folder, content=None):
    """Write the weights in the format of torch, or something instead."""
    import torch

    weights = tensors(folder)
    (folder / WEIGHTS).unlink()
    if content is None:
        torch.save(weights, folder / "pytorch_model.bin")
    else:
        (folder / "pytorch_model.bin").write_bytes(content)


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def write(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def cut(name, n_bytes):
    return lambda folder: (folder / name).write_bytes(
        (folder / name).read_bytes()[:n_bytes]
    )


def break_shard(content):
    def edit(folder):
        name = shard(folder)[1]
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    return edit


def break_index(content):
    def edit(folder):
        shard(folder)
        (folder / "model.safetensors.index.json").write_text(content)

    return edit


def other_shapes(folder):
    halves = {k: v[: len(v) // 2].contiguous() for k, v in tensors(folder).items()}
    save(halves, folder / WEIGHTS)


def other_names(folder):
    save({f"x.{k}": v for k, v in tensors(folder).items()}, folder / WEIGHTS)


def no_tokenizer(folder):
    for path in folder.glob("*token*"):
        path.unlink()


def a_folder_for_a_file(folder):
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").mkdir()


INDEX = r"model\.safetensors\.index\.json"
BROKEN = {
    **{f"empty {n}": (write(n, b""), f"{n} of .* is empty") for n in JSON_FILES},
    **{f"{n} cut": (cut(n, 40), f"{n} of .* is not valid JSON") for n in JSON_FILES},
    **{
        f"{n} of git-lfs": (write(n, LFS), f"{n} of .* git-lfs .*git lfs pull")
        for n in (*JSON_FILES, WEIGHTS)
    },
    "no text": (write("config.json", b"\xff\xfe\x80"), "config.json of .* not valid"),
    "null": (write("tokenizer.json", b"null"), r"tokenizer.json of .* holds a JSON"),
    "other JSON": (write("tokenizer.json", b'{"a": 1}'), "cannot load tokenizer of"),
    "no tokenizer": (no_tokenizer, "lacks a tokenizer"),
    "a folder for a file": (a_folder_for_a_file, "lacks a tokenizer"),
    "empty weights": (write(WEIGHTS, b""), f"{WEIGHTS} of .* is empty"),
    "few bytes": (cut(WEIGHTS, 5), f"{WEIGHTS} of .* or is cut off: 5 bytes"),
    "half a header": (cut(WEIGHTS, 300), f"{WEIGHTS} of .* or is cut off"),
    "half the weights": (cut(WEIGHTS, 50_000), r"is cut off: it has 50,000 of 10\d,"),
    "a page": (write(WEIGHTS, b"<!DOCTYPE html>" * 9), "begins with b'<!DOCTYPE"),
    "zeros": (write(WEIGHTS, bytes(5000)), "its header cannot be read"),
    "other shapes": (other_shapes, r"other shapes than BertModel in .*Give a folder"),
    "other names": (other_names, r"lack 37 tensors of BertModel, first 'emb.*Give a"),
    "no shard": (break_shard(None), r"lacks 1 of 2 files .*index.*model-00002-of"),
    "shard cut": (break_shard(b"abc"), r"model-00002-of-00002.* cut off: 3 bytes"),
    "shard of git-lfs": (break_shard(LFS), r"model-00002-of-00002.*git lfs pull"),
    "index cut": (break_index("{"), f"{INDEX} of .* is not valid JSON"),
    "index of nothing": (break_index("{}"), f"{INDEX} of .* lacks the weight_map"),
    "index is a list": (break_index("[]"), f"{INDEX} of .* holds a JSON list"),
    "empty bin": (lambda f: as_torch(f, b""), r"pytorch_model\.bin of .* is empty"),
    "bin of git-lfs": (lambda f: as_torch(f, LFS), r"pytorch_model\.bin.* git-lfs"),
    "no bin": (
        lambda f: as_torch(f, b"abc" * 99),
        r"\.bin of .* not hold weights",
    ),
    "bin cut": (
        lambda f: as_torch(f, b"PK\x03\x04" + b"abc" * 99),
        r"cannot load config and weights of .*pytorch_model\.bin",
    ),
    "unknown type": (
        lambda f: edit_config(f, model_type="nosuch"),
        r"transformers cannot load config and weights of .*newer transformers",
    ),
    "other type": (
        lambda f: edit_config(f, model_type="gpt2"),
        r"of GPT2Model, first",
    ),
    "unknown layer": (
        lambda f: edit_config(f, hidden_act="nosuch"),
        r"cannot load config and weights of .*KeyError",
    ),
    "other vocabulary": (
        lambda f: edit_config(f, vocab_size=5),
        r"other shapes than BertModel in 1 tensors, first .*word_embeddings",
    ),
}


@pytest.mark.parametrize("store_model", [False, True])
@pytest.mark.parametrize(("edit", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(folder, edit, message, store_model):
    edit(folder)
    embedder = BertEmbedder(folder, store_model=store_model, cache=False)
    with pytest.raises(OSError, match=message) as caught:
        embedder.fit(TEXTS).transform(TEXTS)
    assert type(caught.value) is OSError
    kept = "store_model=True kept" in str(caught.value)
    assert str(folder) in str(caught.value) or (store_model and kept)


@pytest.mark.parametrize("form", [shard, as_torch])
def test_whole_weights_in_other_forms_are_loaded(tiny_bert, folder, form):
    want = BertEmbedder(tiny_bert).fit_transform(TEXTS)
    form(folder)
    for store_model in (False, True):
        embedder = BertEmbedder(folder, store_model=store_model, cache=False)
        np.testing.assert_array_equal(embedder.fit_transform(TEXTS), want)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", WEIGHTS])
def test_a_file_that_must_not_be_read(folder, name, monkeypatch):
    real = Path.open

    def refuse(self, *args, **kwargs):
        if self.name == name:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    for store_model in (False, True):
        embedder = BertEmbedder(folder, store_model=store_model, cache=False)
        with pytest.raises(OSError, match=f"{name} of .* cannot be read .*the right"):
            embedder.fit(TEXTS).transform(TEXTS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            WEIGHTS,
            b"",
            "model.safetensors of the model that store_model=True kept",
        ),
        (
            WEIGHTS,
            None,
            "kept does not hold a model: it lacks weights",
        ),
        ("tokenizer.json", b"{", "tokenizer.json of the model that store_model=True"),
    ],
)
def test_stored_files_that_are_broken(tiny_bert, name, content, message):
    embedder = BertEmbedder(tiny_bert, store_model=True).fit(TEXTS)
    files = dict(embedder._stored[0])
    files.pop(name)
    if content is not None:
        files[name] = content
    embedder._stored = (files, "other files")
    with pytest.raises(OSError, match=message):
        pickle.loads(pickle.dumps(embedder)).transform(TEXTS)


def test_a_folder_that_is_not_there_any_more(tiny_bert, tmp_path, monkeypatch):
    shutil.copytree(tiny_bert, tmp_path / "bert")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    embedder = BertEmbedder("bert").fit(TEXTS)
    want = embedder.transform(TEXTS)
    again = pickle.loads(pickle.dumps(embedder))
    monkeypatch.chdir("other")
    # "bert" could be the name of a model on the hub: it is not asked.
    message = r"folder 'bert', .*no such folder in '.*other'.*set_params.*store_model"
    clear_embedding_cache()
    with pytest.raises(OSError, match=message):
        again.transform(TEXTS)
    again.set_params(model_name=tiny_bert)
    np.testing.assert_array_equal(again.transform(TEXTS), want)
    moved = BertEmbedder(str(tmp_path / "bert")).fit(TEXTS)
    shutil.rmtree(tmp_path / "bert")
    with pytest.raises(OSError, match=r"there is no such folder\. Say where"):
        moved.transform(TEXTS)
