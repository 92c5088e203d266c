"""Runs a command in a process group of its own, with its output in a log file and a time limit."""

import functools
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
    cpu_seconds: float = 0  # user and system time, of all processes that ended


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
            status, usage = self._wait(child, timeout_s)
            log.seek(0, os.SEEK_END)
            end = f"status {status}" if status is not None else f"no end within {timeout_s} s"
            log.write(f"\n$ {end}\n".encode())
        with open(log_path, "rb") as log:
            log.seek(header_bytes)
            text = log.read().decode(errors="replace")
        return Outcome(status, text[: text.rfind("\n$ ")], time.monotonic() - start,
                       usage.ru_utime + usage.ru_stime)  # fmt: skip

    def _start(self, command, log, env, cwd):
        with self._lock:
            if self.is_stopped:
                raise KeyboardInterrupt
            words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
            # A background job of a shell script starts with SIGINT ignored, by which tests end what they have started.
            child = subprocess.Popen(
                ["env", "--default-signal=INT", *words], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True,
            )  # fmt: skip
            self._groups.add(child.pid)
        return child

    def _wait(self, child, timeout_s):
        """Waits until the command or its time has ended. Returns (status or None, its usage)."""
        end = functools.partial(_signal_group, child.pid)
        timers = [
            threading.Timer(timeout_s, end, (signal.SIGTERM,)),
            threading.Timer(timeout_s + KILL_GRACE_S, end, (signal.SIGKILL,)),
        ]
        start = time.monotonic()
        try:
            for timer in timers:
                timer.daemon = True
                timer.start()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            is_late = time.monotonic() - start >= timeout_s
            return (None if is_late else child.returncode), usage
        finally:
            for timer in timers:
                timer.cancel()
            self._end(child)

    def _end(self, child):
        """Ends what is left of the group: nothing, after a proper end."""
        if child.returncode is None:
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
