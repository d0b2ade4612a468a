"""Numbers in plain words. One run is called better than another only where both the corrected test and the interval
carry it; everything else is told as measured, with its interval, and as not told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from senti.evaluation import seed_groups, wilson
from senti.evaluation.seeds import mean_and_deviation, seeds_title
from senti.evaluation.significance import LEVEL
from senti.numbers import count, duration, interval, percent
from senti.report.facts import Group
from senti.report.names import inside, listed
from senti.runs import Run

SURE = 0.9  # a mistake surer than this is called sure
MEASURED_ONCE = "Each time was measured once; differences of some tens of per cent may be the machine's."


@dataclass(frozen=True)
class Pair:
    """Two runs of a group, compared on the same test reviews: first minus second, shares; p is Holm-corrected."""

    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    n: int

    @property
    def apart(self) -> bool:
        """True where the first is better beyond chance."""
        return self.p < LEVEL and self.low > 0


def pairs_of(group: Group) -> list[Pair]:
    """All pairs of a group, under its titles, the one with more right answers first."""
    return [Pair(group.titles[r.first], group.titles[r.second], r.difference, r.low, r.high, r.corrected, r.n)
            for r in group.pairs.itertuples()]  # fmt: skip


def p_words(p: float) -> str:
    """p < 0.001, p = 0.034, and near the level the digit that decides: p = 0.0499."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3g}" if abs(p - LEVEL) < 0.005 else f"p = {p:.2g}" if p < 0.1 else f"p = {p:.2f}"


def points(share: float) -> str:
    """A difference of shares: 1.0 points, -0.8 points."""
    return f"{100 * share:.1f}".replace("-", "−") + " points"


def headline(group: Group) -> list[str]:
    """What was measured best, and what that is worth."""
    n = f"{int(group.table['n_test'].iloc[0]):,}"
    top = group.table.loc[group.table["test"].idxmax()]
    got = interval(top["test"], top["test_low"], top["test_high"])
    if len(group.table) == 1:
        return [f"{top['title']} got {got} of the {n} test reviews right (95 % interval)."]
    said = [f"The highest accuracy on the {n} test reviews was measured for {inside(top['title'])}: {got} "
            "(95 % interval)."]  # fmt: skip
    return said + standings(top["title"], pairs_of(group))


def standings(best: str, pairs: Sequence[Pair]) -> list[str]:
    """Which runs the best one is better than, and from which it is not told apart."""
    mine = [pair for pair in pairs if pair.first == best or (pair.second == best and pair.difference == 0)]
    lower = [pair for pair in mine if pair.apart]
    alike = [pair for pair in mine if not pair.apart]
    said = []
    if lower:
        names = listed([inside(pair.second) for pair in lower])
        p = ("" if len(lower) == 1 else "the largest ") + p_words(max(pair.p for pair in lower))
        said.append(f"It is better than {names}, and that is hardly chance (McNemar's test, Holm-corrected, {p}).")
    if alike:
        names = listed([inside(pair.second if pair.first == best else pair.first) for pair in alike])
        p = ("" if len(alike) == 1 else "the smallest ") + p_words(min(pair.p for pair in alike))
        said.append(f"It is not told apart from {names}: what was measured could be chance (McNemar's test, "
                    f"Holm-corrected, {p}).")  # fmt: skip
    return said


def difference(pair: Pair) -> str:
    """One pair with its interval and its verdict."""
    if pair.difference == 0:
        return f"{pair.first} and {inside(pair.second)} got equally many right: not told apart."
    measured = (f"The accuracy of {inside(pair.first)} was {points(pair.difference)} above that of "
                f"{inside(pair.second)} (95 % interval {points_range(pair)}, {p_words(pair.p)})")  # fmt: skip
    return f"{measured}: better beyond chance." if pair.apart else f"{measured}: not told apart."


def points_range(pair: Pair) -> str:
    """The interval of a difference, in points: −0.8 to 2.8."""
    return f"{100 * pair.low:.1f} to {100 * pair.high:.1f}".replace("-", "−")


def verdicts(pairs: Sequence[Pair]) -> str:
    """How many of the pairs are told apart, and which are not."""
    alike = [f"{inside(pair.first)} and {inside(pair.second)}" for pair in pairs if not pair.apart]
    n = len(pairs)
    if not alike:
        return "The two differ beyond chance." if n == 1 else f"All {n} pairs differ beyond chance."
    if len(alike) == n:
        told = "No pair is told apart" if n > 1 else "The two are not told apart"
        return f"{told}: what was measured could be chance."
    return f"{n - len(alike)} of the {n} pairs differ beyond chance. Not told apart: {'; '.join(alike)}."


def efficiency(group: Group) -> list[str]:
    """What few weights and little time were enough for, as far as the test tells."""
    return [*fewest(group), *_against_full(group), *_times(group)]


def fewest(group: Group) -> list[str]:
    """The run with the fewest trained weights among those that are not told apart from the best."""
    table, pairs = group.alone[group.alone["trained"] > 0], pairs_of(group)
    if len(table) < 2 or len(group.table) < 2:
        return []
    top = group.table.loc[group.table["test"].idxmax()]
    beaten = {pair.second for pair in pairs if pair.first == top["title"] and pair.apart}
    level = table[~table["title"].isin(beaten)]
    if len(level) < 2:
        fewer = table["trained"].min() < top["trained"]
        return [f"{top['title']} is better than every run that trained fewer weights."] if fewer else []
    few = level.loc[level["trained"].idxmin()]
    many = level.loc[level["trained"].idxmax()]
    if few["trained"] == many["trained"]:
        return []
    return [f"Of the runs that the tests do not tell apart from the best, {inside(few['title'])} trained the fewest "
            f"weights: {count(few['trained'])}, where {inside(many['title'])} trained {count(many['trained'])}. "
            "Not told apart does not mean equal: the intervals tell how large a difference could be."]  # fmt: skip


def _against_full(group: Group) -> list[str]:
    """LoRA beside full fine-tuning, the best of each by validation."""
    best = {method: rows.loc[rows["validation"].idxmax()] for method, rows in group.table.groupby("method")}
    if not {"lora", "finetune"} <= set(best):
        return []
    lora, full = best["lora"], best["finetune"]
    pair = next(p for p in pairs_of(group) if {p.first, p.second} == {lora["title"], full["title"]})
    return [f"{lora['title']} trained {percent(lora['trained'] / full['trained'])} as many weights as "
            f"{inside(full['title'])} ({lora['trained']:,} against {full['trained']:,}). "
            f"{difference(pair)}"]  # fmt: skip


def _times(group: Group) -> list[str]:
    """Training times, only where they were taken on one kind of device."""
    trained = group.alone[group.alone["train_seconds"] >= 0.05]
    if len(trained) < 2:
        return []
    devices = {(group.run(name).result or {}).get("device", "") for name in trained["run"]}
    if len(devices) > 1:
        return ["The runs trained on different devices, so their times are not compared."]
    quick, slow = trained.loc[trained["train_seconds"].idxmin()], trained.loc[trained["train_seconds"].idxmax()]
    return [f"Training took from {duration(quick['train_seconds'])} ({inside(quick['title'])}) to "
            f"{duration(slow['train_seconds'])} ({inside(slow['title'])}). {MEASURED_ONCE}"]  # fmt: skip


def curve(title: str, events: pd.DataFrame) -> str:
    """How a run's validation went, epoch by epoch."""
    rows = events[(events["split"] == "validation") & (pd.to_numeric(events["step"]) > 0)]
    loss, accuracy = pd.to_numeric(rows["loss"]).to_numpy(), pd.to_numeric(rows["accuracy"]).to_numpy()
    if not len(loss):
        return ""
    low, high = int(loss.argmin()), int(accuracy.argmax())
    said = f"{title}: the validation loss was lowest after epoch {_epoch(rows, low)} ({loss[low]:.3f})"
    if low < len(loss) - 1:
        said += f" and {loss[-1]:.3f} at the end"
    return f"{said}; the validation accuracy was highest after epoch {_epoch(rows, high)} ({percent(accuracy[high])})."


def _epoch(rows: pd.DataFrame, place: int) -> str:
    return f"{float(rows['epoch'].iloc[place]):g}"


def failures(group: Group) -> list[str]:
    """How many test reviews went wrong, how sure the run was of them, and how many every run got wrong."""
    n, wrong = int(group.table["n_test"].iloc[0]), len(group.mistakes)
    sure = int((group.mistakes["confidence"] > SURE).sum())
    why = "the best on validation" if len(group.runs) > 1 else "the only run"
    said = [f"{group.titles[group.best.name]}, {why}, got {wrong:,} of {n:,} test reviews wrong; to {sure:,} of these "
            f"it gave its label more than {percent(SURE, 0)} probability."]  # fmt: skip
    if len(group.runs) > 1:
        all_of_them = "both runs" if len(group.runs) == 2 else f"every one of the {len(group.runs)} runs"
        said.append(f"{group.missed:,} test reviews were wrong in {all_of_them}.")
    return said + _classes(group)


def _classes(group: Group) -> list[str]:
    """Whether the best run finds one class more often than another."""
    scores = (group.best.result or {})["scores"]["test"]
    matrix = np.array(scores["confusion"])
    found = {name: (int(matrix[i, i]), int(matrix[i].sum())) for i, name in enumerate(scores["per_class"])}
    found = {name: of for name, of in found.items() if of[1]}
    if len(found) < 2:
        return []
    best, worst = (pick(found, key=lambda name: found[name][0] / found[name][1]) for pick in (max, min))
    (right, n), (less, m) = found[best], found[worst]
    told = f"{percent(right / n)} of the {best} reviews were found, and {percent(less / m)} of the {worst} ones"
    if wilson(right, n)[0] > wilson(less, m)[1]:
        return [f"The classes are not found equally often: {told}, and their 95 % intervals do not meet."]
    return [f"Between the classes no difference is certain: {told}, and their 95 % intervals overlap."]


def seeds(runs: Sequence[Run]) -> str:
    """What is known of the influence of chance in training."""
    repeated = seed_groups(runs)
    if len(repeated):
        told = [f"{mean_and_deviation(r.test, r.test_deviation)} for {inside(seeds_title(r.title, r.n_seeds))}"
                for r in repeated.itertuples()]  # fmt: skip
        return (f"From seed to seed the test accuracy was {listed(told)} (mean and standard deviation); the tests and "
                "intervals speak of other reviews, not of other seeds.")  # fmt: skip
    seen = sorted({run.config.seed for run in runs})
    if len(seen) == 1:
        return (f"Every run used seed {seen[0]}. The tests speak of other reviews, not of other seeds: how much the "
                "accuracy changes from seed to seed was not measured.")  # fmt: skip
    return f"The runs used the seeds {listed([str(seed) for seed in seen])}."
