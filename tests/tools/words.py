"""Tests of tools/host/words.py: the words of the boot line against the one table of options."""

import re
import sys

from harness import ROOT, expect, run, test

sys.path.insert(0, str(ROOT / "tools"))

from host import words  # noqa: E402
from host.errors import UserError  # noqa: E402


def refusal(*line):
    try:
        words.check(line, [])
    except UserError as error:
        return str(error)
    raise AssertionError("it was not refused")


@test
def words_that_are_options_pass(_):
    line = ["memory=64M", "heap=384K", "budget_us=10000000", "summary", "console=com2", "hwcheck", "hwcheck=20"]
    assert words.check(line, []) == []


@test
def words_out_of_range_are_refused(_):
    assert "10 to 10000000" in refusal("budget_us=20000000")
    assert "8388608 to 268435456" in refusal("memory=1G")
    assert "give a number" in refusal("heap=much")
    assert "give a number" in refusal("memory=")


@test
def words_unknown_are_told_with_the_nearest(work):
    (work / "a.rb").write_text("ports = setting(:ports, 1)\nlevel = setting 'depth', 2\n")
    scripts = [work / "a.rb"]
    assert words.check(["ports=3", "a.ports=4", "depth=1"], scripts) == []
    (warning,) = words.check(["strcit"], scripts)
    assert "strcit" in warning and warning.endswith("is it strict?")
    (warning,) = words.check(["port=1"], scripts)
    assert warning.endswith("is it ports?")
    (warning,) = words.check(["xyzzy=1"], scripts)
    assert "is it" not in warning
    (work / "b.rb").write_text("puts ARGV\n")
    assert words.check(["xyzzy=1"], [work / "b.rb"]) == []


@test
def words_require_a_script_that_is_given(work):
    (work / "a.rb").write_text("")
    assert words.check(["require=a", "require=a.rb"], [work / "a.rb"]) == []
    assert "no such script" in refusal("require=a")


@test
def words_are_checked_by_the_commands(work):
    (work / "esp").mkdir()
    for command in (["boot", "--dry-run"], ["image", "--output", work / "x.iso"], ["install", "--esp", work / "esp", "--no-entry"]):
        done = run("./ritevisor", *command, "--no-engine", "--option", "budget_us=20000000")
        expect(done, 1, "give a number from 10 to 10000000")
    expect(run("./ritevisor", "boot", "--dry-run", "--option", "strcit"), 0, "is it strict?")


@test
def words_are_explained_in_the_readme(_):
    section = (ROOT / "README.md").read_text().split("## Options of the hypervisor")[1].split("\n## ")[0]
    explained = set(re.findall(r"`(\w+)(?:=[^`]*)?`", "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("| `"))))
    numbers, flags, texts = words.table()
    missing = {*numbers, *flags, *texts} - explained - {"vga"}  # the default, which novga ends
    assert not missing, f"not in README.md: {missing}"
    assert explained <= {*numbers, *flags, *texts}, explained
