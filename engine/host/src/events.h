/*
 * events.h: the lines of an .events file and what they mean to the simulated machine.
 */
#ifndef ENGINE_HOST_EVENTS_H
#define ENGINE_HOST_EVENTS_H

#include "recorded.h"
#include "rv/abi.h"
#include "words.h"

enum events_result {
	EVENTS_UNKNOWN,	/* not understood */
	EVENTS_SET_UP,	/* a device was set */
	EVENTS_EVENT,	/* the guest does something: the event is filled */
};

/* The next line that is not empty; false at the end. */
bool events_next(struct words *words);

/* "FILE:LINE" of it. */
const char *events_position(void);

/* What stood before it. */
const struct recorded *events_line_recorded(void);
/* recorded_payload() of it. */
bool events_payload(void *buffer, size_t room_bytes);

/* Acts on a set-up line or fills an event. */
enum events_result events_line(const struct words *words, struct rv_event *event);

/* Compares what stands after "->" with an outcome in words; NULL if it fits or nothing is
 * expected, else what was expected. "unhooked" and "error" say what the hooks did; "*" is any. */
const char *events_compare(const struct words *words, const char *outcome, bool hooked,
			   bool failed);

/* What stands after "->" of a line, "" if nothing does. */
const char *events_expected(const struct words *words);

/* The guest's registers, as `register NAME = VALUE` lines set them. */
void events_registers(struct rv_registers *registers);

#endif
