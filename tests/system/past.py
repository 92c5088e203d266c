#!/usr/bin/env python3
"""Disks that a guest of tests/guest/past_*.c writes clear text to, past the cipher if it can.

past.py make FOLDER NAME...    disk.key, and for each name an image: zeros, and around the encrypted range what must stay
past.py check FOLDER NAME...   is any clear text on them, is the rest as it was; and is what was written as it should be there
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import xts  # noqa: E402

SECTOR_BYTES = 512
DISK_BYTES = 16 << 20
FIRST, SECTORS = 2048, 16384  # tests/guest/past.h
KEY = bytes((i * 73 + 41) & 255 for i in range(64))
CANARY = re.compile(rb"CLEAR-CANARY-(...)")
GOOD = b"CLEAR-CANARY-fff"
STAYS = b"stays as it was "


def is_whole(disk):
    before, behind = disk[: FIRST * SECTOR_BYTES], disk[(FIRST + SECTORS) * SECTOR_BYTES :]
    return len(disk) == DISK_BYTES and all(part == STAYS * (len(part) // len(STAYS)) for part in (before, behind))


def is_good(disk):
    """Four sectors at each end of the range."""
    for first in (FIRST, FIRST + SECTORS - 4):
        data = disk[first * SECTOR_BYTES : (first + 4) * SECTOR_BYTES]
        if xts.decrypt(KEY, data, first - FIRST) != GOOD * (len(data) // len(GOOD)):
            return False
    return True


def make(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "disk.key").write_bytes(KEY)
    around = STAYS * (DISK_BYTES // len(STAYS))
    for name in names:
        image = bytearray(around)
        image[FIRST * SECTOR_BYTES : (FIRST + SECTORS) * SECTOR_BYTES] = bytes(SECTORS * SECTOR_BYTES)
        (folder / name).write_bytes(image)


def check(folder, names):
    for name in names:
        disk = (folder / name).read_bytes()
        ways = sorted({way.decode() for way in CANARY.findall(disk)})
        print(f"outside, {name}: clear text by {len(ways)} ways", *ways[:20])
    disk = (folder / names[0]).read_bytes()
    print("outside, around the range:", "as it was" if is_whole(disk) else "not as it was")
    print("outside, by the key:", "what was written" if is_good(disk) else "something else")


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3:])
