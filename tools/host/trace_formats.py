"""What traces are converted into: one table, FORMATS, and the formats that are text. trace_binary.py and
trace_events.py have the others.
"""

import io
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable

from . import trace_binary, trace_events
from .requests import Requests
from .traces import Loss

PAGE_BYTES = 4096


def seconds(trace, time_ns):
    """Since the trace's begin, to the nanosecond."""
    return f"{(time_ns - trace.begin_ns) // 10**9}.{(time_ns - trace.begin_ns) % 10**9:09}"


def value_text(trace, event, name, value):
    return f"0x{value:x}" if isinstance(value, int) and name in trace.hexadecimal.get(event.kind, ()) else str(value)


def is_result(name):
    return name.startswith("result_")


def write_text(trace, output):
    """A line an event: [TIME] #CPU KIND FIELDS -> RESULT VERDICT SCRIPT."""
    text = output.text()
    for each in trace:
        if each.time_ns == trace.begin_ns and trace.count + trace.lost == 1:
            begun = datetime.fromtimestamp(trace.begin_ns / 10**9, timezone.utc)
            text.write(f"# {trace.name}, begun {begun:%Y-%m-%d %H:%M:%S} UTC\n")
        place = f"[{seconds(trace, each.time_ns):>14}] #{each.cpu}"
        if isinstance(each, Loss):
            text.write(f"{place} lost {each.count} events\n")
            continue
        words = [place, each.kind]
        words += [each.phase] if each.phase != "event" else []
        words += [f"{name}={value_text(trace, each, name, value)}" for name, value in each.fields.items()
                  if not is_result(name)]  # fmt: skip
        if each.verdict.startswith("change"):
            words += ["->"] + [f"{name[7:]}={value_text(trace, each, name, value)}"
                               for name, value in each.fields.items() if is_result(name)]  # fmt: skip
        words += [each.verdict] if each.verdict != "pass" else []
        words += [f"({each.script})"] if each.script else []
        words += [f"{each.duration_ns / 1000:.1f}us"] if each.duration_ns else []
        text.write(" ".join(words) + "\n")


def write_json(trace, output):
    """A JSON object a line, in bpftrace's shapes: type, data; and ts, cpu, script, seq, verdict."""
    text = output.text()
    for number, each in enumerate(trace, 1):
        place = {"ts": each.time_ns, "cpu": each.cpu}
        if isinstance(each, Loss):
            line = {"type": "lost_events", "count": each.count, **place}
        else:
            data = {"kind": each.kind, "phase": each.phase, **each.fields}
            if each.payload:
                data["payload"] = each.payload.hex()
            line = {"type": "event", "data": data, **place, "script": each.script, "hook": each.hook,
                    "seq": number, "verdict": each.verdict, "duration_ns": each.duration_ns}  # fmt: skip
        text.write(json.dumps(line, separators=(",", ":")) + "\n")


# Chrome and Perfetto ------------------------------------------------------------------------------

GUEST, REQUESTS = 1, 2  # "processes" of the time line


def write_chrome(trace, output):
    """JSON for chrome://tracing and ui.perfetto.dev. Requests overlap, so they are asynchronous events with an id;
    the rest are instants, or as long as a script took to decide."""
    text = output.text()
    names = {GUEST: "guest", REQUESTS: "requests"}
    text.write('{"displayTimeUnit":"ns","traceEvents":[\n')
    for number, name in names.items():
        text.write(json.dumps({"ph": "M", "pid": number, "tid": 0, "name": "process_name", "args": {"name": name}}) + ",\n")
    requests = Requests()
    for each in trace:
        for made in chrome_events(trace, each, requests):
            text.write(json.dumps(made, separators=(",", ":")) + ",\n")
    for request in requests.open.values():
        made = chrome_request(trace, request, "e", trace.end_ns, {"unfinished": True})
        text.write(json.dumps(made, separators=(",", ":")) + ",\n")
    text.write(json.dumps({"ph": "M", "pid": GUEST, "tid": 0, "name": "process_sort_index", "args": {"sort_index": 0}}))
    text.write("\n]}\n")


def chrome_time(trace, time_ns):
    return (time_ns - trace.begin_ns) / 1000


def chrome_request(trace, request, phase, time_ns, arguments):
    return {"ph": phase, "cat": "request", "id": f"0x{request.number:x}", "name": request.title, "pid": REQUESTS,
            "tid": 0, "ts": chrome_time(trace, time_ns), "args": arguments}  # fmt: skip


def chrome_events(trace, each, requests):
    base = {"pid": GUEST, "tid": each.cpu}
    if isinstance(each, Loss):
        return [{**base, "ph": "i", "s": "p", "name": f"lost {each.count} events", "ts": chrome_time(trace, each.time_ns)}]
    request, is_new = requests.feed(each)
    arguments = {**each.fields, "verdict": each.verdict, "script": each.script}
    if request is not None and each.phase != "event":
        phase = {"submitted": "b", "given": "n", "completed": "e"}[each.phase]
        if each.phase == "completed":
            arguments["verdict"] = request.comment
        return [chrome_request(trace, request, phase, each.time_ns, {**arguments, "phase": each.phase})]
    name = each.fields.get("name", each.kind) if each.kind == "trace" else each.kind
    if not each.duration_ns:
        return [{**base, "ph": "i", "s": "t", "name": name, "cat": each.script or "hypervisor",
                 "ts": chrome_time(trace, each.time_ns), "args": arguments}]  # fmt: skip
    begin_ns = max(each.time_ns - each.duration_ns, trace.begin_ns)
    return [{**base, "ph": "X", "name": name, "cat": each.script, "args": arguments,
             "ts": chrome_time(trace, begin_ns), "dur": (each.time_ns - begin_ns) / 1000}]  # fmt: skip


# mmiotrace ----------------------------------------------------------------------------------------


def write_mmiotrace(trace, output):
    """What Linux' mmiotrace writes (Documentation/trace/mmiotrace.rst): accesses of device memory, with what the
    device gave or got. Maps are the runs of pages that were touched."""
    text, accesses = output.text(), []
    for each in trace:
        if isinstance(each, Loss) or each.kind in ("mmio_read", "mmio_write"):
            accesses.append(each)
    maps = mmiotrace_maps({each.fields["address"] // PAGE_BYTES for each in accesses if not isinstance(each, Loss)})
    text.write("VERSION 20070824\n")
    for number, (first, pages) in enumerate(maps, 1):
        text.write(f"MAP 0.000000 {number} 0x{first * PAGE_BYTES:x} 0x0 0x{pages * PAGE_BYTES:x} 0x0 0\n")
    for each in accesses:
        text.write(mmiotrace_line(trace, each, maps))


def mmiotrace_maps(pages):
    """Returns [(first page, pages)] of runs."""
    maps = []
    for page in sorted(pages):
        if maps and sum(maps[-1]) == page:
            maps[-1] = (maps[-1][0], maps[-1][1] + 1)
        else:
            maps.append((page, 1))
    return maps


def mmiotrace_line(trace, each, maps):
    time = seconds(trace, each.time_ns)[:-3]
    if isinstance(each, Loss):
        return f"MARK {time} lost {each.count} events on CPU {each.cpu}\n"
    address, write = each.fields["address"], each.kind == "mmio_write"
    number = next(i for i, (first, pages) in enumerate(maps, 1) if first <= address // PAGE_BYTES < first + pages)
    value = each.fields["result_value"] if write or not each.fetched else each.fields["value"]
    line = f"{'W' if write else 'R'} {each.fields['width']} {time} {number} 0x{address:x} 0x{value:x} 0x0 0\n"
    reached = not write or each.verdict.split("_")[0] not in ("deny", "drop")
    return line if reached else f"MARK {time} {each.verdict} by {each.script}: {line}"


# The table ----------------------------------------------------------------------------------------


class Output:
    """Where a format writes: a file, a folder, or standard output (-)."""

    def __init__(self, path, stdout, script=None):
        self.path = None if path == "-" else Path(path)
        self.stdout, self.script = stdout, script  # whose verdicts count, where a format shows what came of it
        self.files, self.notes = [], []  # notes: what a user should know of what was written

    def binary(self):
        if self.path is None:
            return self.stdout
        self.files.append(open(self.path, "wb"))
        return self.files[-1]

    def text(self):
        wrapped = io.TextIOWrapper(self.binary(), encoding="utf-8", errors="replace")
        self.files.append(wrapped)
        return wrapped

    def close(self):
        for file in reversed(self.files):
            if isinstance(file, io.TextIOWrapper) and file.buffer is self.stdout:
                file.flush()
                file.detach()
            else:
                file.close()
        if self.path is None:
            self.stdout.flush()


@dataclass
class Format:
    write: Callable
    summary: str


FORMATS = {
    "text": Format(write_text, "a line an event"),
    "json": Format(write_json, "a JSON object a line, in bpftrace's shapes"),
    "chrome": Format(write_chrome, "JSON for chrome://tracing and ui.perfetto.dev"),
    "blktrace": Format(trace_binary.write_blktrace, "a folder for blkparse and btt: DISK.blktrace.CPU"),
    "mmiotrace": Format(write_mmiotrace, "device memory, as Linux' mmiotrace tells of it"),
    "pcapng": Format(trace_binary.write_pcapng, "packets and USB transfers for Wireshark, with verdicts as comments"),
    "events": Format(trace_events.write_events, "what ./ritevisor check --events plays, and its verdicts"),
}
