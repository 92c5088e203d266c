"""What is in a trace's packets, read by babeltrace2: in a process of its own, which may end in the middle, since
babeltrace2 gives up where an event goes beyond its packet.
"""

import contextlib
import os
import resource
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from .errors import UserError, how_to_get

NO_HOOK = 0xFFFFFFFF


@dataclass(slots=True)
class Event:
    time_ns: int  # since 1970
    cpu: int
    kind: str
    phase: str = "event"  # or of requests: submitted, given, completed
    verdict: str = "pass"
    script: str = ""
    hook: int | None = None
    duration_ns: int = 0  # that it took a script to decide
    fetched: bool = False
    fields: dict = field(default_factory=dict)
    payload: bytes = b""


@dataclass(slots=True)
class Loss:
    time_ns: int
    cpu: int
    count: int


def babeltrace():
    """Debian's bindings, whatever python3 runs this."""
    with contextlib.suppress(ImportError):
        import bt2

        return bt2
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import bt2
    except ImportError:
        raise UserError(f"babeltrace2's module bt2 for Python, which reads traces, is missing; {how_to_get('bt2')}") from None
    return bt2


class Reader:
    """Iterating gives a list of events for each packet of one stream, up to the first that is not whole. is_careful:
    a list for each event, so that those before the damage come, too."""

    def __init__(self, metadata, packets, is_careful=False):
        self.metadata, self.packets, self.is_careful = metadata, packets, is_careful
        self.has_metadata = False
        self.reason = "its events are not whole"
        self.environment, self.hexadecimal = {}, {}

    def __enter__(self):
        babeltrace()  # its absence is told here
        import multiprocessing  # here, for each command would pay for it

        context = multiprocessing.get_context("fork")
        self.pipe, other = context.Pipe(duplex=False)
        self.process = context.Process(target=self.run, args=(other,), daemon=True)
        self.process.start()
        other.close()
        return self

    def __exit__(self, *_):
        self.pipe.close()
        self.process.kill()
        self.process.join()

    def __iter__(self):
        with contextlib.suppress(EOFError):
            while True:
                what, value = self.pipe.recv()
                if what == "events":
                    yield value
                else:
                    setattr(self, what, value)

    # In the other process -------------------------------------------------------------------------

    def run(self, pipe):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        self.send = lambda what, value: pipe.send((what, value))
        bt2 = babeltrace()
        bt2.set_global_logging_level(bt2.LoggingLevel.NONE)
        with tempfile.TemporaryDirectory(prefix="ritevisor-trace-") as folder:
            (Path(folder) / "metadata").write_bytes(self.metadata)
            (Path(folder) / "stream").write_bytes(b"".join(packet.data for packet in self.packets))
            try:
                self.read(bt2, folder)
            except bt2._Error as error:
                self.send("reason", reason_of(error))
            except BrokenPipeError:
                pass

    def read(self, bt2, folder):
        from bt2 import native_bt

        source = bt2.ComponentSpec.from_named_plugin_and_component_class(
            "ctf", "fs", {"inputs": [folder]}, logging_level=bt2.LoggingLevel.NONE
        )
        events = []
        for message in bt2.TraceCollectionMessageIterator(source):
            # An event that is cut sets an error while those before it are still to come; the next call would abort.
            native_bt.current_thread_clear_error()
            if isinstance(message, bt2._EventMessageConst):
                events.append(self.event(message))
                if self.is_careful:
                    self.send("events", [events.pop()])
            elif isinstance(message, bt2._PacketEndMessageConst):
                self.send("events", events)
                events = []
            elif isinstance(message, bt2._StreamBeginningMessageConst):
                self.send("has_metadata", True)
                self.send("environment", plain(message.stream.trace.environment))

    def event(self, message):
        event, clock = message.event, message.default_clock_snapshot
        if event.name not in self.hexadecimal:
            self.hexadecimal[event.name] = hexadecimal_of(event.payload_field)
            self.send("hexadecimal", self.hexadecimal)
        context, fields = plain(event.common_context_field), plain(event.payload_field)
        if context["phase"] != "event":
            context["script"] = ""  # "-": no script's
        payload = bytes(fields.pop("payload", ()))
        fields.pop("payload_length", None)
        return Event(
            clock.ns_from_origin, int(event.packet.context_field["cpu_id"]), event.name, context["phase"],
            context["verdict"], context["script"], None if context["hook"] == NO_HOOK else context["hook"],
            context["duration"] * 10**9 // clock.clock_class.frequency, bool(context["fetched"]), fields, payload,
        )  # fmt: skip


def plain(mapping):
    """A structure's fields as Python's own values; of enumerations the name, or the number if it has none."""
    return {name: plain_value(value) for name, value in mapping.items()}


def plain_value(value):
    labels = getattr(value, "labels", None)
    if labels is not None:
        return labels[0] if labels else int(value)
    if type(value).__name__.startswith("_String"):
        return str(value)
    if hasattr(value, "__len__"):
        return [int(each) for each in value]
    return int(value)


def hexadecimal_of(structure):
    """The names of a structure's fields that are better read in base 16."""
    return {name for name, value in structure.items() if getattr(value.cls, "preferred_display_base", 10) == 16}


def reason_of(error):
    """What went wrong, as the innermost of babeltrace2's causes tells it."""
    return error[0].message.split(":")[0].strip().rstrip(".")
