"""./ritevisor within this process, which saves most of the time that a process of its own takes."""

import contextlib
import io
import sys
from types import SimpleNamespace

from harness import ROOT

sys.path.insert(0, str(ROOT / "tools"))

from commands import parser as command_line  # noqa: E402
from host import simulation  # noqa: E402
from host.errors import UserError  # noqa: E402


def ritevisor(*words):
    """Returns what run() does, and .stdout, .stderr."""
    arguments = command_line.make("").parse_args([str(word) for word in words])
    arguments.emulator_options = []  # what stands behind --
    output, errors = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    simulation.prepare = lambda: None  # all is built
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = arguments.perform(arguments)
        except UserError as error:
            status = getattr(arguments, "error_status", 1)
            print(f"error: {error}", file=errors)
    told = output.buffer.getvalue()
    return SimpleNamespace(returncode=status, stdout=told, stderr=errors.getvalue(),
                           text=told.decode(errors="replace") + errors.getvalue())  # fmt: skip
