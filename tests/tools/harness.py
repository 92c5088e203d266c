"""What the tests of the host-side tools share: named cases, and running programs.

A case is a function that takes an empty folder; it prints "ok NAME" or "not ok NAME: why".
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

TESTS = []
SLOWEST = 40


def test(function):
    TESTS.append(function)
    return function


def run(*words, env=None, timeout_s=100, cwd=ROOT):
    """Runs a program in the repository, or another folder; returns its finished process with .text, all it printed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
    )
    done.text = done.stdout.decode(errors="replace").replace("\r", "")
    return done


def expect(process, status, *texts):
    assert process.returncode == status, f"status {process.returncode}, output: {process.text}"
    for text in texts:
        assert text in process.text, f"no {text!r} in: {process.text}"


def fake_commands(work, **scripts):
    """Makes a folder of shell scripts that stand before the real commands in PATH."""
    folder = work / "bin"
    folder.mkdir()
    for name, text in scripts.items():
        script = folder / name.replace("_", "-")
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def cpu_seconds():
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def run_one(function):
    with tempfile.TemporaryDirectory(prefix="rvtools-") as folder:
        try:
            function(Path(folder))
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            reason = re.sub(r"\s+", " ", str(error))[-500:]
            print(f"not ok {function.__name__}: {reason}", flush=True)
            return False
    print(f"ok {function.__name__}", flush=True)
    return True


def main(words):
    """Runs the tests that words choose. --times: behind them, which took longest, in seconds of CPU time."""
    chosen = [word for word in words if word != "--times"]
    if shutil.which("clang") is None:
        sys.exit("clang is missing; run tools/setup")
    tests = [t for t in TESTS if not chosen or any(word in t.__name__ for word in chosen)]
    results, times = [], []
    for function in tests:
        before = cpu_seconds()
        results.append(run_one(function))
        times.append((cpu_seconds() - before, function.__name__))
    if len(chosen) < len(words):
        print(f"{sum(seconds for seconds, _ in times):7.1f} CPU s, the slowest:")
        print("\n".join(f"{seconds:7.1f} {name}" for seconds, name in sorted(times, reverse=True)[:SLOWEST]))
    return 0 if results and all(results) else 1
