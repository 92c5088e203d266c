"""Hooks as ./ritevisor check shows them, and sample events that fit a script's hooks.

A hook is what engine/host/src/report.c writes: its kind, addresses and clauses. What the kinds are
stands in the table that kinds.py reads.
"""

from . import kinds

# The simulated machine's own PCI functions.
PCI_FUNCTIONS = [
    {"bus": 0, "device": 0, "function": 0, "vendor_id": 0x8086, "device_id": 0x1237, "class": 0x060000},
    {"bus": 0, "device": 1, "function": 0, "vendor_id": 0x8086, "device_id": 0x7000, "class": 0x060100},
    {"bus": 0, "device": 3, "function": 0, "vendor_id": 0x8086, "device_id": 0x100E, "class": 0x020000},
]  # fmt: skip
# Where something usually happens, for hooks that watch everything, by the class of their events.
USUAL = {"Port": [0x60, 0x71, 0x3F8], "Msr": [0x1B, 0xC0000080], "Cpuid": [0, 1], "PciConfig": [0, 0x10]}
ANSWER = 0x41  # of sample devices that are read
LONG_MASK = (1 << 64) - 1


def kind_of(hook):
    return kinds.table()[hook["kind"]]


def address_field(kind):
    return next((each for each in kind["fields"] if each["flags"] & kinds.ADDRESS), None)


def clauses(hook):
    """Returns [(field, clause)] of all that must hold and is no address."""
    kind = kind_of(hook)
    found = [(kinds.field(kind, each["field"]), each) for each in hook["clauses"] if not each["except"]]
    return [(field, each) for field, each in found if not field["flags"] & kinds.ADDRESS]


def exceptions(hook):
    """Returns a list of [(field, clause)], one for each exception."""
    kind = kind_of(hook)
    found = {}
    for each in hook["clauses"]:
        if each["except"]:
            found.setdefault(each["except"], []).append((kinds.field(kind, each["field"]), each))
    return list(found.values())


# Hooks in words ---------------------------------------------------------------------------------


def duration(us):
    for unit, name in ((60_000_000, "minutes"), (1_000_000, "s"), (1_000, "ms")):
        if us % unit == 0:
            return f"{us // unit} {name}"
    return f"{us} us"


def period(hook):
    """Microseconds, of hooks whose events come by time; else None."""
    field = address_field(kind_of(hook))
    return hook["first"] if field and field["flags"] & kinds.PERIOD else None


def address_text(hook):
    field = address_field(kind_of(hook))
    if not field or (hook["first"], hook["last"]) == (0, field["last"]):
        return ""
    if hook["first"] == hook["last"]:
        return f" 0x{hook['first']:x}"
    return f" 0x{hook['first']:x}..0x{hook['last']:x}"


def bits(clause):
    """The powers of two that a clause about one lets pass."""
    allowed = LONG_MASK & ~clause["mask"]
    return [1 << bit for bit in range(allowed.bit_length()) if allowed >> bit & 1]


def bit_text(field, bit):
    """A power of two, or the name that a script has for it."""
    return field["names"][bit.bit_length() - 1] if "names" in field else str(bit)


def number_text(field, number):
    digits = len(f"{field['last']:x}") if 0xFF < field["last"] <= 0xFFFFFF else 1
    return str(number) if number < 10 and digits == 1 else f"0x{number:0{digits}x}"


def filters(hook):
    """Returns {filter: text} as the script could have written them."""
    found = filter_texts(clauses(hook))
    for each in exceptions(hook):
        words = ", ".join(f"{name}: {text}" for name, text in filter_texts(each).items())
        found["except"] = f"{found['except']}, {{ {words} }}" if "except" in found else f"{{ {words} }}"
    return found


def filter_texts(pairs):
    found = {}
    for field, clause in pairs:
        if field["flags"] & kinds.BITS:
            found[field["name"]] = " or ".join(bit_text(field, each) for each in bits(clause))
            continue
        text = number_text(field, clause["first"])
        if clause["first"] != clause["last"]:
            text += f"..{number_text(field, clause['last'])}"
        found[field["name"]] = text
        if clause["mask"] & field["last"] != field["last"]:
            found[field["mask"]] = number_text(field, clause["mask"])
    return found


def describe(hook):
    """One line: "port_write 0x3f8, width: 1, on_error: :deny, budget 500 us"."""
    if period(hook) is not None:
        parts = [f"every {duration(period(hook))}"]
    elif hook["kind"] == "shutdown":
        parts = ["at_exit"]
    else:
        parts = [hook["kind"] + address_text(hook)]
    parts += [f"{name}: {text}" for name, text in filters(hook).items()]
    if hook["on_error"] != "pass":
        parts.append(f"on_error: :{hook['on_error']}")
    if hook["observe"]:
        parts.append("observe: true")
    if hook["budget_us"]:
        parts.append(f"budget {duration(hook['budget_us'])}")
    return ", ".join(parts)


def hook_as_dict(hook):
    return {
        "number": hook["number"],
        "kind": hook["kind"],
        "first": hook["first"],
        "last": hook["last"],
        "period_us": period(hook),
        "filters": filters(hook),
        "on_error": hook["on_error"],
        "observe": hook["observe"],
        "budget_us": hook["budget_us"] or None,
        "text": describe(hook),
    }


# Sample events ------------------------------------------------------------------------------------


def addresses(hook, width):
    """The first and the last address that an access of that width can have, or usual ones."""
    first, last, kind = hook["first"], hook["last"], kind_of(hook)
    usual = [each for each in USUAL.get(kind["class"], []) if first <= each <= last]
    if last - first > 0xFF and usual:
        return usual
    first = (first + width - 1) // width * width if kind["class"] in ("Mmio", "PciConfig") else first
    return sorted({first, max(first, last - last % width)})[:2]


def fitting(hook, field):
    """A value of a field that the hook wants: the usual one, where its clause leaves a choice."""
    for each, clause in clauses(hook):
        if each["name"] != field["name"]:
            continue
        if field["flags"] & kinds.BITS:
            return bits(clause)[0]
        if clause["first"] == clause["last"]:
            return clause["first"] | field["sample"] & ~clause["mask"] & 0xFF
        return field["sample"] if holds(clause, field["sample"]) else clause["first"]
    return field["sample"]


def holds(clause, value):
    return clause["first"] <= value & clause["mask"] <= clause["last"]


def is_excepted(hook, values):
    return any(
        all(field["name"] in values and holds(clause, values[field["name"]]) for field, clause in each)
        for each in exceptions(hook)
    )


def other_bit(hook, field, clause):
    """A bit that the hook's clauses let pass, and an exception's does not."""
    own = [bits(other) for each, other in clauses(hook) if each["name"] == field["name"]]
    possible = own[0] if own else bits({"mask": LONG_MASK & ~field["last"]})
    return next((bit for bit in reversed(possible) if bit not in bits(clause)), field["sample"])


def avoid_exceptions(hook, values):
    """Changes values of fields, as far as the hook's clauses let it, so that no exception is about them."""
    for pairs in exceptions(hook):
        for field, clause in pairs:
            if field["flags"] & kinds.ADDRESS or not is_excepted(hook, values):
                continue
            if field["flags"] & kinds.BITS:
                values[field["name"]] = other_bit(hook, field, clause)
                continue
            own = [other for each, other in clauses(hook) if each["name"] == field["name"]]
            for value in (clause["last"] + 1, clause["first"] - 1):
                if 0 <= value <= field["last"] and all(holds(other, value) for other in own):
                    values[field["name"]] = value
                    break


def function_fits(hook, function):
    return not is_excepted(hook, function) and all(
        holds(clause, function[field["name"]])
        for field, clause in clauses(hook)
        if field["name"] in function
    )


def pci_function(hook):
    """Returns a function that the hook wants, and the lines that make it."""
    for function in PCI_FUNCTIONS:
        if function_fits(hook, function):
            return function, []
    kind = kind_of(hook)
    function = {name: fitting(hook, kinds.field(kind, name)) for name in PCI_FUNCTIONS[0]}
    ids = f"{function['vendor_id']:04x}:{function['device_id']:04x} {function['class']:06x}"
    return function, [f"pci {slot_text(function)} {ids}"]


def slot_text(values):
    return f"{values['bus']:02x}:{values['device']:02x}.{values['function']}"


def joined_text(kind, text, values):
    """A text of several fields: "00:03.0"."""
    parts = []
    for name in text["fields"]:
        last = kinds.field(kind, name)["last"]
        parts.append(f"{values[name]:0{len(f'{last:x}')}x}")
    return parts[0] + "".join(each + part for each, part in zip(text["separators"], parts[1:]))


def event_line(hook, values):
    """KIND and the words that the kind has, with those values."""
    kind = kind_of(hook)
    texts = {text["name"]: text for text in kind["texts"]}
    words = [hook["kind"]]
    for name in kind["words"].split():
        if name in texts:
            words.append(joined_text(kind, texts[name], values))
        elif kinds.field(kind, name)["flags"] & kinds.BITS or name == "subleaf":
            words.append(bit_text(kinds.field(kind, name), values[name]))
        else:
            words.append(f"0x{values[name]:x}")
    return " ".join(words)


def device_lines(kind, values):
    """What the simulated device answers, where it can be told."""
    if kind["class"] == "Msr":
        return [f"msr 0x{values['msr']:x} = 0x{ANSWER:x}"]
    if kind["class"] in ("Port", "Mmio") and not kind["flags"] & kinds.WRITE:
        return [f"{kind['class'].lower()} 0x{values['address']:x} = 0x{ANSWER:x} {values['width']}"]
    return []


def fit_packet(hook, values):
    """Makes values those of one packet: a port that may be either's is the sender's, and ARP has neither protocol nor ports."""
    kind = kind_of(hook)
    for field, _ in clauses(hook):
        if field["flags"] & kinds.EITHER:
            same = next(each for each in kind["fields"] if each["offset"] == field["offset"])
            values[same["name"]] = values[field["name"]]
    asked = [field["name"] for field, _ in clauses(hook)]
    if values["ethertype"] not in (0x0800, 0x86DD):
        for name in ("protocol", "sport", "dport"):
            if name not in asked:
                values[name] = (1 << 8 * kinds.field(kind, name)["bytes"]) - 1


def hook_lines(hook):
    kind = kind_of(hook)
    values = {field["name"]: fitting(hook, field) for field in kind["fields"]}
    lines = []
    if kind["class"] == "PciConfig":
        function, lines = pci_function(hook)
        values.update(function)
    where = [each["name"] for each in kind["fields"] if each["flags"] & kinds.ADDRESS]
    for address in addresses(hook, values["width"]) if where and period(hook) is None else [0]:
        values.update({name: address for name in where})
        avoid_exceptions(hook, values)
        if is_excepted(hook, values):
            continue
        if kind["class"] == "Packet":
            fit_packet(hook, values)
        lines += device_lines(kind, values) + [event_line(hook, values)]
    return lines


def lines(hooks):
    """The lines of an .events file: two or three events for each hook; timers and the shutdown last."""
    plain = [hook for hook in hooks if kind_of(hook)["flags"] & kinds.PLAIN]
    made = []
    for hook in [each for each in hooks if each not in plain]:
        made += [line for line in hook_lines(hook) if line not in made]
    for hook in plain:
        made += [] if hook["kind"] in made else [hook["kind"]]
    return sorted(made, key=lambda line: line == "shutdown")
