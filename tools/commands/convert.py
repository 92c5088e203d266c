"""./ritevisor convert: traces for other people's tools."""

import sys

from commands import options
from host import progress, simulation, trace_events, trace_formats, traces
from host.errors import UserError

LISTED = "\n".join(f"  {name:10} {each.summary}" for name, each in trace_formats.FORMATS.items())
EXAMPLES = f"""\
formats:
{LISTED}

examples:
  ./ritevisor convert trace                                     a line an event
  ./ritevisor convert trace -f chrome -o trace.json             for ui.perfetto.dev
  ./ritevisor convert trace -f blktrace -o disks && blkparse -D disks -i ide0 -d disk.bin && btt -i disk.bin
  ./ritevisor convert trace -f events -o boot.events && ./ritevisor check new.rb --events boot.events --diff
  ssh guest ritectl record -o - | ./ritevisor convert - -f json

TRACE is the folder that ritectl record wrote, or what it wrote into a pipe; - is standard input. Of a trace that is cut
or damaged what can be read is converted, standard error says what cannot, and the exit status is 1. docs/traces.md
describes traces and formats.
"""


def add(commands):
    parser = options.add_command(commands, "convert", convert, "convert traces for other tools", EXAMPLES)
    parser.add_argument("trace", metavar="TRACE", help="what ritectl record wrote")
    parser.add_argument("-f", "--format", choices=trace_formats.FORMATS, default="text", metavar="FORMAT",
                        help="what to write (default text); see below")  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", default="-",
                        help="where to: a file, of blktrace a folder; - is standard output (default)")  # fmt: skip
    parser.add_argument("--of", metavar="SCRIPT",
                        help="events: with this script's verdicts, where several had a say")  # fmt: skip


class Progress:
    """On a terminal, how far it is."""

    EVERY = 20000

    def __init__(self, trace):
        self.trace = trace
        self.shows = progress.is_shown()

    def __getattr__(self, name):
        return getattr(self.trace, name)

    def __iter__(self):
        for each in self.trace:
            yield each
            if self.shows and self.trace.count % self.EVERY == 0:
                print(f"\r{self.trace.count} events", end="", file=sys.stderr, flush=True)
        if self.shows and self.trace.count >= self.EVERY:
            print(progress.CLEAR_LINE, end="", file=sys.stderr)


def tell_damage(trace, command):
    """Says what could not be read. Returns the exit status."""
    if trace.lost:
        print(f"ritevisor {command}: {trace.name}: {trace.lost} events were lost: there was no room for them when they "
              "happened", file=sys.stderr)  # fmt: skip
    for each in trace.damage:
        print(f"ritevisor {command}: error: {trace.name}: {each}", file=sys.stderr)
    if trace.damage:
        print(f"ritevisor {command}: {trace.count} events could be read", file=sys.stderr)
    return 1 if trace.damage else 0


def convert(arguments):
    trace = traces.Trace(arguments.trace)
    chosen = trace_formats.FORMATS[arguments.format]
    if arguments.format == "events":
        simulation.prepare()
    elif arguments.of:
        raise UserError("--of goes with -f events")
    decider = trace_events.decider(trace, arguments.of)
    output = trace_formats.Output(arguments.output, sys.stdout.buffer, decider)
    try:
        chosen.write(Progress(trace), output)
    finally:
        output.close()
    for note in output.notes:
        print(f"ritevisor convert: {note}", file=sys.stderr)
    return tell_damage(trace, "convert")
