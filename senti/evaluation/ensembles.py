"""What an ensemble is worth beside its members."""

from senti.config import EnsembleConfig
from senti.evaluation.significance import pairwise
from senti.runs import Run, open_run


def gain(run: Run) -> str:
    """An ensemble against the member that is best on the test reviews, in a sentence (`pairwise`).

    That member is known only afterwards, so the comparison leans against the ensemble.
    """
    config = run.config
    assert isinstance(config, EnsembleConfig)
    members = [open_run(run.path.parent, name) for name in config.names]
    best = max(members, key=lambda member: (member.result or {})["scores"]["test"]["accuracy"])
    (pair,) = pairwise([run, best]).itertuples()
    return str(pair.sentence)
