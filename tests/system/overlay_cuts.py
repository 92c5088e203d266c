#!/usr/bin/env python3
"""Kills QEMU amid a guest's writes to a disk whose overlay is on another, boots again, and looks at what the guest reads.

overlay_cuts.py NUMBER WRITES READS COMMAND...: COMMAND is a ./ritevisor boot from NVMe whose options end with "--"; WRITES and
READS are the guest's scripts. NUMBER times one and the other, on the same disks.

What the guest has been told is flushed has to be there; all else is a record that was written there, or what the disk
itself has, which has to be as it was.
"""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

RECORD_BYTES, PLACES, STRIDE = 4096, 64, 3  # scripts/overlay_write.sh
FIRST_BYTES, SECOND_BYTES = 1 << 20, 4 << 20
MOST_FLUSHES = 70
LIFE = 1024  # records at most, and a multiple of PLACES


def record(number):
    return (b"record    %06d" % number) * (RECORD_BYTES // 16)


def devices(folder, names):
    words = []
    for name in names:
        words += ["-drive", f"if=none,id={name},file={folder / name},format=raw", "-device", f"nvme,serial={name},drive={name}"]
    return words


def write(command, script, folder, life):
    """Until it has flushed so many: which it has said."""
    enough, said = random.randint(8, MOST_FLUSHES), []
    commands = script.read_text().replace("number=0", f"number={life * LIFE}")
    words = [*command[:-1], "--run", commands, "--", *devices(folder, ["RV1", "RV2", "OUT"])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, errors="replace", start_new_session=True) as program:
        for line in program.stdout:
            if match := re.search(r"guest: flushed (\d+)", line):
                said.append(int(match[1]))
            else:
                print(line, end="", flush=True)
            if len(said) == enough:
                os.killpg(program.pid, signal.SIGKILL)
    return said


def problems(disk, before, flushed):
    """`flushed`: the numbers of all that were. Later ones are greater."""
    wrong = []
    for place in range(PLACES):
        at = place * STRIDE * RECORD_BYTES
        found = disk[at : at + RECORD_BYTES]
        least = max((number for number in flushed if number % PLACES == place), default=0)
        match = re.match(rb"record    (\d{6})", found)
        number = int(match[1]) if match else 0
        if found != (record(number) if match else before[at : at + RECORD_BYTES]) or (match and number % PLACES != place):
            wrong.append(f"place {place} has what was never written there")
        elif number < least:
            wrong.append(f"place {place} has record {number}, and {least} was flushed")
    for at in range(0, len(disk), RECORD_BYTES):
        block = at // RECORD_BYTES
        if (block % STRIDE or block >= PLACES * STRIDE) and disk[at : at + RECORD_BYTES] != before[at : at + RECORD_BYTES]:
            wrong.append(f"block {block} was not written")
    return wrong


def main():
    count, writes, reads, command = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]
    flushed = []
    with tempfile.TemporaryDirectory(dir="build/tests") as name:
        folder = Path(name)
        before = random.randbytes(FIRST_BYTES)
        (folder / "RV1").write_bytes(before)
        (folder / "RV2").write_bytes(bytes(SECOND_BYTES))
        for life in range(count):
            (folder / "OUT").write_bytes(bytes(FIRST_BYTES))
            flushed += write(command, writes, folder, life)
            print(f"outside: killed, {len(flushed)} are flushed")
            words = [*command[:-1], "--run", reads.read_text(), "--", *devices(folder, ["RV1", "RV2", "OUT"])]
            subprocess.run(words, check=True, timeout=300)
            wrong = problems((folder / "OUT").read_bytes(), before, flushed)
            print("\n".join(wrong[:5]) or "outside: all is there", flush=True)
            if wrong:
                sys.exit(1)
        same = hashlib.sha256((folder / "RV1").read_bytes()).digest() == hashlib.sha256(before).digest()
        print("outside: the disk is as it was" if same else "outside: the disk has changed")


if __name__ == "__main__":
    main()
