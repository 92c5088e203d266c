"""Runs scripts in the real script engine against a simulated machine, for ./ritevisor check.

build/engine-run starts build/engine.elf, the program that runs on the bare machine, as a process of
this one and tells what happens as lines of JSON (engine/host/src/report.h). A script runs twice:
first to learn which hooks it registers, then against events that fit them.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile

from . import kinds, paths, samples
from .errors import UserError

LEVELS = {0: "error", 1: "warning", 2: "notice", 3: "info", 4: "debug"}
LEVEL_PLAIN = 16
RUN_TIMEOUT_S = 120  # the engine is killed long before


def prepare():
    """Builds the engine and its runner if they are missing or stale.

    Where this user cannot build, what is there is used.
    """
    if not paths.IS_SOURCE:
        return
    if paths.BUILD.is_dir() and not os.access(paths.BUILD, os.W_OK) and kinds.RUNNER.is_file():
        return
    paths.BUILD.mkdir(exist_ok=True)
    with open(paths.BUILD / "check.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once would take each other's files
        build()


def build():
    targets = [os.path.relpath(path, paths.ROOT) for path in (paths.ENGINE, kinds.RUNNER)]
    make = ["make", "--no-print-directory", "-C", str(paths.ROOT)]
    if subprocess.run([*make, "--question", *targets], capture_output=True).returncode == 0:
        return
    print("ritevisor: building the script engine (minutes the first time)", file=sys.stderr)
    done = subprocess.run([*make, *targets], stdout=sys.stderr)
    if done.returncode != 0:
        raise UserError("the script engine could not be built, see above")


def run_engine(scripts, settings, events, engine, is_diff=False):
    """Runs the first script with the others beside it. Returns the list of what was reported. is_diff: what the events
    expect and do not find is no failure."""
    command = [str(kinds.RUNNER), "--report", "--engine", str(engine)] + ["--diff"] * is_diff
    for word in settings:
        command += ["--setting", word]
    if events:
        command += ["--events", events]
    # The runner takes what begins with a dash as an option.
    command += [os.path.join(".", script) for script in scripts]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{scripts[0]}: no end within {RUN_TIMEOUT_S} s; fewer events?") from None
    reported = [json.loads(line) for line in done.stdout.decode().splitlines()]
    if not reported or reported[-1]["type"] != "end":
        raise UserError(f"the simulated machine failed:\n{done.stderr.decode(errors='replace')}")
    for each in reported:
        if "text" in each:
            each["text"] = each["text"].encode("latin-1").decode(errors="replace")
    return reported


class Result:
    """What one script did: everything in order, as reported, but with print's pieces as lines."""

    def __init__(self, name, reported, expects=False):
        self.name = name
        self.end = reported[-1]
        # Sample events expect nothing; those that an engine's end left over are not worth a word.
        kinds = ("log", "hook", "event", "failure") if expects else ("log", "hook", "event")
        self.all = join_plain_lines(each for each in reported if each["type"] in kinds)

    def of_type(self, kind):
        return [each for each in self.all if each["type"] == kind]

    def end_error(self):
        """How the engine ended, where its log does not tell: killed, or exit(3)."""
        status, reason = self.end["status"], self.end["reason"]
        if status == 0 or any(each["level"] == "error" for each in self.of_type("log")):
            return reason if status > 3 else None
        return f"it ended with status {status}: {reason}"

    def errors(self):
        """The mistakes, as the machine's log tells them, unmet expectations, and a bad end."""
        lines = [each["text"] for each in self.of_type("log") if each["level"] == "error"]
        lines += [each["text"] for each in self.of_type("failure")]
        return lines + ([self.end_error()] if self.end_error() else [])

    def is_ok(self):
        failed = any(each["failed"] for each in self.of_type("event"))
        return self.end["status"] == 0 and not self.of_type("failure") and not failed

    def as_dict(self):
        return {
            "script": self.name,
            "ok": self.is_ok(),
            "errors": self.errors(),
            "hooks": [samples.hook_as_dict(hook) for hook in self.of_type("hook")],
            "events": [without_type(event) for event in self.of_type("event")],
            "log": [without_type(line) for line in self.of_type("log")],
            "status": self.end["status"],
            "end": self.end["reason"],
        }


def without_type(reported):
    return {name: value for name, value in reported.items() if name != "type"}


def join_plain_lines(reported):
    """Gives levels their names; what print and puts wrote in pieces becomes lines."""
    joined, rest = [], ""
    for each in reported:
        if each["type"] != "log":
            joined.append(each)
        elif each["level"] == LEVEL_PLAIN:
            *whole, rest = (rest + each["text"]).split("\n")
            joined += [{"type": "log", "level": "print", "text": line} for line in whole]
        else:
            joined.append({**each, "level": LEVELS.get(each["level"], "info")})
    if rest:
        joined.append({"type": "log", "level": "print", "text": rest})
    return joined


def load_script(scripts, settings, engine=paths.ENGINE):
    """Runs the top level of the first of the scripts. Returns its Result."""
    return Result(os.path.basename(scripts[0]), run_engine(scripts, settings, None, engine))


def check_script(scripts, settings, events, engine=paths.ENGINE):
    """Checks the first of the scripts. Returns its Result."""
    name = os.path.basename(scripts[0])
    if events:
        return Result(name, run_engine(scripts, settings, events, engine), expects=True)
    first = load_script(scripts, settings, engine)
    if first.end["status"] != 0 or not first.of_type("hook"):
        return first
    with tempfile.NamedTemporaryFile("w", prefix="samples-", suffix=".events") as file:
        file.write("\n".join(samples.lines(first.of_type("hook"))) + "\n")
        file.flush()
        return Result(name, run_engine(scripts, settings, file.name, engine))
