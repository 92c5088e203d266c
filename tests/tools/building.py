"""Tests of the build itself: in a folder whose path has a blank, and one that was interrupted."""

import shutil
import subprocess
from pathlib import Path

from harness import ROOT, expect, fake_commands, run, test


@test
def build_works_in_a_folder_with_a_blank(work):
    copy = work / "with a blank"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(ROOT) / name, copy / name)
    # Our own C and the C library; of the rest, which takes minutes, that make knows what to do.
    made = ["build/hypervisor/core/string.o", "build/engine/libc/memory/heap.o"]
    expect(run("make", "-C", copy, *made), 0)
    assert all((copy / name).is_file() for name in made)
    planned = run("make", "-C", copy, "--dry-run", "all", "test-programs")
    expect(planned, 0, "build/ritevisor.elf", "links/")


BOCHS = """#!/bin/sh
echo configured >>{record}
cat >Makefile <<'END'
bochs: first.o second.o
	cp /bin/true $@
first.o second.o:
	[ $@ = first.o ] || [ -e {go_on} ]
	echo $@ >>{record}
	touch $@
END
"""


@test
def bochs_is_built_on_from_where_it_was_interrupted(work):
    pin = next(line.split() for line in (ROOT / "tools/pins").read_text().splitlines() if line.startswith("bochs "))
    source = work / f"cache/src/bochs-{pin[1]}"
    source.mkdir(parents=True)
    (work / f"cache/src/.bochs-{pin[1]}.sha256").write_text(pin[-1] + "\n")
    record, go_on = work / "record", work / "go on"
    (source / "configure").write_text(BOCHS.format(record=record, go_on=f'"{go_on}"'))
    (source / "configure").chmod(0o755)
    env = {"RITEVISOR_CACHE": str(work / "cache"), **fake_commands(work, dpkg_query="printf installed")}
    expect(run("tools/bochs", env=env), 1, "Bochs could not be built")
    go_on.touch()
    done = run("tools/bochs", env=env)
    expect(done, 0)
    assert Path(done.text.split()[-1]).is_file(), done.text
    assert record.read_text().split() == ["configured", "first.o", "second.o"], record.read_text()
