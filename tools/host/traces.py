"""Traces that `ritectl record` wrote (docs/traces.md), as events. babeltrace2 reads what packets hold; which packets
there are is looked at before, so that of a trace that is cut or damaged the rest is read, and told.
"""

import heapq
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from . import ctf_reader
from .ctf_reader import Event, Loss
from .errors import UserError

FORMAT_MAJOR = 1
# A packet's header and context: magic, UUID, stream, first and last time, bits of content and of the packet, number,
# events lost so far, CPU.
PACKET = struct.Struct("<I16sIQQQQQQI")
MAGIC = 0xC1FC1FC1
# The metadata as a packet: magic, UUID, checksum, bits of content and of the packet, five bytes.
METADATA = struct.Struct("<I16sIII5B")
METADATA_MAGIC = 0x75D11D57
SIZES_AT = PACKET.size - 36  # of content_size, behind which packet_size stands


class Trace:
    """Iterating gives events and losses in the order of their times. Then .damage says what was not readable."""

    def __init__(self, path):
        self.path = path
        self.environment, self.found_damage = {}, []
        self.count = self.lost = 0
        self.begin_ns = self.end_ns = 0
        self.last_lost = {}  # a CPU
        self.hexadecimal = {}  # names of fields, a kind
        self.name, self.metadata, streams = open_parts(path)
        check_metadata(self.name, self.metadata)
        self.streams = streams_of(streams, self.found_damage)
        self.damage = list(self.found_damage)

    def __iter__(self):
        self.count = self.lost = 0
        self.last_lost, self.damage = {}, list(self.found_damage)
        streams = [self.read_stream(name, packets) for name, packets in self.streams]
        for each in heapq.merge(*streams, key=lambda each: each.time_ns):
            self.begin_ns = self.begin_ns or each.time_ns
            self.end_ns = max(self.end_ns, each.time_ns)
            if isinstance(each, Loss):
                self.lost += each.count
            else:
                self.count += 1
            yield each

    def read_stream(self, name, packets):
        """The events of some packets. Of one whose content is no good those before that place, and then those of the
        packets behind it."""
        while packets:
            done = 0
            with ctf_reader.Reader(self.metadata, packets) as reader:
                for events in reader:
                    self.note(reader)
                    yield from self.with_loss(packets[done], events)
                    done += 1
                self.note(reader)
            if done == len(packets):
                return
            with ctf_reader.Reader(self.metadata, packets[done : done + 1], is_careful=True) as reader:
                for events in reader:
                    yield from events
            if not packets[done].is_cut:
                self.damage.append(f"{name}: packet {packets[done].number} is damaged: {reader.reason}")
            packets = packets[done + 1 :]

    def note(self, reader):
        if not reader.has_metadata:
            raise UserError(f"{self.name}: its metadata is damaged, so nothing can be read: {reader.reason}")
        self.environment.update(reader.environment)
        self.hexadecimal.update(reader.hexadecimal)

    def with_loss(self, packet, events):
        """What was lost before a packet is known by its header."""
        lost = packet.lost - self.last_lost.get(packet.cpu, 0)
        if lost > 0:
            # A last packet may have nothing but this.
            self.last_lost[packet.cpu] = packet.lost
            yield Loss(events[0].time_ns if events else self.end_ns, packet.cpu, lost)
        yield from events


@dataclass(slots=True)
class Packet:
    number: int
    cpu: int
    lost: int
    data: bytes
    is_cut: bool = False


# What a trace is made of --------------------------------------------------------------------------


def is_trace(path):
    """A folder, or a file that begins as what `record -o -` writes?"""
    if Path(path).is_dir():
        return True
    with open(path, "rb") as file:
        return file.read(4) == METADATA_MAGIC.to_bytes(4, "little")


def open_parts(path):
    """Returns a name for messages, the metadata, and [(name, contents)] of files with packets, of a folder, a file
    or -."""
    if path == "-":
        return parts_of_pipe("standard input", sys.stdin.buffer.read())
    folder = Path(path)
    if folder.is_dir():
        if not (folder / "metadata").is_file():
            raise UserError(f"{path}: no trace: it has no file metadata; give the folder that ritectl record wrote")
        names = sorted(each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
        streams = [(each.name, each.read_bytes()) for each in names if each.name != "metadata"]
        return path, (folder / "metadata").read_bytes(), streams
    if not folder.exists():
        raise UserError(f"{path}: no such file or folder")
    return parts_of_pipe(path, folder.read_bytes())


def parts_of_pipe(name, data):
    """The same of what `record -o -` writes: the metadata in a packet, then the packets of all CPUs."""
    if len(data) < METADATA.size or METADATA.unpack_from(data)[0] != METADATA_MAGIC:
        raise UserError(f"{name}: no trace: neither a folder with metadata nor what ritectl record -o - writes")
    end = METADATA.unpack_from(data)[3] // 8
    if not METADATA.size <= end <= len(data):
        raise UserError(f"{name}: cut within its metadata, so nothing of it can be read")
    return name, data[METADATA.size : end], [("the packets", data[end:])]


def streams_of(files, damage):
    """Returns [(name, packets)], one a CPU."""
    streams = {}
    for name, data in files:
        for packet in packets_of(name, data, damage):
            streams.setdefault(packet.cpu, []).append(packet)
    for cpu, packets in streams.items():
        for number, packet in zip([-1] + [each.number for each in packets], packets):
            if packet.number > number + 1:
                missing = packet.number - number - 1
                damage.append(f"cpu{cpu}: {missing} packets before packet {packet.number} are missing")
    return [(f"cpu{cpu}", packets) for cpu, packets in sorted(streams.items())]


def check_metadata(name, metadata):
    """Refuses traces of others, and of a Ritevisor whose events have another form."""

    def find(key):
        found = re.search(rb"\b" + key + rb'\s*=\s*"?([^";]*)"?\s*;', metadata)
        return found and found.group(1).decode(errors="replace")

    tracer = find(b"tracer_name")
    if tracer != "ritevisor":
        raise UserError(f"{name}: not a trace of Ritevisor's but of {tracer or 'another tracer'}; babeltrace2 shows it")
    if find(b"tracer_major") != str(FORMAT_MAJOR):
        raise UserError(
            f"{name}: written by Ritevisor {find(b'tracer_version')}, in form {find(b'tracer_major')} of traces; this "
            f"reads form {FORMAT_MAJOR}"
        )


def packets_of(name, data, damage):
    """Returns the packets of a file. What is none goes into damage; a last one that is cut becomes a shorter one."""
    packets, at = [], 0
    while at < len(data):
        if len(data) - at < PACKET.size:
            damage.append(f"{name}: cut within the header of a packet, at byte {at}")
            break
        magic, *_, content, bits, number, lost, cpu = PACKET.unpack_from(data, at)
        if magic != MAGIC or content > bits or bits % 8 or bits // 8 < PACKET.size:
            following = data.find(MAGIC.to_bytes(4, "little"), at + 1)
            end = following if following >= 0 else len(data)
            damage.append(f"{name}: {end - at} bytes from {at} on are no packet")
            at = end
            continue
        packet = Packet(number, cpu, lost, data[at : at + bits // 8])
        if at + bits // 8 > len(data):
            damage.append(f"{name}: cut within packet {number}, of which {len(packet.data)} bytes are there")
            cut = struct.pack("<QQ", 8 * len(packet.data), 8 * len(packet.data))
            packet = Packet(number, cpu, lost, packet.data[:SIZES_AT] + cut + packet.data[SIZES_AT + 16 :], True)
        packets.append(packet)
        at += bits // 8
    return packets
