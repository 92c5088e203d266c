#!/usr/bin/env python3
"""What record.sh and record_two.sh have recorded, as babeltrace2 reads it.

usage: record.py DISK [two]   an image of the guest's disk, with a tar from 64 KiB on
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

sys.path.append("/usr/lib/python3/dist-packages")

import bt2  # noqa: E402

TAR_AT = 64 * 1024
PACKET_MAGIC = 0xC1FC1FC1
METADATA_MAGIC = 0x75D11D57
METADATA_HEAD_BYTES = 37


def say(*words):
    print("record:", *words, flush=True)


def messages(folder):
    return list(bt2.TraceCollectionMessageIterator(str(folder)))


def events(folder):
    """(kind, CPU, context, fields), in the order of their times."""
    found = []
    for message in messages(folder):
        if type(message) is bt2._EventMessageConst:
            event = message.event
            context = {name: plain(value) for name, value in event.specific_context_field.items()} \
                if event.specific_context_field else {}
            context |= {name: plain(value) for name, value in event.common_context_field.items()}
            fields = {name: plain(value) for name, value in event.payload_field.items()}
            found.append((event.name, int(event.packet.context_field["cpu_id"]), context, fields))
    return found


def plain(value):
    """A label if there is one."""
    labels = getattr(value, "labels", None)
    if labels:
        return labels[0]
    if isinstance(value, bt2._ArrayFieldConst):
        return [int(one) for one in value]
    return str(value) if isinstance(value, bt2._StringFieldConst) else int(value)


def lost(folder):
    return sum(message.count or 0 for message in messages(folder) if type(message) is bt2._DiscardedEventsMessageConst)


def first(folder):
    found = events(folder)
    by_script = Counter((name, context["script"]) for name, _, context, _ in found if context["phase"] == "event")
    say("disk_read of the script", by_script["disk_read", "count.rb"])
    say("port_write of the script", by_script["port_write", "count.rb"])
    say("port_write of ritectl", by_script["port_write", "ritectl"])
    say("port_read into the trace", by_script["port_read", "count.rb"], by_script["port_read", "ritectl"])
    changed = [fields for name, _, context, fields in found if name == "port_write" and context["verdict"] == "change"]
    say("changed", [(fields["value"], fields["result_value"]) for fields in changed])
    say("port_read gave", {(context["fetched"], fields["value"]) for name, _, context, fields in found if name == "port_read"})
    said = [json.loads(fields["values"]) for name, _, _, fields in found if name == "trace" and fields["name"] == "seen"]
    reads = [fields for name, _, context, fields in found if name == "disk_read" and context["phase"] == "event"]
    say("said", said == [{"lba": read["lba"], "text": 'a"b', "none": None, "ratio": 1.5} for read in reads], len(said))
    requests(found)


def requests(found):
    phases = {}
    for name, _, context, fields in found:
        if context["phase"] != "event":
            phases.setdefault(fields["request"], []).append((context["phase"], name))
    whole = [("submitted", "disk_read"), ("given", "disk_read"), ("completed", "disk_done")]
    reads = [number for number, ways in phases.items() if ways == whole]
    say("requests with all phases", len(reads))
    payloads = [fields for name, _, context, fields in found if name == "disk_done" and context["phase"] == "completed"]
    say("payloads", {(fields["disk"], fields["payload_bytes"], len(fields["payload"])) for fields in payloads})


def replay(script, folder):
    """The script that was recorded decides the same again, and another where it is another."""
    for name, text in (("same", script.read_text()), ("other", script.read_text().replace("io.value = 7", "io.value = 9"))):
        script.write_text(text)
        done = subprocess.run(["./ritevisor", "check", script, "--events", folder, "--diff", "--json"],
                              capture_output=True, text=True)  # fmt: skip
        told = json.loads(done.stdout)[0]
        differences = [(each["line"], each["was"], each["is"]) for each in told["differences"]]
        say("replay of the", name, done.returncode, told["compared"] > 15, differences)


def converted(folder):
    done = subprocess.run(["./ritevisor", "convert", folder, "-f", "json"], capture_output=True, text=True)
    say("converted", done.returncode, len(done.stdout.splitlines()) == len(events(folder)), done.stderr.strip() or "well")


def lossy(folder, told):
    there, gone = len(events(folder)), lost(folder)
    say("lossy", there + gone, there > 30, gone > 100)
    say("told", told.read_text().strip().split("\n")[-1] == f"ritectl: {there} events recorded, {gone} lost")


def two_cpus(traces):
    """Each CPU's events are in its stream in order, and in time those of both; what one loses is its own."""
    read, written = Counter(), {cpu: [] for cpu in (0, 1)}
    for name, cpu, _, fields in events(traces / "both"):
        if name == "port_write":
            written[cpu].append(fields["value"])
        else:
            read[cpu] += 1
    say("at a time", read[0], read[1], written == {cpu: list(range(1, 17)) for cpu in (0, 1)})
    turns = [(cpu, fields["value"]) for _, cpu, _, fields in events(traces / "turns")]
    say("in turn", turns == [(cpu, i + 100 * cpu) for i in range(1, 9) for cpu in (0, 1)])
    done = subprocess.run(["./ritevisor", "convert", traces / "one", "-f", "json"], capture_output=True, text=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    there = Counter(each["cpu"] for each in told if each["type"] == "event")
    gone = Counter()
    for each in told:
        gone[each["cpu"]] += each.get("count", 0)
    say("one loses", (there[0], gone[0]), (there[1] + gone[1], gone[1] > 100 and there[1] > 50))


def unpack(stream, folder):
    """A pipe's packets, as a trace."""
    folder.mkdir()
    data = stream.read_bytes()
    at = 0
    while at < len(data):
        magic = int.from_bytes(data[at:at + 4], "little")
        size_at = at + 28 if magic == METADATA_MAGIC else at + 48
        size = int.from_bytes(data[size_at:size_at + (4 if magic == METADATA_MAGIC else 8)], "little") // 8
        packet = data[at:at + size]
        if magic == METADATA_MAGIC:
            (folder / "metadata").write_bytes(packet[METADATA_HEAD_BYTES:])
        else:
            assert magic == PACKET_MAGIC, hex(magic)
            with open(folder / f"cpu{int.from_bytes(packet[72:76], 'little')}", "ab") as file:
                file.write(packet)
        at += size


def main(disk, which=None):
    with tempfile.TemporaryDirectory() as work:
        data = Path(disk).read_bytes()[TAR_AT:]
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(work)
        traces = Path(work) / "traces"
        if which == "two":
            return two_cpus(traces)
        opened = subprocess.run(["babeltrace2", traces / "first"], capture_output=True, text=True)
        say("babeltrace2", opened.returncode, opened.stderr.strip() or "has nothing to say")
        first(traces / "first")
        converted(traces / "first")
        replay(traces / "count.rb", traces / "first")
        lossy(traces / "lossy", traces / "told")
        told = [json.loads(line) for line in (traces / "live").read_text().splitlines()]
        say("live", [(each["data"]["kind"], each["data"]["value"], each["script"]) for each in told])
        unpack(traces / "piped", Path(work) / "unpacked")
        say("piped", [fields["value"] for _, _, _, fields in events(Path(work) / "unpacked")])


main(*sys.argv[1:])
