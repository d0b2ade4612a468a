"""A finished run as one zip file: to take away, and to bring back, checked like any stranger's.

NAME/config.json result.json events.jsonl predictions.parquet model/*.{json,safetensors,skops}
"""

import json
import lzma
import re
import secrets
import shutil
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

from senti.errors import BadData, SentiError, UnknownRun
from senti.evaluation import load_predictor
from senti.runs import Run, saved_predictions
from senti.runs.store import NAME

FILES = ("config.json", "result.json", "events.jsonl", "predictions.parquet")
NEEDED = ("config.json", "result.json", "predictions.parquet")
MODEL_FILE = re.compile(r"model/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,60}\.(json|safetensors|skops)")
MOST_MEMBERS = 20
MOST_BYTES = 2_000_000_000
MOST_TEXT = 50_000_000  # bytes of a file that is read whole
BLOCK = 1 << 20


def pack(run: Run, out: Path) -> Path:
    """Write a finished run to a zip file, without its log, which may speak of this machine. Raises UnknownRun."""
    if run.status != "finished":
        raise UnknownRun(f"{run.name} is {run.status}; only a finished run can be packed.")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in run.path.rglob("*") if p.is_file() and not p.is_symlink()):
            name = path.relative_to(run.path).as_posix()
            if name in FILES or MODEL_FILE.fullmatch(name):
                archive.write(path, f"{run.name}/{name}")
    return out


def unpack(root: Path, path: Path, owner: str = "") -> Run:
    """Bring a packed run back under its own name, or that name and a number of its own where it is taken.

    Nothing in the file is trusted: names must be known ones, sizes are counted while they are written, and the model
    has to answer through the usual doors. Whoever brings it owns it, as `owner`. Raises BadData, and leaves nothing
    behind.
    """
    aside = Path(root) / f".import-{secrets.token_hex(4)}"
    try:
        run = Run(_extract(path, aside))
        _check_facts(run)
        run.write_json("config.json", {**run.facts, "owner": owner})
        (run.path / "imported").touch()
        target = _free_name(root, run.name)
        run.path.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    run = Run(target)
    try:
        load_predictor(run)(["a film"])
    except Exception as e:  # whatever a foreign file provokes: the run is not kept
        shutil.rmtree(target)
        why = str(e) if isinstance(e, SentiError) else f"its model cannot be loaded ({type(e).__name__})"
        raise BadData(f"{path.name} holds no run that works here: {why}") from None
    return run


def _extract(path: Path, aside: Path) -> Path:
    """Write the members below `aside`; returns the folder of the run. Raises BadData."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            name = _check_names(members, path.name)
            left = MOST_BYTES
            for member in members:
                left = _write(archive, member, aside / member.filename, left, path.name)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, ValueError) as e:
        raise BadData(f"{path.name} is not a whole zip file of a run ({e}); pack the run again.") from None
    except OSError as e:
        raise BadData(f"{path.name} cannot be unpacked here ({e.strerror}); mend that and try again.") from None
    return aside.joinpath(name)


def _check_names(members: list[zipfile.ZipInfo], file: str) -> str:
    names = [member.filename for member in members]
    run = names[0].split("/")[0] if names else ""
    if not 0 < len(members) <= MOST_MEMBERS or len(set(names)) < len(names):
        raise BadData(f"{file} holds {len(members)} files; a packed run has up to {MOST_MEMBERS}, each once.")
    for member in members:
        inner = member.filename.removeprefix(f"{run}/")
        known = inner in FILES or MODEL_FILE.fullmatch(inner)
        if not NAME.fullmatch(run) or not known or member.is_dir():
            raise BadData(f"{file} holds {member.filename[:80]!r}, which is no part of a run; pack the run with senti.")
        if stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & 1:
            raise BadData(f"{file} holds a link or a locked file, {member.filename[:80]!r}; pack the run with senti.")
    missing = [name for name in NEEDED if f"{run}/{name}" not in names]
    if missing:
        raise BadData(f"{file} lacks {missing[0]}; pack the run again.")
    return run


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int, file: str) -> int:
    """Write one member, counting what really comes out; returns how many bytes are left. Raises BadData."""
    left = left if target.suffix in (".safetensors", ".skops") else min(left, MOST_TEXT)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("xb") as sink:
        while block := source.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise BadData(f"{file} unpacks to more than a run can have; pack the run with senti.")
            sink.write(block)
    return left


def _check_facts(run: Run) -> None:
    """Raises SentiError where config, result or predictions are not those of a run that this senti can have made."""
    try:
        facts, result = (json.loads((run.path / name).read_text("utf-8")) for name in ("config.json", "result.json"))
        labels, checksum = facts["data"]["labels"], facts["data"]["checksum"]
        fits = (
            all(isinstance(label, str) for label in labels) and 2 <= len(labels) <= 100 and isinstance(checksum, str)
            and result["method"] == facts["method"] and isinstance(facts["created"], int | float)
            and all(_is_score(result["scores"][split]) for split in ("validation", "test"))
            and isinstance(result["parameters"]["trained"], int) and isinstance(result["seconds"]["train"], float)
        )  # fmt: skip
        columns = ["row", "label", *(f"p{i}" for i in range(len(labels)))]
        fits = fits and all([*saved_predictions(run, split)] == columns for split in ("validation", "test"))
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as e:
        raise BadData(f"The file's run is damaged ({type(e).__name__}: {str(e)[:100]}); pack it again.") from None
    if not fits:
        raise BadData("The file's run lacks scores, labels or predictions that a finished run has; pack it again.")
    _ = run.config  # its knobs are held to the same bounds as anybody's


def _is_score(values: dict[str, Any]) -> bool:
    return all(isinstance(values[name], int | float) for name in ("accuracy", "accuracy_low", "accuracy_high", "n"))


def _free_name(root: Path, name: str) -> Path:
    target = Path(root) / name
    return Path(root) / f"{name[:70]}-{secrets.token_hex(2)}" if target.exists() else target
