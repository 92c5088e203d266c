"""Tests of tests/debian/compare.py: that it finds what differs, and overlooks what only varies."""

import sys

from harness import ROOT, test

sys.path[:0] = [str(ROOT / "tests" / "debian"), str(ROOT / "tools")]

import compare  # noqa: E402

FACTS = """state running
failed units: none
cpus 2
address 10.0.2.15/24
ssh server active
data 0123
data over loopback 0123
fsck: status 0
"""
DMESG = """[    0.000000] Linux version 6.1
[    0.100000] BIOS-e820: [mem 0x0000-0x9fff] usable
[    1.234567] sd 0:0:0:0: [sda] Attached SCSI disk
"""
EXPECTED = "# The map is ours.\n^\\+BIOS-e#:\n"


def write_run(folder, facts=FACTS, dmesg=DMESG):
    for boot in ("boot1", "boot2"):
        (folder / boot).mkdir(parents=True)
        (folder / boot / "facts").write_text(facts)
        (folder / boot / "dmesg").write_text(dmesg)
    return folder


def dmesg_problems(work, ours):
    (work / "expected").write_text(EXPECTED)
    bare = write_run(work / "bare") / "boot1"
    found = write_run(work / "ours", dmesg=ours) / "boot1"
    return compare.dmesg(bare, found, "boot1", [work / "expected"])


@test
def a_good_debian_run_has_no_problems(work):
    assert compare.state(write_run(work / "run")) == []


@test
def a_debian_run_with_a_failed_unit_or_command_is_found(work):
    for number, (good, bad) in enumerate([
        ("none", "ssh.service"), ("running", "degraded"), ("cpus 2", "cpus 1"),
        ("status 0", "status 4"), ("loopback 0123", "loopback 0124"), ("active", "failed"),
    ]):  # fmt: skip
        problems = compare.state(write_run(work / str(number), FACTS.replace(good, bad)))
        assert problems, bad
    assert compare.state(work / "none"), "a run that left nothing passes"


@test
def a_fact_that_differs_from_bare_is_found(work):
    bare, ours = write_run(work / "bare"), write_run(work / "ours", FACTS.replace("0123", "4567"))
    problems = compare.facts(bare / "boot1", ours / "boot1", "boot1")
    assert len(problems) == 4 and "4567" in problems[-1], problems
    assert compare.facts(bare / "boot1", bare / "boot2", "boot1") == []


@test
def kernel_lines_may_differ_in_numbers_and_as_expected(work):
    ours = DMESG.replace("1.234567", "9.876543").replace("[sda]", "[sdb]")
    ours += "[    0.100000] BIOS-e820: [mem 0xa000-0xffff] reserved\n"
    assert dmesg_problems(work, ours) == []


@test
def kernel_lines_more_and_fewer_are_found(work):
    ours = DMESG.replace("sd 0:0:0:0: [sda] Attached SCSI disk", "BUG: bad")
    assert dmesg_problems(work, ours) == [
        "boot1: dmesg +BUG: bad", "boot1: dmesg -sd #:#:#:#: [sd#] Attached SCSI disk",
    ]  # fmt: skip


@test
def a_console_without_a_good_end_is_found(work):
    assert compare.console("ritevisor: done\r\n", is_scripted=False) == []
    assert compare.console("ritevisor: done\n", is_scripted=True) == ["the script saw no events"]
    assert compare.console("Power down\n", is_scripted=False)
    summary = "ritevisor: summary: harmless.rb timer 0x1-0x1: 5 events (0 changed, {} errors), 1 us\n"
    done = "ritevisor: done\n"
    assert compare.console(summary.format(0) + done, is_scripted=True) == []
    assert compare.console(summary.format(2) + done, is_scripted=True)
    killed = "ritevisor: error: harmless.rb: killed in its timer hook\n"
    assert compare.console(killed + summary.format(0) + done, is_scripted=True)
    assert compare.console("ritevisor: PANIC here\nritevisor: done\n", is_scripted=False)
