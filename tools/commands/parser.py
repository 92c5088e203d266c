"""The command line of ./ritevisor. Its man page and completions are made from this parser too."""

import argparse

from commands import attest, boot, check, convert, disk, hwcheck, image, install, report, scripts, vpn
from host import version

# In the order of --help. Each declares its subcommands with add().
COMMANDS = (boot, check, scripts, convert, report, image, install, disk, attest, vpn, hwcheck)


def make(description):
    parser = argparse.ArgumentParser(prog="ritevisor", description=description)
    parser.add_argument("--version", action="version", version=f"ritevisor {version.text()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser


def subparsers(parser):
    """Returns {name: (summary, parser)}."""
    action = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    summaries = {each.dest: each.help for each in action._choices_actions}
    return {name: (summaries[name], each) for name, each in action.choices.items()}
