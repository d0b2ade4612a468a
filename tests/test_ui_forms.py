"""Forms: every knob of every method has a widget, and what is typed becomes the config that was meant."""

from dataclasses import fields

import pytest

from senti.config import (
    METHODS,
    Config,
    FinetuneConfig,
    LoraConfig,
    MajorityConfig,
    SvmConfig,
    TfidfConfig,
    method_name,
)
from senti.errors import BadConfig, BadData, MissingModel
from senti.ui.choice import Choice
from senti.ui.forms import CHOSEN_ABOVE, choice_of, filled, read_form, split_knobs, widget, written

HERE = Choice("bundled", "minilm")


def defaults(method: str) -> tuple[tuple[str, ...], tuple[object, ...]]:
    basic, others = split_knobs(method)
    knobs = basic + others
    return tuple(f.name for f in knobs), tuple(widget(method, f).value for f in knobs)


@pytest.mark.parametrize("method", METHODS)
def test_a_form_left_alone_asks_for_the_defaults(method: str) -> None:
    names, values = defaults(method)
    config = read_form(method, names, HERE, values)
    assert {f.name for f in fields(config)} == {*names, *CHOSEN_ABOVE} & {f.name for f in fields(config)}
    assert all(getattr(config, f.name) == f.default for f in fields(config) if f.name not in CHOSEN_ABOVE)


@pytest.mark.parametrize("method", METHODS)
def test_no_more_than_six_knobs_stand_in_view(method: str) -> None:
    assert sum(f.metadata["basic"] for f in fields(METHODS[method])) <= 6


def test_the_choice_of_reviews_and_model_goes_into_the_config() -> None:
    config = read_form("svm", ("C",), Choice("imdb", "bert", "t", "l"), ("1",))
    assert config == SvmConfig("imdb", "t", "l", model="bert", C=1.0)


@pytest.mark.parametrize(
    ("name", "typed", "meant"),
    [("lr", "5e-5", 5e-5), ("lr", " 0.1 ", 0.1), ("subset", "", None), ("subset", "1,000", 1000), ("epochs", 2.0, 2),
     ("batch_size", "", 16), ("gradient_checkpointing", True, True), ("scheduler", "cosine", "cosine")],
)  # fmt: skip
def test_what_is_typed_is_read_as_it_was_meant(name: str, typed: object, meant: object) -> None:
    config = read_form("finetune", (name,), HERE, (typed,))
    assert getattr(config, name) == meant
    assert isinstance(config, FinetuneConfig)


@pytest.mark.parametrize(
    "config",
    [MajorityConfig("sst2", subset=40, seed=3), TfidfConfig("imdb", "t", "l", C=0.03), SvmConfig("bundled", layer=2),
     FinetuneConfig("bundled", model="bert", lr=2.5e-5, epochs=7, gradient_checkpointing=True, scheduler="cosine"),
     LoraConfig("bundled", model="minilm", lora_rank=4, lora_targets="query", subset=1000, warmup=0.0)],
)  # fmt: skip
def test_a_form_filled_from_a_config_asks_for_that_config(config: Config) -> None:
    method = method_name(config)
    names, values = defaults(method)
    found = filled(config, names)
    assert [type(value) for value in found] == [type(value) for value in values]
    assert read_form(method, names, choice_of(config), tuple(found)) == config


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [("lr", "fast", "Learning rate is 'fast'; type a number such as 2e-5"), ("subset", "12.5", "whole number"),
     ("batch_size", "0", "between 1 and 256"), ("lr", "nan", "between"), ("subset", "1e999", "whole number")],
)  # fmt: skip
def test_what_cannot_be_is_answered_with_the_way_out(name: str, typed: str, says: str) -> None:
    with pytest.raises(BadConfig, match=says):
        read_form("finetune", (name,), HERE, (typed,))


def test_a_form_reaches_no_file_of_the_server() -> None:
    with pytest.raises(BadData):
        read_form("tfidf", (), Choice("/etc/passwd"), ())
    with pytest.raises(MissingModel):
        read_form("lora", (), Choice("bundled", "/etc"), ())


@pytest.mark.parametrize(
    ("value", "said"), [(2e-5, "2e-5"), (2.5e-5, "2.5e-5"), (0.01, "0.01"), (0.0, "0"), (16, "16"), (None, "")]
)
def test_knobs_are_written_as_a_person_would(value: object, said: str) -> None:
    assert written(value) == said
    assert value is None or float(said) == value


def test_a_lora_form_shows_its_rank() -> None:
    names, _ = defaults("lora")
    assert "lora_rank" in names[:6] and isinstance(read_form("lora", ("lora_rank",), HERE, (4,)), LoraConfig)
