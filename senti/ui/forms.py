"""A form per config: its basic knobs in view, the others under «More knobs»; and its values back to a config."""

from dataclasses import MISSING, Field, dataclass, fields, replace
from typing import Any, cast

import gradio as gr

from senti.config import METHODS, Config, DistillConfig, EncoderConfig
from senti.errors import BadConfig
from senti.knob import value_type
from senti.ui.choice import Choice, checked_dataset, checked_model

CHOSEN_ABOVE = ("dataset", "text_column", "label_column", "model")  # the header's switch sets these
SLIDES = 64  # a whole number with at most so many values is set with a slider


@dataclass(frozen=True)
class Form:
    """The knobs of one method on the page: their names, in the order of their widgets."""

    method: str
    names: tuple[str, ...]
    widgets: list[Any]


def build_form(method: str) -> Form:
    """Place a widget per knob of a method."""
    basic, others = split_knobs(method)
    with gr.Group():
        widgets = [widget(method, f) for f in basic]
    with gr.Accordion("More knobs", open=False):
        widgets += [widget(method, f) for f in others]
    return Form(method, tuple(f.name for f in basic + others), widgets)


def split_knobs(method: str) -> tuple[list[Field[Any]], list[Field[Any]]]:
    """The knobs of a method that its form sets: those in view, and the others."""
    knobs = [f for f in fields(METHODS[method]) if f.name not in CHOSEN_ABOVE]
    return [f for f in knobs if f.metadata["basic"]], [f for f in knobs if not f.metadata["basic"]]


def read_form(method: str, names: tuple[str, ...], choice: Choice, values: tuple[Any, ...]) -> Config:
    """The config that a form and the visitor's choice ask for. Raises BadConfig, BadData, MissingModel."""
    cls = METHODS[method]
    knobs = {f.name: f for f in fields(cls)}
    typed = {name: _value(cls, knobs[name], value) for name, value in zip(names, values, strict=True)}
    return with_choice(cls(**typed), choice)


def with_choice(config: Config, choice: Choice) -> Config:
    """A config on the reviews and the model that the visitor chose."""
    if isinstance(config, DistillConfig):  # its reviews and its model are those of its teacher
        return replace(config, unlabelled=config.unlabelled and checked_dataset(config.unlabelled))
    config = replace(config, dataset=checked_dataset(choice.dataset), text_column=choice.text_column,
                     label_column=choice.label_column)  # fmt: skip
    return replace(config, model=checked_model(choice.model)) if isinstance(config, EncoderConfig) else config


def widget(method: str, knob: Field[Any]) -> Any:
    """The component that suits a knob, at its default."""
    kind, meta, default = value_type(METHODS[method], knob.name), knob.metadata, cast(Any, knob.default)
    said: dict[str, Any] = {"label": meta["label"] or knob.name, "info": meta["help"]}
    if meta["choices"]:
        return gr.Dropdown([(c.replace("_", " "), c) for c in meta["choices"]], value=default, **said)
    if knob.name == "teacher":
        return gr.Dropdown([], value=default, allow_custom_value=True, elem_classes=["s-words"], **said)
    if kind is bool:
        return gr.Checkbox(default, **said)
    if _slides(kind, meta):
        return gr.Slider(meta["min"], meta["max"], default, step=1, **said)
    # numbers as typed text: 2e-5 stays 2e-5, and empty can mean all
    wide = ["s-words"] if kind is str else None
    return gr.Textbox(written(default), placeholder="all" if default is None else "", elem_classes=wide, **said)


def filled(config: Config, names: tuple[str, ...]) -> list[Any]:
    """What the widgets of a form hold where they ask for this config."""
    knobs = {f.name: f for f in fields(config)}
    return [_shown(config, knobs[name]) for name in names]


def choice_of(config: Config) -> Choice:
    """The reviews and the model of a config, as a visitor chooses them. Raises BadData, MissingModel where none may."""
    model = checked_model(config.model) if isinstance(config, EncoderConfig) else "auto"
    return Choice(checked_dataset(config.dataset), model, config.text_column, config.label_column)


def _shown(config: Config, knob: Field[Any]) -> Any:
    kind, value = value_type(type(config), knob.name), getattr(config, knob.name)
    as_it_is = knob.metadata["choices"] or kind is bool or _slides(kind, knob.metadata)
    return value if as_it_is else written(value)


def _slides(kind: type, meta: Any) -> bool:
    return kind is int and meta["max"] is not None and meta["max"] - meta["min"] <= SLIDES


def written(value: Any) -> str:
    """A knob's value as a person writes it: 2e-5, 0.01, 128; nothing for None."""
    if value is None:
        return ""
    if not isinstance(value, float) or value == 0 or abs(value) >= 1e-3:
        return f"{value:g}" if isinstance(value, float) else str(value)
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def _value(cls: type[Config], knob: Field[Any], value: Any) -> Any:
    kind = value_type(cls, knob.name)
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return knob.default if knob.default is not MISSING else None
    if kind in (int, float) and not isinstance(value, bool):
        return _number(knob, kind, value)
    return value


def _number(knob: Field[Any], kind: type, value: Any) -> Any:
    label = knob.metadata["label"] or knob.name
    try:
        number = float(str(value).replace(",", "") if kind is int else str(value))
    except ValueError:
        raise BadConfig(f"{label} is {value!r}; type a number such as {written(knob.default) or 200}.") from None
    if kind is int and not number.is_integer():
        raise BadConfig(f"{label} is {value}; type a whole number such as {written(knob.default) or 200}.")
    return int(number) if kind is int else number
