"""Tests of ./ritevisor check."""

import json
import subprocess
import time

from harness import ROOT, expect, run, test
from inside import ritevisor


def check(work, source, *words):
    script = work / "tried.rb"
    script.write_text(source)
    return ritevisor("check", *words, script)


@test
def check_lists_hooks_and_runs_them_on_sample_events(work):
    done = check(work, """
on(:port_read, 0x60, width: 1, on_error: :deny, budget: 500.microseconds) { |io| io.value ^= 3 }
on(:pci_config_read, id: "1234:5678") { |io| log "seen", id: io.id }
on(:msr_write, 0x9999, value: 0x80, mask: 0xf0) { |msr| msr.drop }
on(:cpuid, 0x40000000, subleaf: 2) { |io| io.ebx = 7 }
every(5.seconds) { puts "tick" }
at_exit { print "bye"; puts "!" }
""")  # fmt: skip
    expect(
        done, 0,
        "hook 0: port_read 0x60, width: 1, on_error: :deny, budget 500 us",
        "hook 1: pci_config_read, vendor_id: 0x1234, device_id: 0x5678",
        "hook 2: msr_write 0x9999, value: 0x80, mask: 0xf0",
        "hook 3: cpuid 0x40000000, subleaf: 2", "hook 4: every 5 s", "hook 5: at_exit",
        "port_read 0x60 1 -> 0x42\n", "info: seen id=1234:5678", "msr_write 0x9999 0x81 -> dropped",
        "cpuid 0x40000000 2 -> 0x0 0x7 0x0 0x0", "tick\n", "timer -> done", "bye!\n",
        "tried.rb: ok, 6 hooks,",
    )  # fmt: skip
    assert "no hook saw it" not in done.text, done.text


@test
def check_tells_a_syntax_error_as_the_machine_would(work):
    done = check(work, "on(:port_read, 0x60) { |io|\n  io.value = = 1\n}\n")
    expect(done, 1, "error: tried.rb:2:", "syntax error", "tried.rb: FAILED, 0 hooks")


@test
def check_tells_errors_of_the_top_level_and_of_hooks(work):
    expect(check(work, "\nraise 'at once'\n"), 1, "error: tried.rb:2: at once (RuntimeError)")
    done = check(work, "on(:port_read, 0x60) { |io|\n  nil.foo\n}\n")
    expect(done, 1, "error: hook 0: tried.rb:2: undefined method 'foo'", "(a hook failed)")
    done = check(work, "on(:nonsense) { }")
    expect(done, 1, "no kind of event is called :nonsense; there are port_read")


@test
def check_warns_of_what_mruby_takes_otherwise(work):
    done = check(work, "x = 1\ndef f = [x].each { |y| yield y }\n")
    expect(done, 0, "tried.rb: warning: line 2: yield in a block", "write def f() =")
    done = check(work, "def self.f! = [1].each do |y|\n  yield y\nend\n")
    expect(done, 0, "tried.rb: warning: line 1: yield in a block", "write def self.f!() =")
    for source in ("def f() = [1].each { |y| yield y }", "def f = { a: yield }", 'def f = "#{yield}"', "def f = [1].map { |y| y }",
                   "def f\n  [1].each { |y| yield y }\nend", "def f=(y)\n  [y].each { |z| yield z }\nend"):  # fmt: skip
        done = check(work, source + "\n")
        expect(done, 0, "tried.rb: ok")
        assert "warning" not in done.text, done.text


@test
def check_ends_a_hook_that_does_not(work):
    done = check(work, "on(:port_read, 0x60) { |io| begin; loop { }; ensure; loop { }; end }")
    expect(done, 1, "the engine was killed: its time was up", "(a hook failed)")


@test
def check_plays_an_events_file_and_its_expectations(work):
    events = work / "tried.events"
    source = "on(:port_read, 0x60) { |io| io.value = setting(:answer, 1) }"
    events.write_text("port_read 0x60 -> 5\nport_read 0x61 -> unhooked *\n")
    done = check(work, source, "--events", events, "--setting", "answer=5")
    expect(done, 0, "port_read 0x60 -> 0x5", "port_read 0x61 -> 0xff  (no hook saw it)", "ok, 1 hook, 2 events")
    done = check(work, source, "--events", events)
    expect(done, 1, f"error: {events}:1: expected -> 5, but the guest saw: 0x1", "FAILED")


@test
def check_writes_json(work):
    done = check(work, "on(:port_write, 0x80) { |io| io.deny }\nputs 'h\u00e9 \"x\"'\n", "--json")
    assert done.returncode == 0, done.text
    # A line about building the engine may come first.
    (result,) = json.loads(done.text[done.text.index("[\n") :])
    assert result["ok"] and result["errors"] == [] and result["status"] == 0, result
    assert result["hooks"][0]["kind"] == "port_write" and result["hooks"][0]["first"] == 0x80, result
    assert result["log"] == [{"level": "print", "text": 'h\u00e9 "x"'}], result
    assert [event["outcome"] for event in result["events"]] == ["dropped"], result
    failed = check(work, "def\n", "--json")
    assert failed.returncode == 1 and "tried.rb:" in json.loads(failed.text)[0]["errors"][0]


@test
def check_takes_code_and_standard_input(work):
    done = run("./ritevisor", "check", "-e", "raise 'from e'")
    expect(done, 1, "error: -e:1: from e (RuntimeError)")
    done = subprocess.run(["./ritevisor", "check", "-"], cwd=ROOT, input=b"puts 6 * 7\n",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100)  # fmt: skip
    assert done.returncode == 0 and b"-: 42\n" in done.stdout, done.stdout


@test
def check_gives_scripts_the_clock_and_a_seeded_rand(work):
    source = "puts Time.now.to_i, rand(1 << 60), Random.rand, [1, 2, 3].sample(3).size"
    runs = [check(work, source, "--json") for _ in range(2)]
    lines = [
        [line["text"] for line in json.loads(done.text[done.text.index("[\n") :])[0]["log"]]
        for done in runs
    ]
    assert abs(int(lines[0][0]) - time.time()) < 60, lines
    assert lines[0][1] != lines[1][1] and lines[0][2] != lines[1][2], lines


@test
def check_says_when_it_cannot_check(work):
    expect(run("./ritevisor", "check"), 2, "error: nothing to check")
    expect(run("./ritevisor", "check", work / "absent.rb"), 2, "absent.rb: no such file")
    expect(run("./ritevisor", "check", "--events", work / "absent", "-e", "1"), 2, "no such file")
    expect(run("./ritevisor", "check", "--help"), 0, "--events", "exit status is 0")
