#!/usr/bin/env python3
"""Types a passphrase at the BIOS's prompt, and looks for what is left of it in the guest's memory.

usage: passphrase.py keyboard|serial COMMAND...   the command boots Ritevisor with encrypt= and keymap=de
"""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
sys.dont_write_bytecode = True

from host import monitor  # noqa: E402

PATIENCE_S = 60
KEYS = ["shift-w", "r", "o", "n", "g", "esc", "shift-c", *"orrecthorse", "q", "backspace", "minus", "y", "f2", "f2", "ret"]
# The same by a terminal: Ctrl-U, an arrow key, Delete, Tab.
TYPED = "wrong\x15Correcthorse\x1b[Aßz!\x7f\t\t\r"
KEPT = [b"Correcthorse", b"C\0o\0r\0r\0e\0c\0t\0h\0o\0r\0s\0e"]  # on any keyboard; as 16 bits each too
ENDS = ("starting the guest", "the boot stops here")
LEAST_BYTES = 1 << 24


def say(*words):
    print("passphrase:", *words, flush=True)


def type_keys(stream):
    for name in KEYS:
        keys = [{"type": "qcode", "data": key} for key in name.split("-")]
        monitor.ask(stream, "send-key", {"keys": keys, "hold-time": 20})
        time.sleep(0.1)


def look(stream, path, ours):
    """Searches RAM but the hypervisor's own."""
    monitor.ask(stream, "stop")
    size = monitor.ask(stream, "query-memory-size-summary")["base-memory"]
    monitor.ask(stream, "pmemsave", {"val": 0, "size": size, "filename": path})
    with open(path, "rb") as file:
        memory = bytearray(file.read())
    memory[ours[0] : ours[1] + 1] = bytes(ours[1] + 1 - ours[0])
    say("memory", "some" if len(memory) >= LEAST_BYTES and any(memory[:LEAST_BYTES]) else "none")
    say("left", sum(memory.count(text) for text in KEPT))


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("keyboard", "serial"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="ritevisor-") as folder:
        path, ours, said = folder + "/qmp", None, b""
        words = [*sys.argv[2:], *([] if "--" in sys.argv else ["--"]), *monitor.options(path)]
        program = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while b"shows it): " not in said and (byte := program.stdout.read(1)):
            said += byte
        with monitor.connect(path) as stream:
            if sys.argv[1] == "keyboard":
                type_keys(stream)
            else:
                program.stdin.write(TYPED.encode())
                program.stdin.flush()
            for line in program.stdout:
                text = line.decode(errors="replace")
                print(text, end="", flush=True)
                if found := re.search(r"memory (0x[0-9a-f]+)-(0x[0-9a-f]+) reserved", text):
                    ours = [int(one, 16) for one in found.groups()]
                if any(end in text for end in ENDS):
                    break
            if ours:
                look(stream, folder + "/memory", ours)
            with contextlib.suppress(OSError):  # it may end by itself at this moment
                monitor.ask(stream, "quit")
        program.communicate(timeout=PATIENCE_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
