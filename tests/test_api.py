import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import sklabel

ROOT = Path(sklabel.__file__).parent
PROJECT = ROOT.parent / "pyproject.toml"

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(sklabel.__path__, "sklabel.")
)
PUBLIC_MODULES = [
    "sklabel",
    *(name for name in MODULES if not re.search(r"\._", name)),
]
# Modules whose __all__ is their interface; sklabel.base is for sub-classes.
EXPORTING = [
    name
    for name in PUBLIC_MODULES
    if name == "sklabel" or hasattr(importlib.import_module(name), "__all__")
]


def public_objects():
    """Yield (qualified name, object) of everything that a user may import."""
    seen = set()
    for module in EXPORTING:
        for name in importlib.import_module(module).__all__:
            thing = getattr(importlib.import_module(module), name)
            if callable(thing) and id(thing) not in seen:
                seen.add(id(thing))
                yield f"{module}.{name}", thing


def public_methods(cls):
    """Yield the names of the methods that sklabel itself defines or inherits."""
    for name, thing in inspect.getmembers(cls):
        if name.startswith("_") or not (callable(thing) or isinstance(thing, property)):
            continue
        function = thing.fget if isinstance(thing, property) else thing
        function = inspect.unwrap(getattr(function, "__func__", function))
        if getattr(function, "__module__", "").startswith("sklabel"):
            yield name


@pytest.mark.parametrize("module", EXPORTING)
def test_all_is_sorted_and_importable(module):
    names = importlib.import_module(module).__all__
    # As ruff sorts: names in capitals first.
    assert names == sorted(names, key=lambda name: (not name.isupper(), name))
    assert len(set(names)) == len(names)
    for name in names:
        assert hasattr(importlib.import_module(module), name)


def test_every_package_says_what_it_exports():
    packages = [
        "sklabel",
        *(m.name for m in pkgutil.walk_packages(sklabel.__path__, "sklabel.") if m[2]),
    ]
    assert set(packages) <= set(EXPORTING)


def test_what_the_top_level_exports_stands_in_a_package_too():
    below = {
        name
        for module in EXPORTING[1:]
        for name in importlib.import_module(module).__all__
    }
    assert set(sklabel.__all__) <= below


def test_import_is_light():
    heavy = ["torch", "transformers", "textblob", "matplotlib", "dask", "nltk"]
    heavy.append("polars")
    code = (
        "import sys, pkgutil, importlib, sklabel\n"
        "for m in pkgutil.walk_packages(sklabel.__path__, 'sklabel.'):\n"
        "    importlib.import_module(m.name)\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parent,
    )
    assert done.stdout.strip() == "[]"


# The subpackages in layers: each may import what stands in an earlier line.
LAYERS = [
    {"_version"},
    {"utils"},
    {"votes"},
    {"base"},
    {"sums"},
    {"evidence"},
    {"text"},
    {"label_model"},
    {"lf"},
    {"io"},
    {"inspection", "model_selection"},
    {"end_model"},
    {"relabeling"},
    {"report"},
    {"datasets", "testing"},
    {"dask"},
]
# A label model sees votes as arrays, whatever cast them; generators need no estimator.
NEVER = {"lf": {"evidence"}, "label_model": {"text"}}
NEVER |= {name: {"text", "lf", "label_model"} for name in ("datasets", "testing")}
ALLOWED = {
    name: {name}.union(*LAYERS[:i]) - NEVER.get(name, set())
    for i, layer in enumerate(LAYERS)
    for name in layer
}


def imported_subpackages(path):
    """Return the subpackages of sklabel that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "sklabel" and len(parts) > 1 and parts[1] in ALLOWED:
                found.add(parts[1])
    return found


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_imports_point_downward(path):
    subpackage = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if subpackage == "__init__":
        late = {"dask", "datasets", "inspection", "relabeling", "report", "testing"}
        assert imported_subpackages(path).isdisjoint(late)
        return
    assert subpackage in ALLOWED, f"say in ALLOWED what {subpackage} may import"
    assert imported_subpackages(path) <= ALLOWED[subpackage]


def estimators():
    return [
        getattr(sklabel, name)
        for name in sklabel.__all__
        if isinstance(getattr(sklabel, name), type)
        and issubclass(getattr(sklabel, name), BaseEstimator)
    ]


# They wrap another estimator.
META = {
    "EstimatorLF",
    "LFUnion",
    "SoftLabelClassifier",
    "WeakSupervisionClassifier",
}


@pytest.mark.parametrize(
    "cls", [cls for cls in estimators() if cls.__name__ not in META]
)
def test_estimators_build_without_arguments(cls):
    estimator = cls()
    assert repr(estimator) == f"{cls.__name__}()"


@pytest.mark.parametrize("cls", estimators())
def test_parameter_constraints_match_the_parameters(cls):
    parameters = list(inspect.signature(cls.__init__).parameters)[1:]
    assert list(cls._parameter_constraints) == parameters


@pytest.mark.parametrize("cls", estimators())
def test_at_most_three_parameters_are_positional(cls):
    positional = [
        p
        for p in inspect.signature(cls).parameters.values()
        if p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    assert len(positional) <= 3


def documented():
    for name, thing in public_objects():
        yield name
        if isinstance(thing, type):
            yield from (f"{name}.{method}" for method in public_methods(thing))


# The parameters of one are those of scipy, which documents them; the others cannot be
# called.
EXEMPT = {
    "sklabel.votes.VoteMatrix": "PR01",
    "sklabel.CrowdLabels": "PR01",
    "sklabel.dask.PartitionedCrowdLabels": "PR01",
}


@pytest.mark.parametrize("name", sorted(documented()))
def test_docstring_is_complete(name):
    validate = pytest.importorskip("numpydoc.validate").validate
    settings = tomllib.loads(PROJECT.read_text())["tool"]["numpydoc_validation"]
    errors = [
        error for error in validate(name)["errors"] if error[0] in settings["checks"]
    ]
    assert [error for error in errors if error[0] != EXEMPT.get(name)] == []


@pytest.mark.parametrize("name", [n for n, t in public_objects() if inspect.isclass(t)])
def test_public_classes_have_an_example(name):
    module, _, attribute = name.rpartition(".")
    assert ">>>" in getattr(importlib.import_module(module), attribute).__doc__


def test_no_subpackage_is_more_than_a_quarter_of_the_source():
    lines = {
        path: len(path.read_text().splitlines())
        for path in ROOT.rglob("*.py")
        if path.parent != ROOT
    }
    total = sum(lines.values())
    for subpackage in {path.relative_to(ROOT).parts[0] for path in lines}:
        own = [n for path, n in lines.items() if ROOT / subpackage in path.parents]
        assert sum(own) <= total / 4, subpackage
