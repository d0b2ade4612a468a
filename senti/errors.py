"""What can go wrong for a user: every message names the value, what is allowed, and the next step.

SentiError
├── BadConfig      a knob has a value that cannot work
├── BadData        a corpus cannot be read or trained on
├── BadText        a text to look at or to predict is empty or not a text
├── MissingModel   a backbone cannot be found, reached or trusted
├── UnknownRun     no run of that name, or the run cannot do what was asked
├── MissingExtra   an optional package was asked for and is not installed
├── RunFailed      training began and could not go on (disk full, out of memory, ...)
│   └── Diverged   its loss became NaN or infinite, and would again
└── Stopped        someone asked for the work to end, and it did
"""


class SentiError(Exception):
    """A failure the user can mend; shown as one line, never as a traceback."""


class BadConfig(SentiError):
    """A knob has a value that cannot work."""


class BadData(SentiError):
    """A corpus cannot be read or trained on."""


class BadText(SentiError):
    """A text to look at or to predict is empty or not a text."""


class MissingModel(SentiError):
    """A backbone cannot be found, reached or trusted."""


class UnknownRun(SentiError):
    """No run of that name, or the run cannot do what was asked."""


class MissingExtra(SentiError):
    """An optional package was asked for and is not installed."""


class RunFailed(SentiError):
    """Training began and could not go on."""


class Diverged(RunFailed):
    """The loss became NaN or infinite, and would again."""


class Stopped(SentiError):
    """Someone asked for the work to end, and it did."""
