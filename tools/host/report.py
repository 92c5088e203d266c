"""A trace as one HTML page, which needs nothing else: report.html with uPlot and the trace's figures in it."""

import html
import json
from array import array
from collections import Counter, defaultdict
from datetime import datetime, timezone
from pathlib import Path

from . import paths
from .errors import need_file
from .requests import Requests
from .traces import Loss

TEMPLATE = Path(__file__).with_name("report.html")
UPLOT = ("uPlot.iife.min.js", "uPlot.min.css", "LICENSE")
BINS = 400  # of the time line
SERIES = 6  # of a plot; what is rarer is together
MAP_COLUMNS, MAP_ROWS, MAP_SHADES = 60, 32, 8
SLOWEST = 20


class Figures:
    """What the page shows, counted event by event."""

    def __init__(self, trace):
        self.trace = trace
        self.times = defaultdict(lambda: array("Q"))  # of events, a kind
        self.losses = []
        self.verdicts = Counter()  # (kind, script, verdict)
        self.deciding = defaultdict(Counter)  # script: {log2 of ns: events}
        self.latencies = defaultdict(Counter)  # "disk command": {log2 of us: requests}
        self.shares = defaultdict(lambda: [0, 0, 0])  # "disk command": requests, ns until given, ns of the device
        self.touched = defaultdict(lambda: (array("Q"), array("Q"), array("Q")))  # disk: times, LBAs, sectors
        self.slowest = []
        requests = Requests()
        for each in trace:
            if isinstance(each, Loss):
                self.losses.append(each)
            else:
                self.count(each, *requests.feed(each))

    def count(self, event, request, is_new):
        if event.phase in ("event", "submitted"):
            self.times[event.kind].append(event.time_ns)
        if event.phase == "event":
            self.verdicts[event.kind, event.script, event.verdict] += 1
            if event.duration_ns:
                self.deciding[event.script][event.duration_ns.bit_length()] += 1
        if is_new and "lba" in event.fields and event.fields["sectors"]:
            for values, value in zip(self.touched[request.device],
                                     (event.time_ns, event.fields["lba"], event.fields["sectors"])):  # fmt: skip
                values.append(value)
        if request is not None and request.completed_ns is not None:
            self.count_request(request)

    def count_request(self, request):
        name = f"{request.device} {request.command}"
        took_ns = request.completed_ns - request.submitted_ns
        self.latencies[name][(took_ns // 1000).bit_length()] += 1
        share = self.shares[name]
        share[0] += 1
        if request.given_ns is not None:
            share[1] += request.given_ns - request.submitted_ns
            share[2] += request.completed_ns - request.given_ns
        self.slowest = sorted([*self.slowest, (took_ns, request.number, request)], reverse=True)[:SLOWEST]

    @property
    def duration_ns(self):
        return max(self.trace.end_ns - self.trace.begin_ns, 1)


# Plots --------------------------------------------------------------------------------------------


def time_line(figures):
    """Events a bin, of the kinds that are most frequent."""
    kinds = sorted(figures.times, key=lambda kind: -len(figures.times[kind]))
    series = {kind: [0] * BINS for kind in kinds[:SERIES]}
    if len(kinds) > SERIES:
        series["others"] = [0] * BINS
    for kind in kinds:
        counts = series[kind if kind in series else "others"]
        for time_ns in figures.times[kind]:
            counts[min((time_ns - figures.trace.begin_ns) * BINS // figures.duration_ns, BINS - 1)] += 1
    width_s = figures.duration_ns / BINS / 1e9
    return {"x": [round(i * width_s, 9) for i in range(BINS)], "series": series, "unit": "s"}


def histogram(counters, unit_ns):
    """Buckets of powers of two, of the counters that have most."""
    names = sorted(counters, key=lambda name: -counters[name].total())[:SERIES]
    if not names:
        return None
    buckets = sorted({bucket for name in names for bucket in counters[name]})
    shown = range(buckets[0], buckets[-1] + 1)
    return {"labels": [bucket_text(bucket, unit_ns) for bucket in shown],
            "series": {name: [counters[name][bucket] for bucket in shown] for name in names}}  # fmt: skip


def bucket_text(bucket, unit_ns):
    """From where on the bucket is: that of bit_length() 4 begins with 8."""
    return duration_text((1 << bucket - 1 if bucket else 0) * unit_ns)


def duration_text(ns):
    for unit, name in ((10**9, "s"), (10**6, "ms"), (10**3, "µs")):
        if ns >= unit:
            return f"{ns / unit:.3g} {name}"
    return f"{ns} ns"


def heat_map(figures, disk):
    """An SVG image: time to the right, LBA upwards, the more sectors the darker."""
    times, lbas, sectors = figures.touched[disk]
    first, last = min(lbas), max(lba + count - 1 for lba, count in zip(lbas, sectors))
    cells = Counter()
    for time_ns, lba, count in zip(times, lbas, sectors):
        column = min((time_ns - figures.trace.begin_ns) * MAP_COLUMNS // figures.duration_ns, MAP_COLUMNS - 1)
        cells[column, (lba - first) * MAP_ROWS // (last - first + 1)] += count
    most = max(cells.values()).bit_length()
    rects = []
    for (column, row), count in sorted(cells.items()):
        shade = max(1, count.bit_length() * MAP_SHADES // most)
        rects.append(f'<rect x="{column}" y="{MAP_ROWS - 1 - row}" width="1" height="1" class="h{shade}">'
                     f"<title>{count} sectors</title></rect>")  # fmt: skip
    what = f"{len(times)} requests of {disk}, LBA {first} to {last}"
    return (
        f'<figure><figcaption>{html.escape(disk)}: time to the right, LBA {first} (below) to {last} (above)</figcaption>'
        f'<svg class="map" role="img" aria-label="{html.escape(what)}" viewBox="0 0 {MAP_COLUMNS} {MAP_ROWS}" '
        f'preserveAspectRatio="none">{"".join(rects)}</svg></figure>'
    )


# The page -----------------------------------------------------------------------------------------


def table(caption, head, rows):
    cells = "".join(f"<th scope=col>{html.escape(each)}</th>" for each in head)
    body = "".join("<tr>" + "".join(cell(each) for each in row) + "</tr>" for row in rows)
    return (f'<div class="wide" tabindex="0" role="region" aria-label="{html.escape(caption)}"><table>'
            f"<caption>{html.escape(caption)}</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>")  # fmt: skip


def cell(value):
    kind = " class=number" if isinstance(value, int) else ""
    return f"<td{kind}>{html.escape(f'{value:,}' if isinstance(value, int) else str(value))}</td>"


def plot(name, title, data, note=""):
    """The place of a plot, which the page's script draws; what it shows as a table, too."""
    if data is None:
        return ""
    labels = data.get("labels") or [f"{value:g}" for value in data["x"]]
    rows = [[label, *values] for label, *values in zip(labels, *data["series"].values()) if any(values)]
    shown = table(title, ["from", *data["series"]], rows)
    return (f'<figure><figcaption>{html.escape(title)}{html.escape(note)}</figcaption>'
            f'<div class="plot" id="{name}" role="img" aria-label="{html.escape(title)}; the table below has the numbers">'
            f"</div><details><summary>Numbers</summary>{shown}</details></figure>")  # fmt: skip


def summary(figures):
    trace = figures.trace
    begun = datetime.fromtimestamp(trace.begin_ns / 10**9, timezone.utc)
    facts = [("Begun", f"{begun:%Y-%m-%d %H:%M:%S} UTC"), ("Length", duration_text(figures.duration_ns)),
             ("Events", f"{trace.count:,}"), ("Lost", f"{trace.lost:,}")]  # fmt: skip
    if "tracer_version" in trace.environment:
        facts.append(("Ritevisor", trace.environment["tracer_version"]))
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{html.escape(value)}</dd></div>" for name, value in facts) + "</dl>"


def warnings(figures):
    texts = [f"cannot be read: {each}" for each in figures.trace.damage]
    texts += [f"{loss.count:,} events of CPU {loss.cpu} were lost before "
              f"{duration_text(loss.time_ns - figures.trace.begin_ns)}" for loss in figures.losses[:SLOWEST]]  # fmt: skip
    return "".join(f'<p class="warning" role="note">{html.escape(text)}</p>' for text in texts)


def sections(figures, plots):
    verdicts = [[kind, script, verdict, count] for (kind, script, verdict), count in figures.verdicts.most_common()]
    slowest = [[duration_text(took), request.title, request.comment, str(request.status)] for took, _, request in figures.slowest]
    shares = [[name, requests, duration_text(ours // requests), duration_text(device // requests)]
              for name, (requests, ours, device) in sorted(figures.shares.items())]  # fmt: skip
    found = [
        ("Time line", plot("timeline", "Events over time", plots["timeline"], "; drag to zoom, double-click to go back")),
        ("Latency of requests", plot("latency", "Requests by how long they took", plots["latency"]) + (
            table("Where the time went, on average", ["requests of", "number", "until the device had it", "device"], shares)
            if shares else "")),
        ("Disks", "".join(heat_map(figures, disk) for disk in sorted(figures.touched))),
        ("Scripts", plot("deciding", "Events by how long a script took to decide", plots["deciding"]) + (
            table("Verdicts", ["kind", "script", "verdict", "events"], verdicts) if verdicts else "")),
        ("Slowest requests", table("Slowest requests", ["took", "request", "verdict", "status"], slowest) if slowest else ""),
    ]  # fmt: skip
    return "".join(f"<section><h2>{title}</h2>{text}</section>" for title, text in found if text)


def page(trace):
    """Returns the page's text."""
    uplot = [need_file(paths.REPORT / name, "run make").read_text() for name in UPLOT]
    figures = Figures(trace)
    plots = {
        "timeline": time_line(figures) if figures.times else None,
        "latency": histogram(figures.latencies, 1000),
        "deciding": histogram(figures.deciding, 1),
    }
    # Nothing in it ends the script element, or begins a comment.
    data = json.dumps(plots, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "TITLE": html.escape(f"Trace {Path(trace.name).name}"), "SUMMARY": summary(figures) + warnings(figures),
        "SECTIONS": sections(figures, plots) or "<p>There are no events in this trace.</p>", "DATA": data,
        "UPLOT_JS": uplot[0], "UPLOT_CSS": uplot[1], "UPLOT_LICENSE": uplot[2],
    }  # fmt: skip
    return "".join(parts[piece] if at % 2 else piece for at, piece in enumerate(TEMPLATE.read_text().split("@@")))
