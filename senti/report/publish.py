"""A run's model and its card, on the Hugging Face Hub."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from senti import hub
from senti.errors import BadConfig, MissingModel, UnknownRun
from senti.report.card import to_card
from senti.runs import Run

REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def check_push(run: Run, repo: str) -> None:
    """Look before anything is written or sent. Raises a SentiError saying why the run cannot go there."""
    from huggingface_hub import get_token

    if not REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise BadConfig(f"{repo!r} cannot name a Hub repository; give OWNER/NAME, in letters, digits, dots, dashes.")
    if run.status != "finished" or not run.model_path.is_dir():
        raise UnknownRun(f"{run.name} is {run.status} and has no model to push; choose a finished run.")
    if not get_token():
        raise MissingModel("You are not logged in to the Hugging Face Hub; run `hf auth login` once, then push again.")
    if not hub.online():
        raise MissingModel("The Hugging Face Hub does not answer from here; push again with a network.")


def push(run: Run, repo: str) -> str:
    """Upload a run's model and card; returns the address. A new repository is private. Raises SentiError."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    check_push(run, repo)
    # a lost connection raises the base of the Hub's own error, which is that of whatever HTTP client it uses
    failures: Any = (HfHubHTTPError.__bases__[0], OSError)
    api = HfApi()
    with tempfile.TemporaryDirectory(prefix="senti-push-") as folder:
        stage(run, repo, Path(folder))
        try:
            api.create_repo(repo, private=True, exist_ok=True)
            api.upload_folder(repo_id=repo, folder_path=folder, commit_message=f"senti: {run.name}")
        except failures as e:
            told = str(e).strip().splitlines()[-1] if str(e).strip() else type(e).__name__
            raise MissingModel(f"The Hub did not take {repo}: {told[:200]}") from e
    return f"{api.endpoint}/{repo}"


def stage(run: Run, repo: str, folder: Path) -> None:
    """What goes to the Hub: the files of the model, and the card as README.md."""
    shutil.copytree(run.model_path, folder, dirs_exist_ok=True)
    (folder / "README.md").write_text(to_card(run, repo), encoding="utf-8")
