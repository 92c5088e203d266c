"""Runs QEMU with the guest's console on this terminal, and says how the run ended.

The console's bytes go through unchanged; on the way, whole lines are looked at for what tells
success from failure: Ritevisor's summary, its panics, and those of the guest.
"""

import os
import re
import selectors
import signal
import subprocess
import sys
import termios
import time

from .errors import UserError

# The guest may have left a line unfinished before it.
DONE_LINE = re.compile(rb"ritevisor: done$")
FAILURES = [
    (re.compile(rb"ritevisor: PANIC"), "Ritevisor panicked"),
    (re.compile(rb"Kernel panic - not syncing"), "the guest's kernel panicked"),
    (re.compile(rb"Minimal BASH-like line editing"), "GRUB could not boot the guest or Ritevisor"),
]
FAILURE_GRACE_S = 3  # what a panic still prints before the run is ended
KILL_GRACE_S = 2
ESCAPE_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|\x1bc")


class Console:
    """One run. `failure` is a text once something went wrong; `is_done` tells of the summary."""

    def __init__(self, output=None):
        self.output = output or sys.stdout.buffer
        self.failure = None
        self.is_done = False
        self._line = b""

    def take(self, data):
        """Shows data from the guest's console and looks at the lines it completes."""
        self.output.write(data)
        self.output.flush()
        lines = (self._line + data).split(b"\n")
        self._line = lines.pop()[-4096:]
        for line in lines:
            self._look_at(ESCAPE_SEQUENCE.sub(b"", line).strip(b"\r "))

    def finish(self):
        """Looks at what the console ended with, even without a line feed."""
        self._look_at(ESCAPE_SEQUENCE.sub(b"", self._line).strip(b"\r "))

    def _look_at(self, line):
        if DONE_LINE.search(line):
            self.is_done = True
        for pattern, reason in FAILURES:
            if self.failure is None and pattern.search(line):
                self.failure = f"{reason}, see above"


def run(command, *, expects_summary, timeout_s=None):
    """Runs QEMU to its end. Returns the exit status for the shell; 0 only if all went well."""
    console = Console()
    saved = _terminal_state()
    try:
        qemu = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise UserError(f"{command[0]} is not installed; run tools/setup") from None
    try:
        reason = _follow(qemu, console, timeout_s)
    except KeyboardInterrupt:
        reason = "interrupted"
    finally:
        _end(qemu)
        _restore_terminal(saved)
    console.finish()
    return _status(qemu, console, reason, expects_summary)


def _follow(qemu, console, timeout_s):
    """Passes output on until QEMU ends. Returns why it has to be ended by us, or None."""
    deadline = time.monotonic() + timeout_s if timeout_s else None
    reason = f"did not end within {timeout_s} s" if timeout_s else None
    with selectors.DefaultSelector() as selector:
        selector.register(qemu.stdout, selectors.EVENT_READ)
        selector.register(qemu.stderr, selectors.EVENT_READ)
        while selector.get_map():
            wait_s = None if deadline is None else max(0, deadline - time.monotonic())
            events = selector.select(wait_s)
            if not events and deadline is not None:
                return reason
            for key, _ in events:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is qemu.stdout:
                    console.take(data)
                else:
                    sys.stderr.buffer.write(data)
                    sys.stderr.flush()
            if console.failure and reason != console.failure:
                reason, deadline = console.failure, time.monotonic() + FAILURE_GRACE_S
    qemu.wait()
    return None


def _end(qemu):
    """Makes sure that QEMU is gone."""
    if qemu.poll() is None:
        qemu.terminate()
        try:
            qemu.wait(KILL_GRACE_S)
        except subprocess.TimeoutExpired:
            qemu.kill()
            qemu.wait()


def _status(qemu, console, reason, expects_summary):
    def say(text):
        print(f"ritevisor boot: {text}", file=sys.stderr)

    if reason == "interrupted" or qemu.returncode in (-signal.SIGINT, 128 + signal.SIGINT):
        say("interrupted")
        return 130
    reason = console.failure or reason
    if reason:
        say(f"failed: {reason}")
        return 1
    if qemu.returncode != 0:
        how = f"signal {-qemu.returncode}" if qemu.returncode < 0 else f"status {qemu.returncode}"
        say(f"failed: the emulator ended with {how}")
        return qemu.returncode if qemu.returncode > 0 else 1
    if expects_summary and not console.is_done:
        say("failed: the machine stopped without Ritevisor's summary; it did not run, or not to the end")
        return 1
    return 0


def _terminal_state():
    """QEMU puts the terminal into raw mode, and cannot undo that when it is killed."""
    try:
        return termios.tcgetattr(0)
    except (termios.error, OSError):
        return None


def _restore_terminal(saved):
    if saved is not None:
        termios.tcsetattr(0, termios.TCSADRAIN, saved)
