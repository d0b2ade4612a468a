"""The look: a Gradio theme for its own components, and CSS variables for ours, light and dark."""

from inspect import signature

import gradio as gr

from senti.plots import ACCENT, DARK, NEGATIVE, POSITIVE
from senti.ui import attention, disagreement, split_reviews, tour
from senti.ui.style import RULES
from senti.ui.verdicts import STYLE

LIGHT_TOKENS = {
    "page": "#f6f7fb", "card": "#ffffff", "line": "#e4e7ef", "ink": "#1e293b", "quiet": "#5b687d",
    "accent": ACCENT, "fill": ACCENT, "soft": "#eef0fe", "positive": POSITIVE, "negative": NEGATIVE, "join": "#E69F00",
}  # fmt: skip
DARK_TOKENS = {
    "page": "#0f1420", "card": "#171d2b", "line": "#252d40", "ink": "#e6eaf2", "quiet": "#9aa7bd",
    "accent": DARK[ACCENT], "fill": ACCENT, "soft": "#222a45", "positive": DARK[POSITIVE], "negative": DARK[NEGATIVE],
    "join": "#E69F00",
}  # fmt: skip
COLORS = {  # Gradio's variables in our tokens; each is set for light and dark alike
    "body_background_fill": "page", "background_fill_primary": "card", "background_fill_secondary": "page",
    "body_text_color": "ink", "body_text_color_subdued": "quiet", "block_background_fill": "card",
    "block_border_color": "line", "border_color_primary": "line", "block_title_text_color": "ink",
    "block_label_text_color": "quiet", "block_label_background_fill": "card", "block_info_text_color": "quiet",
    "input_background_fill": "card", "input_background_fill_focus": "card", "input_border_color": "line",
    "input_border_color_focus": "accent", "input_placeholder_color": "quiet", "color_accent": "accent",
    "color_accent_soft": "soft", "border_color_accent": "accent", "link_text_color": "accent",
    "link_text_color_hover": "accent", "link_text_color_visited": "accent", "link_text_color_active": "accent",
    "slider_color": "accent", "loader_color": "accent", "button_primary_background_fill": "fill",
    "button_secondary_background_fill": "card", "button_secondary_border_color": "line",
    "button_secondary_text_color": "ink", "button_secondary_background_fill_hover": "soft",
    "checkbox_background_color_selected": "fill",
    "checkbox_border_color": "quiet", "checkbox_label_background_fill": "card",
    "checkbox_label_background_fill_selected": "soft", "checkbox_label_text_color_selected": "ink",
    "panel_background_fill": "card", "panel_border_color": "line", "accordion_text_color": "ink",
    "stat_background_fill": "accent", "table_border_color": "line",
}  # fmt: skip


def theme() -> gr.themes.Base:
    """Source Sans and Plex in the two weights that Gradio ships whole, in senti's colours."""
    base = gr.themes.Default(
        primary_hue="indigo", neutral_hue="slate", text_size="lg", radius_size="lg",
        font=[gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "monospace"],
    )  # fmt: skip
    settable = signature(base.set).parameters
    ours = {name: f"var(--s-{token})" for name, token in COLORS.items()}  # the variable knows light from dark
    return base.set(
        **ours, **{f"{name}_dark": value for name, value in ours.items() if f"{name}_dark" in settable},
        block_radius="12px", input_radius="8px", button_large_radius="8px", button_medium_radius="8px",
        button_small_radius="8px", block_shadow="none", block_shadow_dark="none", input_shadow="none",
        input_shadow_focus="none", input_shadow_focus_dark="none", button_primary_shadow="none",
        button_secondary_shadow="none", block_border_width="1px", block_border_width_dark="1px",
        block_title_text_weight="700", block_title_text_size="15px", block_info_text_size="14px",
        input_text_size="16px", button_border_width="1px", button_border_width_dark="1px", layout_gap="16px",
        button_large_text_weight="700", button_medium_text_weight="700", button_small_text_weight="400",
        button_primary_background_fill_hover="#4338ca", button_primary_background_fill_hover_dark="#6366f1",
        button_primary_border_color="transparent", button_primary_border_color_dark="transparent",
        input_padding="10px 12px", block_label_text_size="14px", checkbox_label_text_size="15px",
    )  # fmt: skip


def css() -> str:
    """The variables of both themes, then the rules that use them."""
    styles = [STYLE, attention.STYLE, tour.STYLE, split_reviews.STYLE, disagreement.STYLE]
    parts = [_block(":root", LIGHT_TOKENS), _block(".dark", DARK_TOKENS), RULES, *styles]
    return "\n".join(parts)


def _block(selector: str, tokens: dict[str, str]) -> str:
    return selector + " {" + "".join(f" --s-{name}: {value};" for name, value in tokens.items()) + " }"
