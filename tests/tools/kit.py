"""Tests of the kit: engine/libc as what another program for the bare machine links."""

from harness import expect, run, test


@test
def kit_links_and_runs_on_a_bare_machine(work):
    expect(run("make", "kit"), 0, "the kit is in build/kit")
    done = run("qemu-system-x86_64", "-kernel", "build/kit/hello/hello.elf", "-display", "none",
               "-serial", "stdio", "-monitor", "none", "-no-reboot", "-icount", "shift=0,sleep=off")  # fmt: skip
    expect(done, 0, "pi 3.141592653589793", "sorted -1e+300 0.1 2 3.5", "0.30000000000000004",
           "hello: done\n")  # fmt: skip
