"""Tests of what ./ritevisor says at a terminal, and not elsewhere."""

import os
import pty
import subprocess

from harness import ROOT, expect, run, test


def at_terminal(*words, **environment):
    """Runs it with a terminal for its errors; returns (standard output, what the terminal got)."""
    master, slave = pty.openpty()
    done = subprocess.run(["./ritevisor", *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave,
                          env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}, timeout=100)  # fmt: skip
    os.close(slave)
    shown = b""
    try:
        while data := os.read(master, 65536):
            shown += data
    except OSError:  # the end of a terminal
        pass
    os.close(master)
    return done.stdout.decode(), shown.decode()


@test
def boot_says_what_it_does_at_a_terminal(work):
    output, shown = at_terminal("boot", "--dry-run", "-e", "puts 1", TMPDIR=str(work))
    assert "writing the boot medium ..." in shown and "making the guest's disk ..." in shown, shown
    assert "\x1b[2m" in shown and shown.endswith("\r\x1b[K"), shown
    assert "qemu-system-x86_64" in output and "\x1b" not in output, output


@test
def boot_has_no_colour_where_none_is_wanted(work):
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        _, shown = at_terminal("boot", "--dry-run", "-e", "puts 1", TMPDIR=str(work), **environment)
        assert "writing the boot medium ...\r\n" in shown and "\x1b" not in shown, shown


@test
def boot_says_nothing_where_there_is_no_terminal(work):
    done = run("./ritevisor", "boot", "--dry-run", "-e", "puts 1", env={"TMPDIR": str(work)})
    expect(done, 0, "qemu-system-x86_64")
    assert len(done.text.splitlines()) == 1, done.text


@test
def errors_are_coloured_at_a_terminal_only(_):
    _, shown = at_terminal("check", "nosuch.rb")
    assert "check: \x1b[31merror:\x1b[0m nosuch.rb: no such file" in shown, shown
    expect(run("./ritevisor", "check", "nosuch.rb"), 2, "check: error: nosuch.rb: no such file")
