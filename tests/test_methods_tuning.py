"""C by cross-validation: the numbers of scikit-learn's GridSearchCV, from the training reviews alone."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import tiny_splits

from senti import cli
from senti.config import SvmConfig, TfidfConfig
from senti.errors import Stopped
from senti.experiment import conduct, create, prepare
from senti.methods import linear, svm, tfidf
from senti.methods.tuning import best_C, cross_validate, grid
from senti.runs import open_run

pytestmark = pytest.mark.usefixtures("with_hub_cache")


def vectors(n: int = 90) -> tuple[np.ndarray, pd.Series]:
    """Three noisy classes; one column is a thousand times as wide in a few rows, so that a scaler's leak would show."""
    draw = np.random.default_rng(0)
    labels = np.tile([0, 1, 2], n // 3)
    made = draw.normal(size=(n, 8)) + 0.7 * np.eye(8)[labels]
    made[draw.choice(n, 5, replace=False), :3] *= 1000
    return made, pd.Series(labels)


def searched(pipeline, inputs, labels, values, seed):
    """Mean accuracy per C, and the chosen one, by scikit-learn."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    search = GridSearchCV(pipeline, {"linearsvc__C": list(values)}, cv=folds).fit(inputs, labels)
    return search.cv_results_["mean_test_score"], search.best_params_["linearsvc__C"]


@pytest.mark.parametrize("seed", [0, 3])
def test_accuracies_and_choice_are_those_of_grid_search(seed):
    inputs, labels = vectors()
    texts = pd.concat(tiny_splits().values(), ignore_index=True)
    for config, given, truth in (
        (SvmConfig(), inputs, labels), (TfidfConfig(), texts["text"].to_numpy(dtype=object), texts["label"]),
    ):  # fmt: skip
        pipeline = (svm if isinstance(config, SvmConfig) else tfidf).pipeline(config)
        table = cross_validate(pipeline, given, truth, grid(config), seed)
        expected, best = searched(pipeline, given, truth, grid(config), seed)
        np.testing.assert_allclose(table["accuracy"], expected)
        assert best_C(table) == best and (table["n"] == len(truth)).all()
        np.testing.assert_allclose(table["correct"] / table["n"], expected, atol=0.02)
    assert len(set(table["accuracy"])) > 1  # else any choice would do


def test_the_scaler_learns_from_four_folds_only():
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    inputs, labels = vectors()
    values, folds = grid(SvmConfig()), StratifiedKFold(5, shuffle=True, random_state=0)
    scaled = StandardScaler().fit_transform(inputs)  # by all rows: the mistake
    leaked = [cross_val_score(LinearSVC(C=C, dual=False, random_state=0), scaled, labels, cv=folds).mean()
              for C in values]  # fmt: skip
    honest = cross_validate(svm.pipeline(SvmConfig()), inputs, labels, values)["accuracy"]
    assert not np.allclose(honest, leaked)


def test_of_equals_the_strongest_regularisation_is_chosen():
    table = pd.DataFrame({"C": [0.1, 1.0, 10.0], "accuracy": [0.7, 0.8, 0.8], "correct": 0, "n": 10})
    assert best_C(table) == 1.0


def test_it_tells_how_far_it_is_and_stops():
    inputs, labels = vectors()
    told = []
    cross_validate(svm.pipeline(SvmConfig()), inputs, labels, [0.1, 1.0], on_progress=lambda *at: told.append(at))
    assert told == [(i, 10) for i in range(1, 11)]
    with pytest.raises(Stopped):
        cross_validate(svm.pipeline(SvmConfig()), inputs, labels, [0.1], should_stop=lambda: True)


def tuned(root, folder, config_class, name):
    model = {"model": "distilbert"} if config_class is SvmConfig else {}
    run = create(root, prepare(config_class(dataset=str(folder), tune_C=True, **model)), name)
    conduct(run)
    return run


@pytest.mark.parametrize("config_class", [SvmConfig, TfidfConfig])
def test_validation_and_test_reviews_play_no_part(root, tmp_path, tiny_folder, config_class):
    """The same training reviews, all else turned round: the choice and its table are the same to the last digit."""
    other, changed = tmp_path / "other", tmp_path / "changed"
    for folder in (other, changed):
        shutil.copytree(tiny_folder, folder)
    for split in ("validation", "test"):
        rows = pd.read_csv(tiny_folder / f"{split}.csv")
        rows.assign(label=1 - rows["label"], text="quite " + rows["text"]).to_csv(other / f"{split}.csv", index=False)
    rows = pd.read_csv(tiny_folder / "train.csv")
    rows.loc[:9, "label"] = 1 - rows.loc[:9, "label"]
    rows.to_csv(changed / "train.csv", index=False)
    told = [(tuned(root, folder, config_class, folder.name).path / "tuning.json").read_bytes()
            for folder in (tiny_folder, other, changed)]  # fmt: skip
    assert told[0] == told[1]
    assert told[0] != told[2]  # of the training reviews, it does tell


def test_the_run_is_trained_with_what_it_chose_and_says_so(root, tiny_folder):
    run = tuned(root, tiny_folder, TfidfConfig, "tuned")
    recorded = json.loads((run.path / "tuning.json").read_text())
    assert linear.svc_of(linear.restore(run.model_path)).C == recorded["C"] == best_C(pd.DataFrame(recorded["table"]))
    assert f"C = {recorded['C']:g} was chosen by 5-fold" in run.result["notes"][0]
    events = run.events()
    assert events["split"].iloc[-1] == "tuning" and events["step"].iloc[-1] == events["total_steps"].iloc[-1] == 25
    plain = create(root, prepare(TfidfConfig(dataset=str(tiny_folder), C=3.0)), "plain")
    conduct(plain)
    assert not (plain.path / "tuning.json").exists() and plain.result["notes"] == []
    assert linear.svc_of(linear.restore(plain.model_path)).C == 3.0


def test_the_command_line_has_the_flag(root, tiny_folder, capsys):
    assert cli.run(["tfidf", "--tune-C", "--dataset", str(tiny_folder), "--run", "it", "--output_dir", str(root)]) == 0
    out = capsys.readouterr()
    assert "was chosen by 5-fold cross-validation" in out.out and "cross-validation 25 / 25" in out.err
    assert open_run(root, "it").facts["command"].endswith("--tune-C")
