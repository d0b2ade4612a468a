"""Where a sweep is kept: a journal file beside its runs, or any storage of Optuna that several machines can reach."""

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from senti.errors import BadConfig, MissingExtra, UnknownRun
from senti.runs import one_at_a_time
from senti.runs.store import NAME

if TYPE_CHECKING:
    from optuna.study import Study

FOLDER = ".sweeps"  # in the folder of runs, which takes no notice of it
LONGEST = 60  # letters of a name; its runs add a number and a seed to it


def check_name(name: str) -> None:
    """Raises BadConfig where a name cannot begin the names of runs."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise BadConfig(f"{name!r} cannot name a sweep; use letters, digits, dots, dashes, at most {LONGEST} of them.")


def place_of(root: Path, name: str, ending: str) -> Path:
    """A file of a sweep, which may not exist. Raises BadConfig for an odd name."""
    check_name(name)
    return Path(root, FOLDER, f"{name}{ending}")


def here(root: Path) -> str:
    """What tells this folder of runs from those of other machines, wherever it is moved; made on first use."""
    mark = Path(root, FOLDER, "folder-id")
    with one_at_a_time(root):
        if not mark.exists():
            mark.parent.mkdir(exist_ok=True)
            mark.write_text(secrets.token_hex(8))
        return mark.read_text()


def known_sweeps(root: Path) -> list[str]:
    """The names of the sweeps whose journal lies in a folder of runs, newest first."""
    found = sorted(Path(root, FOLDER).glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.stem for path in found if NAME.fullmatch(path.stem)]


def create_study(root: Path, name: str, storage: str = "", pruner: Any = None) -> "Study":
    """The study of that name, made if it is new. storage: a URL, the path of a journal file, or "" for the default.

    Raises BadConfig for a storage that cannot be reached, MissingExtra where its driver is not installed.
    """
    import optuna

    return optuna.create_study(storage=_connected(root, name, storage), study_name=name, pruner=pruner,
                               direction="maximize", load_if_exists=True)  # fmt: skip


def open_study(root: Path, name: str, storage: str = "") -> "Study":
    """The study of that name. Raises UnknownRun where there is none, and what `create_study` raises."""
    import optuna

    known = ", ".join(known_sweeps(root)[:5]) or "none yet"
    missing = UnknownRun(f"No sweep named {name!r} in {root} (there are: {known}).")
    if "://" not in storage and not (Path(storage) if storage else place_of(root, name, ".log")).is_file():
        raise missing
    try:
        return optuna.load_study(study_name=name, storage=_connected(root, name, storage))
    except KeyError:
        raise missing from None


def _connected(root: Path, name: str, storage: str) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    check_name(name)
    return _database(storage) if "://" in storage else _journal(root, name, storage)


def _journal(root: Path, name: str, storage: str) -> Any:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    path = str(Path(storage) if storage else place_of(root, name, ".log"))
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(path, JournalFileOpenLock(path)))
    except OSError as e:
        raise BadConfig(f"{path} cannot be used ({e.strerror}); choose another file with --storage.") from e


def _database(url: str) -> Any:
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    shown = re.sub(r"://[^@/]*@", "://***@", url)  # never a password
    try:
        return RDBStorage(url, engine_kwargs={"poolclass": NullPool})  # none stays open between trials, which are long
    except ImportError as e:
        driver = "PostgreSQL's is `pip install 'psycopg[binary]'`"
        raise MissingExtra(f"{shown} needs a driver that is not installed; {driver}, or leave out --storage.") from e
    except SQLAlchemyError as e:
        why = str(getattr(e, "orig", None) or e).strip().splitlines()[0][:200]
        raise BadConfig(f"{shown} cannot be reached ({why}); check --storage and that it runs.") from e
