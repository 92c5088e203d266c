"""The version, which include/rv/version.h states."""

import re

from .paths import ROOT


def text():
    header = (ROOT / "include/rv/version.h").read_text()
    return re.search(r'^#define RV_VERSION "(.*)"$', header, re.MULTILINE)[1]
