"""A kind of event takes one entry in the table of kinds and one source: a copy of the project gets
both, and nothing else, and then scripts, filters, errors, samples and lists know it.
"""

import shutil
import subprocess
from pathlib import Path

from harness import ROOT, expect, run, test

BUILD_S = 3000


def copy_with_kind(to):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(ROOT) / name, to / name)
    with open(to / "include/rv/kinds_table.h", "a") as table:
        table.write((to / "tests/kinds/entry.h").read_text())
    shutil.copy2(to / "tests/kinds/source_speaker.c", to / "hook/source_speaker.c")


@test
def new_kind_takes_an_entry_and_a_source(work):
    copy = work / "copy"
    copy_with_kind(copy)
    tool = copy / "ritevisor"
    expect(run(tool, "check", "-l", timeout_s=BUILD_S), 0, "speaker_tone: the guest turns the PC speaker",
           "filters: control: control_mask: divisor:", "event:   control =, divisor")  # fmt: skip
    expect(run(tool, "check", copy / "tests/kinds/speaker.rb", timeout_s=BUILD_S), 0,
           "hook 0: speaker_tone, control: 1, control_mask: 1, divisor: 0x03e8..0x07d0",
           "speaker_tone has no filter volume:, it has on_error:, budget:, observe:, except:, verdict:, control:",
           "divisor 65536 is outside 0..65535",
           "tone control=3 divisor=1193 kind=speaker_tone class=Event::Speaker",
           "speaker_tone 0x3 0x4a9 -> 0x0")  # fmt: skip
    expect(run("make", "-C", copy, "build/ritevisor.elf", timeout_s=BUILD_S), 0)
