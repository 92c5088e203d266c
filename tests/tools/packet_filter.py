"""Filters of packets (match:) against those of libpcap: the same packets of a corpus have to fit."""

import ctypes
import functools
import random
import struct
import subprocess
import tempfile

from harness import ROOT, run, test

SOURCES = ["filter", "filter_lex", "filter_names", "filter_primitive", "filter_relation", "filter_run", "packet", "address"]


def ether(payload, ethertype, src="525400123456", dst="525500000202"):
    return bytes.fromhex(dst) + bytes.fromhex(src) + struct.pack(">H", ethertype) + payload


def four(text):
    return bytes(int(part) for part in text.split("."))


def ip(payload, protocol, src="10.0.2.15", dst="10.0.2.2", fragment=0, options=b"", ttl=64):
    header = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), 7, fragment, ttl, protocol, 0)
    return header + four(src) + four(dst) + options + payload


def ip6(payload, protocol, src="20010db8" + "0" * 23 + "1", dst="20010db9" + "0" * 23 + "2"):
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64) + bytes.fromhex(src) + bytes.fromhex(dst) + payload


def tcp(sport, dport, flags=0x18, payload=b"", words=5):
    return struct.pack(">HHIIBBHHH", sport, dport, 1, 2, words << 4, flags, 8192, 0, 0) + b"\0" * (words * 4 - 20) + payload


def udp(sport, dport, payload=b"x" * 10):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def arp(operation, src, dst):
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + b"\2" * 6 + four(src) + b"\0" * 6 + four(dst)


def corpus():
    """Packets of all kinds that filters tell apart, but for those that docs/network.md says are other here."""
    packets = []
    hosts = ["10.0.2.15", "10.0.2.2", "192.168.1.1", "224.0.0.251", "255.255.255.255", "10.1.2.3"]
    for sport, dport in [(40000, 80), (80, 40000), (22, 22), (53, 53), (40000, 443), (25, 1025), (0, 65535)]:
        for src, dst in [(hosts[0], hosts[1]), (hosts[1], hosts[0]), (hosts[2], hosts[5])]:
            packets.append(ether(ip(tcp(sport, dport), 6, src, dst), 0x0800))
            packets.append(ether(ip(udp(sport, dport), 17, src, dst), 0x0800))
        packets.append(ether(ip6(tcp(sport, dport), 6), 0x86DD))
        packets.append(ether(ip6(udp(sport, dport), 17), 0x86DD))
    for flags in [0x02, 0x12, 0x10, 0x11, 0x04, 0x14, 0xC2, 0x00, 0x3F]:
        packets.append(ether(ip(tcp(1000, 2000, flags, b"GET /"), 6), 0x0800))
    packets.append(ether(ip(tcp(1000, 80, 0x18, b"GET /", words=8), 6, options=b"\1" * 8), 0x0800))
    for kind in [0, 3, 5, 8, 11, 13]:
        packets.append(ether(ip(bytes([kind, 1, 0, 0]) + b"\0" * 12, 1, hosts[1], hosts[0]), 0x0800))
    for kind in [1, 128, 129, 133, 135, 136]:
        packets.append(ether(ip6(bytes([kind, 0, 0, 0]) + b"\0" * 12, 58, dst="ff02" + "0" * 27 + "1"), 0x86DD))
    packets.append(ether(ip(udp(5353, 5353), 17, hosts[0], hosts[3]), 0x0800, dst="01005e0000fb"))
    packets.append(ether(ip(udp(68, 67), 17, "0.0.0.0", hosts[4]), 0x0800, dst="ffffffffffff"))
    for protocol in [2, 9, 50, 51, 89, 103, 112, 132]:
        packets.append(ether(ip(struct.pack(">HHII", 5000, 6000, 1, 2), protocol), 0x0800))
    for fragment in [0x2000, 0x2005, 0x0005, 0x4000]:
        packets.append(ether(ip(udp(4000, 4001), 17, fragment=fragment), 0x0800))
        packets.append(ether(ip(tcp(4000, 4001), 6, fragment=fragment), 0x0800))
    packets += [ether(arp(1, hosts[0], hosts[1]), 0x0806, dst="ffffffffffff"), ether(arp(2, hosts[1], hosts[0]), 0x0806)]
    packets += [ether(arp(3, hosts[0], hosts[1]), 0x8035), ether(b"\0" * 46, 0x88CC), ether(b"\x42\x42\3" + b"\0" * 43, 38)]
    packets += [ether(ip(tcp(9, 9, payload=b"y" * size), 6), 0x0800) for size in (0, 100, 500, 1400)]
    return packets


def vlans():
    return [ether(struct.pack(">HH", number, 0x0800) + ip(udp(1, 2), 17), tag)
            for number, tag in [(5, 0x8100), (0x2005, 0x8100), (6, 0x88A8), (4095, 0x9100)]]


def cut(packets):
    """The same as they are when they end too early."""
    return [packet[:size] for packet in packets[::5] for size in (14, 20, 33, 36, 40, 47, 54) if size < len(packet)]


HOSTS = ["10.0.2.15", "10.0.2.2", "192.168.1.1", "1.2.3.4"]
# All that primitives can be.
PRIMITIVES = [
    *["ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp", "esp", "ah", "pim", "vrrp"],
    *[f"{side}{kind} {number}" for side in ("", "src ", "dst ", "src or dst ", "src and dst ", "dst and src ")
      for kind, number in (("port", 80), ("port", 53), ("portrange", "22-80"), ("host", HOSTS[0]), ("net", "10.0.2.0/24"))],
    *[f"{layer} port {port}" for layer in ("tcp", "udp", "sctp") for port in (22, 80, "domain", 5000, 0x1388)],
    *[f"{layer} {side} host {host}" for layer in ("ip", "arp", "rarp") for side in ("src", "dst") for host in HOSTS],
    *["tcp src port http", "udp dst portrange 1000-50000", "portrange 80-22", "port 0", "port 65535"],
    *["net 10", "net 10.0", "net 192.168.1", "net 10.0.2.15", "src net 10.0.0.0/8", "net 0.0.0.0/0", "net 10.0.2.0/23"],
    *["net 10.0.0.0 mask 255.255.0.0", "ip net 10.1.0.0/16", "arp net 10.0.2.0/24", "dst net 224.0.0.0/4"],
    *["host 2001:db8::1", "src host 2001:db8::1", "dst host 2001:db8::1", "ip6 host 2001:db9::2", "net 2001:db8::/32"],
    *["dst net ff02::/16", "ip6 net 2001:db8::/31", "host ::", "net ::/0", "dst 10.0.2.2"],
    *["ether host 52:54:00:12:34:56", "ether src 52:54:00:12:34:56", "ether dst ff:ff:ff:ff:ff:ff", "ether src ff:ff:ff:ff:ff:ff"],
    *["ether broadcast", "ether multicast", "broadcast", "multicast", "ip multicast", "ip6 multicast"],
    *["ether proto 0x88cc", r"ether proto \arp", r"ether proto \ip6", r"ip proto \tcp", "ip proto 89", "ip6 proto 58", r"ip6 proto \udp"],
    *["proto 17", r"proto \tcp", "less 60", "greater 100", "greater 554", "less 54", "len > 60", "len <= 554", "60 < len"],
    *["tcp[tcpflags] & tcp-syn != 0", "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn", "tcp[13] = 2", "tcp[0:2] > 1024"],
    *["icmp[icmptype] = icmp-echo", "icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply", "icmp[0] = 3"],
    *["ip[0] & 0xf != 5", "ip[8] < 65", "ip[6:2] & 0x1fff = 0", "ip[6:2] & 0x3fff != 0", "ip[12:4] = 0x0a00020f"],
    *["ether[0] & 1 = 0 and ip[16] >= 224", "ether[12:2] = 0x0806", "arp[6:2] = 2", "arp[7] = 1", "ip6[6] = 17", "ip6[40] = 0"],
    *["tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)", "udp[4:2] = 18", "udp[8] = 0x78"],
    *["tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", "len / 2 = 27", "len % 4 = 2", "len * 2 - 8 > 200", "-len + 100 < 50"],
    *["len ^ 54 = 0", "len | 1 = 55", "1 << 5 < len", "ip[ip[0] & 15] = 0", "ether[len - 1] = 0", "ip[200] = 0x79"],
    *["sctp[0:2] = 5000", "rarp[7] = 3"],
]
JOINED = [
    *["port 80 or 53", "port 80 or 53 and tcp", "tcp and port 80 or udp and port 53", "not port 80", "! tcp && ! udp", "not (tcp or udp)"],
    *["host 10.0.2.15 and not 10.0.2.2", "port (80 or 53)", "host (192.168.1.1 or 10.1.2.3)", "tcp || udp && port 53", "not not arp"],
    *["src host 10.0.2.15 and dst port (80 or 443 or http)", "(tcp) and (not port 22)", "((((ip))))", "port 80 or http or 53", "not tcp[13] = 2"],
    *["udp or tcp[1000] = 1", "tcp[1000] = 1 or udp", "not ip[1000] = 1", "net 10.0.2.0/24 or 192.168.1.0/24", "tcp and len > 100"],
    *["src portrange 80-90 or dst portrange 50-60", "ether host 52:54:00:12:34:56 and arp or icmp", ""],
]
VLANS = ["vlan", "vlan 5", "vlan 6", "not vlan", "vlan 4095", "ether[12:2] = 0x8100", "ether[14:2] & 0xfff = 5"]
# Of a header that is cut libpcap believes the part that is there, and here none is: nothing may fit that does not fit there.
UNNEGATED = [text for text in PRIMITIVES if "!=" not in text]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("instructions", ctypes.c_void_p)]


class Header(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("microseconds", ctypes.c_long), ("there", ctypes.c_uint32), ("length", ctypes.c_uint32)]


def libpcap():
    try:
        library = ctypes.CDLL("libpcap.so.0.8")
    except OSError as error:
        raise AssertionError(f"libpcap is missing; run tools/setup ({error})") from error
    library.pcap_open_dead.restype = ctypes.c_void_p
    library.pcap_geterr.restype = ctypes.c_char_p
    return library, ctypes.c_void_p(library.pcap_open_dead(1, 65535))


def theirs(library, handle, packets, text):
    """The numbers of the packets that libpcap takes."""
    program = Program()
    compiled = library.pcap_compile(handle, ctypes.byref(program), text.encode(), 1, ctypes.c_uint32(0xFFFFFFFF))
    if compiled != 0 and b"rejects all packets" in library.pcap_geterr(handle):
        return []
    assert compiled == 0, f"{text}: {library.pcap_geterr(handle)}"
    found = [number for number, packet in enumerate(packets, 1)
             if library.pcap_offline_filter(ctypes.byref(program), ctypes.byref(Header(0, 0, len(packet), len(packet))), packet)]
    library.pcap_freecode(ctypes.byref(program))
    return found


def write(path, packets):
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for packet in packets:
            file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)


@functools.cache
def program():
    """Ours, which is built once; it is gone when the tests end."""
    program.folder = tempfile.TemporaryDirectory(prefix="rvfilter-")
    path = f"{program.folder.name}/filter"
    sources = [ROOT / f"engine/gems/ritevisor-net/src/{name}.c" for name in SOURCES]
    built = run("clang", "-std=gnu11", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-I", ROOT,
                "-o", path, ROOT / "tests/tools/packet_filter.c", *sources)
    assert built.returncode == 0, built.text
    return path


def ours(path, texts):
    done = subprocess.run([program(), str(path)], input="\n".join(texts) + "\n", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [line if line.startswith("error") else [int(word) for word in line.split()] for line in done.stdout.splitlines()]


def compare(work, packets, texts, fewer=False):
    path = work / "corpus.pcap"
    write(path, packets)
    library, handle = libpcap()
    six = {number for number, packet in enumerate(packets, 1) if packet[12:14] == b"\x86\xdd"}
    for text, found in zip(texts, ours(path, texts), strict=True):
        # tcp[13] is of IPv4 alone there, of both here
        ignored = six if any(f"{layer}[" in text for layer in ("tcp", "udp", "sctp")) else set()
        wanted = theirs(library, handle, packets, text)
        assert not isinstance(found, str), f"{text!r}: {found}"
        extra, missing = set(found) - set(wanted) - ignored, set(wanted) - set(found) - ignored
        assert not extra and (fewer or not missing), f"{text!r}: {extra} more than libpcap, {missing} less"


@test
def packet_filters_fit_what_libpcap_finds(work):
    rng = random.Random(1)
    mixed = [f"{'not ' if rng.random() < 0.3 else ''}({a}) {rng.choice(['and', 'or'])} ({b}) {rng.choice(['and', 'or'])} {c}"
             for a, b, c in (rng.sample(PRIMITIVES, 3) for _ in range(60))]
    compare(work, corpus(), PRIMITIVES + JOINED + mixed)
    compare(work, vlans() + corpus()[:5], VLANS)
    compare(work, cut(corpus()), UNNEGATED, fewer=True)


@test
def packet_filters_say_what_they_are_not(work):
    path = work / "corpus.pcap"
    write(path, corpus())
    wrong = {
        "gateway 10.0.0.1": 'not supported at "gateway"', "host example.org": "names of hosts are not looked up",
        "tcp host 10.0.0.1": "no such addresses", "icmp port 5": "no ports", "port 65536": "a port is wanted", "(tcp": ") is wanted, and the text ends",
        "tcp port": "a port is wanted, and the text ends", "tcp udp": 'the end is wanted at "udp"', "ip[0:3] = 1": "1, 2 or 4 bytes",
        "tcp[0": "] is wanted", "ip broadcast": "not known", "host 10.0.0.1/8": "an address is wanted", "net 10.0.0.0/33": "a network is wanted",
        "vlan 4096": "a VLAN is wanted", "ether": "is wanted", "foo": 'no filter at "foo"', "igmp[0] = 1": "cannot be looked into",
        "(" * 100 + "tcp" + ")" * 100: "too many parentheses", " and ".join(["port 1 or 2"] * 100): "too long",
        "len == " + "(" * 20 + "1" + "+1)" * 20 + " and " + "tcp[" * 30: "too many", "portrange 5": "a range of ports", "net 10.0.0.0 mask 255.0.255.0": "a mask",
    }
    for (text, error), found in zip(wrong.items(), ours(path, list(wrong)), strict=True):
        assert isinstance(found, str) and error in found, f"{text[:60]!r}: {found}, wanted: {error}"
