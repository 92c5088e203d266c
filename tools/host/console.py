"""Runs QEMU with the guest's console on this terminal, and says how the run ended.

The console's bytes go through unchanged. Ritevisor's log, if it has a channel of its own, is shown
between the guest's lines, or goes to a file. On the way, whole lines are looked at for what tells
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

from .errors import UserError, how_to_get

# The guest may have left a line unfinished before it.
DONE_LINE = re.compile(rb"ritevisor: done$")
FAILURES = [
    (re.compile(rb"ritevisor: PANIC"), "Ritevisor panicked"),
    (re.compile(rb"ritevisor: .*the boot stops here"), "a policy is not in force"),
    (re.compile(rb"Kernel panic - not syncing"), "the guest's kernel panicked"),
    (re.compile(rb"Minimal BASH-like line editing"), "GRUB could not boot the guest or Ritevisor"),
]
FAILURE_GRACE_S = 3  # what a panic still prints before the run is ended
KILL_GRACE_S = 2
HOLD_S = 0.2  # how long the log waits for the end of a line of the guest's
# What core/log.c puts before a line, unless told log=plain: seconds and CPU.
LOG_STAMP = r"\[ *\d+\.\d{6} #\d+\] (?=ritevisor: )"
ESCAPE_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|\x1bc")


class Console:
    """One run. `failure` is a text once something went wrong; `is_done` tells of the summary.

    log_file: where the lines of Ritevisor's own channel go; None: between those of the guest.
    """

    def __init__(self, output=None, log_file=None):
        self.output = output or sys.stdout.buffer
        self.failure = None
        self.is_done = False
        self._log_file = log_file
        self._line = b""  # what each has not ended yet
        self._log_line = b""
        self._held = []  # lines of the log that wait for the end of the guest's

    def take(self, data):
        """Shows data from the guest's console and looks at the lines it completes."""
        if self._held and b"\n" in data:
            at = data.index(b"\n") + 1
            self._show(data[:at])
            self._show_held()
            self._show(data[at:])
        else:
            self._show(data)
        lines = (self._line + data).split(b"\n")
        self._line = lines.pop()[-4096:]
        for line in lines:
            self._look_at(ESCAPE_SEQUENCE.sub(b"", line).strip(b"\r "))

    def take_log(self, data):
        """Takes data from Ritevisor's own channel; whole lines are shown where they cut none."""
        lines = (self._log_line + data).split(b"\n")
        self._log_line = lines.pop()
        for line in lines:
            self._look_at(line)
            if self._log_file:
                self._log_file.write(line + b"\n")
                self._log_file.flush()
            else:
                self._held.append(line)
        if not self._line:
            self._show_held()

    def is_holding(self):
        return bool(self._held)

    def stop_holding(self):
        """The guest does not end its line, as at a prompt: it is shown again, behind the log's."""
        if self._held:
            self._show(b"\r\n" if self._line else b"")
            self._show_held()
            self._show(self._line)

    def finish(self):
        """Looks at what the console ended with, even without a line feed."""
        if self._log_line:
            self.take_log(b"\n")
        self.stop_holding()
        self._look_at(ESCAPE_SEQUENCE.sub(b"", self._line).strip(b"\r "))

    def _show(self, data):
        self.output.write(data)
        self.output.flush()

    def _show_held(self):
        lines, self._held = self._held, []
        self._show(b"".join(line + b"\r\n" for line in lines))

    def _look_at(self, line):
        if DONE_LINE.search(line):
            self.is_done = True
        for pattern, reason in FAILURES:
            if self.failure is None and pattern.search(line):
                self.failure = f"{reason}, see above"


class LogChannel:
    """A pipe that QEMU writes Ritevisor's log to, as its debug port (the option console=debug)."""

    def __init__(self):
        self.reader, self.writer = os.pipe()

    def options(self):
        return ["-add-fd", f"fd={self.writer},set=1", "-chardev", "file,id=log,path=/dev/fdset/1,append=on",
                "-device", "isa-debugcon,chardev=log"]  # fmt: skip

    def close(self):
        os.close(self.reader)
        os.close(self.writer)


def run(command, *, expects_summary, timeout_s=None, channel=None, log_file=None):
    """Runs QEMU to its end. Returns the exit status for the shell; 0 only if all went well.

    channel: the LogChannel whose options are in the command. log_file: where its lines go then.
    """
    console = Console(log_file=log_file)
    saved = _terminal_state()
    passed = [channel.writer] if channel else []
    try:
        qemu = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=passed
        )
    except FileNotFoundError:
        raise UserError(f"{command[0]} is not installed; {how_to_get(command[0])}") from None
    try:
        reason = _follow(qemu, console, timeout_s, channel)
    except KeyboardInterrupt:
        reason = "interrupted"
    finally:
        _end(qemu)
        _restore_terminal(saved)
    console.finish()
    return _status(qemu, console, reason, expects_summary)


def _wait_s(console, deadline):
    left = None if deadline is None else max(0, deadline - time.monotonic())
    if not console.is_holding():
        return left
    return HOLD_S if left is None else min(left, HOLD_S)


def _follow(qemu, console, timeout_s, channel):
    """Passes output on until QEMU ends. Returns why it has to be ended by us, or None."""
    deadline = time.monotonic() + timeout_s if timeout_s else None
    reason = f"did not end within {timeout_s} s" if timeout_s else None
    with selectors.DefaultSelector() as selector:
        selector.register(qemu.stdout, selectors.EVENT_READ)
        selector.register(qemu.stderr, selectors.EVENT_READ)
        nr_own = 0
        if channel:  # it never ends, since its writer is here too
            selector.register(channel.reader, selectors.EVENT_READ)
            nr_own = 1
        while len(selector.get_map()) > nr_own:
            events = selector.select(_wait_s(console, deadline))
            if not events:
                console.stop_holding()
                if deadline is not None and time.monotonic() >= deadline:
                    return reason
            for key, _ in events:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is qemu.stdout:
                    console.take(data)
                elif channel and key.fd == channel.reader:
                    console.take_log(data)
                else:
                    sys.stderr.buffer.write(data)
                    sys.stderr.flush()
            if console.failure and reason != console.failure:
                reason, deadline = console.failure, time.monotonic() + FAILURE_GRACE_S
        for key, _ in selector.select(0):  # what the log still holds
            console.take_log(os.read(key.fd, 65536))
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
