"""A trace that ctf.py writes, with something of each kind."""

from ctf import Writer

NONE = (1 << 64) - 1  # what a packet does not have
START_NS = 1_764_000_000_000_000_000


def disk_request(writer, time_ns, number, kind="disk_write", lba=2048, cpu=0, took_ns=50_000, payload=b""):
    """One as the hypervisor records it: asked, given to the device, done on CPU 0."""
    fields = {"disk": "nvme0n1", "lba": lba, "sectors": 8, "command": kind.removeprefix("disk_"), "opcode": 2,
              "request": number}  # fmt: skip
    writer.event(time_ns, kind, cpu=cpu, phase="submitted", payload=payload, **fields)
    writer.event(time_ns + 1000, kind, cpu=cpu, phase="given", result_lba=lba, **fields)
    return time_ns + 1000 + took_ns, lambda: writer.event(
        time_ns + 1000 + took_ns, "disk_done", phase="completed", latency=took_ns // 1000, **fields
    )


def denied_request(writer, time_ns, number, script="guard.rb"):
    fields = {"disk": "nvme0n1", "lba": 0, "sectors": 8, "command": "write", "opcode": 1, "request": number}
    writer.event(time_ns, "disk_write", phase="submitted", payload=b"boot" * 4, **fields)
    writer.event(time_ns + 500, "disk_write", verdict="deny", script=script, hook=7, duration=400, **fields)
    writer.event(time_ns + 600, "disk_write", phase="completed", verdict="deny", **fields)


def sample():
    """Accesses on two CPUs, requests that overlap, a denied one, lost events."""
    writer, ends = Writer(), []
    for i in range(40):
        at = START_NS + i * 100_000
        for due, end in sorted(ends, key=lambda each: each[0]):
            if due < at:
                end()
        ends = [each for each in ends if each[0] >= at]
        writer.event(at, "port_write", script="rtc.rb", hook=0, port=0x70, width=1, value=9, result_value=9)
        writer.event(at + 10, "port_read", script="rtc.rb", hook=1, verdict="change", duration=9, port=0x71, width=1,
                     fetched=1, value=0x26, result_value=0x42)  # fmt: skip
        writer.event(at + 20, "mmio_read", cpu=1, script="m.rb", hook=2, address=0xFEB00FFC + 4 * (i % 4), width=4,
                     fetched=1, value=i, result_value=i)  # fmt: skip
        writer.event(at + 30, "mmio_write", cpu=1, script="m.rb", hook=3, verdict="deny" if i == 5 else "pass",
                     address=0xFED00000, width=4, value=i, result_value=i)  # fmt: skip
        kind = "disk_read" if i % 2 else "disk_write"
        ends.append(disk_request(writer, at + 50, i + 1, kind, 8 * i, took_ns=250_000))
    for _, end in ends:
        end()
    writer.lost[0] = 3
    denied_request(writer, START_NS + 50_000_000, 100)
    return writer


def with_a_hostile_name(work):
    """The folder of a trace in which a script's name would become an element of a page that does not quote it."""
    writer = sample()
    writer.event(START_NS + 70_000_000, "port_read", script="</script><b id=hostile>", port=1, width=1, duration=3)
    return writer.folder(work / "trace")
