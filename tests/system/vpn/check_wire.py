#!/usr/bin/env python3
"""Checks what left by a wire whose card belongs to a tunnel: a file of QEMU's filter-dump, from power-on.

usage: tests/system/vpn/check_wire.py FILE MAC PEER PORT [SERVER NAME]

What may leave: ARP, DHCP and WireGuard's datagrams to PEER:PORT; of a PEER of IPv6, neighbour discovery and those datagrams
(docs/vpn.md has the list); questions to SERVER for NAME's address. It prints how many there were of each, and each frame that is none of these, or has the guest's
mark in it.
"""

import ipaddress
import struct
import sys
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True

MARK = b"NOBODY MAY SEE THIS"
BROADCAST = b"\xff" * 6
MESSAGES = {1: 148, 2: 92, 3: 64}  # WireGuard's, by type: so long; 4 is data


def frames(path):
    """Yields each frame of a pcap file (libpcap's format 2.4, little-endian)."""
    with open(path, "rb") as file:
        assert file.read(24)[:4] == b"\xd4\xc3\xb2\xa1", f"{path}: no pcap file"
        while header := file.read(16):
            yield file.read(struct.unpack("<4I", header)[2])


def kind(frame, mac, peer, port, server=None, name=None):
    """What a frame that left is; None: nothing that may."""
    if MARK in frame:
        return None
    ethertype, inside = frame[12:14], frame[14:]
    if len(peer) == 16:
        return kind6(inside, mac, peer, port) if ethertype == b"\x86\xdd" else None
    if ethertype == b"\x08\x06":
        good = inside[:6] == b"\0\1\x08\0\6\4" and inside[8:14] == mac and not any(inside[28:])
        return "ARP" if good else None
    if ethertype != b"\x08\0" or inside[0] != 0x45 or inside[9] != 17 or inside[6] & 0xBF or inside[7]:
        return None
    length, source, destination = int.from_bytes(inside[2:4], "big"), inside[12:16], inside[16:20]
    sport, dport, udp_bytes = struct.unpack(">3H", inside[20:26])
    payload = inside[28:length]
    if any(inside[length:]) or udp_bytes != length - 20:
        return None
    if (sport, dport) == (68, 67):
        return "DHCP" if payload[:3] == b"\1\1\6" and payload[28:34] == mac else None
    if dport == 53 and destination == server and any(source):
        labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b".")) + b"\0"
        return "question" if payload[2:] == b"\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\1\0\1" else None
    return message(payload) if destination == peer and dport == port and any(source) else None


def kind6(inside, mac, peer, port):
    """The same of IPv6, whose packet that is."""
    length, following, hops = int.from_bytes(inside[4:6], "big"), inside[6], inside[7]
    source, destination, content = inside[8:24], inside[24:40], inside[40 : 40 + length]
    if inside[0] != 0x60 or len(content) != length or any(inside[40 + length :]):
        return None
    if following == 58:
        bytes_of = {133: 8, 135: 24, 136: 24}.get(content[0])
        option = bytes([2 if content[0] == 136 else 1, 1]) + mac
        near = destination[:2] == b"\xff\2" or destination[:8] == source[:8] or destination[:2] == b"\xfe\x80"
        good = hops == 255 and bytes_of and content[1] == 0 and content[bytes_of:] in (b"", option) and near
        return "discovery" if good else None
    if following != 17 or len(content) < 12 or not any(source) or destination != peer:
        return None
    _, dport, udp_bytes = struct.unpack(">3H", content[:6])
    return message(content[8:]) if dport == port and udp_bytes == length else None


def message(payload):
    """Which of WireGuard's it is."""
    if payload[1:4] != b"\0\0\0":
        return None
    if payload[0] == 4 and len(payload) >= 32 and len(payload) % 16 in (0, 12):  # padded, or up to an MTU of 1420
        return "data"
    return "handshake" if MESSAGES.get(payload[0]) == len(payload) else None


def check(path, mac, *peer):
    counts, others = Counter(), []
    for frame in frames(path):
        if MARK in frame or frame[6:12] == mac:
            what = kind(frame, mac, *peer)
            counts[what or "outside the list"] += 1
            if what is None:
                others.append(frame)
        elif not frame[12:14] in (b"\x08\x06", b"\x08\0", b"\x86\xdd"):
            others.append(frame)  # from whom?
    for what, count in sorted(counts.items()):
        print(f"wire: {what} {count}")
    for frame in others[:5]:
        print(f"wire: WRONG {frame[:64].hex()}")
    print("wire: nothing else" if not others else f"wire: {len(others)} WRONG")
    return not others


def main(path, mac, peer, port, server=None, name=None):
    peer = ipaddress.ip_address(peer).packed
    server = server and ipaddress.ip_address(server).packed
    return 0 if check(Path(path), bytes.fromhex(mac.replace(":", "")), peer, int(port), server, name) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
