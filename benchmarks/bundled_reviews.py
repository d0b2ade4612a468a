"""How well do the bundled reviews stand in for real ones?

`python -m benchmarks.bundled_reviews [FOLDER]` fits a linear SVM on MiniLM mean features of the bundled training
split alone and scores it on the real Rotten Tomatoes in FOLDER (default ../shared/data/rotten_tomatoes); beside it,
the same SVM on as many real training reviews.
"""

import sys
from pathlib import Path

from senti.corpus import load_corpus
from senti.encoder import features, resolve_model


def main(folder: Path) -> None:
    """Print the two accuracies."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    minilm = resolve_model("minilm")
    bundled = load_corpus("bundled").splits["train"]
    real = load_corpus(str(folder), subset=len(bundled), seed=0).splits["train"]
    splits = load_corpus(str(folder)).splits
    for name, train in (("bundled", bundled), ("real", real)):
        svm = make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))
        svm.fit(features(minilm, list(train["text"]), pooling="mean"), train["label"])
        scores = [
            f"{split} {svm.score(features(minilm, list(rows['text']), pooling='mean'), rows['label']):.3f}"
            for split, rows in splits.items() if split != "train"
        ]  # fmt: skip
        print(f"{len(train):5} {name:8} training reviews -> real Rotten Tomatoes: {', '.join(scores)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/rotten_tomatoes"))
