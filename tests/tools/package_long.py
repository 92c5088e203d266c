"""Tests of tools/deb that make and check the package once more. For make test-long."""

from harness import expect, run, test
from packaged import PATIENCE_S, package


@test
def package_without_a_licence_is_none_that_lintian_passes(work):
    """That lintian is asked at all."""
    expect(run("dpkg-deb", "-R", package(), work / "root"), 0)
    (work / "root/usr/share/doc/ritevisor/copyright").unlink()
    expect(run("dpkg-deb", "--root-owner-group", "-Znone", "-b", work / "root", work / "other.deb"), 0)
    done = run("lintian", "--allow-root", "--fail-on", "error", "--tags", "no-copyright-file", work / "other.deb", timeout_s=PATIENCE_S)
    expect(done, 2, "no-copyright-file")


@test
def package_is_the_same_when_made_again(work):
    expect(run("tools/deb", work, timeout_s=PATIENCE_S), 0)
    assert (work / package().name).read_bytes() == package().read_bytes()
