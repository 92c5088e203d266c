"""Tests of gems of the user's own (docs/gems.md) that are refused, before anything is built.

Those that build an engine take minutes: tests/tools/run-long.
"""

import sys

from harness import ROOT, expect, run, test

sys.path.insert(0, str(ROOT / "tools"))


def with_gems(*folders):
    return [word for folder in folders for word in ("--gems", folder)]


def make_gem(work, rake, name="gem"):
    folder = work / name
    (folder / "src").mkdir(parents=True)
    (folder / "mrbgem.rake").write_text(rake)
    return folder


def try_gem(*folders):
    return run("./ritevisor", "check", *with_gems(*folders), "-e", "puts 1")


def rake(name, more=""):
    return (f"MRuby::Gem::Specification.new('{name}') do |spec|\n  spec.license = 'MIT'\n"
            f"  spec.author = 'me'\n{more}\nend\n")  # fmt: skip


@test
def gems_that_are_none_are_refused(work):
    expect(try_gem(work / "no such"), 2, "no such: there is no such folder")
    (work / "empty").mkdir()
    expect(try_gem(work / "empty"), 2, "no mrbgem.rake in it")
    expect(try_gem(make_gem(work, "puts 1\n", "nameless")), 2, "Specification.new('NAME')")
    expect(try_gem(make_gem(work, rake("a b"), "blank")), 2, "not 'a b'")


@test
def gems_with_a_name_that_is_taken_are_refused(work):
    expect(try_gem(make_gem(work, rake("mruby-time"), "time")), 2, "mruby-time", "of its own")
    expect(try_gem(make_gem(work, rake("ritevisor-log"), "log")), 2, "ritevisor-log", "of its own")
    one, other = make_gem(work, rake("a-b"), "one"), make_gem(work, rake("a_b"), "other")
    expect(try_gem(one, other), 2, "are both called")


@test
def gems_are_not_fetched(work):
    more = "  spec.add_dependency 'mruby-x', mgem: 'mruby-x'"
    expect(try_gem(make_gem(work, rake("far", more))), 2, "nothing is fetched")


@test
def gems_go_with_no_other_engine(work):
    expect(run("./ritevisor", "boot", "--gems", "examples/gems/crc32", "--no-engine"), 1, "neither with --engine")


@test
def gems_errors_say_what_is_wrong(work):
    from host import gems

    told = gems.explain("CC a.c\nfoo/a.c:3:1: error: unknown type name 'in'\n1 error generated.\nrake aborted!\n")
    assert told == "foo/a.c:3:1: error: unknown type name 'in'", told
    told = gems.explain("ld.lld: error: undefined symbol: fopen\n>>> referenced by a.c\n")
    assert "fopen is in no gem" in told, told
    told = gems.explain("build/gems/1/engine.elf: f+0x4: movsd %xmm0, %xmm1\n"
                        "build/gems/1/engine.elf: 1 of 9 instructions use the FPU\n")  # fmt: skip
    assert "f+0x4: movsd" in told and "use the FPU" in told, told
