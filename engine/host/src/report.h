/*
 * report.h: what happens in a session, as one JSON object a line on standard output, for programs
 * that present it (./ritevisor check). Nothing is written unless report_begin() was called.
 *
 * Bytes of 0x80 and above are written as \u0080 to \u00ff: the reader decodes them.
 */
#ifndef ENGINE_HOST_REPORT_H
#define ENGINE_HOST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void report_begin(void);
bool report_is_on(void);

/* An expectation that is not met is no failure, but told with the event. */
void report_begin_diff(void);
bool report_diff(void);

/* { "type": "log", "level": 0..4 or 16, "text": "..." } */
void report_log(uint32_t level, const char *text, size_t length_bytes);

/* { "type": "kind", ... } each: the table of kinds (rv/kinds.h), whether the report is on or not. */
void report_kinds(void);

/* { "type": "hook", ... } each: the table as the script's top level left it. */
void report_hooks(void);

enum { REPORT_HOOKS_MAXIMUM = 16 };

struct report_event {
	const char *line;	/* as an .events file spells it: "port_read 0x60" */
	const char *outcome;	/* what the guest saw: "0x1f" */
	uint32_t hooks[REPORT_HOOKS_MAXIMUM];	/* who saw it, in order */
	unsigned int nr_hooks;
	bool failed;		/* a hook's block raised or was killed */
	const char *expected;	/* what stood behind "->", "": nothing */
	const struct recorded *recorded;
	bool fits;		/* the outcome is that */
	bool asked_in_vain;	/* the recording has no answer of the device that was asked */
	bool ended;		/* a hook's verdict is that no later one is asked, of no script */
};

/* { "type": "event", "line": "port_read 0x60", "hooks": [0], "outcome": "0x1f", "failed": false,
 *   "ended": false, "time": "", "cpu": 0, "expected": "0x1f", "fits": true, "asked_in_vain": false } */
void report_event(const struct report_event *event);

/* { "type": "failure", "text": "FILE:LINE: expected ..." } */
void report_failure(const char *text);

/* { "type": "end", "status": 0, "reason": "..." } */
void report_end(int status, const char *reason);

#endif
