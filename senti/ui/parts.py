"""Panels side by side in tabs that show the same thing, such as a run: only the one in view is computed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

QUIET: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4, "show_progress": "hidden",
                         "trigger_mode": "always_last"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """What of a panel `show` fills: one output with what it returns, several with as many values.

    slow: of the outputs, the one on which the page shows that it waits; for what takes a second or more.
    """

    tab: gr.Tab
    show: Callable[..., Any]
    inputs: Sequence[Any]
    outputs: Sequence[Any]
    slow: Any = None


def place_in(tabs: gr.Tabs) -> str:
    """JavaScript that tells which of these tabs is open, by id. All ids of a page differ."""
    return (f"(ids => [...document.querySelectorAll('[role=tab][aria-selected=true]')].map(tab => tab.dataset.tabId)"
            f".find(id => ids.includes(id)) || '')({json.dumps([str(tab.id) for tab in tabs_of(tabs)])})")  # fmt: skip


def tabs_of(tabs: gr.Tabs) -> list[gr.Tab]:
    """Each of the tabs."""
    return [tab for tab in tabs.children if isinstance(tab, gr.Tab)]


def wire_parts(tabs: gr.Tabs, parts: Sequence[Part]) -> Callable[[Any], Any]:
    """Fill a panel when its tab is opened; what is returned binds an event to filling the open one anew."""
    for part in parts:
        part.tab.select(part.show, list(part.inputs), list(part.outputs), **_told([part]))
    place = gr.Textbox(visible="hidden", label="open tab")
    inputs = [place, *(each for part in parts for each in part.inputs)]
    outputs = [each for part in parts for each in part.outputs]
    script = f"(place, ...values) => [{place_in(tabs)}, ...values]"

    def refresh(event: Any) -> Any:
        return event(partial(refill, parts), inputs, outputs, js=script, **_told(parts))

    return refresh


def refill(parts: Sequence[Part], opened: str, *values: Any) -> list[Any]:
    """New values of the outputs of the open panel, and nothing for the others."""
    out: list[Any] = []
    for part in parts:
        mine, values = values[: len(part.inputs)], values[len(part.inputs) :]
        if str(part.tab.id) != opened:
            out += [gr.skip()] * len(part.outputs)
        elif len(part.outputs) > 1:
            out += part.show(*mine)
        else:
            out.append(part.show(*mine))
    return out


def _told(parts: Sequence[Part]) -> dict[str, Any]:
    """How an event that fills them shows that it waits."""
    slow = [part.slow for part in parts if part.slow]
    return {**QUIET, **({"show_progress": "minimal", "show_progress_on": slow} if slow else {})}
