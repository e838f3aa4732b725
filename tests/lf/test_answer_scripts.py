"""Answers in other languages, and what servers and markup leave around answers."""

# ruff: noqa: RUF001 (the signs of other scripts are meant)

import pandas as pd
import pytest

from sklabel import AnswerLF

TOPICS = ["billing", "bug", "praise"]
YES_NO = ["yes", "no"]
OPTIONS = {"World": ["A"], "Sports": ["B"], "Business": ["C"], "Sci/Tech": ["D"]}
GERMAN = ["freundlich", "feindlich", "neutral"]
SPANISH = ["deporte", "política", "economía"]
FRENCH = ["réclamation", "éloge", "question"]
RUSSIAN = ["спам", "не спам"]
CHINESE = ["正面", "负面", "中性"]
JAPANESE = ["ポジティブ", "ネガティブ"]
KOREAN = ["긍정", "부정"]
THAI = ["บวก", "ลบ"]
ARABIC = ["إيجابي", "سلبي"]
HEBREW = ["חיובי", "שלילי"]
HINDI = ["सकारात्मक", "नकारात्मक"]
EMOJI = ["\U0001f600", "\U0001f621"]


def read(answer, classes=TOPICS, **options):
    """Return the vote of one answer."""
    votes = AnswerLF(classes, **options).fit_transform(pd.DataFrame({"llm": [answer]}))
    return votes.tolist()[0][0]


@pytest.mark.parametrize(
    ("answer", "classes", "vote"),
    [
        ("Feindlich – der Kunde wirkt sauer.", GERMAN, "feindlich"),
        ("Freundlich, weil der Kunde sich bedankt.", GERMAN, "freundlich"),
        ("\u201afeindlich\u2018", GERMAN, "feindlich"),
        ("Política, porque se menciona al presidente.", SPANISH, "política"),
        ("\u00a1Deporte!", SPANISH, "deporte"),
        ("Réclamation, car le client est mécontent.", FRENCH, "réclamation"),
        ("Не спам, потому что это письмо от друга.", RUSSIAN, "не спам"),
        ("正面：评论者非常喜欢这部电影。", CHINESE, "正面"),
        ("正面:评论者非常喜欢这部电影。", CHINESE, "正面"),
        ("负面。评论者对服务不满意。", CHINESE, "负面"),
        ("正面，因为作者很开心。", CHINESE, "正面"),
        ("正面（评论者很高兴）", CHINESE, "正面"),
        ("负面——评论者很生气。", CHINESE, "负面"),
        ("中性\n\n这段文字只是陈述事实。", CHINESE, "中性"),
        ("A、正面", CHINESE, "正面"),
        ("ネガティブ：レビューは不満を述べている。", JAPANESE, "ネガティブ"),
        ("긍정: 작성자가 영화를 좋아합니다.", KOREAN, "긍정"),
        ("บวก: ผู้เขียนชอบหนังเรื่องนี้มาก", THAI, "บวก"),
        ("سلبي، لأن الكاتب غاضب من الخدمة.", ARABIC, "سلبي"),
        ("إيجـابي", ARABIC, "إيجابي"),
        ("שלילי: הלקוח כועס מאוד", HEBREW, "שלילי"),
        ("नकारात्मक। लेखक सेवा से नाराज है।", HINDI, "नकारात्मक"),
        ("İYİ", ["iyi", "kötü"], "iyi"),
        ("\U0001f600\ufe0f", EMOJI, "\U0001f600"),
    ],
)
def test_a_class_alone_or_explained_is_a_vote_in_every_script(answer, classes, vote):
    assert read(answer, classes) == vote


@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        ("Freundlich – eher eine feindliche Bewertung", GERMAN),
        ("Freundlich, aber nicht in jeder Hinsicht gut", GERMAN),
        ("Freundlich: nein, das stimmt so nicht", GERMAN),
        ("deporte, pero solo en una parte del texto", SPANISH),
        ("Спам: нет, это письмо от друга", RUSSIAN),
        ("正面：其实这是负面评论", CHINESE),
        ("正面：不，我觉得不太对", CHINESE),
        ("正面：这不是正面评论", CHINESE),
        ("正面、负面", CHINESE),
        ("正面？", CHINESE),
        ("不是正面", CHINESE),
        ("是：其实答案应该为否", ["是", "否"]),
        ("ポジティブ：いや、これはネガティブだ", JAPANESE),
        ("긍정: 사실은 매우 부정적인 글이다", KOREAN),
        ("บวก: จริงๆแล้วเป็นลบ", THAI),
        ("إيجابي: في الواقع التقييم السلبي أوضح", ARABIC),
        ("إيجابي؟", ARABIC),
        ("חיובי: בעצם הביקורת השלילית ברורה", HEBREW),
        ("सकारात्मक: नहीं, ऐसा नहीं है", HINDI),
        ("सकारात्मक: पर असल में नकारात्मक है", HINDI),
    ],
)
def test_an_explanation_that_speaks_against_the_class_abstains(answer, classes):
    assert read(answer, classes) is None


@pytest.mark.parametrize(
    ("answer", "vote"),
    [
        ("标签：正面，因为用户很开心", "正面"),
        ("标签：正面（用户很开心）", "正面"),
        ("这条评论的标签：负面。理由：用户生气。", "负面"),
        ("标签：「中性」", "中性"),
        ("标签：不是正面", None),
        ("标签：正面或负面", None),
        ("标签：正面\n标签：负面", None),
        ("不要标签：正面", None),
    ],
)
def test_markers_of_the_user_work_in_scripts_without_blanks(answer, vote):
    assert read(answer, CHINESE, markers=["标签:"]) == vote


def test_a_denied_marker_is_none():
    assert read("Antwort: feindlich", GERMAN, markers=["Antwort:"]) == "feindlich"
    assert read("Keine Antwort: feindlich", GERMAN, markers=["Antwort:"]) is None


@pytest.mark.parametrize(
    ("answer", "classes", "vote"),
    [
        ("这条评论是正面的。", CHINESE, "正面"),
        ("这条评论不是正面的。", CHINESE, None),
        ("यह सकारात्मक है", HINDI, "सकारात्मक"),
        ("यह सकारात्मक नहीं है", HINDI, None),
        ("이 글은 긍정적이다", KOREAN, "긍정"),
        ("이 글은 긍정적이지 않다", KOREAN, None),
        ("これはポジティブではない", JAPANESE, None),
        ("هذا ليس إيجابي", ARABIC, None),
        ("Film iyi değil", ["iyi", "kötü"], None),
    ],
)
def test_mentions_are_found_and_denied_in_every_script(answer, classes, vote):
    assert read(answer, classes, mentions="only") == vote


@pytest.mark.parametrize(
    "answer",
    [
        "bug [/INST]",
        "Label: bug [/INST]",
        "bug<\uff5cend\u2581of\u2581sentence\uff5c>",
        "<|im_start|>assistant\nbug<|im_end|>",
        "<|start_header_id|>assistant<|end_header_id|>\n\nbug<|eot_id|>",
        "<start_of_turn>model\nbug<end_of_turn>",
        "assistant: bug",
        "Assistant:\n**Bug**",
        "Assistant: Label: bug",
        "&quot;bug&quot;",
        "&lt;bug&gt;",
        "bug&nbsp;",
        "[Label: bug]",
        "bug, bug",
        "bug\nbug",
        "Bug, bug, bug!",
        "{\u201clabel\u201d: \u201cbug\u201d}",
        "It crashes. Therefore: bug",
        "It may be billing, but no money is named.\nConclusion: bug",
    ],
)
def test_what_stands_around_an_answer_is_taken_off(answer):
    assert read(answer) == "bug"


@pytest.mark.parametrize(
    ("answer", "classes", "vote"),
    [
        ("Health &amp; Fitness", ["health & fitness", "other"], "health & fitness"),
        ("lost\\_or\\_stolen", ["lost_or_stolen", "other"], "lost_or_stolen"),
        ("0\u201317", ["0-17", "18-64"], "0-17"),
        ("B)", OPTIONS, "Sports"),
        ("B - Sports", OPTIONS, "Sports"),
        ("A - Sports", OPTIONS, None),
        ("Option B", OPTIONS, "Sports"),
        ("Option B: Sports", OPTIONS, "Sports"),
        ("Option A: Sports", OPTIONS, None),
        ("The correct option is B.", OPTIONS, "Sports"),
        ("Option 1", [1, 2], -1),
        ("1,1", [1, 2], -1),
        ("Label - 1", [-1, 1, 2], None),
        ("bug()", TOPICS, None),
        ("bug (-)", TOPICS, None),
        ("assistant: bug", ["assistant", "bug"], None),
    ],
)
def test_options_signs_and_numbers(answer, classes, vote):
    assert read(answer, classes) == vote


@pytest.mark.parametrize(
    "answer",
    [
        "Label: bug\nLabel: billing",
        "Category: bug\nLabel: billing",
        "Answer: bug\nAnswer: billing\nAnswer: bug",
        "Label: bug\nIt crashes.\n\nLabel: billing\nIt costs.",
        "Therefore: bug\nTherefore: billing",
        "bug, bug, billing",
        "Label: bug\nEDIT: billing",
    ],
)
def test_two_labels_without_a_correction_abstain(answer):
    assert read(answer) is None


@pytest.mark.parametrize(
    "answer",
    [
        "Label: billing\nFinal answer: bug",
        "Label: billing\nNo, wait.\nLabel: bug",
    ],
)
def test_a_final_or_corrected_label_counts(answer):
    assert read(answer) == "bug"


@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        ("Yes, I can help with that. What is it about?", YES_NO),
        ("Yes, I can do that! Please provide the text.", YES_NO),
        ("Yes, no text was given to me.", YES_NO),
        ("No. 5 is the right one", YES_NO),
        ("Good. Now let me look at the text.", ["good", "bad"]),
        ("Good! I will classify it now.", ["good", "bad"]),
        ("Good. Please send me the text to classify.", ["good", "bad"]),
    ],
)
def test_a_promise_is_not_a_class(answer, classes):
    assert read(answer, classes) is None


@pytest.mark.parametrize(
    "answer",
    [
        "*" * 30_000 + "x",
        "*_" * 15_000 + "x",
        "bug\n" + "\n" * 30_000 + "x",
        "<reasoning>" * 3_000 + "</analysis>",
        "Label: " * 5_000,
        "#" * 30_000 + "x",
        "正面" * 15_000,
        "bug " * 8_000 + "x",
        "&amp;" * 6_000,
        "</s> " * 6_000 + "x",
    ],
)
def test_endless_repeats_abstain(answer):
    assert read(answer) is None
    assert read(answer, markers=["####"], mentions="only") in (None, "bug")
