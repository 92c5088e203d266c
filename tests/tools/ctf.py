"""Writes traces as the recorder does, for tests: its own metadata says what events are made of."""

import re
import struct
import subprocess
import sys

from harness import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from host.ctf_reader import NO_HOOK  # noqa: E402
from host.traces import MAGIC, METADATA, METADATA_MAGIC, PACKET  # noqa: E402

UUID = bytes(16)  # of metadata that belongs to no recording
CODES = {8: "B", 16: "H", 32: "I", 64: "Q"}


class Writer:
    """event() adds one; folder() or pipe() then gives the trace. extra: {name: class of events}, of kinds that may
    not be there yet."""

    def __init__(self, packet_bytes=400, extra=None):
        listed = subprocess.run([ROOT / "build/ritectl", "record", "--metadata"], capture_output=True, check=True)
        self.metadata = listed.stdout.decode()
        for name, text in (extra or {}).items():
            self.metadata += "" if f'name = "{name}";' in self.metadata else text
        self.enums = {name: dict((label, int(number)) for label, number in re.findall(r'"(.*?)" = (\d+)', text))
                      for name, text in re.findall(r"enum (\w+) : \w+ \{(.*?)\};", self.metadata, re.DOTALL)}  # fmt: skip
        self.sizes = {name: re.search(rf"enum {name} : uint(\d+)_t", self.metadata).group(1) for name in self.enums}
        self.kinds = {}
        for name, number, fields in re.findall(
            r'event \{\s*name = "(\w+)";\s*id = (\d+);.*?fields := struct \{(.*?)\n\t\};', self.metadata, re.DOTALL
        ):
            self.kinds[name] = int(number), re.findall(r"([\w ]+?) _(\w+?)(?:\[\w+\])?;", fields)
        self.packet_bytes = packet_bytes
        self.cpus = {}  # number: [packets' events, each (time, bytes)]
        self.lost = {}

    def value(self, kind, value):
        kind = kind.strip()
        if kind == "string":
            return str(value or "").encode() + b"\0"
        if kind.startswith("enum "):
            name = kind.split()[1]
            return struct.pack("<" + CODES[int(self.sizes[name])], self.enums[name].get(value, value or 0))
        return struct.pack("<" + CODES[int(re.search(r"\d+", kind).group())], value or 0)

    def event(self, time_ns, kind, cpu=0, verdict="pass", script="", phase="event", hook=0, fetched=0, duration=0,
              payload=b"", **fields):  # fmt: skip
        number, layout = self.kinds[kind]
        data = struct.pack("<HQIIBBB", number, time_ns, duration, NO_HOOK if phase != "event" else hook,
                           self.enums["verdict"][verdict], self.enums["phase"][phase], fetched)  # fmt: skip
        data += self.value("string", script if phase == "event" else "-")
        fields = {"payload_bytes": len(payload), "payload_length": len(payload), **fields}
        unknown = set(fields) - {name for _, name in layout} - {"payload_bytes", "payload_length"}
        assert not unknown, (kind, unknown)
        for type_text, name in layout:
            data += payload if name == "payload" else self.value(type_text, fields.get(name))
        packets = self.cpus.setdefault(cpu, [[]])
        if packets[-1] and sum(len(each) for _, each, _ in packets[-1]) + len(data) > self.packet_bytes:
            packets.append([])
        packets[-1].append((time_ns, data, self.lost.get(cpu, 0)))

    def packets(self, cpu):
        made = []
        for number, events in enumerate(self.cpus[cpu]):
            data = b"".join(each for _, each, _ in events)
            bits = 8 * (PACKET.size + len(data))
            head = PACKET.pack(MAGIC, UUID, 0, events[0][0], events[-1][0], bits, bits, number, events[-1][2], cpu)
            made.append(head + data)
        return made

    def folder(self, path):
        path.mkdir()
        (path / "metadata").write_text(self.metadata)
        for cpu in self.cpus:
            (path / f"cpu{cpu}").write_bytes(b"".join(self.packets(cpu)))
        return path

    def pipe(self):
        text = self.metadata.encode()
        bits = 8 * (METADATA.size + len(text))
        head = METADATA.pack(METADATA_MAGIC, UUID, 0, bits, bits, 0, 0, 0, 1, 8)
        return head + text + b"".join(packet for cpu in self.cpus for packet in self.packets(cpu))
