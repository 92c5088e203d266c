"""Hooks as ./ritevisor check shows them, and sample events that fit a script's hooks.

A hook is what engine/host/src/report.c writes: struct rv_hook_request as a dictionary.
"""

ADDRESS_LAST = {"port": 0xFFFF, "msr": 0xFFFFFFFF, "cpuid": 0xFFFFFFFF, "pci": 0xFFF}
# Where something usually happens, for hooks that watch everything.
USUAL = {"port": [0x60, 0x71, 0x3F8], "msr": [0x1B, 0xC0000080], "cpuid": [0, 1], "pci": [0, 0x10]}
# The simulated machine's own PCI functions: slot, vendor, device, class.
PCI_FUNCTIONS = [
    ("00:00.0", 0x8086, 0x1237, 0x060000),
    ("00:01.0", 0x8086, 0x7000, 0x060100),
    ("00:03.0", 0x8086, 0x100E, 0x020000),
]
WRITTEN = 0x41  # by sample writes, where the filter leaves a choice
LONG_MASK = (1 << 64) - 1


def family(hook):
    return hook["kind"].split("_")[0]


def is_write(hook):
    return hook["kind"].endswith("_write")


# Hooks in words ---------------------------------------------------------------------------------


def duration(us):
    for unit, name in ((60_000_000, "minutes"), (1_000_000, "s"), (1_000, "ms")):
        if us % unit == 0:
            return f"{us // unit} {name}"
    return f"{us} us"


def address_text(hook):
    if hook["first"] == hook["last"]:
        return f" 0x{hook['first']:x}"
    if (hook["first"], hook["last"]) == (0, ADDRESS_LAST.get(family(hook))):
        return ""
    return f" 0x{hook['first']:x}..0x{hook['last']:x}"


def widths(hook):
    return [1 << bit for bit in range(4) if hook["width_mask"] >> bit & 1]


def pci_filters(hook):
    """Returns {filter: text} of what the hook asks of the PCI function."""
    formats = {"bus": "0x%x", "device": "0x%x", "function": "%d", "vendor_id": "0x%04x",
               "device_id": "0x%04x", "class": "0x%06x"}  # fmt: skip
    found = {name: form % hook[name] for name, form in formats.items() if hook.get(name, -1) >= 0}
    if "class" in found and hook["class_mask"] != 0xFFFFFF:
        found["class_mask"] = f"0x{hook['class_mask']:06x}"
    return found


def filters(hook):
    """Returns {filter: text} as the script could have written them."""
    found = {}
    if hook["width_mask"]:
        found["width"] = " or ".join(str(width) for width in widths(hook))
    if hook["value_mask"]:
        found["value"] = f"0x{hook['value_match']:x}"
        if hook["value_mask"] != LONG_MASK:
            found["mask"] = f"0x{hook['value_mask']:x}"
    if "subleaf" in hook:
        found["subleaf"] = str(hook["subleaf"])
    return {**found, **pci_filters(hook)}


def describe(hook):
    """One line: "port_write 0x3f8, width: 1, on_error: :deny, budget 500 us"."""
    if hook["kind"] == "timer":
        parts = [f"every {duration(hook['first'])}"]
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
        "period_us": hook["first"] if hook["kind"] == "timer" else None,
        "filters": filters(hook),
        "on_error": hook["on_error"],
        "observe": hook["observe"],
        "budget_us": hook["budget_us"] or None,
        "text": describe(hook),
    }


# Sample events ------------------------------------------------------------------------------------


def addresses(hook, width):
    """The first and the last address that an access of that width can have, or usual ones."""
    first, last = hook["first"], hook["last"]
    usual = [each for each in USUAL.get(family(hook), []) if first <= each <= last]
    if last - first > 0xFF and usual:
        return usual
    first = (first + width - 1) // width * width if family(hook) in ("mmio", "pci") else first
    return sorted({first, max(first, last - last % width)})[:2]


def written_value(hook):
    return hook["value_match"] | WRITTEN & ~hook["value_mask"] & 0xFF


def plain_lines(hook):
    default = {"port": 1, "mmio": 4}.get(family(hook))
    width = (widths(hook) or [default])[0] if default else None
    for address in addresses(hook, width or 1):
        if family(hook) == "msr":
            yield f"msr 0x{address:x} = 0x{WRITTEN:x}"
        elif not is_write(hook):
            yield f"{family(hook)} 0x{address:x} = 0x{WRITTEN:x} {width}"
        words = [hook["kind"], f"0x{address:x}"]
        words += [f"0x{written_value(hook):x}"] if is_write(hook) else []
        yield " ".join(words + ([str(width)] if width else []))


def cpuid_lines(hook):
    for leaf in addresses(hook, 1):
        yield f"cpuid 0x{leaf:x} {hook.get('subleaf', 0)}"


def pci_fits(hook, slot, vendor_id, device_id, class_code):
    bus, device, function = (int(part, 16) for part in slot.replace(".", ":").split(":"))
    exact = {"bus": bus, "device": device, "function": function,
             "vendor_id": vendor_id, "device_id": device_id}  # fmt: skip
    if any(hook[name] not in (-1, value) for name, value in exact.items()):
        return False
    return hook["class"] < 0 or class_code & hook["class_mask"] == hook["class"]


def pci_slot(hook):
    """Returns the slot of a function that the hook wants, and the lines that make it."""
    for function in PCI_FUNCTIONS:
        if pci_fits(hook, *function):
            return function[0], []
    bus, device, function = (
        hook[name] if hook[name] >= 0 else other
        for name, other in (("bus", 0), ("device", 4), ("function", 0))
    )
    slot = f"{bus:02x}:{device:02x}.{function}"
    vendor_id, device_id = (
        hook[name] if hook[name] >= 0 else other
        for name, other in (("vendor_id", 0x8086), ("device_id", 0x100E))
    )
    class_code = hook["class"] if hook["class"] >= 0 else 0x020000
    return slot, [f"pci {slot} {vendor_id:04x}:{device_id:04x} {class_code:06x}"]


def pci_lines(hook):
    slot, setup = pci_slot(hook)
    yield from setup
    width = (widths(hook) or [4])[0]
    for offset in addresses(hook, width):
        words = [hook["kind"], slot, f"0x{offset & 0xFF:x}"]
        words += [f"0x{written_value(hook):x}"] if is_write(hook) else []
        yield " ".join(words + [str(width)])


def lines(hooks):
    """The lines of an .events file: two or three events for each hook, timers, the shutdown."""
    makers = {"port": plain_lines, "mmio": plain_lines, "msr": plain_lines,
              "cpuid": cpuid_lines, "pci": pci_lines}  # fmt: skip
    made = []
    for hook in hooks:
        for line in makers.get(family(hook), lambda _: ())(hook):
            if line not in made:
                made.append(line)
    kinds = [hook["kind"] for hook in hooks]
    return made + [kind for kind in ("timer", "shutdown") if kind in kinds]
