"""Numbers as people read them, and HTML in which a text of a user stays a text."""

import pandas as pd
import pytest

from senti import numbers
from senti.ui import html

EVIL = "<img src=x onerror=alert(1)> {{7*7}} ${1+1} `x` \"q\" 'q' &amp;"


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (numbers.count(74498), "74,498"),
        (numbers.count(22_713_216), "22.7 M"),
        (numbers.percent(0.8183), "81.8 %"),
        (numbers.interval(0.818, 0.795, 0.841), "81.8 ± 2.3 %"),
        (numbers.interval(0.5, None, None), "50.0 %"),
        (numbers.duration(0.0003), "0 s"),
        (numbers.duration(0.42), "0.4 s"),
        (numbers.duration(9.97), "10 s"),
        (numbers.duration(59.6), "1 min 0 s"),
        (numbers.duration(175), "2 min 55 s"),
        (numbers.duration(3840), "1 h 4 min"),
        (numbers.milliseconds(0.31), "0.3 ms"),
        (numbers.milliseconds(11.4), "11 ms"),
        (numbers.milliseconds(1234), "1.2 s"),
        (numbers.size(640), "640 bytes"),
        (numbers.size(298_000), "298 kB"),
        (numbers.size(90_900_000), "90.9 MB"),
    ],
)
def test_numbers_carry_units_and_sensible_digits(shown: str, said: str) -> None:
    assert shown == said


@pytest.mark.parametrize("form", [numbers.count, numbers.percent, numbers.duration, numbers.milliseconds, numbers.size])
@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_what_is_not_known_is_a_dash(form, nothing) -> None:
    assert form(nothing) == "–"


def pieces_with(text: str) -> pd.DataFrame:
    return pd.DataFrame({
        "piece": ["[CLS]", text, "##ing"], "id": [101, 7, 8], "word": pd.array([None, 0, 0], dtype="Int64"),
        "start": [0, 0, 4], "end": [0, 4, 7], "special": [True, False, False],
    })  # fmt: skip


@pytest.mark.parametrize(
    "made",
    [
        html.h(EVIL),
        html.lead(EVIL),
        html.tiles([(EVIL, EVIL)]),
        html.table([EVIL], [[html.h(EVIL)]], pickable=EVIL),
        html.label_mark(EVIL, [EVIL]),
        html.token_strip(pieces_with(EVIL)),
        html.empty_state(EVIL),
        html.notes([EVIL]),
        html.what(EVIL, EVIL, EVIL),
        html.buttons([EVIL], EVIL),
        html.chips([(EVIL, EVIL, EVIL), ("", EVIL, EVIL)]),
        html.flow([(EVIL, EVIL)]),
    ],
)
def test_text_from_outside_never_becomes_markup_or_a_template(made: str) -> None:
    assert "<img" not in made
    assert not set("{}`$") & set(made)
    assert "&amp;amp;" in made


def test_a_table_sets_numbers_right_and_makes_rows_pickable_by_keyboard() -> None:
    made = html.table(["#", "Review"], [["1", "fine"]], numbers=["#"], wide="Review", pickable="select review")
    assert '<td class="n">1</td><td class="w">fine</td>' in made
    assert 'data-pick="0" tabindex="0" role="button" aria-label="select review 0"' in made


def test_the_strip_marks_continuations_and_marks_of_the_tokenizer() -> None:
    made = html.token_strip(pieces_with("film"))
    assert made.count("s-token special") == 1 and made.count("s-token joins") == 1
    assert "from word 1, letters 5 to 7 of the text" in made


def test_a_label_is_a_word_beside_its_colour() -> None:
    made = html.label_mark("positive", ["negative", "positive"])
    assert "var(--s-positive)" in made and made.endswith("positive</span>")


def test_nothing_to_note_takes_no_room() -> None:
    assert html.notes([]) == ""
