"""Runs a command in a process group of its own, with its output in a log file and a time limit."""

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass

KILL_GRACE_S = 3


@dataclass
class Outcome:
    """How a command ended. `status` is None when its time was up."""

    status: int | None
    text: str
    seconds: float


class ProcessGroups:
    """The groups that run now, so that an interrupted runner leaves nothing behind."""

    def __init__(self):
        self._lock = threading.Lock()
        self._groups = set()
        self.is_stopped = False

    def run(self, command, *, log_path, timeout_s, env, cwd):
        """Runs a command (a string for the shell, or words). Returns its Outcome."""
        start = time.monotonic()
        with open(log_path, "wb") as log:
            log.write(f"$ {command if isinstance(command, str) else ' '.join(command)}\n".encode())
            log.flush()
            header_bytes = log.tell()
            child = self._start(command, log, env, cwd)
            try:
                status = child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                self._end(child)
            log.seek(0, os.SEEK_END)
            end = f"status {status}" if status is not None else f"no end within {timeout_s} s"
            log.write(f"\n$ {end}\n".encode())
        with open(log_path, "rb") as log:
            log.seek(header_bytes)
            text = log.read().decode(errors="replace")
        return Outcome(status, text[: text.rfind("\n$ ")], time.monotonic() - start)

    def _start(self, command, log, env, cwd):
        with self._lock:
            if self.is_stopped:
                raise KeyboardInterrupt
            child = subprocess.Popen(
                command, shell=isinstance(command, str), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True,
            )  # fmt: skip
            self._groups.add(child.pid)
        return child

    def _end(self, child):
        """Ends what is left of the group: nothing, after a proper end."""
        _signal_group(child.pid, signal.SIGTERM)
        try:
            child.wait(KILL_GRACE_S)
        except subprocess.TimeoutExpired:
            pass
        _signal_group(child.pid, signal.SIGKILL)
        child.wait()
        with self._lock:
            self._groups.discard(child.pid)

    def stop(self):
        """Ends all groups, and lets none start any more."""
        with self._lock:
            self.is_stopped = True
            groups = list(self._groups)
        for group in groups:
            _signal_group(group, signal.SIGTERM)


def _signal_group(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass
