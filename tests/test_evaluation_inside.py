"""Probes, drift, maps, occlusion and slices of runs, against computations of their own."""

import numpy as np
import pandas as pd
import pytest
import torch

from senti.config import FinetuneConfig, LoraConfig, SvmConfig
from senti.corpus import Corpus, load_corpus
from senti.encoder import contrast, habits, layer_features, load_backbone, load_tokenizer, resolve_model, shared_words
from senti.errors import BadConfig, Stopped, UnknownRun
from senti.evaluation import (
    BACKBONE,
    Reader,
    drift,
    find_reader,
    known_probe,
    load_predictor,
    occlusion,
    principal,
    probe,
    readers,
    right_answers,
    saved_predictions,
    slice_scores,
)
from senti.evaluation.drift import linear_cka, mean_cosine
from senti.evaluation.probe import probe_layer
from senti.experiment import conduct, create, prepare
from senti.methods import restore
from senti.methods.classifier import softmax
from senti.runs import open_run

TEXTS = ["an unflinchingly tender film", "dull", "the second half turns into something else entirely", "no"]


@pytest.fixture(scope="module")
def minilm():
    return resolve_model("minilm")


@pytest.fixture(scope="module")
def hub(hub_cache):
    """The tiny DistilBERT's cache, for a whole module."""
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_folder, hub):
    """A folder with a finished full and a finished LoRA run on the tiny reviews, and their names."""
    root, names = tmp_path_factory.mktemp("runs"), []
    for cls in (FinetuneConfig, LoraConfig):
        run = create(root, prepare(cls(dataset=str(tiny_folder), model="distilbert", lr=1e-2, epochs=4)))
        conduct(run)
        names.append(run.name)
    svm = create(root, prepare(SvmConfig(dataset=str(tiny_folder), model="distilbert")))
    conduct(svm)
    return root, *names, svm.name


def test_layer_features_are_those_of_a_plain_loop(minilm):
    model, tokenizer = load_backbone(minilm), load_tokenizer(minilm)
    found = layer_features(lambda: (model, tokenizer), TEXTS, checksum="a test")
    assert found.shape == (7, 2, 4, 384) and found.dtype == np.float16
    with torch.inference_mode():
        for i, text in enumerate(TEXTS):
            states = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
            for layer, state in enumerate(states):
                np.testing.assert_allclose(found[layer, 0, i], state[0, 0], atol=5e-3)
                np.testing.assert_allclose(found[layer, 1, i], state[0].mean(dim=0), atol=5e-3)


def test_layer_features_are_read_back_and_kept_apart(minilm, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    loads = []

    def load():
        loads.append(1)
        return load_backbone(minilm), load_tokenizer(minilm)

    first = np.array(layer_features(load, TEXTS, checksum="one"))
    (file,) = (tmp_path / "layers").iterdir()
    with pytest.raises(Stopped):
        layer_features(load, TEXTS, checksum="two", should_stop=lambda: True)
    assert [p.name for p in (tmp_path / "layers").iterdir()] == [file.name]  # nothing half-written stays
    np.testing.assert_array_equal(layer_features(load, TEXTS, checksum="one"), first)
    assert len(loads) == 2  # the second reading of "one" needed no model
    file.write_bytes(b"damaged")
    np.testing.assert_array_equal(layer_features(load, TEXTS, checksum="one"), first)
    with pytest.raises(BadConfig, match="max_length"):
        layer_features(load, TEXTS, checksum="one", max_length=9999)


def test_a_probe_finds_what_a_line_can_tell_and_the_control_does_not():
    draw = np.random.default_rng(0)
    labels = np.tile([0, 1], 300)
    vectors = draw.normal(size=(600, 20)) + 1.2 * labels[:, None] * (np.arange(20) < 3)
    accuracy, low, high, control, n = probe_layer(vectors[:400], vectors[400:], labels[:400], labels[400:])
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    other = LinearDiscriminantAnalysis().fit(vectors[:400], labels[:400]).score(vectors[400:], labels[400:])
    assert accuracy == pytest.approx(other, abs=0.03) and accuracy > 0.75
    assert low < accuracy < high and n == 200 and 0.35 < control < 0.65


def test_the_last_layer_s_probe_is_the_svm_baseline(trained):
    root, *_, svm = trained
    found = probe(find_reader(root, BACKBONE, "distilbert"), find_corpus(root, svm))
    last = found[(found["pooling"] == "cls") & (found["layer"] == found["layer"].max())]
    accuracy = open_run(root, svm).result["scores"]["validation"]["accuracy"]
    assert last["accuracy"].iloc[0] == pytest.approx(accuracy, abs=1 / 32)
    assert len(found) == 6 and set(found["layer"]) == {0, 1, 2}


def find_corpus(root, name) -> Corpus:
    return load_corpus(open_run(root, name).config.dataset)


def test_probes_are_kept_and_fine_tuning_shows(trained):
    root, full, _, svm = trained
    corpus, tuned, shares = find_corpus(root, svm), find_reader(root, full), []
    assert known_probe(tuned, corpus, seed=7) is None
    found = probe(tuned, corpus, seed=7, on_progress=lambda share, what: shares.append(share))
    pd.testing.assert_frame_equal(known_probe(tuned, corpus, seed=7), found)
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    last = [curve[(curve["layer"] == 2) & (curve["pooling"] == "cls")]["accuracy"].iloc[0]
            for curve in (probe(find_reader(root, BACKBONE, "distilbert"), corpus), found)]  # fmt: skip
    assert last[1] > last[0] + 0.1


def test_readers_are_the_backbone_and_what_changed_it(trained):
    root, full, lora, svm = trained
    assert [reader.name for reader in readers(root, resolve_model("distilbert"))] == [BACKBONE, lora, full]
    assert [reader.name for reader in readers(root, resolve_model("minilm"))] == [BACKBONE]
    sums = {find_reader(root, name, "distilbert").checksum for name in (BACKBONE, full, lora)}
    assert len(sums) == 3
    with pytest.raises(UnknownRun, match="no transformer"):
        find_reader(root, svm)


def test_a_reader_reads_as_its_run_does(trained):
    """The full run's last [CLS] through its own head is the probability that it predicts."""
    root, full, *_ = trained
    reader = find_reader(root, full)
    classifier, _ = restore(reader.run)
    states = torch.tensor(np.asarray(reader.layers(TEXTS)[-1, 0], dtype=np.float32))
    with torch.inference_mode():
        logits = classifier.float().classifier(torch.relu(classifier.pre_classifier(states)))
    np.testing.assert_allclose(softmax(logits.numpy()), load_predictor(reader.run)(TEXTS), atol=0.03)


def test_drift_is_none_to_itself_and_some_after_training(trained):
    root, full, *_ = trained
    backbone, tuned = find_reader(root, BACKBONE, "distilbert"), find_reader(root, full)
    texts = list(find_corpus(root, full).splits["validation"]["text"])
    still = drift(backbone, backbone, texts)
    np.testing.assert_allclose(still[["cka", "cosine"]], 1, atol=1e-6)
    moved = drift(backbone, tuned, texts).set_index(["layer", "pooling"])
    assert moved.loc[(2, "cls"), "cosine"] < 0.99 and moved.loc[(2, "cls"), "cka"] < 0.99
    with pytest.raises(BadConfig, match="differ"):
        drift(Reader(BACKBONE, resolve_model("minilm")), tuned, texts)


def test_cka_is_the_kernels_and_blind_to_rotation_and_scale():
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(40, 6)), draw.normal(size=(40, 9))
    centre = np.eye(40) - 1 / 40
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    expected = np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))  # the definition, by Gram matrices
    assert linear_cka(x, y) == pytest.approx(expected)
    turn = np.linalg.qr(draw.normal(size=(6, 6)))[0]
    assert linear_cka(x, 3 * x @ turn + 5) == pytest.approx(1)
    assert linear_cka(x, np.ones((40, 2))) == 0 and linear_cka(np.ones((40, 2)), np.ones((40, 3))) == 1
    assert mean_cosine(x, 2 * x) == pytest.approx(1) and mean_cosine(x, -x) == pytest.approx(-1)


def test_the_map_is_scikit_learn_s_pca():
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(0).normal(size=(50, 8)) * np.arange(1, 9)
    theirs, mine = PCA(2, svd_solver="full").fit(vectors), principal(vectors)
    np.testing.assert_allclose(np.abs(mine.points), np.abs(theirs.transform(vectors)), atol=1e-8)
    np.testing.assert_allclose(mine.shares, theirs.explained_variance_ratio_)
    assert principal(np.ones((3, 4))).shares == (0.0, 0.0) and principal(np.ones((2, 1))).points.shape == (2, 2)


def test_two_texts_share_their_words_and_nothing_else_is_compared(minilm):
    both = contrast(minilm, "the bank of the river", "a bank on the corner")
    words = shared_words(both.first, both.second)
    assert list(words) == ["the", "bank"]
    assert words["bank"] == ([2], [2]) and words["the"] == ([1], [4])  # places count [CLS]
    drifted = both.drift().set_index(["what", "layer"])["cosine"]
    a, b = both.first.hidden[3, 2], both.second.hidden[3, 2]
    assert drifted["bank", 3] == pytest.approx(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)), abs=1e-5)
    assert drifted["[CLS]", 0] == pytest.approx(1, abs=1e-5) and drifted["bank", 0] > drifted["bank", 6]
    alike = both.alike(3)
    assert alike.shape == (len(both.first.tokens), len(both.second.tokens))
    assert alike[2, 2] == pytest.approx(drifted["bank", 3], abs=1e-5)
    assert alike[1, 4] == pytest.approx(drifted["the", 3], abs=1e-5)  # rows are the first text's pieces
    same = contrast(minilm, "a film", "a film").drift()
    np.testing.assert_allclose(same["cosine"], 1, atol=1e-5)


def test_heads_have_the_habits_that_were_planted():
    attention = np.full((1, 3, 4, 4), 0.1)
    attention[0, 0, :, 0] = 0.7
    attention[0, 1, range(4), range(4)] = 0.7
    attention[0, 2, range(1, 4), range(3)] = 0.9
    found = habits(attention)
    assert list(found["habit"]) == ["first", "itself", "before"]
    assert found["share"].tolist() == pytest.approx([0.7, 0.7, 3 * 0.9 / 4])
    assert list(found["head"]) == [1, 2, 3] and set(found["layer"]) == {1}


def counting(texts):
    """A method that is surer of class 1 the more often it reads `good`, and less the more often `bad`."""
    scores = np.array([0.5 + 0.1 * text.split().count("good") - 0.2 * text.split().count("bad") for text in texts])
    return np.stack([1 - scores, scores], axis=1)


def test_occlusion_gives_each_word_its_share():
    text = "good, but bad good film"
    found = occlusion(counting, text.replace(",", " ,"), label=1)
    assert dict(zip(found["word"], found["effect"].round(6), strict=True)) == {
        "good": 0.1, "but": 0.0, "bad": -0.2, "film": 0.0,
    }  # fmt: skip
    assert found["effect"].tolist() == pytest.approx([0.1, 0, -0.2, 0.1, 0])
    spaced = text.replace(",", " ,")
    assert [spaced[row.start : row.end] for row in found.itertuples()] == list(found["word"])
    assert (occlusion(counting, "bad film")["effect"] >= 0).any()  # of the predicted class, 0
    assert occlusion(counting, "...").empty


def test_leaving_out_a_word_leaves_no_double_blank():
    seen = []
    occlusion(lambda texts: seen.extend(texts) or counting(texts), "a good film")
    assert seen == ["a good film", "good film", "a film", "a good "]


def test_slices_are_scored_from_saved_predictions(trained):
    root, full, *_ = trained
    run = open_run(root, full)
    table = saved_predictions(run, "test")
    right = [int(row.p1 > row.p0) == row.label for row in table.itertuples()]
    assert list(right_answers(run, "test")) == right
    masks = pd.DataFrame({"first five": np.arange(32) < 5, "none": np.zeros(32, dtype=bool)})
    scores = slice_scores(masks, [run]).set_index("slice")
    assert scores.loc["first five", "correct"] == sum(right[:5]) and scores.loc["first five", "size"] == 5
    assert scores.loc["first five", "accuracy"] == pytest.approx(sum(right[:5]) / 5)
    assert np.isnan(scores.loc["none", "accuracy"]) and scores.loc["none", "size"] == 0
