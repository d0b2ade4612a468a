"""Disagreements: the smallest deletion against all subsets, the parting layer against probes fitted apart."""

import itertools

import numpy as np
import pytest

from senti.config import FinetuneConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.encoder import text_layers
from senti.errors import BadConfig
from senti.evaluation import explain_disagreement, nearest, probe
from senti.evaluation.compare import run_corpus
from senti.evaluation.deletion import smallest_deletion
from senti.evaluation.disagreement import is_read, read_reviews
from senti.evaluation.lines import fit_lines, known_lines, text_scores
from senti.evaluation.occlusion import without, words_of
from senti.evaluation.parting import known_parting, layered, parting_layer, probe_layers
from senti.evaluation.remember import remembered
from senti.experiment import conduct, create, prepare
from senti.methods.classifier import softmax
from senti.runs import open_run

WORDS = "alpha beta gamma delta epsilon zeta eta".split()
TEXT = "the tender film is dull"


def toy(seed, classes):
    """A method that gives each word, and each pair of neighbours, a random weight per class."""
    draw = np.random.default_rng(seed)
    single = {word: draw.normal(size=classes) for word in WORDS}
    pair = {both: draw.normal(size=classes) for both in itertools.product(WORDS, repeat=2)}

    def predict(texts):
        scores = [sum((single[w] for w in t.split()), np.zeros(classes))
                  + sum((pair[both] for both in itertools.pairwise(t.split())), np.zeros(classes)) for t in texts]
        return softmax(np.array(scores))

    return predict


def brute_force(predictors, text):
    """(size, confidence) of the best of all deletions that leave a word, or None."""
    spans = [(row.start, row.end) for row in words_of(text).itertuples()]
    best = None
    for size in range(len(spans)):
        for chosen in itertools.combinations(spans, size):
            chance = np.stack([predict([without(text, chosen)])[0] for predict in predictors])
            if len(set(chance.argmax(axis=1))) == 1:
                confidence = chance.mean(axis=0).max()
                best = max(best or (size, 0), (size, confidence), key=lambda pair: pair[1])
        if best:
            return best
    return None


@pytest.mark.parametrize(("runs", "classes"), [(2, 2), (3, 2), (2, 3), (4, 3)])
def test_the_smallest_deletion_is_that_of_all_subsets(runs, classes):
    sizes = []
    for seed in range(12):
        text = " ".join(np.random.default_rng(seed).permutation(WORDS)[:6])
        predictors = [toy(100 * seed + i, classes) for i in range(runs)]
        found, expected = smallest_deletion(predictors, text), brute_force(predictors, text)
        if expected is None:
            assert found is None
            continue
        assert found.proven and (len(found.words), found.confidence) == (expected[0], pytest.approx(expected[1]))
        assert {int(predict([found.rest])[0].argmax()) for predict in predictors} == {found.label}
        assert without(text, found.spans) == found.rest
        assert tuple(text[start:end] for start, end in found.spans) == found.words
        sizes.append(len(found.words))
    assert max(sizes) > 1 and len(set(sizes)) > 1  # the texts ask for more than one word at times


def test_beyond_the_budget_the_search_is_greedy_and_says_what_is_proven():
    proofs, extra = [], []
    for seed in range(30):
        predictors = [toy(100 * seed + i, 2) for i in range(3)]
        text = " ".join(np.random.default_rng(seed).permutation(WORDS))
        found, exact = smallest_deletion(predictors, text, budget=1), smallest_deletion(predictors, text)
        if found is None or not exact.words:
            continue
        assert {int(predict([found.rest])[0].argmax()) for predict in predictors} == {found.label}
        assert found.proven == (len(found.words) == 1)  # only the whole text was ruled out before
        # no word was taken in vain
        for i in range(len(found.spans)):
            rest = without(text, found.spans[:i] + found.spans[i + 1 :])
            assert len({int(predict([rest])[0].argmax()) for predict in predictors}) == 2
        proofs.append(found.proven)
        extra.append(len(found.words) - len(exact.words))
    assert set(proofs) == {True, False} and min(extra) == 0 and np.mean(extra) < 1


def test_the_first_is_asked_about_every_set_and_the_others_where_it_matters():
    asked = {0: 0, 1: 0, 2: 0}

    def counted(i):
        predict = toy(i, 2)

        def count(texts):
            asked[i] += len(texts)
            return predict(texts)

        return count

    smallest_deletion([counted(0), counted(1), counted(2)], " ".join(WORDS))
    assert asked[0] >= max(asked[1], asked[2]) and min(asked[1], asked[2]) < asked[0]
    progress = []
    smallest_deletion([toy(4, 2), toy(5, 2)], " ".join(WORDS), 1, lambda share, what: progress.append(share))
    assert progress and all(0 <= share <= 1 for share in progress)


def test_texts_without_words_and_runs_of_one_mind():
    same = toy(0, 2)
    found = smallest_deletion([same, same], " ".join(WORDS))
    assert found.words == () and found.rest == " ".join(WORDS) and found.proven
    opposed = [lambda texts: np.array([[0.9, 0.1]] * len(texts)), lambda texts: np.array([[0.1, 0.9]] * len(texts))]
    assert smallest_deletion(opposed, "!!!") is None and smallest_deletion(opposed, "word") is None
    assert smallest_deletion(opposed, " ".join(WORDS)) is None
    assert smallest_deletion(opposed, "word " * 200, budget=10) is None


@pytest.mark.parametrize(
    ("said", "layer"),
    [(["aab", "aaa"], 2), (["abab", "abbb"], None), (["bbb", "aaa"], 0), (["abab", "aaaa", "aaba"], 1),
     (["aab"], None), ([], None), (["ab", "abb"], None)],
)  # fmt: skip
def test_runs_part_where_they_never_meet_again(said, layer):
    assert parting_layer([list(each) for each in said]) == layer


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_folder, hub_cache):
    """Four runs on the tiny reviews: majority, TF-IDF, SVM, full."""
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        root, data = tmp_path_factory.mktemp("runs"), str(tiny_folder)
        for name, config in (("floor", MajorityConfig(data)), ("words", TfidfConfig(data)),
                             ("svm", SvmConfig(data, model="distilbert")),
                             ("full", FinetuneConfig(data, model="distilbert", lr=1e-2, epochs=4))):  # fmt: skip
            conduct(create(root, prepare(config), name))
        yield [open_run(root, name) for name in ("floor", "words", "svm", "full")]


def test_each_layer_s_verdict_is_that_of_a_probe_fitted_apart(runs):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    backbone, tuned = layered(runs)
    corpus = run_corpus(runs[0])
    train = corpus.splits["train"]
    assert known_parting(runs, TEXT) is None
    shares = []
    probe_layers(runs, lambda share, what: shares.append(share))
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    found = known_parting(runs, TEXT)
    said = []
    for reader, reading in zip((backbone, tuned), found.readings, strict=True):
        states = text_layers(*reader.load(), TEXT)
        margins = []
        for layer in range(3):
            vectors = np.asarray(reader.layers(list(train["text"]))[layer, 1], dtype=np.float32)
            apart = make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False)).fit(vectors, train["label"])
            margins.append(apart.decision_function(states[layer, 1][None])[0])
        np.testing.assert_allclose(reading.layers["margin"], margins, atol=1e-3)
        words = ["positive" if margin > 0 else "negative" for margin in margins]
        assert list(reading.layers["label"]) == words and list(reading.layers["layer"]) == [0, 1, 2]
        said.append(words)
    assert found.label == "positive" and found.layer == parting_layer(said)
    assert "Majority class and TF-IDF + SVM have no layers." in found.sentence
    # a lone text's vectors are those it has among many, and the probes are the curve's
    text = train["text"][0]
    np.testing.assert_allclose(text_layers(*tuned.load(), text), tuned.layers(list(train["text"]))[:, :, 0], atol=0.05)
    validation = corpus.splits["validation"]
    curve = probe(tuned, corpus).query("pooling == 'mean'")["accuracy"]
    scores = [text_scores(tuned, known_lines(tuned, corpus), text, 2) for text in validation["text"]]
    rights = (np.array(scores).argmax(axis=2) == validation["label"].to_numpy()[:, None]).mean(axis=0)
    np.testing.assert_allclose(rights, curve, atol=1.5 / 32)


def test_lines_are_read_back_and_a_damaged_file_is_made_anew(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    (reader, _), corpus = layered(runs), run_corpus(runs[0])
    made = fit_lines(reader, corpus)
    (file,) = (tmp_path / "probes").iterdir()
    assert file.stat().st_size < 4000
    np.testing.assert_array_equal(known_lines(reader, corpus).weights, made.weights)
    file.write_bytes(b"damaged")
    assert known_lines(reader, corpus) is None
    np.testing.assert_allclose(fit_lines(reader, corpus).weights, made.weights)


def test_everything_about_a_disagreement(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    floor, words, _, full = runs
    unread = explain_disagreement([words, full], TEXT)
    assert unread.parting is None and not unread.complete and unread.sides[1].neighbours is None
    found = explain_disagreement(runs, TEXT, k=2, read=True)
    assert found.complete and is_read(runs) and [side.run.name for side in found.sides] == [r.name for r in runs]
    for side, run in zip(found.sides, runs, strict=True):
        chance = remembered(run)([TEXT])[0]
        assert list(side.chances.values()) == pytest.approx(list(chance))
        assert side.explanation.label == found.labels[int(chance.argmax())]
        assert list(side.explanation.words["word"]) == TEXT.split()
        if run.name == "floor":
            assert side.neighbours is None
        else:
            assert side.neighbours.equals(nearest(run, TEXT, 2)) and len(side.neighbours) == 2
    assert [reading.reader.name for reading in found.parting.readings] == ["backbone", "full"]
    answers = {int(remembered(run)([found.deletion.rest])[0].argmax()) for run in runs} if found.deletion else set()
    assert len(answers) <= 1
    read_reviews(runs, lambda share, what: None)  # a second time there is nothing to do
    with pytest.raises(BadConfig, match="two or more"):
        explain_disagreement([floor], TEXT)


def test_one_transformer_or_none_is_said_so(runs):
    floor, words, svm, _ = runs
    probe_layers(runs)
    assert "nobody to part from" in known_parting([words, svm], TEXT).sentence
    none = known_parting([floor, words], TEXT)
    assert none.readings == () and "None of these runs has a transformer" in none.sentence
