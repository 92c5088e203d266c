"""Stands for a Ritevisor that records: answers `ritectl --wire SOCKET record` with packets that ctf.py wrote."""

import contextlib
import errno
import socket
import struct
import threading
import zlib

# control/control_abi.h: version, command, session, four arguments, bytes of data; and wire_frame.h: number, result.
HEAD = struct.Struct("<QqIIQ4QIIQ")
HELLO, OPEN, CLOSE, RECORD, HOOK, FETCH, STOP = 1, 2, 3, 18, 19, 20, 21
LEVEL_LOAD, AUTH_OPEN = 2, 1
TSC_HZ = 10**9
PATIENCE_S = 60


def unstuff(block):
    """COBS."""
    text, at = b"", 0
    while at < len(block):
        code = block[at]
        text += block[at + 1 : at + code]
        at += code
        if code != 255 and at < len(block):
            text += b"\0"
    return text


def stuff(text):
    made = b""
    for part in text.split(b"\0"):
        while len(part) >= 254:
            made += b"\xff" + part[:254]
            part = part[254:]
        made += bytes([len(part) + 1]) + part
    return b"\0" + made + b"\0"


class Recorder:
    """Gives the packets of each CPU (packets[cpu], to which more can be added), one a question. .calls: the commands that
    came, .wish: the recording's arguments, .hooks: what was hooked."""

    def __init__(self, path, nr_cpus, begin_tsc):
        self.path, self.begin_tsc = path, begin_tsc
        self.packets = [[] for _ in range(nr_cpus)]
        self.calls, self.hooks, self.wish, self.lost = [], [], None, 0
        self.refusal = 0  # of the recording: an error number
        self.is_over = False  # as if nobody had fetched for long
        self.next = [0] * nr_cpus
        self.is_idle = threading.Event()  # all was fetched
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def give(self, packets):
        """packets: {cpu: list}, which come behind those that there are."""
        self.is_idle.clear()
        for cpu, more in packets.items():
            self.packets[cpu] += more

    def go(self):
        """The machine is switched off."""
        self.line.shutdown(socket.SHUT_RDWR)

    def wait(self):
        """Until all that was given is fetched."""
        assert self.is_idle.wait(PATIENCE_S), "nobody fetches"

    def serve(self):
        line, _ = self.listener.accept()
        self.line, seen = line, b""
        with line, contextlib.suppress(ConnectionError):
            while part := line.recv(65536):
                seen += part
                *blocks, seen = seen.split(b"\0")
                for block in blocks:
                    if len(payload := unstuff(block)) >= HEAD.size + 4:
                        self.answer(line, payload[:-4])

    def answer(self, line, payload):
        number, _, version, command, session, *arguments, data_bytes, _, _ = HEAD.unpack_from(payload)
        self.calls.append(command)
        result, data = self.perform(command, arguments)
        if command == OPEN:
            session = 77
        answer = HEAD.pack(number, result, version, command, session, *arguments, len(data), 0, 0) + data
        line.sendall(stuff(answer + struct.pack("<I", zlib.crc32(answer))))

    def perform(self, command, arguments):
        """Returns the result and data; arguments become those of the answer."""
        if command == HELLO:
            arguments[:3] = LEVEL_LOAD, AUTH_OPEN, TSC_HZ
            return 0, b"0.0.0"
        if command == RECORD:
            self.wish, arguments[0] = list(arguments), self.begin_tsc
            return self.refusal or len(self.packets), b""
        if command == HOOK:
            self.hooks.append(arguments[0])
        if command == FETCH and self.is_over:
            return -errno.EACCES, b""
        if command != FETCH:
            return 0, b""
        cpu, number = arguments[:2]
        self.next[cpu] = number
        arguments[1:] = number, self.lost, 0
        if number < len(self.packets[cpu]):
            return 0, self.packets[cpu][number]
        if all(done >= len(packets) for done, packets in zip(self.next, self.packets)):
            self.is_idle.set()
        return 0, b""
