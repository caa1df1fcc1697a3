"""The files of a local attempt, from which every controller learns if its script runs and how it ended.

A script runs under ``sh``. The shell first adds its process id to the file ``state``, then looks for the file
``given-up``, and starts the script only if there is none. A controller that gives an attempt up first makes
``given-up``, then looks for a process id. So either the controller sees that a shell has started, or the shell sees
that it must not start the script. At last the shell adds the exit code.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ...data.file_maker import FileMaker
from ...dataclass import dataclass
from ...model.context import STEP_VARIABLE
from ...model.digest import digest_of_bytes
from ...processes import table

STATE = "state"
"""The file with a line each: ``task`` and the digest of its task, ``begun``, ``pid``, ``exit`` (see `AttemptFiles`).

It only grows: the controller and the shell add lines to it."""
GIVEN_UP = "given-up"
_CLAIM = f'echo pid $$ >> "$0/{STATE}" && [ ! -e "$0/{GIVEN_UP}" ] || exit 126; '
"""$0 is the attempt's folder."""
_ADD = (
    f'until echo {{}} >> "$0/{STATE}"; do '
    '[ -d "$0" ] || exit; code="${{code%% *}} full"; sleep 1; done 2> /dev/null'
)
"""Adds a line even to a full disk: a script that has filled it would else be taken for a lost one, and run again."""
WRAPPER = _CLAIM + '"$@"; code=$?; ' + _ADD.format("exit $code")
_MASKED = f'{_CLAIM}{{ "$@"; code=$?; {_ADD.format("ended $code")}; }} 2>&1 | %s; {_ADD.format("shown")}'
"""Sends the output through a filter as well; the exit code counts when the filter has written all."""
_MARK = "{{ ulimit -S -w {0} || ulimit -S -x {0}; }} 2> /dev/null; "
"""Sets the soft RLIMIT_LOCKS, which the kernel has not looked at since 2.4.25 (getrlimit(2)): dash and BusyBox call it
``-w``, bash ``-x``. Every descendant inherits it, whatever it does to its environment, session and parents."""


def wrapper(output_filter: Sequence[str] = (), mark: str = "") -> str:
    """Return the script of ``sh`` that runs a command.

    Args:
        output_filter: The command line of a filter for the output, if there is one.
        mark: The mark of the command and all its descendants (`AttemptFiles.mark`); empty: none.

    """
    script = _MASKED % shlex.join(output_filter) if output_filter else WRAPPER
    return _MARK.format(mark) + script if mark else script


@dataclass(frozen=True)
class Beginning:
    """The start of an attempt's process, and the machine's count of OOM kills at that time."""

    at: float
    """Seconds by the machine's own clock, which stands still while it sleeps and begins anew with each boot: no
    process outlives one (`time.monotonic`)."""
    oom_kills: int
    """`oom_kills` at the start."""
    wall: float = 0.0
    """Seconds by the clock."""

    @classmethod
    def noted(cls, at: float) -> Beginning:
        """Return the beginning of a process that is started now; `at`: when its staging began."""
        return cls(at, oom_kills(), time.time())

    @property
    def oom_since(self) -> bool:
        """Return True if the kernel has killed a process of this machine for lack of memory since."""
        return oom_kills() > self.oom_kills


@dataclass(frozen=True)
class AttemptFiles:
    """The folder of one local attempt."""

    folder: Path

    def make(self, digest: str, spare: Callable[[Path], bool] = lambda _path: False) -> None:
        """Make the folder of an attempt at the task of that digest, whole or not at all.

        Args:
            digest: `Task.digest`.
            spare: Makes a spare folder the folder of a path, if there is one (`SpareFolders.take`).

        Raises:
            FileExistsError: The folder is there.
            OSError: It cannot be made.

        """
        if self.folder.exists():
            raise FileExistsError(errno.EEXIST, "the attempt's folder exists", str(self.folder))
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        draft = self.folder.with_name(f"{self.folder.name}.draft-{os.getpid()}")
        try:
            if not spare(draft):
                draft.mkdir()
            FileMaker().write(draft / STATE, f"task {digest}\n".encode())
            draft.rename(self.folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            if error.errno == errno.ENOTEMPTY:  # another controller was faster
                raise FileExistsError(errno.EEXIST, "the attempt's folder exists", str(self.folder)) from error
            raise

    @property
    def task(self) -> str:
        """The digest of the task that the folder was made for; empty: unknown."""
        return self._line("task")

    @property
    def exit_code(self) -> int | None:
        """The script's exit code, once it has ended and a filter has let all its output through."""
        code = self._ended
        return int(code.split()[0]) if code else None

    @property
    def met_full_disk(self) -> bool:
        """Return True when the exit code could not be written at once: the disk was full at the script's end."""
        return self._ended.endswith(" full")

    @property
    def pid(self) -> int:
        """The wrapper's process id; 0: it has not started."""
        return int(self._line("pid") or 0)

    def give_up(self) -> bool:
        """Make sure that no script of this attempt starts from now on; False when its wrapper has started."""
        try:
            (self.folder / GIVEN_UP).touch()
        except FileNotFoundError:
            return True  # the folder is gone, and no wrapper can add its id to the state
        return self.pid == 0

    def alive(self) -> bool:
        """Return True if the wrapper's process exists. Its command line has the folder: ids are used again."""
        return self.pid > 0 and str(self.folder) in _command_line(self.pid)

    def kill(self) -> None:
        """Kill the script and all it has started or left behind: the wrapper leads a session of its own."""
        pid = self.pid
        if _group_exists(pid) and (self.alive() or self._has_orphans(pid)):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    @property
    def mark(self) -> str:
        """The number by which the attempt's processes are known, in decimal digits: 60 bits, from the folder's path."""
        return str(int(digest_of_bytes(os.fsencode(self.folder))[:15], 16))

    def has_made(self, pid: int) -> bool:
        """Return True if the process is the script's or a descendant: it has the mark, or the step's variable."""
        variable = os.fsencode(f"{STEP_VARIABLE}={self.folder}{os.sep}")
        return table.locks_limit(pid) == self.mark or any(one.startswith(variable) for one in table.environment(pid))

    def begin(self, beginning: Beginning) -> None:
        """Write the beginning for later controllers. Raises OSError."""
        with (self.folder / STATE).open("a", encoding="ascii") as file:
            file.write(f"begun {beginning.at!r} {beginning.oom_kills} {beginning.wall!r}\n")

    @property
    def beginning(self) -> Beginning | None:
        """The beginning that `begin` has written; None: its writer died before."""
        words = self._line("begun").split()
        return Beginning(float(words[0]), int(words[1]), float(words[2])) if words else None

    @property
    def _ended(self) -> str:
        lines = self._lines
        return lines.get("exit", "") or ("shown" in lines and lines.get("ended", "")) or ""

    @property
    def _lines(self) -> dict[str, str]:
        """The complete lines of the state, by their first words."""
        *lines, _ = _read(self.folder / STATE).split("\n")
        return {name: rest for name, _, rest in (line.partition(" ") for line in lines)}

    def _line(self, name: str) -> str:
        return self._lines.get(name, "")

    def _has_orphans(self, pid: int) -> bool:
        """Return True if the script outlives its wrapper: it has the process group `pid` and the attempt's mark."""
        return pid > 0 and any(one.group == pid and self.has_made(one.pid) for one in table.every())


def oom_kills() -> int:
    """Return the number of processes that the kernel has killed for lack of memory; 0 where it does not count them.

    https://www.kernel.org/doc/html/latest/filesystems/proc.html, ``vmstat``.
    """
    counts = (line.split() for line in _read(Path("/proc/vmstat")).splitlines() if line.startswith("oom_kill "))
    return next((int(words[1]) for words in counts), 0)


def _group_exists(pid: int) -> bool:
    """Return True if a process group has this number. That is far cheaper than a look at all processes."""
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):  # there is none, or it is another user's by now
        return False
    return pid > 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _command_line(pid: int) -> str:
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    # No /proc (macOS): POSIX ps.
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout
