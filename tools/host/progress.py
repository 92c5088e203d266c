"""What a command is doing, for whoever waits for it at a terminal: a line on standard error, in whose place the next
one comes. Where that is no terminal nothing is written."""

import os
import sys

CLEAR_LINE, DIM, RED, PLAIN = "\r\x1b[K", "\x1b[2m", "\x1b[31m", "\x1b[0m"


def is_shown():
    return sys.stderr.isatty()


def has_colour():
    """NO_COLOR is how users say that they want none (no-color.org)."""
    return is_shown() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def coloured(text, colour):
    return f"{colour}{text}{PLAIN}" if has_colour() else text


def step(text):
    """This is what happens now."""
    if has_colour():
        print(f"{CLEAR_LINE}{DIM}ritevisor: {text} ...{PLAIN}", end="", file=sys.stderr, flush=True)
    elif is_shown():
        print(f"ritevisor: {text} ...", file=sys.stderr, flush=True)


def stay(text):
    """The last one, which stays."""
    if is_shown():
        print((CLEAR_LINE if has_colour() else "") + coloured(f"ritevisor: {text}", DIM), file=sys.stderr, flush=True)


def clear():
    """Nothing more: what comes is another's, or an error."""
    if has_colour():
        print(CLEAR_LINE, end="", file=sys.stderr, flush=True)
