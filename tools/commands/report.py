"""./ritevisor report: a trace as one HTML page."""

import os

from commands import options
from commands.convert import Progress, tell_damage
from host import report as page
from host import traces

EXAMPLES = """\
examples:
  ./ritevisor report trace                      writes report.html
  ./ritevisor report trace -o boot.html
  ssh guest ritectl record -o - | ./ritevisor report - -o - >live.html

One file, which loads nothing from elsewhere: a time line of events, histograms of latencies and of what scripts took to
decide, a heat map of each disk, all verdicts. Of a trace that is cut or damaged the page has what can be read, and says
what cannot; the exit status is 1 then.
"""


def add(commands):
    parser = options.add_command(commands, "report", report, "show a trace as an HTML page", EXAMPLES)
    parser.add_argument("trace", metavar="TRACE", help="what ritectl record wrote; - is standard input")
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html",
                        help="the page (default report.html); - is standard output")  # fmt: skip


def report(arguments):
    trace = traces.Trace(arguments.trace)
    text = page.page(Progress(trace))
    if arguments.output == "-":
        print(text, end="")
    else:
        with open(arguments.output, "w", encoding="utf-8") as file:
            file.write(text)
        print(f"wrote {os.path.relpath(arguments.output)}: {trace.count} events")
    return tell_damage(trace, "report")
