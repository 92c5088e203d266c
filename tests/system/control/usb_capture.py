#!/usr/bin/env python3
"""A recording of a stick's transfers, against what QEMU itself has captured of the stick (pcap=).

Usage: tests/system/control/usb_capture.py DISK PCAP: DISK has a tar of the trace from 2 MiB on. Prints "capture: ..." lines.
"""
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
HEADER = struct.Struct("<QBBBBHBBqiiII8siiII")


def transfers(path):
    """Of a pcap of usbmon: what QEMU and we can both know of bulk transfers: (type, endpoint, status, length, data)."""
    data = path.read_bytes()
    assert struct.unpack("<I16xI", data[:24]) == (0xA1B2C3D4, 220), data[:24]
    at, found = 24, []
    while at + 16 <= len(data):
        taken = struct.unpack("<8xII", data[at:at + 16])[0]
        frame = data[at + 16:at + 16 + taken]
        at += 16 + taken
        _, kind, type_, endpoint, _, _, _, _, _, _, status, length, _, _, *_ = HEADER.unpack(frame[:64])
        begins, has_data = kind == ord("S"), (kind == ord("S")) == (endpoint < 0x80)
        if type_ == 3:  # QEMU says neither how much is wanted of one that begins, nor how much was sent when it has ended
            found.append((chr(kind), endpoint, 0 if begins else status, length if has_data else 0, frame[64:]))
    return found


def main():
    disk, qemu = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with open(disk, "rb") as file:
            file.seek(2 << 20)
            subprocess.run(["tar", "-x", "-C", work], stdin=file, check=False, stderr=subprocess.DEVNULL)
        subprocess.run([ROOT / "ritevisor", "convert", work / "trace", "-f", "pcapng", "-o", work / "ours.pcapng"], check=True)
        subprocess.run(["tshark", "-r", work / "ours.pcapng", "-F", "pcap", "-w", work / "ours.pcap"], check=True, stderr=subprocess.DEVNULL)
        told = subprocess.run(["tshark", "-r", work / "ours.pcapng", "-T", "fields", "-e", "scsi_sbc.opcode", "-e", "usb.bInterfaceClass"],
                              check=True, capture_output=True, text=True).stdout  # fmt: skip
        ours, theirs = transfers(work / "ours.pcap"), transfers(Path(qemu))
    theirs = theirs[theirs.index(ours[0]):]  # before are the firmware's
    words = {word for line in told.splitlines() for word in line.split("\t")}
    print(f"capture: tshark knows reads {'0x28' in words}, the class {'0x08' in words}")
    differ = [(number, one[:4], other[:4]) for number, (one, other) in enumerate(zip(ours, theirs))
              if one[:4] != other[:4] or any(a != b for a, b in zip(one[4], other[4]))]  # fmt: skip
    print(f"capture: {'many' if 100 < len(ours) <= len(theirs) else len(ours)} bulk transfers, different {differ[:5]}")
    print(f"capture: with data {sum(len(one[4]) > 500 for one in ours) > 5}")


if __name__ == "__main__":
    main()
