"""WireGuard of service/ against wireguard-go: packets through a tunnel between two network namespaces."""

import os
import sys

from harness import ROOT, expect, run, test


def speak(case, work):
    """In a namespace for datagrams; the folder of wireguard-go's socket is private there too."""
    user = [] if os.getuid() == 0 else ["-r"]
    done = run("unshare", *user, "-n", "-m", sys.executable, ROOT / "tests/tools/wireguard_ends.py", case, work, timeout_s=200)
    expect(done, 0, "done\n")


@test
def wireguard_asks_wireguard_go(work):
    speak("ours_asks", work)


@test
def wireguard_under_load_is_asked_by_wireguard_go(work):
    speak("theirs_asks", work)
