"""Asks a running QEMU what its CPUs do, for the log of a run that hangs."""

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
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(TIMEOUT_S)
            line.connect(str(path))
            stream = line.makefile("rw")
            stream.readline()  # the greeting
            _ask(stream, "qmp_capabilities")
            for words in COMMANDS * 2:
                answer = _ask(stream, "human-monitor-command", {"command-line": words})
                lines += [f"(qemu) {words}", str(answer).replace("\r", "")]
    except (OSError, ValueError) as error:
        lines.append(f"no answer from the emulator: {error}")
    return "\n".join(lines)


def _ask(stream, name, arguments=None):
    """Sends one QMP command; returns what it returned."""
    stream.write(json.dumps({"execute": name, "arguments": arguments or {}}) + "\n")
    stream.flush()
    while True:
        answer = json.loads(stream.readline())
        if "event" not in answer:
            return answer.get("return", answer)
