"""Is each promise kept by a test that can fail? `python -m benchmarks.guards [--only NUMBER]`.

For every promise: the guard that keeps it is taken out of a copy of the project, and its test must then fail; with all
guards in place the same tests must pass.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Guard:
    """The promise it keeps, the test that must miss it, and the code without it: in `file`, `old` becomes `new`."""

    promise: int
    test: str
    file: str
    old: str
    new: str


GUARDS = [
    Guard(1, "test_standby.py::test_a_run_outlives_the_app_that_started_it", "cli/standby.py",
          "        os.setsid()\n", "        os.setsid()\n"
          "        threading.Thread(target=lambda it=os.dup(0): (os.read(it, 1), os._exit(0)), daemon=True).start()\n"),
    Guard(1, "test_browser.py::test_a_visit", "ui/watch.py",
          "    found = tab.select(partial(shown_first, root, method)", "    found = tab.select(lambda name: name"),
    Guard(2, "test_survival.py::test_five_killed_runs_end_with_the_weights_of_those_that_were_left_alone",
          "training/snapshot.py", 'torch.set_rng_state(file.get_tensor("random.cpu"))', "pass"),
    Guard(3, "test_checkpoint.py::test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used",
          "training/checkpoint.py", "if found != meant:", "if False:"),
    Guard(3, "test_checkpoint.py::test_a_checkpoint_is_invisible_until_it_is_whole", "training/checkpoint.py",
          'state / f".checkpoint-{step}", state', 'state / f"checkpoint-{step}", state'),
    Guard(4, "test_survival.py::test_a_stale_lock_and_a_reused_pid_fool_nobody", "runs/store.py",
          'return held(self.path / "lock")', 'return (self.path / "lock").exists()'),
    Guard(4, "test_runs.py::test_a_killed_worker_is_known_at_once", "runs/store.py",
          'return held(self.path / "lock")', 'return (self.path / "worker.json").exists()'),
    Guard(5, "test_survival.py::test_a_full_disk_ends_a_run_that_goes_on_when_there_is_room", "runs/failure.py",
          "if number in FULL or any(words in said for words in FULL_WORDS):", "if False:"),
    Guard(5, "test_survival.py::test_a_run_that_runs_out_of_memory_says_so", "runs/failure.py",
          "if isinstance(e, MemoryError) or number == errno.ENOMEM or any(words in said for words in MEMORY_WORDS):",
          "if False:"),
    Guard(6, "test_browser_safety.py::test_hostile_text_stays_text_on_every_tab", "ui/html.py",
          "return html.escape(str(text), quote=True).translate(SIGNS)", "return str(text)"),
    Guard(6, "test_ui_app.py::test_no_visitor_reads_files_of_the_server", "ui/choice.py",
          "if is_path(name) and not Path", "if False and not Path"),
    Guard(6, "test_runs.py::test_a_link_out_of_the_folder_is_no_run", "runs/store.py",
          "if not p.is_symlink() and", "if"),
    Guard(7, "test_architecture.py::test_one_door_each_and_nothing_is_unpickled", "methods/linear.py",
          "import functools\n", "import functools\nimport pickle\n"),
    Guard(7, "test_encoder_load.py::test_hostile_configurations_are_refused_before_weights", "encoder/checks.py",
          '"auto_map", "_attn', '"_attn'),
    Guard(7, "test_hostile_inputs.py::test_a_damaged_svm_is_refused", "methods/linear.py",
          "trusted=TRUSTED)", "trusted=skops.io.get_untrusted_types(file=file))"),
    Guard(7, "test_hostile_inputs.py::test_a_damaged_svm_is_refused", "methods/linear.py",
          "sys.modules.setdefault(lists.__name__, lists)", "pass"),
    Guard(8, "test_visitors.py::test_a_run_on_a_file_of_one_s_own_is_one_s_own", "visitors.py",
          "return _is_own(run, who)", "return True"),
    Guard(8, "test_visitors.py::test_through_a_real_server", "ui/__init__.py",
          "event.fn = event.fn and seen_by_visitor(event.fn)", "pass"),
    Guard(9, "test_visitors.py::test_each_limit_is_held_and_named", "visitors.py",
          "if most is not None and asked > most:", "if False:"),
    Guard(9, "test_visitors.py::test_every_number_is_said_before_it_is_hit", "limits.py",
          "{self.minutes:g} minutes", "a few minutes"),
    Guard(9, "test_guard.py::test_bodies_are_counted_as_they_come", "ui/guard.py", "if total > most:", "if False:"),
    Guard(10, "test_standby.py::test_work_gives_way_to_the_pages", "cli/__init__.py", '("autogroup", "5"), ', ""),
    Guard(10, "test_visitors.py::test_files_of_many_visitors_are_each_read_once", "ui/choice.py",
          "MOST_HELD = 2**30", "MOST_HELD = 2**14"),
    Guard(10, "test_runs.py::test_only_one_run_has_the_machine", "runs/launch.py",
          "machine.acquire(timeout=0)\n                break", "break"),
    Guard(11, "test_encoder_backbone.py::test_a_dead_network_costs_one_short_probe", "hub.py",
          "constants.HF_HUB_OFFLINE = True", "pass"),
    Guard(11, "test_hostile_inputs.py::test_the_app_asked_nobody_but_the_hub_and_that_once", "ui/__init__.py",
          "analytics_enabled=False, ", ""),
    Guard(11, "test_visitors.py::test_the_mode_is_the_environment_s", "limits.py",
          "*([forgets] if self.forgetful else []),", ""),
    Guard(12, "test_methods.py::test_the_same_seed_gives_the_same_run", "methods/lora.py",
          "torch.manual_seed(config.seed)", "pass"),
    Guard(12, "test_corpus_splits.py::test_duplicates_leaks_and_conflicts_are_counted", "corpus/duplicates.py",
          "leaks = int(keys[split].isin(set(train)).sum())", "leaks = 0"),
]  # fmt: skip


def copy(project: Path) -> None:
    """What git knows of the project, as it is now."""
    names = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        target = project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((PROJECT / name).read_bytes())


def passes(project: Path, test: str) -> bool:
    """Run one test there. Raises RuntimeError where it could not be run."""
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", f"tests/{test}"]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=600)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{test}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.returncode == 0


def without(guard: Guard, project: Path) -> bool:
    """Does the test pass without its guard? The file is put back afterwards."""
    file = project / "senti" / guard.file
    whole = file.read_text(encoding="utf-8")
    if whole.count(guard.old) != 1:
        raise RuntimeError(f"{guard.file} has {whole.count(guard.old)} times: {guard.old}")
    file.write_text(whole.replace(guard.old, guard.new), encoding="utf-8")
    try:
        return passes(project, guard.test)
    finally:
        file.write_text(whole, encoding="utf-8")


def main() -> None:
    """Try every guard and print the table; exits with 1 where a test did not miss its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guards", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", type=int, metavar="NUMBER", help="this promise alone")
    asked = parser.parse_args().only
    chosen = [guard for guard in GUARDS if asked in (None, guard.promise)]
    unmissed = 0
    print("| promise | test | without | its guard in place | removed |\n|--:|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        copy(Path(folder))
        for guard in chosen:
            kept, removed = passes(Path(folder), guard.test), without(guard, Path(folder))
            unmissed += removed or not kept
            told = ["passes" if each else "fails" for each in (kept, removed)]
            row = [guard.promise, guard.test, f"`{' '.join(guard.old.split())}` in {guard.file}", *told]
            print(f"| {' | '.join(map(str, row))} |", flush=True)
    print(f"{len(chosen) - unmissed} of {len(chosen)} tests fail without their guard, and only then")
    raise SystemExit(bool(unmissed))


if __name__ == "__main__":
    main()
