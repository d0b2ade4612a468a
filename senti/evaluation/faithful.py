"""Is an explanation faithful? Take its words away, or keep them alone, and see what becomes of the answer."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from senti.evaluation.occlusion import WORD, without

SHARES = (0.1, 0.2, 0.5)


def faithfulness(
    predict: Callable[[Sequence[str]], np.ndarray], text: str, words: pd.DataFrame, label: int
) -> tuple[float, float]:
    """(comprehensiveness, sufficiency) of attributed words (start, end, effect) for a label, means over SHARES.

    Comprehensiveness: how much surer the method is with the words that speak most for the label than without them, the
    higher the better. Sufficiency: how much surer it is of the whole text than of these words alone, the lower the
    better (DeYoung et al. 2020, ERASER). At least one word is taken.
    """
    ranked = words.sort_values("effect", ascending=False, kind="stable")
    cuts = [ranked.head(max(1, round(share * len(words)))) for share in SHARES] if len(words) else []
    if not cuts:
        return 0.0, 0.0
    every = [found.span() for found in WORD.finditer(text)]  # those that are not read too: they would move up
    taken = [list(zip(cut["start"], cut["end"], strict=True)) for cut in cuts]
    left = [without(text, spans) for spans in taken]
    alone = [without(text, [span for span in every if span not in spans]) for spans in taken]
    chances = predict([text, *left, *alone])[:, label]
    n = len(cuts)
    return float((chances[0] - chances[1 : n + 1]).mean()), float((chances[0] - chances[n + 1 :]).mean())
