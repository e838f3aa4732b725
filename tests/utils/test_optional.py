"""A missing optional library is reported with what to install."""

import sys

import pytest

from sklabel.utils._optional import import_optional


def test_a_module_that_is_there_is_imported():
    module = import_optional("xml.dom", needed_by="Thing", extra="text")
    assert module is sys.modules["xml.dom"]


@pytest.mark.parametrize("name", ["no_such_library", "no_such_library.part"])
def test_a_missing_library_says_who_needs_it_and_how_to_install_it(name):
    with pytest.raises(
        ImportError,
        match=(
            "^Thing needs no_such_library, which is not installed. "
            r'Run: pip install "sklabel\[text\]", or pip install -e "\.\[text\]" in a '
            r"clone of the repository\.$"
        ),
    ):
        import_optional(name, needed_by="Thing", extra="text")


def test_a_library_with_a_missing_dependency_keeps_its_own_message(
    tmp_path, monkeypatch
):
    (tmp_path / "half_a_library.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_depend"):
        import_optional("half_a_library", needed_by="Thing", extra="text")


def test_a_missing_part_of_an_installed_library_is_not_hidden():
    with pytest.raises(ImportError, match="Thing needs xml") as caught:
        import_optional("xml.no_such_part", needed_by="Thing", extra="text")
    assert "xml.no_such_part" in str(caught.value.__cause__)
