"""The nearest training reviews in each run's own space, against scikit-learn and a plain loop."""

import json
import time

import numpy as np
import pytest

from senti.config import LoraConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.corpus import load_corpus
from senti.encoder import features, load_backbone, load_tokenizer, resolve_model
from senti.errors import BadConfig, BadData, BadText, UnknownRun
from senti.evaluation import load_predictor, nearest
from senti.evaluation.neighbours import space_of
from senti.experiment import conduct, create, prepare
from senti.methods import restore
from senti.runs import open_run

TEXT = "a tender film about two dull sisters"


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_folder, hub_cache):
    """A folder with one finished run of each kind on the tiny reviews."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        data, model = {"dataset": str(tiny_folder)}, {"model": "distilbert", "precision": "fp32"}
        for name, config in {
            "majority": MajorityConfig(**data), "tfidf": TfidfConfig(**data),
            "svm": SvmConfig(**data, **model, pooling="mean", layer=1),
            "lora": LoraConfig(**data, **model, lr=1e-2, epochs=2),
        }.items():  # fmt: skip
            conduct(create(root, prepare(config), name))
        yield root


def by_scikit_learn(train_vectors, vector, k):
    """Places and cosines of the nearest rows; places of equally near ones may come in any order."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(train_vectors).kneighbors(vector)
    return found[1][0], 1 - found[0][0]


def expect(found, train, places, cosines, atol=1e-5):
    np.testing.assert_allclose(found["similarity"], cosines, atol=atol)
    assert list(found["text"]) == [train["text"][i] for i in found["place"]]
    assert list(found["label"]) == [("negative", "positive")[train["label"][i]] for i in found["place"]]
    apart = cosines > cosines[-1] + 2 * atol  # all but what may be exchanged with the first left out
    assert set(places[apart]) <= set(found["place"])


def test_of_an_svm_in_its_standardised_features(runs, tiny_folder):
    from sklearn.preprocessing import StandardScaler

    train = load_corpus(str(tiny_folder)).splits["train"]
    how = {"layer": 1, "pooling": "mean", "precision": "fp32", "cache": False}
    backbone = resolve_model("distilbert")
    scaler = StandardScaler().fit(features(backbone, list(train["text"]), **how))
    rows, row = (scaler.transform(features(backbone, texts, **how)) for texts in (list(train["text"]), [TEXT]))
    found = nearest(open_run(runs, "svm"), TEXT, 7)
    expect(found, train, *by_scikit_learn(rows, row, 7), atol=1e-4)
    assert len(found) == 7 and list(found.columns) == ["text", "label", "similarity", "place", "agrees"]


def test_of_tfidf_by_the_words_in_common(runs, tiny_folder):
    from sklearn.feature_extraction.text import TfidfVectorizer

    train = load_corpus(str(tiny_folder)).splits["train"]
    words = TfidfVectorizer(ngram_range=(1, 2)).fit(train["text"])
    found = nearest(open_run(runs, "tfidf"), TEXT)
    expect(found, train, *by_scikit_learn(words.transform(train["text"]), words.transform([TEXT]), 5))
    assert nearest(open_run(runs, "tfidf"), "zzxqy qqq").empty  # no word in common is no neighbour
    assert 0 < len(nearest(open_run(runs, "tfidf"), "gripping", 64)) < 64


def test_of_a_run_that_trained_a_transformer_in_its_own_cls(runs, tiny_folder):
    import torch

    train = load_corpus(str(tiny_folder)).splits["train"]
    model, tokenizer = restore(open_run(runs, "lora"))

    def cls(texts):
        with torch.inference_mode():
            return np.vstack([model.eval().base_model(**tokenizer(text, return_tensors="pt")).last_hidden_state[:, 0]
                              for text in texts])  # fmt: skip

    expected = by_scikit_learn(cls(train["text"]), cls([TEXT]), 5)
    expect(nearest(open_run(runs, "lora"), TEXT), train, *expected, atol=1e-2)  # bf16 where the processor has it
    before = load_backbone(resolve_model("distilbert"))
    with torch.inference_mode():
        untrained = before(**load_tokenizer(resolve_model("distilbert"))(TEXT, return_tensors="pt"))
    assert not np.allclose(untrained.last_hidden_state[0, 0], cls([TEXT])[0], atol=1e-2)


@pytest.mark.parametrize("name", ["tfidf", "svm", "lora"])
def test_a_training_review_is_its_own_nearest_and_agreement_is_with_the_run(runs, name, tiny_folder):
    run, train = open_run(runs, name), load_corpus(str(tiny_folder)).splits["train"]
    found = nearest(run, train["text"][17], 64)
    assert found["similarity"][0] == pytest.approx(1, abs=1e-2)
    assert train["text"][17] in set(found["text"][found["similarity"] > 0.99])
    said = run.facts["data"]["labels"][load_predictor(run)([train["text"][17]])[0].argmax()]
    assert list(found["agrees"]) == [label == said for label in found["label"]]
    assert found["similarity"].is_monotonic_decreasing and found["place"].is_unique


def test_a_warm_answer_is_quick_and_reading_tells_how_far_it_is(runs):
    told = []
    nearest(open_run(runs, "svm"), TEXT, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (64, 64)
    began = time.perf_counter()
    nearest(open_run(runs, "svm"), TEXT)
    assert time.perf_counter() - began < 1
    vectors = space_of(open_run(runs, "svm")).vectors
    assert space_of(open_run(runs, "svm")).vectors is vectors  # kept


def test_what_cannot_be_asked_is_said(runs, tmp_path, tiny_folder):
    import shutil

    with pytest.raises(BadText):
        nearest(open_run(runs, "svm"), "  ")
    with pytest.raises(BadConfig, match="k is 0"):
        nearest(open_run(runs, "svm"), TEXT, 0)
    with pytest.raises(UnknownRun, match="turns no text into a vector"):
        nearest(open_run(runs, "majority"), TEXT)
    shutil.copytree(tiny_folder, tmp_path / "gone")
    run = create(runs, prepare(TfidfConfig(dataset=str(tmp_path / "gone"))))
    with pytest.raises(UnknownRun, match="has saved no model"):
        nearest(run, TEXT)
    conduct(run)
    shutil.rmtree(tmp_path / "gone")
    with pytest.raises(BadData):
        nearest(run, TEXT)
    shutil.rmtree(run.path)


def test_the_kept_vectors_are_of_this_run_s_weights(runs):
    run = open_run(runs, "lora")
    assert not np.allclose(space_of(run).vectors, space_of(open_run(runs, "svm")).vectors)


def test_the_command_asks_each_run_and_says_whom_it_cannot_ask(runs, capsys):
    from senti import cli

    assert cli.run(["nearest", TEXT, "--k", "2", "--json", "--output_dir", str(runs)]) == 0
    out = capsys.readouterr()
    asked = json.loads(out.out)["runs"]
    assert {each["run"]: len(each["nearest"]) for each in asked} == {"lora": 2, "svm": 2, "tfidf": 2}
    assert "majority is left out" in out.err
    assert cli.run(["nearest", TEXT, "--runs", "majority", "--output_dir", str(runs)]) == 2
    assert cli.run(["nearest", "zzxqy", "--runs", "tfidf", "--output_dir", str(runs)]) == 0
    assert "no training review shares a word with it" in capsys.readouterr().out
