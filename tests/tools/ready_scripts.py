"""Tests of ./ritevisor scripts, and of ready scripts that are named without a path."""

from harness import ROOT, expect, run, test
from inside import ritevisor

READY = sorted(path.stem for path in (ROOT / "scripts").glob("*.rb"))


@test
def scripts_lists_each_with_a_line(_):
    listed = run("./ritevisor", "scripts")
    expect(listed, 0)
    lines = listed.text.splitlines()
    assert [line.split()[0] for line in lines] == READY, listed.text
    assert all(len(line.split(None, 1)[1]) > 20 and len(line) <= 120 for line in lines), listed.text


@test
def scripts_tells_of_each(_):
    for name in READY:
        example = (ROOT / "scripts" / f"{name}.example.txt").read_text().splitlines()[0]
        expect(ritevisor("scripts", name), 0, example, f"File: {ROOT}/scripts/{name}.rb")
    expect(run("./ritevisor", "scripts", "write_blocker.rb"), 0, "Settings:", "spare=SERIAL")


@test
def scripts_refuses_a_name_that_is_none(_):
    for name in ("nothing", "../README.md", ""):
        expect(ritevisor("scripts", name), 1, f"there is no ready script {name};")


@test
def a_ready_script_goes_by_its_name(work):
    expect(run("./ritevisor", "check", "hello"), 0, "hello.rb: ok")
    (work / "hello").write_text("puts 6 * 7\n")
    expect(run("./ritevisor", "check", work / "hello"), 0, "42")
    expect(run("./ritevisor", "boot", "--dry-run", "--script", "hello"), 0, "ritevisor.iso")
    expect(run("./ritevisor", "check", "helo"), 2, "helo: no such file; ready scripts are listed")
    expect(ritevisor("boot", "--dry-run", "--script", "helo"), 1, "helo: no such file; ready scripts are listed")
