"""A recording played to another script: which verdicts would differ."""

from . import samples, simulation

# What a recording cannot tell apart: an answer is a drop with data.
ALIKE = [{"dropped", "answered"}]
SHOWN = 50  # differences, of a text


class Replay:
    """What came of a recording's events under a script."""

    def __init__(self, name, reported):
        self.name = name
        self.result = simulation.Result(name, reported, expects=True)
        self.events = self.result.of_type("event")
        self.compared = [each for each in self.events if each["expected"] not in ("", "*")]
        self.unknown = [each for each in self.compared if each["asked_in_vain"]]
        self.differences = [each for each in self.compared if differs(each) and not each["asked_in_vain"]]

    def is_same(self):
        return self.result.end["status"] == 0 and not self.result.of_type("failure") and not self.differences

    def missing_kinds(self):
        """Kinds that the script has hooks of, and of which nothing was recorded."""
        recorded = {each["line"].split()[0] for each in self.events}
        hooks = [hook for hook in self.result.of_type("hook") if samples.period(hook) is None]
        return sorted({hook["kind"] for hook in hooks} - recorded - {"shutdown"})

    def lines(self):
        yield from (f"error: {text}" for text in self.result.errors() if not self.is_same())
        for each in self.differences[:SHOWN]:
            yield f"{place(each)}{each['line']}: was {each['expected']}, is {each['outcome']}{failure(each)}"
        if len(self.differences) > SHOWN:
            yield f"... and {len(self.differences) - SHOWN} more; --json has all"
        if self.unknown:
            yield (f"{self.name}: {len(self.unknown)} events cannot be told: it asks devices that were not asked then, "
                   f"the first: {place(self.unknown[0])}{self.unknown[0]['line']}")  # fmt: skip
        for kind in self.missing_kinds():
            yield f"{self.name}: no {kind} was recorded, so what its hooks would do is not known"
        yield (f"{self.name}: {len(self.differences) or 'none'} of {len(self.compared)} verdicts "
               f"{'differs' if len(self.differences) == 1 else 'differ'}")  # fmt: skip

    def as_dict(self):
        def told(events):
            return [{"time": each["time"], "cpu": each["cpu"], "line": each["line"], "was": each["expected"],
                     "is": each["outcome"], "failed": each["failed"], "hooks": each["hooks"]}
                    for each in events]  # fmt: skip

        return {
            "script": self.name, "same": self.is_same(), "compared": len(self.compared),
            "differences": told(self.differences), "unknown": told(self.unknown),
            "missing_kinds": self.missing_kinds(), "errors": self.result.errors(),
        }  # fmt: skip


def differs(event):
    if event["failed"] and "error" not in event["expected"].split():
        return True
    if event["fits"]:
        return False
    return not any({event["expected"], event["outcome"]} <= alike for alike in ALIKE)


def place(event):
    return f"@{event['time']} #{event['cpu']} " if event["time"] else ""


def failure(event):
    return " (its block failed)" if event["failed"] else ""
