"""Talks to a running QEMU by its control socket (QMP); and asks what its CPUs do, for the log of a run that
hangs."""

import contextlib
import json
import socket

TIMEOUT_S = 10
COMMANDS = [
    "info status", "info registers -a", "info lapic 0", "info lapic 1", "info pic", "info irq",
]  # fmt: skip


def options(path):
    """Returns QEMU's words for a monitor at a Unix socket."""
    return ["-qmp", f"unix:{path},server=on,wait=off"]


def describe(path):
    """Returns the machine's state as text, twice, so that one sees what moves; or why not."""
    lines = ["", "", "--- the machine when it was ended, twice: does it move?"]
    try:
        with connect(path) as stream:
            for words in COMMANDS * 2:
                answer = ask(stream, "human-monitor-command", {"command-line": words})
                lines += [f"(qemu) {words}", str(answer).replace("\r", "")]
    except (OSError, ValueError) as error:
        lines.append(f"no answer from the emulator: {error}")
    return "\n".join(lines)


@contextlib.contextmanager
def connect(path):
    """Gives a stream for ask(). OSError: QEMU does not listen at that socket."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(TIMEOUT_S)
        line.connect(str(path))
        stream = line.makefile("rw")
        stream.readline()  # the greeting
        ask(stream, "qmp_capabilities")
        yield stream


def ask(stream, name, arguments=None):
    """Sends one QMP command; returns what it returned. OSError, ValueError: QEMU has ended."""
    stream.write(json.dumps({"execute": name, "arguments": arguments or {}}) + "\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "event" not in answer:
            return answer.get("return", answer)
