"""The version, which include/rv/version.h states."""

import functools
import re
import subprocess

from .paths import ROOT


HEADER = ROOT / "include/rv/version.h"


def text():
    header = HEADER.read_text()
    return re.search(r'^#define RV_VERSION "(.*)"$', header, re.MULTILINE)[1]


@functools.cache
def time():
    """When that was stated, in seconds since 1970: as git knows, or else the file."""
    done = subprocess.run(["git", "log", "-1", "--format=%ct", "--", str(HEADER)], cwd=ROOT, capture_output=True,
                          text=True, check=False)  # fmt: skip
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else int(HEADER.stat().st_mtime)
