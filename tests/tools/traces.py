"""Tests of ./ritevisor convert, report and check --diff on traces that ctf.py writes: what they make is read by the
tools that it is for."""

import json
import random
import re
import subprocess

from browser import Browser
from ctf import Writer
from harness import ROOT, expect, run, test
from inside import ritevisor
from sample_trace import NONE, START_NS, denied_request, disk_request, sample, with_a_hostile_name

RTC = """register = 0
on(:port_write, 0x70) { |io| register = io.value & 0x7f }
on(:port_read, 0x71) { |io| io.value = 0x42 if register == 9 }
"""


def convert(trace, *words, status=0):
    done = ritevisor("convert", trace, *words)
    expect(done, status)
    return done.stdout, done.stderr


# Formats ------------------------------------------------------------------------------------------


@test
def convert_tells_every_event(work):
    trace = sample().folder(work / "trace")
    listed = run("babeltrace2", trace)
    expect(listed, 0)
    events = len([line for line in listed.text.splitlines() if re.match(r"\[\d", line)])
    text, said = convert(trace)
    lines = text.decode().splitlines()
    assert len([line for line in lines if "lost" not in line and line[0] == "["]) == events == 40 * 7 + 3, (len(lines), events)
    assert "3 events were lost" in said and "#0 lost 3 events" in text.decode()
    assert any("port_read width=1 port=0x71 value=0x26 -> value=0x42 change (rtc.rb)" in line for line in lines), lines[:4]
    assert lines[0].endswith("begun 2025-11-24 16:00:00 UTC"), lines[0]
    told = [json.loads(line) for line in convert(trace, "-f", "json")[0].splitlines()]
    assert [each["count"] for each in told if each["type"] == "lost_events"] == [3]
    told = [each for each in told if each["type"] == "event"]
    assert len(told) == events and [each["ts"] for each in told] == sorted(each["ts"] for each in told)
    read = next(each for each in told if each["data"]["kind"] == "port_read")
    assert (read["cpu"], read["script"], read["verdict"], read["data"]["result_value"]) == (0, "rtc.rb", "change", 0x42)
    denied = [each for each in told if each["data"].get("payload")]
    assert [bytes.fromhex(each["data"]["payload"]) for each in denied] == [b"boot" * 4]


@test
def convert_takes_what_comes_by_a_pipe(work):
    writer = sample()
    (work / "trace.ctf").write_bytes(writer.pipe())
    folder = writer.folder(work / "trace")
    whole = convert(folder, "-f", "json")[0]
    assert convert(work / "trace.ctf", "-f", "json")[0] == whole
    assert run("./ritevisor", "convert", folder, "-f", "json").stdout.startswith(whole)
    done = subprocess.run([ROOT / "ritevisor", "convert", "-", "-f", "json"], input=writer.pipe(), capture_output=True)
    assert done.returncode == 0 and done.stdout == whole, done.stderr


@test
def blkparse_and_btt_read_what_convert_writes(work):
    trace = sample().folder(work / "trace")
    convert(trace, "-f", "blktrace", "-o", work / "disks")
    assert [path.name for path in (work / "disks").iterdir()] == ["nvme0n1.blktrace.0"]
    parsed = run("blkparse", "-D", work / "disks", "-i", "nvme0n1", "-d", work / "disk.bin", cwd=work)
    expect(parsed, 0, "Events (nvme0n1): 122 entries", "Skips: 0 forward")
    assert re.search(r"Reads Queued:\s+20,\s+80KiB.*Writes Queued:\s+21,\s+84KiB", parsed.text), parsed.text
    assert re.search(r"  C  W?S? ?W 0 \+ 8 \[5\]", parsed.text), parsed.text[-2000:]  # the denied one: EIO
    told = run("btt", "-i", work / "disk.bin", cwd=work)
    expect(told, 0)
    assert re.search(r"Q2C\s+0\.000000600\s+\S+\s+0\.000251000\s+41", told.text), told.text
    assert re.search(r"D2C\s+0\.000250000\s+0\.000250000\s+0\.000250000\s+40", told.text), told.text
    expect(ritevisor("convert", trace, "-f", "blktrace"), 1, "give a folder with -o")


def check_nesting(events):
    """What viewers of Chrome's form need: asynchronous events end once, after their begin; others nest."""
    open_requests, threads = {}, {}
    for each in events:
        key = each.get("cat"), each.get("id")
        if each["ph"] == "b":
            assert key not in open_requests, each
            open_requests[key] = each
        elif each["ph"] in "ne" and "id" in each:
            begun = open_requests[key]
            assert begun["name"] == each["name"] and begun["ts"] <= each["ts"], (begun, each)
            if each["ph"] == "e":
                del open_requests[key]
        elif each["ph"] == "X":
            threads.setdefault((each["pid"], each["tid"]), []).append((each["ts"], each["ts"] + each["dur"]))
    assert not open_requests, open_requests
    for spans in threads.values():
        stack = []
        for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            while stack and stack[-1] <= begin:
                stack.pop()
            assert not stack or end <= stack[-1], (begin, end, stack)
            stack.append(end)


@test
def chrome_events_nest(work):
    writer = sample()
    disk_request(writer, START_NS + 60_000_000, 200)  # which is not done when the recording ends
    convert(writer.folder(work / "trace"), "-f", "chrome", "-o", work / "trace.json")
    events = json.loads((work / "trace.json").read_text())["traceEvents"]
    check_nesting(events)
    begun = [each for each in events if each["ph"] == "b"]
    assert len(begun) == 42 and len({each["id"] for each in begun}) == 42
    # They overlap, which events that nest could not
    ends = {each["id"]: each["ts"] for each in events if each["ph"] == "e"}
    assert any(ends[a["id"]] > b["ts"] for a, b in zip(begun, begun[1:]))
    assert [each["args"]["verdict"] for each in events if each["ph"] == "e" and each["id"] == "0x64"] == ["deny (guard.rb)"]
    assert all(each["ts"] >= 0 for each in events if "ts" in each)


@test
def mmiotrace_has_the_form_of_linux(work):
    text = convert(sample().folder(work / "trace"), "-f", "mmiotrace")[0].decode()
    lines = text.splitlines()
    assert lines[0] == "VERSION 20070824"
    maps = {}
    for line in lines:
        if found := re.fullmatch(r"MAP 0\.000000 (\d+) 0x(\w+) 0x0 0x(\w+) 0x0 0", line):
            number, first, size = int(found[1]), int(found[2], 16), int(found[3], 16)
            maps[number] = range(first, first + size)
    assert [(each.start, len(each)) for each in maps.values()] == [(0xFEB00000, 0x2000), (0xFED00000, 0x1000)]
    accesses = [re.fullmatch(r"([RW]) 4 \d+\.\d{6} (\d) 0x(\w+) 0x(\w+) 0x0 0", line) for line in lines]
    accesses = [each for each in accesses if each]
    assert all(int(each[3], 16) in maps[int(each[2])] for each in accesses)
    assert [int(each[4], 16) for each in accesses if each[1] == "R"] == list(range(40))
    assert [int(each[4], 16) for each in accesses if each[1] == "W"] == [i for i in range(40) if i != 5]
    assert re.search(r"^MARK \S+ deny by m.rb: W 4 \S+ 2 0xfed00000 0x5 0x0 0$", text, re.MULTILINE), text
    assert re.search(r"^MARK \S+ lost 3 events on CPU 0$", text, re.MULTILINE), text


PACKET_KIND = """event {{
	name = "{name}";
	id = {number};
	stream_id = 0;
	fields := struct {{
		uint16_t _nic;
		uint32_t _length;
		uint64_t _request;
		uint32_t _payload_bytes;
		uint16_t _payload_length;
		hex8_t _payload[_payload_length];
	}};
}};
"""


def frame(text):
    """An Ethernet frame with a UDP datagram."""
    data = text.encode()
    udp = (1000).to_bytes(2, "big") + (40000).to_bytes(2, "big") + (8 + len(data)).to_bytes(2, "big") + b"\0\0" + data
    ip = bytes([0x45, 0]) + (20 + len(udp)).to_bytes(2, "big") + bytes([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2])
    return bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]) + ip + udp


CONFIGURATION = bytes.fromhex("09022000010100c000" "0904000002080650" "00" "07058102000200" "07050202000200")
READ_CAPACITY = b"USBC" + bytes([7, 0, 0, 0, 8, 0, 0, 0, 0x80, 0, 10, 0x25]) + bytes(15)


KEYBOARD = bytes.fromhex("09022200010100a032" "0904000001030101" "00" "092111010001223f00" "0705810308000a")
USB_FIELDS = ("usb.urb_type", "usb.transfer_type", "usb.endpoint_address", "usb.urb_status", "usb.urb_len", "usb.data_len", "frame.interface_name",
              "frame.comment", "scsi_sbc.opcode", "usbms.dCSWStatus", "frame.time_epoch", "usb.idVendor", "usb.bInterfaceClass",
              "usbhid.data", "frame.len", "usb.setup.bRequest")  # fmt: skip


def usb_transfers():
    """A stick is asked what it is, and how large; then a keyboard what it is, and a key goes down."""
    writer = Writer()

    def transfer(at, kind, number, data, came=None, status=0, verdict="pass", **fields):
        fields = {"device": 1, "vendor_id": 0x46F4, "product_id": 1, "speed": 3, "port": 1, "request": number, "interface": 0,
                  "interface_class": 8, **fields}  # fmt: skip
        writer.event(at, kind, phase="submitted", payload=data, **fields)
        if verdict != "pass":
            return writer.event(at + 500, kind, phase="completed", verdict=verdict, **fields)
        fields["length"] = len(came if came is not None else data) if status == 0 else 0
        return writer.event(at + 1500, "usb_done", phase="completed", payload=came or b"", status=status, **fields)

    control = {"type": 0, "endpoint": 0, "direction": 1, "request_type": 0x80, "request_code": 6, "value": 0x200}
    out, back = ({"type": 2, "endpoint": number, "direction": direction} for number, direction in ((2, 0), (1, 1)))
    transfer(START_NS, "usb_control", 1, b"", CONFIGURATION, length=32, **control)
    transfer(START_NS + 10_000, "usb_transfer", 2, READ_CAPACITY, length=31, **out)
    transfer(START_NS + 20_000, "usb_transfer", 3, b"", bytes([0, 0, 0x0F, 0xFF, 0, 0, 2, 0]), length=8, **back)
    transfer(START_NS + 30_000, "usb_transfer", 4, b"", b"USBS" + bytes([7]) + bytes(8), length=13, **back)
    transfer(START_NS + 40_000, "usb_transfer", 5, READ_CAPACITY, status=6, length=31, **out)
    transfer(START_NS + 45_000, "usb_transfer", 7, b"", b"x", length=131072, **back)
    transfer(START_NS + 50_000, "usb_transfer", 6, READ_CAPACITY, verdict="deny", length=31, **out)
    keyboard = {"device": 2, "product_id": 2, "interface_class": 3}
    transfer(START_NS + 60_000, "usb_control", 8, b"", KEYBOARD, length=34, **{**control, **keyboard})
    transfer(START_NS + 70_000, "usb_transfer", 9, b"", bytes([0, 0, 4, 0, 0, 0, 0, 0]), length=8, type=3, endpoint=1, direction=1, **keyboard)
    return writer


def tshark_fields(path):
    return run("tshark", "-r", path, "-T", "fields", *(word for name in USB_FIELDS for word in ("-e", name))).text


@test
def tshark_reads_usb_transfers(work):
    convert(usb_transfers().folder(work / "trace"), "-f", "pcapng", "-o", work / "trace.pcapng")
    told = tshark_fields(work / "trace.pcapng")
    rows = [line.split("\t") for line in told.splitlines() if "\t" in line]
    found = [" ".join(row[:6]) for row in rows]
    assert found == ["'S' 0x02 0x80 -115 32 0", "'C' 0x02 0x80 0 32 32", "'S' 0x03 0x02 -115 31 31", "'C' 0x03 0x02 0 31 0",
                     "'S' 0x03 0x81 -115 8 0", "'C' 0x03 0x81 0 8 8", "'S' 0x03 0x81 -115 13 0", "'C' 0x03 0x81 0 13 13",
                     "'S' 0x03 0x02 -115 31 31", "'C' 0x03 0x02 -32 0 0",
                     "'S' 0x03 0x81 -115 131072 0", "'C' 0x03 0x81 0 1 1", "'S' 0x03 0x02 -115 31 31", "'C' 0x03 0x02 -32 0 0",
                     "'S' 0x02 0x80 -115 34 0", "'C' 0x02 0x80 0 34 34", "'S' 0x01 0x81 -115 8 0", "'C' 0x01 0x81 0 8 8"], told
    assert {row[6] for row in rows} == {"usb1"} and rows[-5][7] == "deny" and rows[0][10] == "1764000000.000000000", told
    assert rows[2][8] == "0x25" and rows[7][9] == "0x00", told
    assert rows[-3][12] == "0x03" and rows[-1][13] == "0000040000000000", told


@test
def tshark_reads_packets_with_their_verdicts(work):
    writer = Writer(extra={name: PACKET_KIND.format(name=name, number=number)
                           for name, number in (("net_rx", 900), ("net_tx", 901))})  # fmt: skip
    for i, (kind, verdict, text) in enumerate(
        [("net_tx", "pass", "one"), ("net_rx", "deny", "two"), ("net_tx", "pass", "three"), ("net_rx", "pass", "four")], 1
    ):
        at, data = START_NS + i * 1001, frame(text)
        fields = {"nic": i % 2, "length": len(data), "request": i}
        writer.event(at, kind, phase="submitted", payload=data, **fields)
        writer.event(at + 100, kind, verdict=verdict, script="wall.rb", hook=1, **fields)
        # The first is done last
        if i > 1:
            writer.event(at + 200, kind, phase="completed", verdict=verdict, **fields)
    convert(writer.folder(work / "trace"), "-f", "pcapng", "-o", work / "trace.pcapng")
    told = run("tshark", "-r", work / "trace.pcapng", "-T", "fields", "-e", "frame.comment", "-e", "frame.interface_name",
               "-e", "frame.packet_flags_direction", "-e", "data", "-e", "frame.time_epoch")  # fmt: skip
    rows = [line.split("\t") for line in told.text.splitlines() if "\t" in line]
    assert [row[0] for row in rows] == ["pass", "deny (wall.rb)", "pass", "pass"], told.text
    assert [row[1] for row in rows] == ["nic1", "nic0", "nic1", "nic0"], told.text
    assert [int(row[2], 0) for row in rows] == [2, 1, 2, 1], told.text
    assert [bytes.fromhex(row[3]) for row in rows] == [b"one", b"two", b"three", b"four"], told.text
    assert rows[0][4] == "1764000000.000001001", told.text
    counted = run("capinfos", "-c", "-t", "-M", work / "trace.pcapng")
    expect(counted, 0, "Number of packets:   4", "pcapng")
    empty = sample().folder(work / "disks")
    assert "no packet is in the trace" in convert(empty, "-f", "pcapng", "-o", work / "none.pcapng")[1]
    expect(run("capinfos", "-c", work / "none.pcapng"), 0, "Number of packets:   0")


# Replay -------------------------------------------------------------------------------------------


def rtc_trace():
    """As rtc.rb decides: the year's register is answered without asking the device, all else passes."""
    writer = Writer()
    for i, register in enumerate([0, 9, 2, 9]):
        at = START_NS + i * 1000
        writer.event(at, "port_write", script="rtc.rb", hook=0, port=0x70, width=1, value=register, result_value=register)
        answered = {"verdict": "change", "result_value": 0x42} if register == 9 else {}
        writer.event(at + 10, "port_read", script="rtc.rb", hook=1, port=0x71, width=1, **answered)
        # What the recording itself looks at
        if register != 9:
            writer.event(at + 20, "port_read", script="ritectl", hook=9, port=0x71, width=1, fetched=register == 0,
                         value=0x30, result_value=0x30)  # fmt: skip
    return writer


def check(work, script, trace, *words):
    (work / "new.rb").write_text(script)
    return ritevisor("check", work / "new.rb", "--events", trace, "--diff", *words)


@test
def a_recording_is_replayed_without_a_difference(work):
    trace = rtc_trace().folder(work / "trace")
    expect(check(work, RTC, trace), 0, "none of 8 verdicts differ")
    (work / "rtc.ctf").write_bytes(rtc_trace().pipe())
    expect(check(work, RTC, work / "rtc.ctf"), 0, "none of 8 verdicts differ")
    convert(trace, "-f", "events", "-o", work / "rtc.events")
    told = (work / "rtc.events").read_text()
    assert "@0.000000010 cpu=0 device=0x30 port_read 0x71 1 -> 0x30\n" in told, told
    assert "@0.000001010 cpu=0 device=? port_read 0x71 1 -> 0x42\n" in told, told
    assert "@0.000002010 cpu=0 device=? port_read 0x71 1 -> unchanged\n" in told, told
    expect(check(work, RTC, work / "rtc.events"), 0, "none of 8 verdicts differ")
    expect(ritevisor("check", work / "new.rb", "--events", work / "rtc.events"), 0, "new.rb: ok")


@test
def a_changed_script_differs_where_it_decides_otherwise(work):
    trace = rtc_trace().folder(work / "trace")
    changed = check(work, RTC.replace("0x42", "0x43"), trace)
    expect(changed, 1, "@0.000001010 #0 port_read 0x71 1: was 0x42, is 0x43", "2 of 8 verdicts differ")
    expect(check(work, RTC.replace("io.value = 0x42", "io.deny"), trace), 1, "was 0x42, is 0xff")
    expect(check(work, RTC + "on(:port_write, 0x70) { |io| io.drop if io.value == 2 }", trace), 1,
           "port_write 0x70 2 1: was 0x2, is dropped", "1 of 8 verdicts differs")  # fmt: skip
    # What the device would have said is not known
    asks = check(work, RTC.replace("io.value = 0x42 if", "io.value = io.value + 1 if"), trace)
    expect(asks, 0, "2 events cannot be told: it asks devices that were not asked then", "none of 8 verdicts differ")
    expect(check(work, RTC + "on(:msr_read, 0x1b) { |io| io.deny }", trace), 0, "no msr_read was recorded")
    expect(check(work, RTC.replace("register == 9", "nothing"), trace), 1, "(its block failed)", "undefined")
    expect(check(work, "raise 'no'", trace), 1, "no (RuntimeError)")
    told = check(work, RTC.replace("0x42", "0x43"), trace, "--json")
    expect(told, 1)
    result = json.loads(told.text)[0]
    assert (result["same"], result["compared"], len(result["differences"])) == (False, 8, 2), result
    assert result["differences"][0]["was"] == "0x42" and result["differences"][0]["is"] == "0x43", result
    expect(ritevisor("check", work / "new.rb", "--diff"), 2, "--diff needs a recording")
    expect(check(work, RTC, ROOT / "README.md", "--of", "rtc.rb"), 2, "--of goes with --events TRACE")


@test
def replays_have_data_functions_and_the_device_s_answers(work):
    writer = Writer(packet_bytes=2000)
    at = START_NS
    script = """
on(:disk_write, lba: 0) { |r| r.deny if r.data[0, 4].to_s == "boot" }
on(:pci_config_read, class: 0x0200) { |io| io.deny }
on(:cpuid, 1) { |id| id.ecx &= ~0x20 }
on(:msr_write, 0x123) { |msr| msr.deny }
on(:net_tx) { |packet| packet.drop if packet.data.include?("hidden") }
on(:mmio_read, 0xfeb00000..0xfeb00fff) { |io| io.value += io.cpu }
"""
    nic = {"bus": 0, "device": 5, "function": 0, "vendor_id": 0x8086, "device_id": 0x1234, "class_code": 0x020000}
    denied_request(writer, at, 1, "new.rb")
    _, end = disk_request(writer, at + 1000, 2, payload=b"data")
    end()
    at += 100_000
    writer.event(at, "pci_config_read", script="new.rb", hook=1, verdict="deny", offset=0, width=4,
                 result_value=0xFFFFFFFF, **nic)  # fmt: skip
    writer.event(at + 1, "cpuid", script="new.rb", hook=2, verdict="change", leaf=1, width=4, fetched=1, eax=1, ebx=2,
                 ecx=0x21, edx=4, result_eax=1, result_ebx=2, result_ecx=1, result_edx=4)  # fmt: skip
    writer.event(at + 2, "msr_write", script="new.rb", hook=3, verdict="deny", msr=0x123, width=8, value=1)
    writer.event(at + 3, "mmio_read", cpu=3, script="new.rb", hook=4, verdict="change", address=0xFEB00010, width=4,
                 fetched=1, value=7, result_value=10)  # fmt: skip
    # Another script's hook of the same access, whose verdict is not this script's
    writer.event(at + 4, "mmio_read", cpu=3, script="other.rb", hook=5, verdict="change", address=0xFEB00010, width=4,
                 fetched=1, value=10, result_value=99)  # fmt: skip
    # What another had ended before
    writer.event(at + 5, "cpuid", script="other.rb", hook=6, verdict="deny", leaf=1, width=4)
    # A packet that is no IP, and whose data were recorded
    packet = {"nic": 0, "ethertype": 0x88CC, "length": 60, "request": 3, "dport": 0xFFFFFFFF, "sport": 0xFFFFFFFF,
              "protocol": 0xFFFFFFFF, "vlan": 0xFFFFFFFF, "src": NONE, "dst": NONE}  # fmt: skip
    frame_bytes = bytes(12) + b"\x88\xcc" + b"hidden" + bytes(40)
    writer.event(at + 10, "net_tx", phase="submitted", payload=frame_bytes, **packet)
    writer.event(at + 11, "net_tx", script="new.rb", hook=8, verdict="drop", **packet)
    writer.event(at + 12, "net_tx", phase="completed", verdict="drop", **packet)
    # One that went on, and came to its end under the same name
    packet["request"] = 4
    writer.event(at + 20, "net_tx", phase="submitted", payload=bytes(60), **packet)
    writer.event(at + 21, "net_tx", script="new.rb", hook=8, **packet)
    writer.event(at + 22, "net_tx", phase="given", **packet)
    writer.event(at + 23, "net_tx", phase="completed", **packet)
    trace = writer.folder(work / "trace")
    expect(check(work, script, trace), 0, "none of 9 verdicts differ", "left out, other scripts had ended it before: 1")
    expect(check(work, script.replace('"boot"', '"boat"'), trace), 1, "was denied, is passed")
    expect(check(work, script.replace("hidden", "hiding"), trace), 1, "net_tx", "was dropped, is passed")
    expect(check(work, script.replace("0x0200", "0x0300"), trace), 1, "pci_config_read 00:05.0 0 4: was 0xffffffff")
    expect(check(work, script.replace("io.cpu", "1"), trace), 1, "was 0xa, is 0x8")
    expect(check(work, script, trace, "--of", "other.rb"), 1, "mmio_read 0xfeb00010 4: was 0x63, is 0xd")
    expect(check(work, script, trace, "--of", "none.rb"), 2, "none.rb decided nothing in", "new.rb, other.rb")


# Traces that are not whole ------------------------------------------------------------------------


@test
def of_cut_and_damaged_traces_the_rest_is_read(work):
    def broken(change):
        folder = sample().folder(work / f"trace{len(list(work.iterdir()))}")
        (folder / "cpu0").write_bytes(change((folder / "cpu0").read_bytes()))
        told, said = convert(folder, "-f", "json", status=1)
        return len([line for line in told.splitlines() if b'"event"' in line]), said

    whole = 40 * 7 + 3
    read, said = broken(lambda data: data[:-30])
    assert "cut within packet" in said and f"{read} events could be read" in said, said
    assert read == whole - 1, read
    read, said = broken(lambda data: data[:2000])
    assert "cut within packet" in said and 80 < read < whole - 100, (read, said)
    read, said = broken(lambda data: data[:50])
    assert "cut within the header of a packet, at byte 0" in said and read == 80, (read, said)
    read, said = broken(lambda data: b"no packet" + data)
    assert "9 bytes from 0 on are no packet" in said and read == whole, (read, said)
    read, said = broken(lambda data: data[:1000] + b"\xff" * 60 + data[1060:])
    assert "damaged" in said and whole - 12 < read < whole, (read, said)
    read, said = broken(lambda data: data[int.from_bytes(data[48:56], "little") // 8 :])
    assert "1 packets before packet 1 are missing" in said and read < whole, (read, said)


@test
def whatever_a_trace_is_cut_or_changed_to_is_told(work):
    """In its metadata, too: what is not whole is said, and nothing is said without what could be read."""
    whole, chance = sample().pipe(), random.Random(19)
    packets_at = int.from_bytes(whole[24:28], "little") // 8
    for i in range(24):
        data, first = bytearray(whole), 0 if i % 4 < 2 else packets_at
        if i % 2:
            del data[chance.randrange(first + 1, len(data)) :]
        else:
            for _ in range(3):
                data[chance.randrange(first, len(data))] ^= chance.randrange(1, 256)
        (work / "trace").write_bytes(data)
        done = ritevisor("convert", work / "trace", "-f", "json")
        assert done.returncode == 0 or "error: " in done.stderr, (i, done.text)
        assert done.returncode == 1 or not i % 2, (i, done.stderr)
        read = sum(json.loads(line)["type"] == "event" for line in done.stdout.splitlines())
        assert done.returncode == 0 or not read or f"{read} events could be read" in done.stderr, (i, read, done.stderr)


@test
def a_replay_of_a_cut_trace_says_so(work):
    trace = rtc_trace().folder(work / "trace")
    (trace / "cpu0").write_bytes((trace / "cpu0").read_bytes()[:-30])
    expect(check(work, RTC, trace), 0, "cpu0: cut within packet", "none of 7 verdicts differ")


@test
def foreign_traces_are_told(work):
    def refused(name, text):
        expect(ritevisor("convert", work / name), 1, text)

    trace = sample().folder(work / "trace")
    metadata = (trace / "metadata").read_text()
    for name, old, new, text in [
        ("other", '"ritevisor"', '"lttng-ust"', "not a trace of Ritevisor's but of lttng-ust"),
        ("newer", "tracer_major = 1", "tracer_major = 2", "in form 2 of traces; this reads form 1"),
        ("bad", "struct {", "strukt {", "its metadata is damaged, so nothing can be read"),
    ]:
        folder = sample().folder(work / name)
        (folder / "metadata").write_text(metadata.replace(old, new))
        refused(name, text)
    (work / "empty").mkdir()
    refused("empty", "it has no file metadata")
    (work / "file").write_text("no trace")
    refused("file", "no trace: neither a folder with metadata nor what ritectl record -o - writes")
    refused("nothing", "no such file or folder")
    refused("none", "no such file")
    expect(ritevisor("convert", trace, "--of", "rtc.rb"), 1, "--of goes with -f events")
    expect(ritevisor("convert", trace, "-f", "events", "--of", "none.rb"), 1, "none.rb decided nothing", "m.rb, rtc.rb")
    expect(run("./ritevisor", "convert", trace, "-f", "nosuch"), 2, "invalid choice: 'nosuch'")
    expect(run("./ritevisor", "convert", work / "file"), 1, "ritevisor convert: error: ", "no trace")


# The page -----------------------------------------------------------------------------------------


PAINTED = """[...document.querySelectorAll("canvas")].map((canvas) => {
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((value, at) => at % 4 == 3 && value > 0).length; })"""
UNNAMED = """[...document.querySelectorAll("svg, .plot, [role=region]")].filter((each) => !each.ariaLabel).length
  + [...document.querySelectorAll("table:not(.u-legend)")].filter((each) => !each.caption).length"""


@test
def the_report_shows_in_a_browser_without_a_request(work):
    page = work / "report.html"
    expect(ritevisor("report", with_a_hostile_name(work), "-o", page), 0, "284 events")
    with Browser() as browser:
        browser.open(page)
        painted = browser.evaluate(PAINTED)
        assert len(painted) == 3 and min(painted) > 1000, painted
        cells = browser.evaluate("document.querySelectorAll('.map rect').length")
        assert cells > 10, cells
        assert not browser.evaluate("document.querySelectorAll('#hostile').length"), "a name became an element"
        unnamed = browser.evaluate(UNNAMED)
        assert unnamed == 0 and browser.evaluate("document.documentElement.lang") == "en", unnamed
        text = browser.evaluate("document.body.innerText")
        assert browser.requests == [page.as_uri()], browser.requests
        assert not browser.messages, browser.messages
    for wanted in ("3 events of CPU 0 were lost", "disk_write\tguard.rb\tdeny\t1", "nvme0n1 write", "251 µs", "</script>"):
        assert wanted in text, (wanted, text)


@test
def the_report_of_a_cut_trace_says_so(work):
    trace = sample().folder(work / "trace")
    (trace / "cpu0").write_bytes((trace / "cpu0").read_bytes()[:-30])
    done = ritevisor("report", trace, "-o", "-")
    expect(done, 1, "error: ", "cannot be read: cpu0: cut within packet")
    assert done.stdout.endswith(b"</html>\n")
