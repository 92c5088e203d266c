"""Errors that a user can act on, and running other programs so that their failures are told."""

import os
import subprocess

from . import paths


class UserError(Exception):
    """Its text says what is wrong and what to do; shown without a traceback."""


def need_file(path, hint):
    """Returns path if it is a readable file; otherwise says so, with a hint what to do."""
    if not os.path.exists(path):
        raise UserError(f"{path}: no such file; {hint}")
    if not os.path.isfile(path):
        raise UserError(f"{path}: not a plain file; {hint}")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: not readable")
    return path


def need_source(what):
    """Says so if what cannot be built because this is no clone."""
    if not paths.IS_SOURCE:
        raise UserError(f"{what} is built from Ritevisor's source, which is not installed; use a clone")


def need_program(path):
    """Returns path if it is a file with a program for the bare machine."""
    with open(need_file(path, "run make"), "rb") as file:
        if file.read(4) != b"\x7fELF":
            raise UserError(f"{path}: not an ELF program")
    return path


def run_tool(arguments, **options):
    """Runs a host program to its end; its output is shown only when it fails."""
    try:
        done = subprocess.run(
            arguments,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **options,
        )
    except FileNotFoundError:
        raise UserError(f"{arguments[0]} is not installed; run tools/setup") from None
    if done.returncode != 0:
        output = done.stdout.decode(errors="replace").strip()
        raise UserError(f"{arguments[0]} failed ({done.returncode}):\n{output}")
