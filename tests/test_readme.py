"""What the README says is so: front matter, commands, tree."""

import re
from pathlib import Path

from senti.cli.parser import STEPS, build_parser, expand_step

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()


def test_the_space_runs_the_pinned_gradio():
    pinned = re.search(r"^gradio==(\S+)", (PROJECT / "requirements.txt").read_text(), re.M)[1]
    assert f"sdk_version: {pinned}\n" in README and 'python_version: "3.12"\n' in README
    assert (PROJECT / re.search(r"^app_file: (\S+)", README, re.M)[1]).is_file()


def test_every_command_in_it_is_one():
    commands = re.findall(r"^python -m senti (.+?)(?:\s+#.*)?$", README, re.M)
    assert len(commands) >= 9
    for words in commands:
        build_parser().parse_args([word.strip('"') for word in re.findall(r'"[^"]*"|\S+', words)])
    for step in re.findall(r"`(?:python main\.py --step )?(e\d\d)`", README):
        assert step in STEPS and expand_step(["--step", step])


def test_the_tree_is_the_tree():
    tree = README.split("How it is laid out")[1].split("```")[1]
    folder = PROJECT
    for line in tree.strip().splitlines():
        indent, names = re.match(r"( *)((?:[\w.-]+(?:/| ))+ *)", line).groups()
        for name in re.findall(r"[\w.-]+\.\w+|[\w-]+/", names):
            folder = PROJECT / "senti" if indent else PROJECT
            assert (folder / name).exists(), f"{line!r} speaks of {name}"
    for path in (PROJECT / "senti").iterdir():
        if path.name.startswith("__"):
            continue
        assert path.name in tree or f"{path.name}/" in tree, f"the tree says nothing of senti/{path.name}"


def test_its_pictures_are_there():
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (PROJECT / path).is_file()


def test_the_changelog_speaks_of_this_version():
    from senti import __version__

    assert f"## {__version__}" in (PROJECT / "CHANGELOG.md").read_text()
