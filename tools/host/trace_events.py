"""Traces as the .events files that ./ritevisor check plays: what the guest did, what the device gave, and as what is
expected, what it came to. docs/check.md describes such files.
"""

from dataclasses import dataclass, field, replace

from . import kinds, samples
from .errors import UserError
from .traces import Loss

RECORDER = "ritectl"  # whose hooks the recording's own are
REPLAYED_PLAIN = ("timer", "shutdown")  # of the kinds that have no verdict
ABSENT_VENDOR = 0xFFFF


@dataclass
class Moment:
    """What the guest did once: an access, or a request or its end. Each hook that saw it is an event of a trace."""

    first: object
    events: list = field(default_factory=list)
    payload: bytes = b""
    is_over: bool = False
    is_changed: bool = False  # its data, by a script

    @property
    def last(self):
        return self.events[-1] if self.events else self.first


def own_fields(kind):
    """The names of the fields that say what the guest did, but for those that a hook before may have changed."""
    return [each["name"] for each in kind["fields"] if not each["flags"] & (kinds.LAZY | kinds.WRITABLE)]


class Moments:
    """Puts events together. feed() returns those moments that are over, in order."""

    def __init__(self):
        self.waiting = []
        self.of_cpu, self.of_request = {}, {}

    def feed(self, event):
        if event.fields.get("request") is not None:
            self.feed_request(event)
        else:
            self.feed_access(event)
        return self.take()

    def take(self, all_of_them=False):
        taken = []
        while self.waiting and (all_of_them or self.waiting[0].is_over):
            taken.append(self.waiting.pop(0))
        return taken

    def begin(self, event):
        moment = Moment(event, payload=event.payload)
        self.waiting.append(moment)
        return moment

    def feed_access(self, event):
        moment = self.of_cpu.get(event.cpu)
        if moment is None or moment.is_over or not is_same_access(moment, event):
            if moment is not None:
                moment.is_over = True
            moment = self.of_cpu[event.cpu] = self.begin(event)
        moment.events.append(event)
        # No later hook is asked
        moment.is_over = event.verdict in ("deny", "drop") or "accept" in event.verdict

    def feed_request(self, event):
        is_end = event.kind.endswith("_done")
        key = event.fields["request"], is_end
        moment = self.of_request.get(key)
        if moment is None and event.phase in ("given", "completed") and not is_end:
            return  # over already, or its begin was not recorded
        if moment is None:
            moment = self.of_request[key] = self.begin(event)
        moment.payload = moment.payload or event.payload
        if event.phase == "event":
            moment.events.append(event)
        elif event.phase != "submitted":
            if event.phase == "given" and event.payload and event.payload != moment.payload:
                moment.is_changed = True
            moment.is_over = True
            self.of_request.pop(key)


def is_replayed(event):
    kind = kinds.table().get(event.kind, {"flags": 0})
    return event.kind != "trace" and (not kind["flags"] & kinds.PLAIN or event.kind in REPLAYED_PLAIN)


def is_same_access(moment, event):
    """Another hook's event of the same access? Each hook sees an access once."""
    kind = kinds.table().get(event.kind)
    if kind is None or event.kind == "timer" or event.kind != moment.first.kind or event.hook in {each.hook for each in moment.events}:
        return False
    names = [name for name in own_fields(kind) if name in event.fields]
    if any(event.fields[name] != moment.first.fields[name] for name in names):
        return False
    return not kind["flags"] & kinds.WRITE or event.fields["value"] == moment.last.fields["result_value"]


# One line -----------------------------------------------------------------------------------------


def numbers(event, prefix=""):
    """The fields that a verdict can change: as the device gave them, or with "result_" after it."""
    kind = kinds.table()[event.kind]
    names = [each["name"] for each in kind["fields"] if each["flags"] & kinds.WRITABLE]
    return [event.fields[prefix + name] for name in names if prefix + name in event.fields]


def joined(values, separator=","):
    return separator.join(f"0x{value:x}" for value in values)


def expected(event, answer, is_changed):
    """What it came to, in the words of an .events file; answer is what the device gave, or None."""
    kind = kinds.table()[event.kind]
    verdict, *more = event.verdict.split("_")
    if verdict == "hold" or "hold" in more:
        return "*"
    if verdict == "error":
        return "* error"
    if kind["flags"] & kinds.REQUEST:
        return expected_of_request(event, verdict, is_changed)
    is_write = kind["flags"] & kinds.WRITE
    if verdict == "change":
        return joined(numbers(event, "result_"), " ")
    if verdict in ("deny", "drop"):
        if kind["class"] == "Msr" and verdict == "deny":
            return "gp"
        if is_write:
            return "dropped"
        if kind["class"] == "Cpuid":
            return "0 0 0 0"
        return "0" if kind["class"] == "Msr" else f"0x{(1 << 8 * event.fields['width']) - 1:x}"
    if is_write:
        return joined([event.fields["value"]])
    return joined(answer, " ") if answer is not None else "unchanged"


def expected_of_request(event, verdict, is_changed):
    if verdict == "change" and numbers(event):
        moved = numbers(event) != numbers(event, "result_")
        return joined(numbers(event, "result_"), " ") if moved else "redirected"
    is_changed |= verdict == "change"
    named = {"deny": "denied", "drop": "dropped"}
    return named.get(verdict, "changed" if is_changed else "passed")


def answer_of(events):
    """What the device gave, of reads; None if it is not known: it was not asked, or not before the verdict."""
    for each in events:
        if each.fetched:
            return numbers(each)
        if each.verdict != "pass":
            return None
    return None


def line_words(event):
    """KIND and its words."""
    kind = kinds.table()[event.kind]
    texts = {text["name"]: text for text in kind["texts"]}
    words = [event.kind]
    for name in kind["words"].split():
        if name in texts:
            words.append(samples.joined_text(kind, texts[name], event.fields))
            continue
        value = event.fields[name]
        words.append(value if isinstance(value, str) else f"0x{value:x}" if value > 9 else str(value))
    return words


class Writer:
    """Writes moments as lines. script: whose verdicts count, None: those of all."""

    def __init__(self, output, script):
        self.output, self.script, self.text = output, script, output.text()
        self.functions, self.timers, self.left_out = {}, set(), {}
        self.payloads, self.payload_bytes = None, 0

    def leave_out(self, why):
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def own_events(self, moment):
        """The events whose verdicts count; None: the script was not asked, for a hook before had ended the matter."""
        if self.script is None:
            return moment.events
        own = [each for each in moment.events if each.script == self.script]
        ended = moment.events and (moment.last.verdict in ("deny", "drop") or "accept" in moment.last.verdict)
        return None if ended and not own else own

    def write(self, trace, moment):
        kind = kinds.table().get(moment.first.kind)
        if kind is None:
            self.leave_out(f"this build does not know {moment.first.kind}")
        elif kind["flags"] & kinds.PLAIN:
            self.write_plain(trace, moment)
        elif self.own_events(moment) is None:
            self.leave_out("other scripts had ended it before")
        else:
            self.write_moment(trace, kind, moment, self.own_events(moment))

    def write_moment(self, trace, kind, moment, own):
        if any(text["name"] == "slot" for text in kind["texts"]):
            self.write_function(moment.first)
        # What no hook of the script's wanted it let pass.
        first = own[0] if own else replace(moment.first, verdict="pass")
        words, answer = self.place(trace, moment.first), None
        if not kind["flags"] & (kinds.WRITE | kinds.REQUEST):
            answer = answer_of(moment.events[moment.events.index(first) :] if own else moment.events)
            words.append("device=" + ("?" if answer is None else joined(answer)))
        words += self.payload(moment.payload)
        words += [*line_words(first), "->", expected(own[-1] if own else first, answer, moment.is_changed)]
        self.text.write(" ".join(words) + "\n")

    def write_plain(self, trace, moment):
        """The guest's end, or a time that is over: such a line is about all timers, so where there are several it
        cannot be told whose it was."""
        event = moment.first
        if not self.own_events(moment):
            return
        if event.kind == "timer":
            self.timers.add((event.script, event.hook))
            if len(self.timers) > 1:
                self.leave_out("there were several timers")
                return
        self.text.write(" ".join([*self.place(trace, event), event.kind]) + "\n")

    def write_function(self, event):
        """A PCI function, when it is seen for the first time: hooks filter by what it is."""
        slot = samples.slot_text(event.fields)
        if slot in self.functions or event.fields["vendor_id"] == ABSENT_VENDOR:
            return
        ids = f"{event.fields['vendor_id']:04x}:{event.fields['device_id']:04x} {event.fields['class_code']:06x}"
        self.functions[slot] = ids
        self.text.write(f"pci {slot} {ids}\n")

    def payload(self, data):
        if not data:
            return []
        if self.output.path is None:
            self.leave_out("data, which stand in a file beside (-o FILE)")
            return []
        path = self.output.path.with_name(self.output.path.name + ".data")
        self.payloads = self.payloads or open(path, "wb")
        self.payloads.write(data)
        self.payload_bytes += len(data)
        return [f"payload={path.name}:{self.payload_bytes - len(data)}+{len(data)}"]

    def place(self, trace, event):
        since = event.time_ns - trace.begin_ns
        return [f"@{since // 10**9}.{since % 10**9:09}", f"cpu={event.cpu}"]


def write_events(trace, output):
    writer, moments = Writer(output, output.script), Moments()
    writer.text.write(f"# {trace.name}" + (f", verdicts of {output.script}" if output.script else "") + "\n")
    for each in trace:
        if isinstance(each, Loss):
            writer.text.write(f"# {each.count} events are missing here\n")
        elif is_replayed(each):
            for moment in moments.feed(each):
                writer.write(trace, moment)
    for moment in moments.take(all_of_them=True):
        writer.write(trace, moment)
    if writer.payloads:
        writer.payloads.close()
    output.notes += [f"left out, {why}: {count}" for why, count in writer.left_out.items()]


def decider(trace, of, usual=None):
    """Whose verdicts count: those of the script that --of says, else of the usual one if it had a say; None: what came of
    all."""
    if of is None and usual is None:
        return None
    found = {each.script for each in trace if not isinstance(each, Loss)} - {"", RECORDER}
    if of is not None and of not in found:
        raise UserError(f"{of} decided nothing in {trace.name}; there are: {', '.join(sorted(found)) or 'none'}")
    return of or (usual if usual in found else None)
