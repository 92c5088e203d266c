"""What a test is: a name, a command, and what its output must say. Each kind of test makes these.

A case's `judge` takes the Outcome of its command and returns (number passed, list of failures).
"""

import re
from dataclasses import dataclass
from typing import Callable

RESULT_LINE = re.compile(r"^(ok|not ok) (.*?)\r?$", re.MULTILINE)
PROGRAM_TIMEOUT_S = 300
SKIPPED_STATUS = 77  # of a program that cannot run on this machine, and printed why


@dataclass
class Case:
    name: str
    command: str | list
    judge: Callable
    timeout_s: float = PROGRAM_TIMEOUT_S
    skip: str = ""  # why it cannot run here
    is_one: bool = False  # one test, whatever number of failures its judge lists
    differences: Callable | None = None  # of an Outcome: differences.py


def judge_results(outcome):
    """For programs that print `ok NAME` and `not ok NAME: why` lines."""
    results = RESULT_LINE.findall(outcome.text)
    failures = [text for word, text in results if word == "not ok"]
    if outcome.status is None:
        failures.append("did not end in time")
    elif outcome.status == SKIPPED_STATUS and not results:
        return 0, []
    elif outcome.status != 0 and not failures:
        failures.append(f"ended with status {outcome.status}")
    elif not results:
        failures.append("printed no results")
    return sum(word == "ok" for word, _ in results), failures


def judge_status(outcome):
    """For checkers: their status is the one result."""
    if outcome.status == 0:
        return 1, []
    last = outcome.text.strip().splitlines()[-3:]
    how = "did not end in time" if outcome.status is None else f"status {outcome.status}"
    return 0, ["; ".join([how] + last)]


def collect_programs(root):
    """The cases that are programs: unit tests, other folders' runners, checkers."""
    cases = []
    for path in sorted((root / "build/unit").glob("*")):
        if path.is_file() and path.stat().st_mode & 0o111:
            cases.append(Case(f"unit/{path.name}", [str(path)], judge_results))
    for folder in ("runner", "tools", "ruby", "engine", "models"):
        program = root / "tests" / folder / "run"
        if program.exists():
            cases.append(Case(folder, [str(program)], judge_results, timeout_s=600))
    return cases + collect_hostile(root) + collect_escape(root) + collect_differ(root) + collect_checkers(root)


def collect_differ(root):
    """Generated accesses, on a machine of either vendor and in the simulator."""
    program = str(root / "tests/differ/run")
    return [
        Case("differ", [program], judge_results, timeout_s=600),
        Case("differ-intel", [program, "--vendor", "intel"], judge_results, timeout_s=600),
    ]


def collect_escape(root):
    """The short set of attempts to leave the hypervisor, on each kind of CPU."""
    program = str(root / "tests/escape/run")
    return [
        Case("escape", [program], judge_results, timeout_s=1200),
        Case("escape-intel", [program, "--vendor", "intel"], judge_results, timeout_s=1200),
        Case("escape-amd-bochs", [program, "--vendor", "amd-bochs"], judge_results, timeout_s=1200),
    ]


def collect_hostile(root):
    """The groups of hostile scripts, each a boot; one of them on an emulated Intel CPU too."""
    program = root / "tests/hostile/run"
    groups = {"source"}  # those of generated.py
    for path in (program.parent / "scripts").glob("*.rb"):
        groups.add(re.search(rb"^# group: (\w+)$", path.read_bytes(), re.MULTILINE)[1].decode())
    cases = [
        Case(f"hostile/{group}", [str(program), group], judge_results) for group in sorted(groups)
    ]
    on_intel = [str(program), "--vendor", "intel", "loops"]
    return cases + [Case("hostile-intel/loops", on_intel, judge_results, timeout_s=900)]


def collect_checkers(root):
    build = root / "build"
    fpu = [str(root / "tools/check-fpu")]
    exempt = ["--except", str(build / "hypervisor/crypt/aes_xts.o")]
    return [
        Case("check/fpu", [*fpu, *exempt, str(build / "ritevisor.elf")], judge_status),
        Case("check/fpu-at-cpl3", [*fpu, *(str(build / name) for name in ("engine.elf", "verify.elf"))], judge_status),
        Case("check/fpu-self-test", [*fpu, "--self-test"], judge_status),
        Case("check/layers", [str(root / "tools/check-layers")], judge_status),
        Case("check/layers-self-test", [str(root / "tools/check-layers"), "--self-test"],
             judge_status),
        Case("check/panics", [str(root / "tools/check-panics")], judge_status),
        Case("check/panics-self-test", [str(root / "tools/check-panics"), "--self-test"],
             judge_status),
    ]  # fmt: skip
