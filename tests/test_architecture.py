"""The shape of the house: imports point one way, light things stay light, files stay short."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FILES = sorted((PROJECT / "senti").rglob("*.py"))
# a room may import from the rooms before it, and from itself
LAYERS = [
    {"errors"}, {"knob"}, {"shared_knobs"},
    {"config", "hub", "cache", "imports", "numbers", "processes", "limits", "signs"},
    {"corpus"}, {"encoder"}, {"runs"},
    {"training"}, {"methods"}, {"evaluation"}, {"usage"}, {"experiment", "quickstart", "bundle"},
    {"visitors", "reproduce", "studies"},
    {"plots"}, {"report"},
    {"cli", "ui"},
]  # fmt: skip
SIDE_BY_SIDE = {"corpus", "encoder", "runs"}  # one layer, three rooms that do not know of each other


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def depth(name: str) -> int:
    return next(i for i, rooms in enumerate(LAYERS) if name in rooms)


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" if node.module == "senti" else node.module for alias in node.names}
    return found


def in_senti(path: Path) -> str:
    return path.relative_to(PROJECT / "senti").with_suffix("").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_imports_point_one_way(path):
    here = in_senti(path)
    if here in ("__init__", "__main__"):
        return
    for module in imports(ast.parse(path.read_text())):
        if module.split(".")[0] == "gradio":
            assert here == "ui", f"{path} imports gradio; only senti/ui may"
        if not module.startswith("senti."):
            continue
        there = room(module)
        if there in ("__version__", here):
            continue
        assert depth(there) < depth(here), f"{path} imports {module}"
        assert not {here, there} <= SIDE_BY_SIDE, f"{path} imports {module}: rooms side by side"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_files_and_functions_can_be_read_in_a_sitting(path):
    source = path.read_text()
    assert source.count("\n") <= 320
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 56, f"{path}: {node.name} is {node.end_lineno - node.lineno} lines"


DOORS = {  # what is called, and the only files that may: one door each
    "from_pretrained": {"encoder/load.py"},  # models and tokenizers
    "skops.io.load": {"methods/linear.py"},
    "csv.reader": {"corpus/delimited.py"},  # tables from outside
    "ParquetFile": {"corpus/files.py", "corpus/pieces.py"},
    "read_parquet": {"runs/predictions.py"},  # a run's own predictions
    "read_csv": set(), "read_excel": set(), "read_table": {"corpus/", "evaluation/", "ui/"},  # the last is ours
    "expanduser": {"corpus/files.py", "corpus/load.py", "corpus/sources.py", "encoder/backbone.py"},  # paths as typed
    "root / name": {"runs/store.py", "bundle.py", "cli/train.py"},  # a run by its name, which store.NAME has checked
    # files handed to visitors, written just before
    "DownloadButton(value=)": {"ui/batch.py", "ui/data_problems.py", "ui/take_away.py"},
    "online": {"hub.py", "corpus/", "encoder/", "cli/doctor.py", "report/publish.py"},  # the only probe of another host
    "hf_hub_download": {"encoder/load.py"}, "snapshot_download": {"corpus/download.py"},
}  # fmt: skip
BANNED_MODULES = {"pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal", "requests", "httpx", "urllib.request"}
BANNED_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load", "yaml.load"}
BANNED_WORDS = {"shell", "allow_pickle", "trust_remote_code"}  # keywords that may only be False


def violations(name: str, source: str) -> list[str]:
    """What in a file of senti goes round a door or unpickles, runs or fetches what it should not."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for what in said_by(node):
            allowed = DOORS.get(what)
            elsewhere = allowed is not None and not any(name.startswith(door) for door in allowed)
            if what in BANNED_CALLS | BANNED_WORDS or elsewhere:
                found.append(what)
    modules = imports(ast.parse(source))
    return found + [m for m in modules if m in BANNED_MODULES or m.split(".")[0] in BANNED_MODULES]


def said_by(node: ast.AST) -> list[str]:
    """A call by its full and its last name, a banned keyword, or a join to the folder of runs."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        left = node.left.args[0] if isinstance(node.left, ast.Call) and node.left.args else node.left
        return ["root / name"] if isinstance(left, ast.Name) and left.id == "root" else []
    if not isinstance(node, ast.Call):
        return []
    full = ast.unparse(node.func)
    words = {word.arg for word in node.keywords if not (isinstance(word.value, ast.Constant) and not word.value.value)}
    last = full.rpartition(".")[2]
    names = [full, *([last] if last in DOORS and last != full else []), *(words & BANNED_WORDS)]
    return names + (["DownloadButton(value=)"] if last == "DownloadButton" and "value" in words else [])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PROJECT)))
def test_one_door_each_and_nothing_is_unpickled(path):
    assert not violations(path.relative_to(PROJECT / "senti").as_posix(), path.read_text())


@pytest.mark.parametrize(
    "planted",
    ["import pickle", "from joblib import load", "import dill as d", "from marshal import loads", "torch.load(path)",
     "model = AutoModel.from_pretrained(name)", "np.load(path, allow_pickle=True)", "run(words, shell=True)",
     "Auto.f(name, trust_remote_code=flag)", "skops.io.load(file, trusted=get_untrusted_types(file))", "exec(text)",
     "pd.read_csv(path)", "csv.reader(file)", "pyarrow.parquet.ParquetFile(path)", "pd.read_parquet(path)",
     "path = root / request.name", "open(Path(root) / name)", "os.path.expanduser(typed)", "os.system(word)",
     "gr.DownloadButton(value=str(path))", "import requests", "from urllib.request import urlopen", "hub.online()",
     "huggingface_hub.hf_hub_download(name, file)", "yaml.load(text)", "__import__(name)"],
)  # fmt: skip
def test_a_planted_violation_is_found(planted):
    assert violations("ui/planted.py", planted)


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=PROJECT, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    ["import senti", "import senti.cli", "import senti.experiment",
     "import senti.cli\nimport contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n"
     "    try: senti.cli.main(['--help'])\n    except SystemExit: pass"],
)  # fmt: skip
def test_light_things_stay_light(code):
    heavy = {"torch", "gradio", "transformers", "sklearn", "peft"}
    assert not loaded_after(code) & heavy


def test_words_are_learned_without_torch(tiny_folder, root):
    words = ["tfidf", "--dataset", str(tiny_folder), "--output_dir", str(root), "--json"]
    loaded = loaded_after(f"from senti import cli; cli.run({words})")
    assert "skops.io" in loaded and not loaded & {"torch", "transformers"}


def test_the_repository_speaks_of_the_project_alone():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=PROJECT, check=True)
    for name in listed.stdout.split("\n"):
        path = PROJECT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".json") and path != Path(__file__):
            source = path.read_text()
            for place in (PROJECT.parent, Path.home(), Path(sys.prefix)):
                assert f"{place}/" not in source, f"{name} speaks of {place}, a folder of this machine"
