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
    {"errors"}, {"config", "hub", "cache", "numbers", "processes"},
    {"corpus"}, {"encoder"}, {"runs"},
    {"training"}, {"methods"}, {"evaluation"}, {"experiment", "quickstart"}, {"plots"},
    {"cli", "ui"},
]  # fmt: skip
SIDE_BY_SIDE = {"corpus", "encoder", "runs"}  # one layer, three rooms that do not know of each other


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def depth(name: str) -> int:
    return next(i for i, rooms in enumerate(LAYERS) if name in rooms)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
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
    for module in imports(path):
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


def test_one_door_for_weights():
    with_door = {str(p.relative_to(PROJECT)) for p in FILES if "from_pretrained(" in p.read_text()}
    assert with_door == {"senti/encoder/load.py"}


def test_nothing_is_unpickled():
    banned = {"pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}
    for path in FILES:
        source = path.read_text()
        assert not {m.split(".")[0] for m in imports(path)} & banned, path
        assert "torch.load" not in source and "allow_pickle=True" not in source and "shell=True" not in source, path


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


def test_the_app_is_built_without_torch():
    assert not loaded_after("import senti.ui\nsenti.ui.build_app()") & {"torch", "sklearn", "peft"}


def test_the_repository_speaks_of_the_project_alone():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=PROJECT, check=True)
    for name in listed.stdout.split("\n"):
        path = PROJECT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", ".json") and path != Path(__file__):
            source = path.read_text()
            for place in (PROJECT.parent, Path.home(), Path(sys.prefix)):
                assert f"{place}/" not in source, f"{name} speaks of {place}, a folder of this machine"
