import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklabel import AnswerLF, LabelModel, MajorityVote
from sklabel.votes import NamedVotes, VoteMatrix
from tests._data import importer_fixture

CLASSES = {"billing": [], "bug": [], "praise": []}


def read(answer, classes=("billing", "bug", "praise"), **options):
    """Return the vote and the reason of one answer."""
    X = pd.DataFrame({"llm": pd.Series([answer], dtype=object)})
    lf = AnswerLF(classes, **options).fit(X)
    votes = lf.transform(X)
    vote = votes.tolist()[0][0]
    return vote, lf.reasons(X).iloc[0, 0]


@pytest.mark.parametrize(
    "answer",
    [
        "bug",
        "Bug.",
        " BUG \n",
        '"bug"',
        "“bug”",
        "«bug»",
        "**bug**",
        "**Bug**.",
        "`bug`",
        "***`bug`***",
        "_bug_",
        "[bug]",
        "(bug)",
        "<bug>",
        "- bug",
        "> bug",
        "## bug",
        "bug!",
        "bug。",
        "\uff42\uff55\uff47",
        "\ufeffbug\u200b",
        "```\nbug\n```",
        "```text\nbug\n```",
        "<b>bug</b>",
        "\\boxed{bug}",
        "$\\boxed{\\text{bug}}$",
        "bug<|im_end|>",
        "<s> bug</s>",
        '["bug"]',
    ],
)
def test_a_class_alone_is_a_vote(answer):
    assert read(answer) == ("bug", "vote")


@pytest.mark.parametrize(
    "answer",
    [
        '{"label": "bug"}',
        '{"Label": "Bug.", "confidence": 0.9}',
        '```json\n{"label": "bug"}\n```',
        'Sure, here it is:\n```json\n{"label": "bug"}\n```\nAnything else?',
        'I think {"label": "bug"} fits.',
        '{"result": {"label": "bug"}}',
        '{"answer": {"label": "bug"}}',
        '[{"label": "bug"}]',
        '{"label": ["bug"]}',
        "{'label': 'bug'}",
        '{"label": "bug",}',
        '"{\\"label\\": \\"bug\\"}"',
        '{"label": "bug", "category": "software"}',
        '{"label": "bug", "reason": "not label: billing"}',
        '{"label": "bug", "rejected": [{"label": "billing"}]}',
        '{"label": "\\u0062ug"}',
        "<answer>bug</answer>",
        "<thinking>billing?</thinking>\n<label> Bug </label>",
        "<category>bug</category><reasoning>label: billing</reasoning>",
        {"label": "bug"},
        [{"label": "bug"}],
        ["bug"],
    ],
)
def test_a_class_under_a_key_is_a_vote(answer):
    assert read(answer) == ("bug", "vote")


@pytest.mark.parametrize(
    "answer",
    [
        "Label: bug",
        "**Label:** bug",
        "**Label: bug**",
        "**Label**: `bug`.",
        "LABEL : Bug",
        "label\uff1abug",
        "Label:\n\nbug",
        "Final answer:\n**bug**\n\nReason: it is not billing.",
        "Category: bug\nReasoning: no billing here.",
        "It may be billing. Label: billing\nNo. Final answer: bug",
        "The label is: bug!",
        "My answer: B) bug",
        '"Label: bug"',
        "Label: bug\nWrong label: billing",
        "Label: billing\nWait, no money is involved.\nLabel: bug",
        "Label: bug\n\nText: it crashes\nLabel: bug",
        'The customer writes "I cannot log in".\nLabel: bug',
        "The final answer is $\\boxed{bug}$.",
    ],
)
def test_a_class_after_the_last_marker_is_a_vote(answer):
    assert read(answer) == ("bug", "vote")


@pytest.mark.parametrize(
    "answer",
    [
        "<think>first billing</think>bug",
        "first label: billing</think>\n\nbug",
        "<think>a</think> b <think>billing</think> Label: bug",
        "<|channel|>analysis<|message|>billing<|end|><|start|>assistant"
        "<|channel|>final<|message|>bug<|return|>",
    ],
)
def test_what_follows_the_reasoning_is_read(answer):
    assert read(answer) == ("bug", "vote")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "empty"),
        (np.nan, "empty"),
        (pd.NA, "empty"),
        ("", "empty"),
        (" \n", "empty"),
        ('""', "empty"),
        ("nan", "empty"),
        ("<think>bug</think>", "empty"),
        ({}, "empty"),
        ("<think>Label: bug", "truncated"),
        ('{"label": "bug", "reason": "the cust', "truncated"),
        ('{"other": [{"label": "billing"}], "label": "bu', "truncated"),
        ('```json\n{\n  "label": "bug",\n  "reason": "', "truncated"),
        ("bug or billing", "two classes"),
        ("Billing/Bug", "two classes"),
        ("bug\nbilling", "two classes"),
        ("Choose from billing, bug, praise: bug", "two classes"),
        ("Label: bug or billing", "two classes"),
        ("Label: billing\n\nText: it crashes\nLabel: bug", "two classes"),
        ("If it costs, label: billing. Else, label: bug", "two classes"),
        ('["bug", "billing"]', "two classes"),
        ('{"label": "bug", "label": "billing"}', "two classes"),
        ('{"label": "bug", "category": "billing"}', "two classes"),
        ('{"label": ["bug", "billing"]}', "two classes"),
        ('{"label": "bug"} or {"label": "billing"}', "two classes"),
        ('Label: billing\n{"label": "bug"}', "two classes"),
        ('{"bug": 0.4, "billing": 0.6}', "two classes"),
        (["bug", "billing"], "two classes"),
        ("This looks like a debugging question.", "class not known"),
        ("This is not a bug.", "class not known"),
        ("bug?", "class not known"),
        ("bug...", "class not known"),
        ("~~bug~~", "class not known"),
        ("Label: bug?", "class not known"),
        ("Is the label: bug?", "class not known"),
        ("Label: not bug", "class not known"),
        ("Not label: bug", "class not known"),
        ("Wrong label: bug", "class not known"),
        ("mislabel: bug", "class not known"),
        ("Sub-category: bug", "class not known"),
        ("Label: bug\n\nText: more\nLabel: spam", "class not known"),
        ("spam", "class not known"),
        ("prais", "class not known"),
        ("bugs", "class not known"),
        ("2", "class not known"),
        (2, "class not known"),
        (True, "class not known"),
        ("n/a", "class not known"),
        ('{"label": null}', "class not known"),
        ('{"label": "spam", "category": "bug"}', "class not known"),
        ('{"label": ["bug", "spam"]}', "class not known"),
        ('{"label": "bug", "reason": "he said "no" to"}', "class not known"),
        ('{"sentiment": "bug"}', "class not known"),
        ("I cannot classify this text.", "refusal"),
        ("I can\u2019t help with that.", "refusal"),
        ("I'm sorry, but I can't help with that. Label: bug", "refusal"),
        ("Label: I am not sure", "refusal"),
        ("As an AI language model, I have no opinion.", "refusal"),
        (ValueError("rate limit"), "error"),
    ],
)
def test_an_answer_that_does_not_say_one_class_abstains(answer, reason):
    assert read(answer) == (None, reason)


@pytest.mark.parametrize("name", ["{" * 3000, "[" * 3000, '{"a":' * 3000, '"' * 3000])
def test_nested_nonsense_abstains(name):
    assert read(name)[0] is None


@pytest.mark.parametrize(
    ("answer", "vote"),
    [
        ("non-toxic", "non-toxic"),
        ("Non-Toxic.", "non-toxic"),
        ("non\u2011toxic", "non-toxic"),
        ("non toxic", "non-toxic"),
        ("toxic", "toxic"),
        ("This is non-toxic", None),
        ("not toxic", None),
        ("Not toxic at all; label: non-toxic", "non-toxic"),
        ("toxic / non-toxic", None),
    ],
)
def test_a_name_inside_another_is_not_that_name(answer, vote):
    assert read(answer, ["toxic", "non-toxic"])[0] == vote


@pytest.mark.parametrize(
    ("answer", "classes", "vote"),
    [
        ("A) billing", {"billing": ["A"], "bug": ["B"]}, "billing"),
        ("B", {"billing": ["A"], "bug": ["B"]}, "bug"),
        ("(B)", {"billing": ["A"], "bug": ["B"]}, "bug"),
        ("Answer: **B**.", {"billing": ["A"], "bug": ["B"]}, "bug"),
        ("A) bug", {"billing": ["A"], "bug": ["B"]}, None),
        ("B) bug", {"billing": [], "bug": []}, "bug"),
        ("2. bug", {"billing": [], "bug": []}, "bug"),
        ("No: bug", {"billing": [], "bug": []}, None),
        ("invoice", {"billing": "invoice", "bug": None}, "billing"),
        ("account_access", {"Account access": []}, "Account access"),
        ("C++", ["C", "C++", "C#"], "C++"),
        ("c#.", ["C", "C++", "C#"], "C#"),
        ("Label: C", ["C", "C++", "C#"], "C"),
        ("n/a", ["n/a", "yes"], "n/a"),
        ("etc.", ["etc.", "yes"], "etc."),
        ("Yes!", ["Yes!", "no"], "Yes!"),
        ("[other]", ["[other]", "other"], "[other]"),
        ("\U0001f44d", ["\U0001f44d", "\U0001f44e"], "\U0001f44d"),
        ("FEHLER.", ["Fehler", "Größe"], "Fehler"),
        ("GRÖSSE", ["Fehler", "Größe"], "Größe"),
        ("标签", ["标签", "错误"], "标签"),
        ("ошибка", ["Ошибка"], "Ошибка"),
        ("cafe\u0301", ["café"], "café"),
        ("10", [1, 10], 10),
        ("1", [1, 10], 1),
        ("1.", [1, 10], 1),
        ("1.0", [1, 10], 1),
        (1.0, [1, 10], 1),
        (np.int64(10), [1, 10], 10),
        (Decimal(1), [1, 10], 1),
        ("100", [1, 10], -1),
        ('{"label": 10}', [1, 10], 10),
        ("- 1", [1, 2], -1),
        ("-1", [-1, 1], -1),
        ("\u22121", [-1, 1], -1),
        ("true", {True: ["yes"], False: ["no"]}, 1),
        (False, {True: ["yes"], False: ["no"]}, 0),
        ("No.", {True: ["yes"], False: ["no"]}, 0),
        ('{"label": true}', [False, True], 1),
        ("1", [False, True], -1),
        (True, [0, 1], -1),
        ("CO", ["CO", "Co"], "CO"),
        ("co", ["CO", "Co"], None),
        ("null", ["None", "x"], None),
        ('{"label": null}', ["None", "x"], None),
        ("None", ["None", "x"], "None"),
    ],
)
def test_names_of_all_kinds(answer, classes, vote):
    assert read(answer, classes)[0] == vote


@pytest.mark.parametrize(
    ("answer", "only", "last"),
    [
        ("This is a bug.", "bug", "bug"),
        ("Not a bug.", None, None),
        ("This isn't a bug", None, None),
        ("No bug here", None, None),
        ("neither bug nor billing", None, None),
        ("This is not praise but a bug.", "bug", "bug"),
        ("This is not billing, it is a bug.", "bug", "bug"),
        ("Not billing, bug, or praise", None, None),
        ("Is it a bug or billing?", None, None),
        ("Bug: no", None, None),
        ("Kein Bug", None, None),
        ("bug or billing", None, "billing"),
        ("Choose from billing, bug, praise: bug", None, "bug"),
        ("debugging", None, None),
        ("bug-free", None, None),
        ("bug's life", None, None),
        ("Label: spam. Similar to a bug", None, None),
        ("Label: spam\nSimilar to a bug", None, None),
        ("I cannot classify it, a bug or so", None, None),
        ('{"label": "bug', None, None),
        ("~~bug~~", None, None),
    ],
)
def test_mentions_count_where_the_user_wants_it(answer, only, last):
    assert read(answer)[0] is None
    assert read(answer, mentions="only")[0] == only
    assert read(answer, mentions="last")[0] == last


def test_numbers_and_letters_are_not_mentions():
    answer = "I give this a 1"
    assert read(answer, {"no": ["A"], "yes": [1]}, mentions="last")[0] is None


def test_columns_keep_their_names_and_rows_their_index():
    X = pd.DataFrame({"gpt": ["bug", None], "claude": ["x", "praise"]}, index=[7, 9])
    lf = AnswerLF(CLASSES).set_output(transform="pandas")
    votes = lf.fit_transform(X)
    assert list(votes.columns) == ["gpt", "claude"]
    assert list(votes.index) == [7, 9]
    assert votes["claude"].isna().tolist() == [True, False]
    assert lf.reasons(X).index.tolist() == [7, 9]
    assert lf.classes_.tolist() == ["billing", "bug", "praise"]


def test_only_the_named_columns_are_read():
    X = pd.DataFrame({"id": [1, 2], "gpt": ["bug", "x"], "other": ["bug", "bug"]})
    lf = AnswerLF(CLASSES, columns=["gpt"]).fit(X)
    assert lf.transform(X).tolist() == [["bug"], [None]]
    assert lf.transform(X[["gpt"]]).shape == (2, 1)
    by_position = AnswerLF(CLASSES, columns=[2, -2]).fit(X)
    assert by_position.get_feature_names_out().tolist() == ["other", "gpt"]


@pytest.mark.parametrize(
    "X",
    [
        pd.Series(["bug", None, "spam"], name="gpt"),
        pd.Series(["bug", None, "spam"]),
        ["bug", None, "spam"],
        [["bug"], [None], ["spam"]],
        np.array(["bug", "", "spam"]),
        pd.DataFrame({"gpt": pd.Categorical(["bug", None, "spam"])}),
        pd.DataFrame({"gpt": pd.array(["bug", None, "spam"], dtype="string")}),
    ],
)
def test_answers_come_in_many_forms(X):
    votes = AnswerLF(CLASSES).fit_transform(X)
    assert votes.tolist() == [["bug"], [None], [None]]


@pytest.mark.parametrize("frame", ["polars", "pyarrow"])
def test_frames_of_other_libraries(frame):
    library = pytest.importorskip(frame)
    table = library.DataFrame if frame == "polars" else library.table
    X = table({"gpt": ["bug", None], "llama": ["no", '{"label": "praise"}']})
    votes = AnswerLF(CLASSES).fit_transform(X)
    assert votes.tolist() == [["bug", None], [None, "praise"]]


def test_numbers_that_are_equal_but_differ_are_read_apart():
    X = pd.DataFrame({"gpt": pd.Series([1, True, 1.0, "1", 0], dtype=object)})
    assert AnswerLF([0, 1]).fit_transform(X).ravel().tolist() == [1, -1, 1, 1, 0]


def test_votes_are_integers_names_or_sparse():
    X = pd.DataFrame({"gpt": ["ham", "spam", None]})
    names = AnswerLF(["ham", "spam"]).fit_transform(X)
    numbers = AnswerLF({0: ["ham"], 1: ["spam"]}).fit_transform(X)
    sparse = AnswerLF({0: ["ham"], 1: ["spam"]}, sparse_output=True).fit_transform(X)
    assert isinstance(names, NamedVotes)
    assert numbers.dtype == np.int8
    assert numbers.ravel().tolist() == [0, 1, -1]
    assert isinstance(sparse, VoteMatrix)
    assert sparse.toarray().ravel().tolist() == [0, 1, -1]


def test_thousands_of_classes():
    names = [f"product {i}" for i in range(3000)]
    votes = AnswerLF(names).fit_transform(pd.DataFrame({"gpt": names[::-1]}))
    assert votes.codes.ravel().tolist() == list(range(3000))[::-1]


def test_how_an_answer_ended_decides_before_what_it_says():
    X = pd.DataFrame(
        {
            "gpt": ["bug"] * 7,
            "end": ["stop", "length", "content_filter", "http 500", None, "STOP", ""],
        }
    )
    lf = AnswerLF(CLASSES, finish_reasons={"gpt": "end"}).fit(X)
    reasons = ["vote", "truncated", "refusal", "error", "vote", "vote", "vote"]
    assert lf.reasons(X)["gpt"].tolist() == reasons
    assert lf.get_feature_names_out().tolist() == ["gpt"]
    votes = lf.transform(X).labels().ravel().tolist()
    assert votes == ["bug" if reason == "vote" else None for reason in reasons]


def test_report_counts_each_answer_once():
    X = pd.DataFrame(
        {
            "gpt": ["bug", "Label: spam", "spam", "other", None, "bug or praise"],
            "claude": ["I cannot classify this.", "Bug", "Bug", "Bug", "Bug", "Bug"],
        }
    )
    lf = AnswerLF(CLASSES).fit(X)
    report = lf.report(X)
    assert report.groupby("lf")["count"].sum().to_dict() == {"gpt": 6, "claude": 6}
    counts = report.set_index(["lf", "reason"])["count"].to_dict()
    assert counts[("gpt", "class not known")] == 3
    assert counts[("claude", "refusal")] == 1
    examples = report.set_index(["lf", "reason"])["examples"]
    assert examples["gpt", "class not known"] == "'spam' (2), 'other' (1)"
    unread = lf.unread(X)
    assert unread.iloc[0].tolist() == ["gpt", "class not known", "spam", 2]
    assert len(unread) == 4


def test_an_alias_mends_what_the_report_lists():
    X = pd.DataFrame({"gpt": ["invoice", "payment", "bug"]})
    lf = AnswerLF({"billing": [], "bug": []}).fit(X)
    found = lf.unread(X)["answer"].tolist()
    assert found == ["invoice", "payment"]
    lf = AnswerLF({"billing": found, "bug": []})
    assert lf.fit_transform(X).tolist() == [["billing"], ["billing"], ["bug"]]


def test_own_keys_markers_and_refusals():
    assert read('{"sentiment": "bug"}', json_keys=["sentiment"])[0] == "bug"
    assert read("<sentiment>bug</sentiment>", json_keys=["sentiment"])[0] == "bug"
    assert read("Sentiment: bug", markers=["sentiment:"])[0] == "bug"
    assert read("Label: bug", markers=[])[0] is None
    assert read("some work\n#### bug", markers=["####"])[0] == "bug"
    for answer in ("Mood bug", "Mood: bug", "**Mood:** bug, as it crashes"):
        assert read(answer, markers=["Mood"])[0] == "bug"
    assert read("Moody: bug", markers=["Mood"])[0] is None
    assert read("这个标签\uff1abug", markers=["标签:"])[0] == "bug"
    assert read("Keine Ahnung!", refusals=["keine ahnung"])[1] == "refusal"
    assert read("I don't know.", refusals=[])[1] == "class not known"


def test_unparsed_answers_raise_if_wanted():
    X = pd.DataFrame({"gpt": ["bug", None, "I cannot classify this.", "spam", "spam"]})
    lf = AnswerLF(CLASSES, on_unparsed="raise").fit(X)
    with pytest.raises(ValueError, match=r"2 answer\(s\) of 'gpt'.*'spam'.*row 3"):
        lf.transform(X)
    assert lf.transform(X[:3]).tolist() == [["bug"], [None], [None]]


def test_a_column_without_any_vote_warns():
    X = pd.DataFrame({"gpt": ["invoice"] * 20 + [None]})
    lf = AnswerLF(CLASSES).fit(X)
    with pytest.warns(UserWarning, match=r"None of the 20 answers of 'gpt'.*'invoice'"):
        lf.transform(X)


def half_read(n_votes, n_others, n_refusals=0):
    """Return a column of which some answers are votes."""
    answers = ["bug"] * n_votes + ["invoice"] * (n_others - 1) + ["a praise"]
    return pd.DataFrame({"gpt": answers + ["I cannot classify this."] * n_refusals})


def test_a_column_that_is_mostly_unread_warns():
    X = half_read(9, 11, n_refusals=30)
    lf = AnswerLF(CLASSES).fit(X)
    with pytest.warns(
        UserWarning,
        match=r"Only 9 of the 20 answers of 'gpt' \(45%; refusals apart\) are votes "
        r"for 'billing', .*11 are 'class not known'. Unread are 'invoice', 'a praise'. "
        r".*aliases .*json_keys.*markers, or mentions='only'.*unread",
    ):
        lf.transform(X)


@pytest.mark.parametrize("counts", [(10, 10), (9, 10), (20, 2, 40)])
def test_a_column_that_is_half_read_does_not_warn(counts):
    X = half_read(*counts)
    assert AnswerLF(CLASSES).fit_transform(X).shape == (sum(counts), 1)


def test_a_column_of_refusals_warns():
    X = pd.DataFrame({"gpt": ["I cannot classify this."] * 20})
    lf = AnswerLF(CLASSES, mentions="only").fit(X)
    with pytest.warns(
        UserWarning, match=r"None of the 20 .* 20 are 'refusal'"
    ) as found:
        lf.transform(X)
    assert "mentions" not in str(found[0].message)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (None, r"AnswerLF needs classes=.*'bug'"),
        ({"a": ["x"], "b": ["X"]}, r"'X', an alias of class 'b', is 'x' of class 'a'"),
        ({"a": ["b"], "b": []}, r"'b'.* of class 'a', is 'b' of class 'b'"),
        ({1: [], 2: ["1"]}, r"'1', an alias of class 2, is '1' of class 1"),
        ({"a": [" "]}, r"A name of class 'a' is empty"),
        ({}, r"classes must be a one-dimensional, non-empty list"),
        ([], r"classes must be a one-dimensional, non-empty list"),
        (["a", "a"], r"classes must not repeat"),
    ],
)
def test_names_that_are_not_clear_are_refused(classes, message):
    with pytest.raises(ValueError, match=message):
        AnswerLF(classes).fit(pd.DataFrame({"gpt": ["bug"]}))


def test_classes_that_are_a_set_are_refused():
    with pytest.raises(TypeError, match=r"a set, whose order changes .* pass a list"):
        AnswerLF({"bug", "billing"}).fit(pd.DataFrame({"gpt": ["bug"]}))


def test_a_grid_search_chooses_whether_mentions_count():
    X = pd.DataFrame({"gpt": ["This is a bug.", "billing", "A bug", "billing"] * 3})
    gold = ["bug", "billing"] * 6
    pipe = make_pipeline(AnswerLF(CLASSES), MajorityVote())
    grid = {"answerlf__mentions": ["never", "only", "last"]}
    search = GridSearchCV(pipe, grid, cv=3).fit(X, gold)
    assert search.best_params_ == {"answerlf__mentions": "only"}
    assert search.best_score_ == 1


@pytest.mark.parametrize("alias", [["x", None], [["x"]], [b"x"]])
def test_an_alias_is_text_or_a_number(alias):
    with pytest.raises(TypeError, match=r"class 'a' has (None|\['x'\]|b'x')"):
        AnswerLF({"a": alias}).fit(pd.DataFrame({"gpt": ["bug"]}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["llama"]}, r"needs the column\(s\) 'llama'.*has 'gpt'"),
        ({"columns": [3]}, r"needs the column\(s\) 3"),
        ({"columns": [0, -1]}, r"columns of AnswerLF must differ; got 'gpt', 'gpt'"),
        ({"columns": []}, r"columns of AnswerLF must be a list of names"),
        ({"finish_reasons": {"gpt": "end"}}, r"needs the column\(s\) 'end'"),
        ({"finish_reasons": {"gpt": "gpt"}}, r"not one of the columns of answers"),
        ({"refusals": ["("]}, r"refusals of AnswerLF are regular expressions; '\('"),
        ({"markers": [""]}, r"markers of AnswerLF must be a list of texts; .*''"),
        ({"json_keys": [1]}, r"json_keys of AnswerLF must be a list of texts; .*1"),
        ({"json_keys": "label"}, r"json_keys"),
        ({"mentions": "first"}, r"mentions"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AnswerLF(CLASSES, **options).fit(pd.DataFrame({"gpt": ["bug"]}))


def test_a_column_name_that_repeats_is_refused():
    X = pd.DataFrame([["bug", "bug"]], columns=["gpt", "gpt"])
    with pytest.raises(ValueError, match=r"2 different columns|unique column names"):
        AnswerLF(CLASSES).fit(X)


def test_names_of_columns_need_a_frame():
    with pytest.raises(
        ValueError, match=r"are names, and the columns of the X .* none"
    ):
        AnswerLF(CLASSES, columns=["gpt"]).fit([["bug"]])


@pytest.mark.parametrize("cell", [b"bug", pd.Timestamp("2026-01-01"), object()])
def test_a_cell_of_another_kind_is_refused(cell):
    X = pd.DataFrame({"gpt": pd.Series(["bug", cell], dtype=object)})
    lf = AnswerLF(CLASSES).fit(X)
    with pytest.raises(
        TypeError, match=r"column 'gpt' holds a (bytes|Timestamp|object)"
    ):
        lf.transform(X)


def test_one_row_and_no_row():
    X = pd.DataFrame({"gpt": ["bug"]})
    lf = AnswerLF(CLASSES).fit(X)
    assert lf.transform(X).tolist() == [["bug"]]
    with pytest.raises(ValueError, match=r"0 sample"):
        lf.transform(X[:0])


def test_clones_and_pickles_read_the_same():
    X = pd.DataFrame({"gpt": ["B", "A", "x"]})
    lf = AnswerLF({"billing": ["A"], "bug": ["B"]}).fit(X)
    expected = [["bug"], ["billing"], [None]]
    assert clone(lf).fit_transform(X).tolist() == expected
    assert pickle.loads(pickle.dumps(lf)).transform(X).tolist() == expected


def test_answers_go_into_a_label_model():
    X = pd.DataFrame(
        {
            "gpt": ["bug", "billing", "bug", "praise"],
            "claude": ["Label: bug", "billing", '{"label": "bug"}', "Praise!"],
            "llama": ["bug", "spam", "billing", "praise."],
        }
    )
    expected = ["bug", "billing", "bug", "praise"]
    for model in (MajorityVote(), LabelModel()):
        assert make_pipeline(AnswerLF(CLASSES), model).fit(X).predict(X).tolist() == (
            expected
        )


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("answers", ["billing", "bug", "praise"]),
        ("answers_overlapping_names", ["toxic", "non-toxic"]),
    ],
)
def test_answers_of_the_fixture(name, classes):
    folder = importer_fixture("llm_answers")
    X = pd.read_csv(folder / f"{name}.csv", keep_default_na=False)
    expected = pd.read_csv(folder / f"expected_{name}.csv", keep_default_na=False)
    assert len(X) == len(expected) > 0
    votes = AnswerLF(classes, columns=["answer"]).fit_transform(X).labels()[:, 0]
    assert [vote or "" for vote in votes] == expected["label"].tolist()
