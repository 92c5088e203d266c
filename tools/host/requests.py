"""Requests of a trace: what the guest asked a device for, put together from its events."""

from dataclasses import dataclass, field

REQUEST_PHASES = ("submitted", "given", "completed")


@dataclass(slots=True)
class Request:
    number: int
    kind: str
    cpu: int
    fields: dict
    submitted_ns: int
    payload: bytes
    payload_bytes: int
    given_ns: int | None = None
    completed_ns: int | None = None
    verdict: str = "pass"
    decided_by: list = field(default_factory=list)  # scripts, of what they decided beyond pass
    status: int = 0

    @property
    def device(self):
        return f"nic{self.fields['nic']}" if "nic" in self.fields else str(self.fields.get("disk", self.kind))

    @property
    def command(self):
        return str(self.fields.get("command", self.kind))

    @property
    def title(self):
        where = f" {self.fields['lba']}+{self.fields['sectors']}" if "lba" in self.fields else ""
        return f"{self.device} {self.command}{where}"

    @property
    def comment(self):
        """The verdict, and whose it was: "deny (guard.rb)"."""
        return self.verdict + (f" ({', '.join(self.decided_by)})" if self.decided_by else "")


class Requests:
    """Those that go on. feed() takes a trace's events one by one."""

    def __init__(self):
        self.open = {}

    def feed(self, event):
        """Returns (request, is_new) that an event is of; (None, False) if it is of none that was seen to begin."""
        number = event.fields.get("request")
        if number is None:
            return None, False
        if event.phase == "submitted":
            request = Request(number, event.kind, event.cpu, event.fields, event.time_ns, event.payload,
                              event.fields.get("payload_bytes", 0))  # fmt: skip
            self.open[number] = request
            return request, True
        request = self.open.get(number)
        if request is None:
            return None, False
        if event.phase == "given":
            request.given_ns = event.time_ns
            request.payload = event.payload or request.payload
        elif event.phase == "completed":
            request.completed_ns = event.time_ns
            request.status = event.fields.get("status", 0)
            del self.open[number]
        decides = event.phase == "event" or (event.phase == "completed" and event.kind == request.kind)
        if decides and event.verdict != "pass":
            request.verdict = event.verdict
            if event.script and event.script not in request.decided_by:
                request.decided_by.append(event.script)
        return request, False
