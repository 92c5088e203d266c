"""Tests of tools/place, which make install calls: what is installed works without the source."""

from harness import expect, run, test


def installed(work, *words):
    """Runs the installed command, by the name by which users find it, in a folder that is not the source's."""
    return run(work / "a folder/bin/ritevisor", *words, cwd=work)


@test
def place_installs_commands_that_work_elsewhere(work):
    """What is in the package too is tried there (package.py)."""
    expect(run("tools/place", work / "a folder"), 0)
    assert (work / "a folder/share/man/man1/ritevisor.1").is_file()
    assert (work / "a folder/bin/ritectl").is_file() and (work / "a folder/share/doc/ritevisor/README.md").is_file()
    expect(installed(work, "scripts"), 0, run("./ritevisor", "scripts").text)
    expect(installed(work, "image", "--script", "hello", "--output", "a.iso"), 0)
    assert (work / "a.iso").stat().st_size > 1 << 20
    for words in (["check", "--gems", ".", "hello"], ["boot", "--cpu", "intel"]):
        done = installed(work, *words)
        assert done.returncode != 0 and "use a clone" in done.text, done.text


@test
def place_takes_one_absolute_folder(work):
    expect(run("tools/place"), 1, "usage:")
    expect(run("tools/place", "relative"), 1, "not an absolute path")
