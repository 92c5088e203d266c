"""Tests of tests/ruby/compare_mrbtest: what it says of two logs of mruby's own suite."""

from harness import ROOT, expect, run, test

REPLACED = (ROOT / "tests/ruby/replaced_methods").read_text().splitlines()
REPLACED = [line for line in REPLACED if not line.startswith("#")]

LOG = """mrbtest - Embeddable Ruby Test

sprintf : .
String#size [15.2.10.5.33] : {size}
Struct : inner : ..
{replaced}Skip: Proc#source_location (mrbgems: mruby-proc-ext)
  Total: 4
     OK: {ok}
     KO: {ko}
  Crash: 0
Warning: 0
   Skip: 1
"""


def compare(work, size=".", ok=3, ko=0, replaced=REPLACED):
    """Compares a log of the bare machine with one in which all is well."""
    lines = "".join(f"{name} : {{}}\n" for name in replaced)
    failed = "".join(f"Fail: {name} (core)\n" for name in replaced)
    bare = LOG.format(size=size, ok=ok, ko=ko + len(replaced), replaced=lines.replace("{}", "F") + failed)
    (work / "bare").write_text(bare)
    (work / "native").write_text(
        LOG.format(size=".", ok=3 + len(replaced), ko=0, replaced=lines.replace("{}", "."))
    )
    return run("tests/ruby/compare_mrbtest", work / "bare", work / "native")


@test
def compare_mrbtest_names_the_tests_that_differ(work):
    expect(compare(work, size="F", ok=2, ko=1), 1,
           "not ok ruby/mrbtest:", "< String#size [15.2.10.5.33] : .|", "> String#size [15.2.10.5.33] : F|")  # fmt: skip


@test
def compare_mrbtest_counts_what_is_alike(work):
    expect(compare(work, size=".", ok=3, ko=0), 0, f"ok ruby/mrbtest: Total 4, replaced {len(REPLACED)}")


@test
def compare_mrbtest_wants_each_replaced_method_to_fail(work):
    expect(compare(work, replaced=REPLACED[1:]), 1, "not ok ruby/mrbtest: 14 failed")
