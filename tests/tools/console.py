"""Tests of tools/host/console.py: Ritevisor's log between the guest's lines, and in a file."""

import io
import sys

from harness import ROOT, expect, run, test

sys.path.insert(0, str(ROOT / "tools"))

from host.console import Console  # noqa: E402


def console(log_file=None):
    return Console(io.BytesIO(), log_file)


def shown(made):
    return made.output.getvalue()


@test
def console_shows_the_log_between_lines(work):
    made = console()
    made.take_log(b"first\n")
    made.take(b"guest: on")
    made.take_log(b"second\nthi")
    made.take_log(b"rd\n")
    assert made.is_holding()
    made.take(b"e line\r\nguest: more")
    assert not made.is_holding()
    assert shown(made) == b"first\r\nguest: one line\r\nsecond\r\nthird\r\nguest: more", shown(made)


@test
def console_shows_a_prompt_again_behind_the_log(work):
    made = console()
    made.take(b"done\r\nlogin: ")
    made.take_log(b"event\n")
    made.stop_holding()
    made.take(b"root\r\n")
    assert shown(made) == b"done\r\nlogin: \r\nevent\r\nlogin: root\r\n", shown(made)


@test
def console_sees_the_end_in_the_log_and_in_a_file(work):
    with open(work / "log", "wb") as file:
        made = console(file)
        made.take(b"guest")
        made.take_log(b"ritevisor: PANIC: x\nritevisor: done")
        made.finish()
    assert made.is_done and "panicked" in made.failure
    assert (work / "log").read_bytes() == b"ritevisor: PANIC: x\nritevisor: done\n"
    assert shown(made) == b"guest", shown(made)


@test
def boot_takes_a_script_from_the_command_line_and_logs_to_a_file(work):
    log = work / "log"
    done = run("./ritevisor", "boot", "-e", "puts 6 * 7", "--log", log, "--multiboot",
               "build/tests/guest/access.elf", "--append", "in8:0x80", "--timeout", "90")  # fmt: skip
    expect(done, 0)
    assert "\n42\n" in log.read_text() and "ritevisor: done\n" in log.read_text(), log.read_text()
    assert "ritevisor:" not in done.text, done.text


@test
def boot_refuses_a_log_without_a_channel(work):
    for options in (["--bare"], ["--shared-console"], ["--cpu", "intel"]):
        refused = run("./ritevisor", "boot", *options, "--log", work / "log")
        expect(refused, 1, "--log")
        assert not (work / "log").exists()
