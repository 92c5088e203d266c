"""What QEMU keeps of its CPUs, from a stream that it has written to save the machine: the registers that no debugger and
no monitor shows.

The stream ends with a description of its sections in JSON; a section of a CPU begins with its name, number and version.
"""

import json
import struct

KEPT = [
    "env.pat", "env.vm_hsave", "env.mtrr_fixed", "env.mtrr_deftype", "env.mtrr_var", "env.smbase",
]  # fmt: skip


def describe(stream):
    start = stream.rfind(b'"devices": [')
    start = stream.rfind(b'{"', 0, start)
    while True:
        try:
            return json.JSONDecoder().raw_decode(stream[start:].decode(errors="replace"))[0]["devices"]
        except (ValueError, KeyError, TypeError):
            start = stream.rfind(b'{"', 0, start)
            if start < 0:
                raise ValueError("the stream has no description") from None


def read(stream):
    """Returns of each CPU, by its number, the bytes of what KEPT names, in hexadecimal digits."""
    cpus = {}
    for device in describe(stream):
        if device["name"] != "cpu":
            continue
        number, values = device["instance_id"], {}
        head = b"\x03cpu" + struct.pack(">II", number, device["version"])
        at = stream.index(head) + len(head)
        for field in device["fields"]:
            bytes_long = field["size"] * (field.get("array_len", 1) if "index" not in field else 1)
            values.setdefault(field["name"], "")
            values[field["name"]] += stream[at : at + bytes_long].hex()
            at += bytes_long
        cpus[number] = {name: values[name] for name in KEPT}
    return cpus
