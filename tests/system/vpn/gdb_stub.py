"""Writes to the memory of an emulated machine by QEMU's gdb stub, which stops it meanwhile (GDB's remote protocol; QEMU's
Qqemu.PhyMemMode: addresses are physical)."""

import socket


class Stub:
    """A connection, for as long as the machine stands still."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        assert self.ask("Qqemu.PhyMemMode:1") == "OK"
        return self

    def __exit__(self, *_):
        self.ask("D")  # it goes on
        self.socket.close()

    def ask(self, text):
        data = text.encode()
        self.socket.sendall(b"$" + data + b"#%02x" % (sum(data) % 256))
        while (answer := self.answer()).startswith("T"):
            pass  # that the machine stands still, which is said as well
        return answer

    def answer(self):
        while (byte := self.file.read(1)) != b"$":
            assert byte in (b"+", b""), byte
            assert byte, "the stub has gone"
        answer = b""
        while (byte := self.file.read(1)) != b"#":
            answer += byte
        self.file.read(2)
        self.socket.sendall(b"+")
        return answer.decode()

    def read(self, address, nr_bytes):
        return bytes.fromhex(self.ask(f"m{address:x},{nr_bytes:x}"))

    def write(self, address, data):
        assert self.ask(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"
        assert self.read(address, len(data)) == data
