#!/usr/bin/env python3
"""Says what frames a file of QEMU's filter-dump has, by who sent them: one line a kind, sorted.

usage: tests/system/net/frames.py FILE MAC [OTHER]    the card's address, 52:54:00:12:34:57; with another file, whether
                                                      that has the same frames each way, in the same order
"""

import struct
import sys
from collections import Counter


def frames(path):
    """Yields each frame of a pcap file (libpcap's format 2.4, little-endian)."""
    with open(path, "rb") as file:
        if file.read(24)[:4] != b"\xd4\xc3\xb2\xa1":
            raise SystemExit(f"{path}: no pcap file")
        while header := file.read(16):
            yield file.read(struct.unpack("<4I", header)[2])


def describe(frame):
    """Returns what a frame is, in a word or two."""
    ethertype = int.from_bytes(frame[12:14], "big")
    if ethertype != 0x0800:
        return f"{ethertype:04x}"
    protocol, header = frame[23], (frame[14] & 15) * 4 + 14
    if int.from_bytes(frame[20:22], "big") & 0x1FFF:  # QEMU 7.2's e1000e cuts so what it is to cut
        return f"ip protocol {protocol} later fragment"
    if protocol not in (6, 17):
        return f"ip protocol {protocol}"
    ports = struct.unpack(">2H", frame[header : header + 4])
    return f"{'tcp' if protocol == 6 else 'udp'} {min(ports)}"


SUMS = {6: 16, 17: 6, 58: 2}  # where TCP, UDP and ICMPv6 have it


def without_sum(frame):
    """Returns a frame with zeros for the checksum that cards fill in."""
    protocol, at = frame[23], (frame[14] & 15) * 4 + 14
    if frame[12:14] == b"\x86\xdd":
        protocol, at = frame[20], 54
        if protocol == 0:  # hop by hop
            protocol, at = frame[54], 62
    elif frame[12:14] != b"\x08\x00":
        return frame
    at += SUMS.get(protocol, len(frame))
    return frame[:at] + bytes(2) + frame[at + 2 :]


def compare(path, mac, other):
    for direction in ("in", "out"):
        one, two = ([frame for frame in frames(file) if (frame[6:12] == mac) == (direction == "out")] for file in (path, other))
        if one == two:
            print(f"wire: {direction} the same {len(one)}")
        elif [without_sum(frame) for frame in one] == [without_sum(frame) for frame in two]:
            print(f"wire: {direction} the same {len(one)} but for checksums")
        else:
            print(f"wire: {direction} {len(one)}, and {len(two)} others")


def main():
    path, mac = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", ""))
    if len(sys.argv) > 3:
        return compare(path, mac, sys.argv[3])
    counts = Counter()
    for frame in frames(path):
        counts[("out" if frame[6:12] == mac else "in", describe(frame))] += 1
    for (direction, kind), count in sorted(counts.items()):
        print(f"wire: {direction} {kind} {count}")
    for direction in ("in", "out"):
        # Of the Ethernet type for experiments is what a test's script sends itself.
        total = sum(n for key, n in counts.items() if key[0] == direction and key[1] != "88b5")
        print(f"wire: all {direction} {total}")


main()
