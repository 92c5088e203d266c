/*
 * tools/ritectl/live.h: a recording that is written as it comes, in another form than CTF: `ritectl record -f FORMAT`.
 * It is what `ritevisor convert` makes of a trace, without a trace in between.
 */
#ifndef LIVE_H
#define LIVE_H

#include "record.h"

#include "hook/trace_layout.h"

/* One event. What it points to is there until the format's function returns. */
struct live_event {
	uint64_t time_ns; /* since 1970 */
	uint32_t cpu;
	struct trace_head head;
	const char *script; /* "": no script's */
	const uint8_t *fields; /* those of its kind, by trace_part; of RV_EVENT_NONE the texts */
	const uint8_t *payload; /* of requests */
	uint32_t payload_bytes; /* that there are */
	uint16_t payload_length; /* that were recorded */
};

/* One field of an event. Zero at first, but for `part`: -1. */
struct live_field {
	const struct rv_field *field;
	int part; /* enum trace_part */
	uint32_t number;
	size_t at;
	uint64_t value;
};
/* The next one, in their order in the trace. False: that was the last. */
bool live_next(const struct live_event *event, struct live_field *field);
/* The value of the field of that name, as the guest has it; false: it has none. */
bool live_value(const struct live_event *event, const char *name, uint64_t *value);

struct live_format {
	const char *name;
	bool is_binary; /* nothing for a terminal */
	/* Has it something to say of such events? NULL: of all. */
	bool (*takes)(uint32_t kind);
	void (*begin)(void);
	/* The events of all CPUs, in the order of their times. */
	void (*event)(const struct live_event *event);
	void (*lost)(uint64_t time_ns, uint32_t cpu, uint64_t count);
	void (*end)(uint64_t time_ns);
};
extern const struct live_format live_text, live_json; /* live_text.c */
extern const struct live_format live_pcapng;	       /* live_pcapng.c */

/* The format of that name, NULL: there is none. */
const struct live_format *live_format_named(const char *name);

/* Begins to write to settings.output. */
void live_begin(const struct live_format *format, const struct metadata *metadata);
/* A packet of a CPU's. False: it is damaged, and what could be read of it is taken. */
bool live_take(uint32_t cpu, const uint8_t *bytes, size_t length_bytes);
/* Each CPU was asked for a packet once: writes what no CPU can come before any more. */
void live_pass(unsigned nr_cpus);
/* Writes the rest, once; the program's end does it else. */
void live_end(void);

#endif
