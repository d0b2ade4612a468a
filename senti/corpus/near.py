"""Texts that say almost the same: shared runs of three words (Broder 1997, On the resemblance of documents)."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

RUN = 3
THRESHOLD = 0.5
BLOCK = 2048
_WORD = re.compile(r"\w+")


def near_duplicates(texts: Sequence[str], threshold: float = THRESHOLD) -> pd.DataFrame:
    """All pairs of texts alike by at least `threshold`: columns a, b (places, a < b), similarity, most alike first.

    similarity: Jaccard index of their sets of three-word runs, words in lower case; a text shorter than that is one
    run. Exact: pairs that share no run are never compared.
    """
    from scipy.sparse import csr_matrix

    runs = [_runs(text) for text in texts]
    numbers = {run: i for i, run in enumerate(dict.fromkeys(run for each in runs for run in each))}
    sizes = np.array([len(each) for each in runs])
    columns = np.array([numbers[run] for each in runs for run in each], dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    holds = csr_matrix((np.ones(len(columns), dtype=np.int32), columns, ends), (len(texts), max(1, len(numbers))))
    found = []
    for start in range(0, len(texts), BLOCK):
        shared = (holds[start : start + BLOCK] @ holds.T).tocoo()
        a, b, n = shared.row + start, shared.col, shared.data
        similarity = n / (sizes[a] + sizes[b] - n)
        keep = (a < b) & (similarity >= threshold)
        found.append(pd.DataFrame({"a": a[keep], "b": b[keep], "similarity": similarity[keep]}))
    frame = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["a", "b", "similarity"])
    return frame.sort_values(["similarity", "a", "b"], ascending=[False, True, True], ignore_index=True)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = tuple(_WORD.findall(text.casefold()))
    return {words[i : i + RUN] for i in range(max(1, len(words) - RUN + 1))}
