"""Traces as blktrace's and pcapng's files."""

import struct

from . import version
from .errors import UserError
from .requests import Requests
from .traces import Loss

# blktrace -----------------------------------------------------------------------------------------
# linux/blktrace_api.h: magic and version, number, time in ns, sector, bytes, action, process, device, CPU, error,
# bytes of data behind it.
BLK = struct.Struct("<IIQQIIIIIHH")
BLK_MAGIC = 0x65617407
BLK_SECTOR_BYTES = 512
# What a record says, and the category that goes with it.
BLK_ACTIONS = {"submitted": (1, 4), "given": (7, 6), "completed": (8, 7)}
BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_COMMAND, BLK_NOTIFY, BLK_DISCARD = 0, 1, 2, 9, 10, 13
BLK_DIRECTIONS = {
    "disk_read": [BLK_READ], "disk_write": [BLK_WRITE], "disk_flush": [BLK_WRITE, BLK_FLUSH],
    "disk_discard": [BLK_WRITE, BLK_DISCARD], "disk_command": [BLK_READ, BLK_COMMAND],
}  # fmt: skip
BLK_NOTIFY_PROCESS, BLK_NOTIFY_TIME = 0, 1
BLK_PROCESS = 1  # the guest: processes are not known
EIO = 5


class BlkFiles:
    """A file a disk and CPU."""

    def __init__(self, folder, begin_ns):
        self.folder, self.begin_ns, self.files, self.disks = folder, begin_ns, {}, {}

    def device(self, disk):
        """Disks have numbers of their own kind: major 8, and as many minors as there are disks."""
        return 8 << 20 | self.disks.setdefault(disk, len(self.disks)) * 16

    def record(self, disk, cpu, time_ns, sector, size_bytes, action, error=0, data=b"", process=BLK_PROCESS):
        if (disk, cpu) not in self.files:
            self.files[disk, cpu] = [open(self.folder / f"{disk}.blktrace.{cpu}", "wb"), 0]
            begun = struct.pack("<II", self.begin_ns // 10**9, self.begin_ns % 10**9)
            self.record(disk, cpu, 0, 0, 0, BLK_NOTIFY_TIME | 1 << BLK_NOTIFY + 16, data=begun, process=0)
            self.record(disk, cpu, 0, 0, 0, BLK_NOTIFY_PROCESS | 1 << BLK_NOTIFY + 16, data=b"guest\0")
        entry = self.files[disk, cpu]
        entry[1] += 1
        record = BLK.pack(BLK_MAGIC, entry[1], time_ns, sector, size_bytes, action, process, self.device(disk), cpu,
                          error, len(data))  # fmt: skip
        entry[0].write(record + data)

    def close(self):
        for file, _ in self.files.values():
            file.close()


def write_blktrace(trace, output):
    """Q when the guest asks, D when the device gets it, C when it is done."""
    if output.path is None:
        raise UserError("blktrace's form is a file a disk and CPU; give a folder with -o")
    output.path.mkdir(parents=True, exist_ok=True)
    requests, files = Requests(), None
    try:
        for each in trace:
            files = files or BlkFiles(output.path, trace.begin_ns)
            if isinstance(each, Loss):
                continue
            request, _ = requests.feed(each)
            if request is not None and each.phase in BLK_ACTIONS and request.kind in BLK_DIRECTIONS:
                write_blk_request(files, each, request)
    finally:
        if files:
            files.close()
    if not files or not files.files:
        output.notes.append("no disk request is in the trace, so no file was written")


def write_blk_request(files, event, request):
    code, category = BLK_ACTIONS[event.phase]
    action = code | 1 << category + 16
    for bit in BLK_DIRECTIONS[request.kind]:
        action |= 1 << bit + 16
    moves = request.kind in ("disk_read", "disk_write", "disk_discard")
    sectors = min(request.fields["sectors"], 0xFFFFFFFF // BLK_SECTOR_BYTES) if moves else 0
    failed = event.phase == "completed" and (request.status or request.verdict.startswith("deny"))
    data = struct.pack("<H", request.fields["opcode"]) if request.kind == "disk_command" else b""
    files.record(request.device, event.cpu, event.time_ns - files.begin_ns, request.fields["lba"] if moves else 0,
                 sectors * BLK_SECTOR_BYTES, action, EIO if failed else 0, data)  # fmt: skip


# pcapng -------------------------------------------------------------------------------------------
# https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
SECTION, INTERFACE, STATISTICS, PACKET = 0x0A0D0D0A, 1, 5, 6
ETHERNET, USBMON = 1, 220
OPTION_COMMENT = 1
SECTION_HARDWARE, SECTION_PROGRAM = 2, 4
INTERFACE_NAME, INTERFACE_RESOLUTION = 2, 9
PACKET_FLAGS, INBOUND, OUTBOUND = 2, 1, 2
STATISTICS_RECEIVED, STATISTICS_DROPPED = 4, 5
NANOSECONDS = 9


def option(code, data):
    return struct.pack("<HH", code, len(data)) + data + bytes(-len(data) % 4)


def block(code, body, options):
    body += b"".join(options) + (option(0, b"") if options else b"")
    size = len(body) + 12
    return struct.pack("<II", code, size) + body + struct.pack("<I", size)


class PcapFile:
    def __init__(self, file):
        self.file, self.interfaces = file, {}
        body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        program = f"ritevisor {version.text()}".encode()
        file.write(block(SECTION, body, [option(SECTION_HARDWARE, b"x86-64"), option(SECTION_PROGRAM, program)]))

    def interface(self, name, link=ETHERNET):
        if name not in self.interfaces:
            self.interfaces[name] = [len(self.interfaces), 0]
            options = [option(INTERFACE_NAME, name.encode()), option(INTERFACE_RESOLUTION, bytes([NANOSECONDS]))]
            self.file.write(block(INTERFACE, struct.pack("<HHI", link, 0, 0), options))
        return self.interfaces[name]

    def packet(self, request):
        interface = self.interface(request.device)
        interface[1] += 1
        data, time_ns = request.payload, request.submitted_ns
        size = max(len(data), request.payload_bytes, request.fields.get("length", 0))
        body = struct.pack("<IIIII", interface[0], time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), size)
        direction = OUTBOUND if request.kind.endswith("_tx") else INBOUND
        options = [option(OPTION_COMMENT, request.comment.encode()), option(PACKET_FLAGS, struct.pack("<I", direction))]
        self.file.write(block(PACKET, body + data + bytes(-len(data) % 4), options))

    def transfer(self, event):
        """One end of a USB transfer, its begin or its end."""
        interface = self.interface(f"usb{(event.fields['device'] >> 8) + 1}", USBMON)
        interface[1] += 1
        head = usbmon_header(event)
        data = head + event.payload
        size = max(len(head) + usbmon_length(event), len(data))
        body = struct.pack("<IIIII", interface[0], event.time_ns >> 32, event.time_ns & 0xFFFFFFFF, len(data), size)
        comment = option(OPTION_COMMENT, event.verdict.encode())
        self.file.write(block(PACKET, body + data + bytes(-len(data) % 4), [comment]))

    def close(self, trace):
        for number, received in self.interfaces.values():
            body = struct.pack("<III", number, trace.end_ns >> 32, trace.end_ns & 0xFFFFFFFF)
            options = [option(STATISTICS_RECEIVED, struct.pack("<Q", received)),
                       option(STATISTICS_DROPPED, struct.pack("<Q", trace.lost))]  # fmt: skip
            self.file.write(block(STATISTICS, body, options))


# Linux's Documentation/usb/usbmon.rst, struct usbmon_packet, as mmap() gives it: 64 bytes.
USBMON_TYPES = (2, 0, 3, 1)  # by enum rv_usb_type: control, isochronous, bulk, interrupt
USBMON_IN = 0x80
USBMON_ERRORS = {0: 0, 6: -32, 3: -75, 8: -75}  # completion codes: STALL is EPIPE, babble EOVERFLOW; others are EPROTO
EPROTO, EINPROGRESS = -71, -115


def usbmon_takes(event):
    return event.phase in ("submitted", "completed") and event.kind in ("usb_control", "usb_transfer", "usb_done")


def usbmon_length(event):
    """Bytes that are to be moved, or were; of one that did not reach the device none."""
    return event.fields["length"] if event.phase == "submitted" or event.kind == "usb_done" else 0


def usbmon_header(event):
    fields, begins = event.fields, event.phase == "submitted"
    goes_in = fields["direction"] == 1
    status = EINPROGRESS if begins else USBMON_ERRORS.get(fields["status"], EPROTO) if event.kind == "usb_done" else -32
    has_setup = begins and fields["type"] == 0
    words = ("request_type", "request_code", "value", "index", "length")
    setup = struct.pack("<BBHHH", *(fields[name] for name in words)) if has_setup else bytes(8)
    has_data = len(event.payload) != 0
    seconds, rest_ns = divmod(event.time_ns, 1_000_000_000)
    return struct.pack("<QBBBBHBBqiiII8siiII", fields["request"], ord("S" if begins else "C"), USBMON_TYPES[fields["type"]],
                       fields["endpoint"] | (USBMON_IN if goes_in else 0), fields["device"] & 0xFF, (fields["device"] >> 8) + 1,
                       0 if has_setup else ord("-"), 0 if has_data else ord("<" if goes_in else ">"), seconds, rest_ns // 1000,
                       status, usbmon_length(event), len(event.payload), setup, 0, 0, 0, 0)  # fmt: skip


def write_pcapng(trace, output):
    """Each packet when it came, as it went on; the comment has the verdict and whose it was. USB transfers when they began, and when
    they ended."""
    file, requests, packets = PcapFile(output.binary()), Requests(), []
    for each in trace:
        if not isinstance(each, Loss) and usbmon_takes(each):
            file.transfer(each)
            continue
        request, is_new = (None, False) if isinstance(each, Loss) else requests.feed(each)
        if is_new and "nic" in request.fields:
            packets.append(request)
        # In the order in which they came, each when all is known of it
        while packets and packets[0].number not in requests.open:
            file.packet(packets.pop(0))
    for request in packets:
        file.packet(request)
    file.close(trace)
    if not file.interfaces:
        output.notes.append("no packet is in the trace")
