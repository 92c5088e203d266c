#!/usr/bin/env python3
"""Records the boot of a guest from outside, and plays it back: to the script that was there, and to another.

usage: replay.py SCRIPT TEXT COMMAND...   the command boots; the boot is over when its console says TEXT
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

RITECTL = "build/ritectl"
PATIENCE_S = int(os.environ.get("PATIENCE", 600))
END_S = 60  # for a guest to end by itself when nobody records any more


def say(*words):
    print("replay:", *words, flush=True)


class Boot:
    """A machine with a wire, whose console is shown."""

    def __init__(self, command, options, text):
        ours = command.index("--") if "--" in command else len(command)
        words = [*command[:ours], *options, *command[ours:]]
        self.program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text, self.is_up = text.encode(), threading.Event()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        seen = b""
        while data := os.read(self.program.stdout.fileno(), 65536):
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
            seen = (seen + data)[-65536:]
            if self.text in seen:
                self.is_up.set()
        self.is_up.set()

    def end(self):
        try:
            self.program.wait(END_S)
        except subprocess.TimeoutExpired:
            self.program.send_signal(signal.SIGINT)
            self.program.wait()
        self.reader.join()
        print(flush=True)


def record(boot, path, trace):
    """From when the hypervisor answers until the guest is up. Returns ritectl's status and what it said last."""
    while not os.path.exists(path):
        time.sleep(0.1)
    recorder = subprocess.Popen([RITECTL, "--wire", path, "--timeout", str(PATIENCE_S), "record", "--payload", "512", "--buffer",
                                 "1920", "-o", trace], stderr=subprocess.PIPE, text=True)  # fmt: skip
    boot.is_up.wait()
    recorder.send_signal(signal.SIGINT)
    said = recorder.stderr.read()
    return recorder.wait(), said.split("ritectl: ")[-1].strip()


def kinds_of(trace):
    done = subprocess.run(["./ritevisor", "convert", trace, "-f", "json"], capture_output=True, text=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, sorted({each["data"]["kind"] for each in told if each["type"] == "event"}), done.stderr.strip()


def replay(script, trace):
    done = subprocess.run(["./ritevisor", "check", script, "--events", trace, "--diff", "--json"], capture_output=True, text=True)
    print(done.stderr, end="", flush=True)
    told = json.loads(done.stdout)[0]
    return done.returncode, told["compared"], told["differences"]


def main(script, text, *command):
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        path, trace = folder + "/line", folder + "/trace"
        boot = Boot(command, ["--script", script, "--control", path], text)
        say("recorded", *record(boot, path, trace))
        boot.end()
        say("kinds", *kinds_of(trace))
        status, compared, differences = replay(script, trace)
        say("the same", status, compared, differences[:3])
        changed = f"{folder}/{os.path.basename(script)}"
        with open(script) as old, open(changed, "w") as new:
            new.write(old.read().replace("0x42", "0x43"))
        status, compared, differences = replay(changed, trace)
        say("another", status, *sorted({(each["line"].split()[0], each["was"], each["is"]) for each in differences}))


main(*sys.argv[1:])
