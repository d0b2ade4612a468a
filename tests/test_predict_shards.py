"""`predict IN OUT`: shards shared by processes, written whole, and a killed job that goes on."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from senti import cli
from senti.config import TfidfConfig
from senti.corpus import read_pieces, table_files
from senti.errors import BadConfig, BadData
from senti.evaluation import predict_files
from senti.experiment import conduct, create, prepare
from senti.methods import load

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def run(root, tiny_folder):
    run = create(root, prepare(TfidfConfig(dataset=str(tiny_folder))), "tfidf")
    conduct(run)
    return run


@pytest.fixture
def reviews(tmp_path):
    """250 rows in three kinds of file; one has no text."""
    words = ["tender", "dull", "funny", "grim"]
    texts = [f"a {words[i % 4]} film" for i in range(250)]
    frame = pd.DataFrame({"id": [f"{i:03}" for i in range(250)], "text": texts})
    frame.loc[7, "text"] = ""
    folder = tmp_path / "in"
    folder.mkdir()
    frame[:100].to_csv(folder / "a.csv", index=False)
    frame[100:170].to_json(folder / "b.jsonl", orient="records", lines=True)
    frame[170:].to_parquet(folder / "c.parquet", index=False, row_group_size=33)
    return folder, frame


def shards(out):
    return pd.concat([pd.read_parquet(p) for p in sorted(out.glob("*.parquet"))], ignore_index=True)


def test_all_rows_come_back_in_order_with_the_labels_of_predict(run, reviews, tmp_path):
    folder, frame = reviews
    out = tmp_path / "out"
    assert predict_files(folder, out, [run], rows=30) == {"written": 4 + 3 + 3, "skipped": 0}
    got = shards(out)
    assert list(got["id"]) == list(frame["id"]) and list(got["text"]) == list(frame["text"])
    chance = load(run)(list(frame["text"]))
    filled = frame["text"] != ""
    names = np.array(run.facts["data"]["labels"])[chance.argmax(axis=1)]
    assert list(got["tfidf label"][filled]) == list(names[filled]) and len(set(names)) == 2
    np.testing.assert_allclose(got["tfidf confidence"][filled], chance.max(axis=1).round(4)[filled])
    assert got.loc[7, ["tfidf label", "tfidf confidence"]].isna().all()
    assert {p.name for p in out.glob("a-*")} == {f"a-{i:05}.parquet" for i in range(4)}


def test_processes_share_the_shards(run, reviews, tmp_path):
    folder, frame = reviews
    out = tmp_path / "out"
    first = predict_files(folder, out, [run], rows=30, rank=0, world=2)
    names = {p.name for p in out.glob("*.parquet")}
    second = predict_files(folder, out, [run], rows=30, rank=1, world=2)
    assert first["written"] == second["written"] == 5 and len(names) == 5
    assert len(shards(out)) == 250 and list(shards(out)["id"]) == list(frame["id"])


def torchrun(*words):
    env = os.environ | {"PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "senti"]
    return subprocess.Popen([*command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def test_a_killed_job_goes_on(run, tmp_path, capsys):
    """Two real processes are killed in the middle; what they had finished is not done again, by one alone."""
    texts = [f"a {'tender' if i % 3 else 'dull'} film" for i in range(20_000)]
    source, out = tmp_path / "many.csv", tmp_path / "out"
    pd.DataFrame({"text": texts}).to_csv(source, index=False)
    words = ["predict", str(source), str(out), "--shard-rows", "100", "--output_dir", str(run.path.parent), "--json"]
    job = torchrun(*words)
    deadline = time.monotonic() + 90
    while len(list(out.glob("*.parquet"))) < 6:
        assert time.monotonic() < deadline and job.poll() is None, job.stderr.read()
        time.sleep(0.02)
    workers = psutil.Process(job.pid).children(recursive=True)
    for process in (job, *workers):
        process.kill()
    psutil.wait_procs(workers, timeout=10)
    job.communicate()
    kept = {p.name: p.stat().st_mtime_ns for p in out.glob("*.parquet")}
    assert 6 <= len(kept) < 200
    capsys.readouterr()
    assert cli.run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["written"] + told["skipped"] == 200 and told["skipped"] == len(kept)
    assert all((out / name).stat().st_mtime_ns == when for name, when in kept.items())
    got = shards(out)
    assert list(got["text"]) == texts and got["tfidf label"].notna().all()
    assert not list(out.glob(".*.parquet.part"))


def test_a_folder_of_another_job_is_refused(run, reviews, tmp_path):
    folder, _ = reviews
    out = tmp_path / "out"
    predict_files(folder, out, [run], rows=100)
    with pytest.raises(BadConfig, match="its rows differs"):
        predict_files(folder, out, [run], rows=99)
    (folder / "d.csv").write_text("text\nmore\n")
    with pytest.raises(BadConfig, match="its inputs differs"):
        predict_files(folder, out, [run], rows=100)
    (out / "job.json").write_text("[")
    with pytest.raises(BadConfig, match=r"job\.json"):
        predict_files(folder, out, [run], rows=100)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(BadConfig, match="other files"):
        predict_files(folder, tmp_path / "full", [run])
    with pytest.raises(BadConfig, match="cannot be a folder"):
        predict_files(folder, tmp_path / "full" / "thesis.txt", [run])


def test_files_of_one_stem_do_not_overwrite_each_other(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text("text\nfine\n")
    (folder / "a.tsv").write_text("text\tid\ndull\t1\n")
    predict_files(folder, tmp_path / "out", [run])
    assert sorted(shards(tmp_path / "out")["text"]) == ["dull", "fine"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b'text\n"open'), ("a.parquet", b"PAR1"), ("a.jsonl", b"{"), ("a.csv", b"\xff\xfe\x00"), ("a.txt", b"x"),
     ("a.csv", b"")],
)  # fmt: skip
def test_what_is_no_table_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadData, match=r"a\."):
        [list(read_pieces(file, 10)) for file in table_files(path)]


def test_the_command_tells_files_from_texts(run, reviews, tmp_path, capsys):
    folder, _ = reviews
    where = ["--output_dir", str(run.path.parent)]
    assert cli.run(["predict", str(folder), str(tmp_path / "out"), *where]) == 0
    assert "3 shards written" in capsys.readouterr().out
    assert cli.run(["predict", str(folder), str(tmp_path / "out"), *where]) == 0
    assert "3 were there already" in capsys.readouterr().out
    assert cli.run(["predict", "a tender film", "a dull film", *where]) == 0
    assert "a dull film" in capsys.readouterr().out
    assert cli.run(["predict", str(folder), str(tmp_path / "new"), "--shard-rows", "0", *where]) == 2
