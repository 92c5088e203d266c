"""Tests of tests/ruby/compare_mrbtest: what it says of two logs of mruby's own suite."""

from harness import expect, run, test

LOG = """mrbtest - Embeddable Ruby Test

sprintf : .
String#size [15.2.10.5.33] : {size}
Struct : inner : ..
Skip: Proc#source_location (mrbgems: mruby-proc-ext)
  Total: 4
     OK: {ok}
     KO: {ko}
  Crash: 0
Warning: 0
   Skip: 1
"""


def compare(work, **bare):
    (work / "bare").write_text(LOG.format(**bare))
    (work / "native").write_text(LOG.format(size=".", ok=3, ko=0))
    return run("tests/ruby/compare_mrbtest", work / "bare", work / "native")


@test
def compare_mrbtest_names_the_tests_that_differ(work):
    expect(compare(work, size="F", ok=2, ko=1), 1,
           "not ok ruby/mrbtest:", "< String#size [15.2.10.5.33] : .|", "> String#size [15.2.10.5.33] : F|")  # fmt: skip


@test
def compare_mrbtest_counts_what_is_alike(work):
    expect(compare(work, size=".", ok=3, ko=0), 0, "ok ruby/mrbtest: Total 4 OK 3 KO 0 Crash 0 Skip 1")
