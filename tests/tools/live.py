"""Tests of `ritectl record -f FORMAT`: what comes is written while it comes. Recorder stands for the hypervisor."""

import errno
import json
import os
import random
import re
import signal
import struct
import subprocess

from ctf import Writer
from harness import ROOT, expect, run, test
from recorder import CLOSE, FETCH, STOP, Recorder
from traces import START_NS, USB_FIELDS, convert, frame, sample, tshark_fields, usb_transfers

PATIENCE_S = 60


def record(recorder, *words, **more):
    """ritectl, which records."""
    return subprocess.Popen([ROOT / "build/ritectl", "--wire", recorder.path, "record", *map(str, words)], **more)


def finish(program):
    """Ctrl-C. Returns its status, and what it said."""
    program.send_signal(signal.SIGINT)
    said = program.communicate(timeout=PATIENCE_S)[1]
    return program.returncode, said


def packets_of(writer):
    return {cpu: writer.packets(cpu) for cpu in writer.cpus}


def recorded(work, packets, *words):
    """All packets, of two CPUs, in that format. Returns the lines, the status and what was said."""
    work.mkdir()
    with Recorder(work / "wire", 2, START_NS) as recorder:
        recorder.give(packets)
        program = record(recorder, *words, "-o", work / "out", stderr=subprocess.PIPE, text=True)
        recorder.wait()
        status, said = finish(program)
        assert recorder.calls[-2:] == [FETCH, CLOSE] and STOP in recorder.calls, recorder.calls[-5:]
    return (work / "out").read_text().splitlines(), status, said


@test
def it_is_what_convert_makes_of_the_same(work):
    """A CPU gives a packet a question: those of one with fewer events come long before they are due."""
    writer = sample()
    writer.event(START_NS + 60_000_000, "trace", script="say.rb", name='a "name"', values='{"a":1}')
    trace = writer.folder(work / "trace")
    lines, status, said = recorded(work / "json", packets_of(writer), "-f", "json")
    assert status == 0 and "events recorded" in said, said
    wanted = [json.loads(line) for line in convert(trace, "-f", "json")[0].splitlines()]
    got = [json.loads(line) for line in lines]
    shift = got[0]["ts"] - wanted[0]["ts"]
    for each in got:
        each["ts"] -= shift
    assert len(got) == len(wanted) == 40 * 7 + 5, (len(got), len(wanted))
    different = [pair for pair in zip(got, wanted) if pair[0] != pair[1]]
    assert not different, different[:2]
    lines, status, said = recorded(work / "text", packets_of(writer), "-f", "text", "-q")
    assert status == 0 and said == "", said
    wanted = convert(trace)[0].decode().splitlines()
    assert re.fullmatch(r"# ritectl record, begun \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", lines[0]), lines[0]
    assert lines[1:] == wanted[1:], [pair for pair in zip(lines[1:], wanted[1:]) if pair[0] != pair[1]][:2]


def wire_packets(texts, first=1, cpu=0):
    """Frames that a card sends and gets; of "held" the end does not come."""
    writer = Writer()
    for number, (kind, verdict, text) in enumerate(texts, first):
        at, data = START_NS + number * 1001, frame(text)
        fields = {"nic": number % 2, "length": len(data), "request": number}
        writer.event(at, kind, cpu=cpu, phase="submitted", payload=data, **fields)
        writer.event(at + 100, kind, cpu=cpu, verdict=verdict, script="wall.rb", hook=1, **fields)
        if text != "held":
            writer.event(at + 200, kind, cpu=cpu, phase="completed", verdict=verdict, **fields)
    return writer


def shown(program, count):
    """Lines of it."""
    return [program.stdout.readline().rstrip("\n").split("\t") for _ in range(count)]


@test
def tshark_shows_frames_while_the_recording_runs(work):
    texts = [("net_tx", "pass", "one"), ("net_rx", "deny", "two"), ("net_tx", "pass", "held")]
    first, rest = wire_packets(texts), wire_packets([("net_rx", "pass", "four")], 2_000_000, cpu=1)  # 2 s later
    with Recorder(work / "wire", 2, START_NS) as recorder:
        program = record(recorder, "-f", "pcapng", "-o", "-", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        shark = subprocess.Popen(
            ["tshark", "-l", "-i", "-", "-T", "fields", "-e", "frame.comment", "-e", "frame.interface_name",
             "-e", "frame.packet_flags_direction", "-e", "data"],
            stdin=program.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        program.stdout.close()  # tshark has it
        program.stdout = None
        recorder.give(packets_of(first))
        rows = shown(shark, 2)
        recorder.give(packets_of(rest))
        rows += shown(shark, 2)
        assert STOP not in recorder.calls and shark.poll() is None, shark.stderr.read()
        status, said = finish(program)
        _, told = shark.communicate(timeout=PATIENCE_S)
    assert status == 0 and "events recorded" in said and shark.returncode == 0, (status, said, told)
    assert [row[0] for row in rows] == ["pass", "deny (wall.rb)", "pass", "pass"], rows
    assert [row[1] for row in rows] == ["nic1", "nic0", "nic1", "nic0"], rows
    assert [int(row[2], 0) for row in rows] == [2, 1, 2, 1], rows
    assert [bytes.fromhex(row[3]).decode() for row in rows] == ["one", "two", "held", "four"], rows
    # Packets were what was asked for, with their bytes, though no option says so
    assert len(recorder.hooks) == 2 and recorder.wish[2] == 2048, (recorder.hooks, recorder.wish)


@test
def a_pcapng_file_is_that_of_convert(work):
    writer = wire_packets([("net_tx", "pass", "one"), ("net_rx", "change", "two" * 100), ("net_rx", "drop", "three")])
    writer.lost[0] = 5
    writer.event(START_NS + 5_000_000_000, "net_tx", phase="submitted", payload=frame("long after"), nic=0, request=9)
    with Recorder(work / "wire", 1, START_NS) as recorder:
        recorder.give(packets_of(writer))
        program = record(recorder, "-q", "-f", "pcapng", "-o", work / "live.pcapng", stderr=subprocess.PIPE)
        recorder.wait()
        assert finish(program) == (0, b"")
    convert(writer.folder(work / "trace"), "-f", "pcapng", "-o", work / "trace.pcapng")
    told = [run("tshark", "-r", work / name, "-T", "fields", "-e", "frame.comment", "-e", "frame.interface_name",
                "-e", "frame.packet_flags", "-e", "frame.len", "-e", "data", "-e", "frame.time_relative").text
            for name in ("live.pcapng", "trace.pcapng")]  # fmt: skip
    assert told[0] == told[1] and told[0].count("\n") >= 4, told
    counted = run("capinfos", "-M", work / "live.pcapng")
    expect(counted, 0, "Number of packets:   4", "pcapng", "Strict time order:   True")


@test
def usb_transfers_are_those_of_convert(work):
    """Mass storage and a keyboard, as tshark reads them: from a recording that goes on, and from a trace."""
    writer = usb_transfers()
    convert(writer.folder(work / "trace"), "-f", "pcapng", "-o", work / "trace.pcapng")
    with Recorder(work / "wire", 1, START_NS) as recorder:
        recorder.give(packets_of(writer))
        program = record(recorder, "-q", "-f", "pcapng", "-e", "usb_control,usb_transfer,usb_done", "-o", work / "live.pcapng", stderr=subprocess.PIPE)
        recorder.wait()
        assert finish(program) == (0, b"")
        assert len(recorder.hooks) == 3 and recorder.wish[2] == 2048, (recorder.hooks, recorder.wish)
    live, trace = ([line.split("\t") for line in tshark_fields(work / name).splitlines() if "\t" in line]
                   for name in ("live.pcapng", "trace.pcapng"))  # fmt: skip
    times = USB_FIELDS.index("frame.time_epoch")
    assert len(live) == 18 and [[*row[:times], *row[times + 1:]] for row in live] == [[*row[:times], *row[times + 1:]] for row in trace], live
    assert live[-1][USB_FIELDS.index("usbhid.data")] == "0000040000000000", live[-1]


@test
def wireshark_has_one_card_of_a_machine(work):
    """As its extcap(4) asks: what there is, with which options, and the packets of that card until nobody reads."""
    program, path = ROOT / "build/ritectl", work / "guest.line"
    environment = {**os.environ, "RITEVISOR_WIRES": f"{work}/none:{path}"}
    expect(run(program, "--extcap-interface=ritevisor-guest-nic1", "--extcap-dlts"), 0, "dlt {number=1}{name=EN10MB}")
    expect(run(program, "--extcap-interface", "ritevisor-guest-nic1", "--extcap-config"), 0, "{call=--key}")
    refused = run(program, "--extcap-interface", "ritevisor-guest-nic1", "--extcap-capture-filter", "tcp")
    expect(refused, 0, "use a display filter")
    fifo = work / "fifo"
    os.mkfifo(fifo)
    wanted = ["--capture", "--extcap-interface", "ritevisor-guest-nic1", "--fifo", fifo]
    expect(run(program, *wanted, env={**environment, "RITEVISOR_WIRES": ""}), 2, "there is no such card or bus")
    with Recorder(path, 2, START_NS) as recorder:
        recorder.give(packets_of(wire_packets([("net_tx", "pass", "one"), ("net_rx", "deny", "two"), ("net_tx", "pass", "three")])))
        capture = subprocess.Popen([program, *wanted], env=environment, stderr=subprocess.PIPE)
        with open(fifo, "rb") as reader:
            shark = subprocess.Popen(
                ["tshark", "-l", "-i", "-", "-c", "2", "-T", "fields", "-e", "frame.interface_name", "-e", "data"],
                stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )  # fmt: skip
        rows = shark.communicate(timeout=PATIENCE_S)[0]
        assert capture.wait(PATIENCE_S) == 0, capture.stderr.read()
    # The frames of request 1 and 3 are nic1's
    assert rows == "".join(f"nic1\t{text.encode().hex()}\n" for text in ("one", "three")), rows


@test
def wireshark_has_one_usb_bus_of_a_machine(work):
    """As a card: its transfers alone, and what tshark makes of them is what it makes of all."""
    program, path = ROOT / "build/ritectl", work / "guest.line"
    environment = {**os.environ, "RITEVISOR_WIRES": f"{work}/none:{path}"}
    wanted = ["--capture", "--extcap-interface", "ritevisor-guest-usb1", "--fifo"]
    expect(run(program, "--extcap-interface=ritevisor-guest-usb1", "--extcap-dlts"), 0, "dlt {number=220}{name=USB_LINUX_MMAPPED}")
    expect(run(program, "--capture", "--extcap-interface=ritevisor-guest-isb1", "--fifo", work / "none", env=environment), 2, "no such card or bus")
    for words in (["--usb", "0"], ["--usb", "9"], ["--usb", "x"], ["--usb", "1", "--nic", "1"], ["-f", "json", "--usb", "1"]):
        expect(run(program, "record", "-f", "pcapng", "-o", "-", *words), 2, "ritectl: record: ")
    convert(usb_transfers().folder(work / "trace"), "-f", "pcapng", "-o", work / "trace.pcapng")
    writer = usb_transfers()
    at = START_NS + 1_000_000
    writer.event(at, "usb_transfer", phase="submitted", payload=b"of another bus", device=0x101, length=14, type=2, request=99)
    writer.event(at, "net_tx", phase="submitted", payload=frame("of a card"), nic=1, length=60, request=98)
    with Recorder(path, 1, START_NS) as recorder:
        recorder.give(packets_of(writer))
        done = subprocess.Popen([program, *wanted, work / "bus.pcapng"], env=environment, stderr=subprocess.PIPE)
        recorder.wait()
        assert finish(done) == (0, b"")
        assert len(recorder.hooks) == 3 and recorder.wish[2] == 2048, (recorder.hooks, recorder.wish)
    bus, trace = (tshark_fields(work / name).splitlines() for name in ("bus.pcapng", "trace.pcapng"))
    times = USB_FIELDS.index("frame.time_epoch")
    bus, trace = ([row.split("\t")[:times] + row.split("\t")[times + 1:] for row in rows if "\t" in row] for rows in (bus, trace))
    assert len(bus) == 18 and bus == trace, bus


@test
def a_reader_that_goes_ends_it(work):
    """Without another event."""
    for words in (["-f", "json"], ["-f", "ctf"], ["-f", "pcapng"]):
        path = work / words[1]
        with Recorder(path, 2, START_NS) as recorder:
            recorder.give(packets_of(wire_packets([("net_tx", "pass", "one")])))
            program = record(recorder, *words, "-o", "-", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            recorder.wait()
            assert program.stdout.read(16), words
            assert program.poll() is None, words
            program.stdout.close()
            assert program.wait(PATIENCE_S) == 0, words
            assert b"events recorded" in program.stderr.read(), words
            assert STOP in recorder.calls and recorder.calls[-1] == CLOSE, recorder.calls[-5:]


def blocks_of(data):
    """The types of a pcapng file's blocks."""
    types = []
    while data:
        kind, size = struct.unpack_from("<II", data)
        types.append(kind)
        data = data[size:]
    return types


@test
def what_was_recorded_is_written_however_it_ends(work):
    """The last events wait for those of other CPUs; and pcapng has an end."""
    for name, end, status, why in (
        ("gone", lambda recorder: recorder.go(), 3, "the wire: "),
        ("over", lambda recorder: setattr(recorder, "is_over", True), 1, "nothing was fetched for 10 seconds"),
    ):
        with Recorder(work / name, 2, START_NS) as recorder:
            recorder.give(packets_of(wire_packets([("net_tx", "pass", "one"), ("net_rx", "drop", "two")])))
            out = work / (name + ".pcapng")
            program = record(recorder, "-f", "pcapng", "-o", out, stderr=subprocess.PIPE, text=True)
            recorder.wait()
            end(recorder)
            said = program.communicate(timeout=PATIENCE_S)[1]
        assert program.returncode == status and why in said, (program.returncode, said)
        expect(run("capinfos", "-M", out), 0, "Number of packets:   2")
        assert blocks_of(out.read_bytes())[-2:] == [5, 5], name  # both interfaces' statistics


@test
def what_is_damaged_is_told(work):
    writer = sample()
    packets = packets_of(writer)
    hurt = bytearray(packets[0][3])
    hurt[76:78] = b"\xff\xff"  # a kind that there is not
    packets[0][3] = bytes(hurt)
    lines, status, said = recorded(work / "one", packets, "-f", "json")
    assert status == 1 and "CPU 0: packet 3 is damaged" in said, (status, said)
    assert 40 * 7 - 10 < len(lines) < 40 * 7 + 4, len(lines)
    assert all(json.loads(line) for line in lines)
    # Any bytes
    chance = random.Random(19)
    packets = {cpu: [bytes(hurt_by(chance, each)) for each in several] for cpu, several in packets_of(writer).items()}
    for words in (["-f", "json"], ["-f", "text"], ["-f", "pcapng", "-e", "*"]):
        with Recorder(work / words[1], 2, START_NS) as recorder:
            recorder.give(packets)
            program = record(recorder, *words, "-o", work / "any", stderr=subprocess.PIPE)
            recorder.wait()
            assert finish(program)[0] in (0, 1), words


def hurt_by(chance, packet):
    """Some bytes behind its header are others."""
    packet = bytearray(packet)
    for _ in range(chance.randrange(1, 5)):
        packet[chance.randrange(76, len(packet))] = chance.randrange(256)
    return packet


@test
def what_the_command_says_is_not_among_it(work):
    with Recorder(work / "wire", 1, START_NS) as recorder:
        recorder.give(packets_of(wire_packets([("net_tx", "pass", "one")])))
        program = record(recorder, "-f", "json", "-o", "-", "sh", "-c", f"echo said; until [ -e {work}/over ]; do sleep 0.1; done",
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
        recorder.wait()
        (work / "over").touch()
        out, said = program.communicate(timeout=PATIENCE_S)
    assert program.returncode == 0 and "said" in said, said
    assert [json.loads(line)["type"] for line in out.splitlines()] == ["event"] * 3, out


@test
def another_version_is_told(work):
    with Recorder(work / "wire", 1, START_NS) as recorder:
        recorder.refusal = -errno.EOPNOTSUPP
        program = record(recorder, "-f", "json", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, said = program.communicate(timeout=PATIENCE_S)
    assert (program.returncode, out) == (1, "") and "of another version than the Ritevisor that runs" in said, said


@test
def formats_that_there_are_not_are_told(work):
    expect(run("build/ritectl", "record", "-f", "chrome"), 2, "formats are ctf, text, json and pcapng")
    expect(run("build/ritectl", "record", "-f", "ctf"), 2, "say where to")
