"""./ritevisor check: tries scripts without booting."""

import json
import os
import sys
import tempfile

from commands import options
from host import constructs, gems, kinds, paths, replay, samples, simulation, trace_events, trace_formats, traces
from host import scripts as ready
from host.errors import UserError, need_file

EXAMPLES = """\
examples:
  ./ritevisor check first.rb                        sample events that fit the script's hooks
  ./ritevisor check first.rb --events uart.events   your own, with what the guest must see
  ./ritevisor check -e 'on(:port_read, 0x60) { |io| io.value = 1 }'
  ./ritevisor check new.rb --events trace --diff    which verdicts of a recording would differ
  generate-script | ./ritevisor check --json -
  ./ritevisor check -l                              what a hook can watch, and filter by

Nothing boots: the script runs in the real script engine, as a process of this machine, against
simulated devices. docs/check.md describes .events files. The exit status is 0 if all is well,
1 if a script has a mistake, an expectation was not met or, with --diff, a verdict would differ,
2 if the check could not be done.
"""


def add(commands):
    parser = options.add_command(commands, "check", check, "try scripts without booting", EXAMPLES)
    parser.set_defaults(error_status=2)
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", type=ready.resolve,
                        help="Ruby scripts, or names of ready ones, each in an engine of its own; - is standard "
                        "input")  # fmt: skip
    parser.add_argument("-e", dest="code", action="append", default=[], metavar="CODE",
                        help="a line of script; may be given again")  # fmt: skip
    parser.add_argument("--events", metavar="FILE",
                        help="what the guest does, instead of sample events; a trace of ritectl record is one too")
    parser.add_argument("--diff", action="store_true",
                        help="compare verdicts with those that --events recorded")
    parser.add_argument("--of", metavar="SCRIPT",
                        help="of a trace: the verdicts of this script; if not said, of the one that is checked if it "
                        "is in the trace, else what came of all scripts")  # fmt: skip
    parser.add_argument("--setting", metavar="NAME=VALUE", action="append", default=[],
                        help="a word of the boot line for the script; may be given again")  # fmt: skip
    parser.add_argument("-l", "--list", action="store_true",
                        help="list the kinds of events, their filters and methods, and end")  # fmt: skip
    options.add_gems_option(parser)
    parser.add_argument("--json", action="store_true", help="a list with one object a script")


def text_line(name, reported):
    """One line of the text output."""
    if reported["type"] == "hook":
        return f"{name}: hook {reported['number']}: {samples.describe(reported)}"
    if reported["type"] == "event":
        seen = "" if reported["hooks"] else "  (no hook saw it)"
        failed = "  (a hook failed)" if reported["failed"] else ""
        return f"{name}: {reported['line']} -> {reported['outcome']}{seen}{failed}"
    if reported["type"] == "failure" or reported["level"] == "error":
        return f"error: {reported['text']}"
    if reported["level"] == "print":
        return f"{name}: {reported['text']}"
    return f"{name}: {reported['level']}: {reported['text']}"


def counted(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"


def print_result(result):
    for each in result.all:
        print(text_line(result.name, each))
    if result.end_error():
        print(f"error: {result.name}: {result.end_error()}")
    counts = ", ".join(counted(len(result.of_type(kind)), kind) for kind in ("hook", "event"))
    print(f"{result.name}: {'ok' if result.is_ok() else 'FAILED'}, {counts}")


def write_source(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(text)
    return path


def collect_scripts(arguments, folder):
    """Returns the paths of all scripts; what -e and - give goes into files in the folder."""
    scripts = []
    if arguments.code:
        text = "\n".join(arguments.code) + "\n"
        scripts.append(write_source(folder, "-e", text.encode(errors="surrogateescape")))
    for path in arguments.scripts:
        if path == "-":
            scripts.append(write_source(folder, "-", sys.stdin.buffer.read()))
        else:
            need_file(path, ready.HINT)
            scripts.append(os.path.abspath(path))
    if not scripts:
        raise UserError("nothing to check: give a script, - for standard input, or -e CODE")
    return scripts


def check(arguments):
    """Checks all scripts, each in an engine of its own. Returns the exit status."""
    if arguments.list:
        simulation.prepare()
        print("\n".join(kinds.listing()))
        return 0
    if arguments.events and not os.path.isdir(arguments.events):
        need_file(arguments.events, "docs/check.md says what an .events file holds")
    if arguments.diff and not arguments.events:
        raise UserError("--diff needs a recording: --events RECORD")
    if arguments.of and not (arguments.events and traces.is_trace(arguments.events)):
        raise UserError("--of goes with --events TRACE")
    with tempfile.TemporaryDirectory(prefix="ritevisor-check-") as folder:
        scripts = collect_scripts(arguments, folder)
        engine = gems.build(arguments.gems) if arguments.gems else paths.ENGINE
        simulation.prepare()
        results = []
        for script in scripts:
            others = [each for each in scripts if each != script]
            events = recorded_events(arguments, script, folder)
            if arguments.diff:
                results.append(compare([script, *others], arguments, events, engine))
                continue
            result = simulation.check_script([script, *others], arguments.setting, events, engine)
            result.all[:0] = constructs.warnings(script)
            results.append(result)
            if not arguments.json:
                print_result(result)
    if arguments.json:
        print(json.dumps([result.as_dict() for result in results], indent=2))
    return 0 if all(result.is_same() if arguments.diff else result.is_ok() for result in results) else 1


def recorded_events(arguments, script, folder):
    """Returns the .events file to play to a script: of a trace one is made in the folder."""
    if not arguments.events or not traces.is_trace(arguments.events):
        return arguments.events
    trace = traces.Trace(arguments.events)
    decider = trace_events.decider(trace, arguments.of, os.path.basename(script))
    path = os.path.join(folder, f"{len(os.listdir(folder))}.events")
    output = trace_formats.Output(path, None, decider)
    trace_events.write_events(trace, output)
    output.close()
    for text in output.notes + trace.damage:
        print(f"ritevisor check: {trace.name}: {text}", file=sys.stderr)
    if trace.lost:
        print(f"ritevisor check: {trace.name}: {trace.lost} events were lost", file=sys.stderr)
    return path


def compare(scripts, arguments, events, engine):
    """Plays a recording to the first of the scripts, and prints what differs unless as JSON. Returns the Replay."""
    reported = simulation.run_engine(scripts, arguments.setting, events, engine, is_diff=True)
    replayed = replay.Replay(os.path.basename(scripts[0]), reported)
    if not arguments.json:
        print("\n".join(replayed.lines()))
    return replayed
