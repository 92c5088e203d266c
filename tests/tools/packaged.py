"""The package that tools/deb makes, for the tests that look into it."""

import functools
import tempfile
from pathlib import Path

from harness import expect, run

PATIENCE_S = 900  # of a machine that has other work


@functools.cache
def package():
    """The package, which is made once; it is gone when the tests end."""
    folder = tempfile.TemporaryDirectory(prefix="rvpackage-")
    package.folder = folder
    done = run("tools/deb", folder.name, timeout_s=PATIENCE_S)
    expect(done, 0)
    return Path(done.text.strip().splitlines()[-1])


def unpacked(work):
    expect(run("dpkg", "-x", package(), work / "root"), 0)
    return work / "root/usr"
