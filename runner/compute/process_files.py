"""The files by which a local attempt is known: who started it, whether it runs, how it ended.

A script runs under ``sh``, which first claims the attempt (a file that can be made only once, holding
its process id) and last writes the exit code. So a controller that comes later finds out the whole
truth from the disk, and an attempt whose starter died before the claim can be given up for good.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..dataclass import dataclass
from ..model.context import STEP_VARIABLE
from ..model.digest import digest_of_bytes
from ..processes import table

_CLAIM = 'set -C; echo $$ > "$0/claim" || exit 126; set +C; '
"""``set -C`` makes ``>`` refuse an existing file (POSIX sh, ``set``); $0 is the attempt's folder."""
_RUN = (
    '"$@"; code=$?; until echo $code > "$0/{}"; do '
    '[ -d "$0" ] || exit; code="${{code%% *}} full"; sleep 1; done 2> /dev/null'
)
"""A script that has filled the disk would else be taken for a lost one, and be run again."""
WRAPPER = _CLAIM + _RUN.format("exit")
_MASKED = f'{_CLAIM}{{ {_RUN.format("ended")}; }} 2>&1 | %s; mv "$0/ended" "$0/exit"'
"""The same with the output through a filter: the exit code counts when the filter has written all."""
_MARK = "{{ ulimit -S -w {0} || ulimit -S -x {0}; }} 2> /dev/null; "
"""Sets the soft RLIMIT_LOCKS, which the kernel has not looked at since 2.4.25 (getrlimit(2)): dash and BusyBox call it
``-w``, bash ``-x``. Every descendant inherits it, whatever it does to its environment, session and parents."""
_GIVEN_UP = "0"
_LOOK, _LOOKS = 0.01, 100
"""Seconds between two looks at an unfinished claim, and how many: its writer may have died."""


def wrapper(output_filter: Sequence[str] = (), mark: str = "") -> str:
    """The script of ``sh`` that runs a command.

    Args:
        output_filter: The command line of a filter for the output, if there is one.
        mark: What the command and all its descendants are marked with (`AttemptFiles.mark`).

    """
    script = _MASKED % shlex.join(output_filter) if output_filter else WRAPPER
    return _MARK.format(mark) + script if mark else script


@dataclass(frozen=True)
class Beginning:
    """When an attempt's process was started, and what was so then."""

    at: float
    """Seconds by the machine's own clock, which stands still while it sleeps and begins anew with each boot: no
    process outlives one (`time.monotonic`)."""
    oom_kills: int
    """`oom_kills` by then."""

    @classmethod
    def noted(cls, at: float) -> Beginning:
        """One that is just happening."""
        return cls(at, oom_kills())

    @property
    def oom_since(self) -> bool:
        """Whether the kernel has killed for want of memory since."""
        return oom_kills() > self.oom_kills


@dataclass(frozen=True)
class AttemptFiles:
    """The folder of one local attempt."""

    folder: Path

    @property
    def claim(self) -> Path:
        """Made once: by the wrapper (its process id), or by whoever gives the attempt up."""
        return self.folder / "claim"

    def make(self, digest: str) -> None:
        """Make the folder of an attempt at the task of that digest. Raises FileExistsError, OSError."""
        self.folder.mkdir(parents=True)
        try:
            (self.folder / "task").write_text(f"{digest}\n", encoding="ascii")
        except OSError:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    @property
    def task(self) -> str:
        """The digest of the task that the folder was made for; empty: unknown, as an earlier version made it."""
        return _read(self.folder / "task").strip()

    @property
    def ended(self) -> Path:
        """Where the exit code stands until a filter has let all output through."""
        return self.folder / "ended"

    @property
    def exit_code(self) -> int | None:
        """The script's exit code, once it has ended: the file is complete when its line is."""
        text = _read(self.folder / "exit")
        return int(text.split()[0]) if text.endswith("\n") else None

    @property
    def met_full_disk(self) -> bool:
        """Return True when the exit code could not be written at once: the disk was full at the script's end."""
        return _read(self.folder / "exit").endswith(" full\n")

    @property
    def claimed_at(self) -> float:
        """When the claim was made, by the clock; now, if there is none."""
        try:
            return self.claim.stat().st_mtime
        except FileNotFoundError:
            return time.time()

    @property
    def pid(self) -> int:
        """The wrapper's process id; 0: there is none, or the attempt was given up."""
        text = _read(self.claim)
        for _ in range(_LOOKS):
            if text.endswith("\n") or not self.claim.exists():
                break
            time.sleep(_LOOK)  # it has made the file and is about to write to it
            text = _read(self.claim)
        return int(text) if text.endswith("\n") else 0

    def give_up(self) -> bool:
        """Make sure that no process of this attempt ever starts; False when one has."""
        try:
            with self.claim.open("x", encoding="ascii") as file:
                file.write(f"{_GIVEN_UP}\n")
        except FileExistsError:
            return self.pid == 0  # given up before, by one who could not tell it any more
        except FileNotFoundError:
            return True  # the folder is gone, and no wrapper can claim there
        return True

    def alive(self) -> bool:
        """Whether the wrapper's process exists. Its command line names the folder, so a reused id is told apart."""
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
        """Whether the process is the script's or one that came of it: it has the mark, or knows the step's folder."""
        variable = os.fsencode(f"{STEP_VARIABLE}={self.folder}{os.sep}")
        return table.locks_limit(pid) == self.mark or any(one.startswith(variable) for one in table.environment(pid))

    def begin(self, beginning: Beginning) -> None:
        """Keep what a controller that comes later has to know. Raises OSError."""
        (self.folder / "begun").write_text(f"{beginning.at!r} {beginning.oom_kills}\n", encoding="ascii")

    @property
    def beginning(self) -> Beginning | None:
        """What `begin` kept; None: its writer died before."""
        words = _read(self.folder / "begun")
        at, _, kills = words.strip().partition(" ")
        return Beginning(float(at), int(kills)) if words.endswith("\n") else None

    def _has_orphans(self, pid: int) -> bool:
        """Whether the script outlives its wrapper: it is of the same process group, and was made by this attempt."""
        return pid > 0 and any(one.group == pid and self.has_made(one.pid) for one in table.every())


def oom_kills() -> int:
    """How many processes of this machine the kernel has killed for want of memory; 0 where it does not tell.

    https://www.kernel.org/doc/html/latest/filesystems/proc.html, ``vmstat``.
    """
    counts = (line.split() for line in _read(Path("/proc/vmstat")).splitlines() if line.startswith("oom_kill "))
    return next((int(words[1]) for words in counts), 0)


def _group_exists(pid: int) -> bool:
    """Whether a process group has this number: far cheaper than a look at all processes, and almost always not."""
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
