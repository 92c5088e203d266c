#!/usr/bin/env python3
"""storm.py DISK: says how much of the hypervisor's program is on a disk that a guest wrote at random (tests/guest/storm.c)."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHUNK = 32
TELLING = 12  # different bytes that a chunk has to have to be no accident


def chunks(data):
    for at in range(0, len(data) - CHUNK + 1, CHUNK):
        chunk = data[at : at + CHUNK]
        if len(set(chunk)) >= TELLING:
            yield chunk


def main():
    program = set(chunks((ROOT / "build/ritevisor.elf").read_bytes()))
    found = sum(chunk in program for chunk in chunks(Path(sys.argv[1]).read_bytes()))
    print(f"outside: {found} chunks of the hypervisor, of {len(program)}")


if __name__ == "__main__":
    main()
