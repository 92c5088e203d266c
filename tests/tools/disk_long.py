"""./ritevisor disk killed at any point, again and again, until it comes to its end. For make test-long."""

import contextlib
import os
import random
import signal
import subprocess

from disk import CANARY, MIB, in_front, make_disk
from harness import ROOT, expect, test
from inside import ritevisor

KILLS = 12
LONGEST_S = 4.0  # from the start on: what comes before the first zone, too


def convert_with_kills(work, action, image, words, chance):
    """Returns how many kills came before the end; then it has to get there by itself."""
    command = [ROOT / "ritevisor", "disk", action, image, "--key-file", work / "key", "--yes", *words]
    for kills in range(KILLS):
        child = subprocess.Popen([str(word) for word in command], cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 env=dict(os.environ, TMPDIR=str(work)))  # fmt: skip
        with contextlib.suppress(subprocess.TimeoutExpired):
            said = child.communicate(timeout=chance.uniform(0, LONGEST_S))[0]
            assert child.returncode == 0, said
            return kills
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    expect(ritevisor(*map(str, command[1:])), 0, "is encrypted" if action == "encrypt" else "is clear")
    return KILLS


@test
def disk_conversions_go_on_after_kills_at_any_point(work):
    for seed in range(3):
        chance = random.Random(seed)
        image, content = make_disk(work, mib=256)
        header = ("--header", work / "header")
        kills = convert_with_kills(work, "encrypt", image, header, chance)
        assert CANARY not in image.read_bytes(), f"seed {seed}"
        kills += convert_with_kills(work, "decrypt", image, header, chance)
        assert image.read_bytes() == content, f"seed {seed}"
        assert kills != 0, "it is done sooner than it is killed"
        (work / "header").unlink()


@test
def disk_with_its_header_in_front_goes_on_after_kills_at_any_point(work):
    for seed in range(3):
        chance = random.Random(seed)
        image, content = make_disk(work, mib=256)
        content = content[: 224 * MIB]
        image.write_bytes(content + bytes(32 * MIB))
        kills = convert_with_kills(work, "encrypt", image, (), chance)
        assert CANARY not in image.read_bytes(), f"seed {seed}"
        kills += convert_with_kills(work, "decrypt", image, ("--header", work / "exported"), chance)
        assert image.read_bytes()[: 224 * MIB] == content, f"seed {seed}"
        assert kills != 0, "it is done sooner than it is killed"
        expect(in_front(work, "unlock-test", image), 1, "is no LUKS header")
        (work / "exported").unlink()
