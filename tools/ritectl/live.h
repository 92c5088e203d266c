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
	/* Of these, is it one that is hooked where the command line names none? */
	bool (*is_usual)(uint32_t kind);
	void (*begin)(void);
	/* The events of all CPUs, in the order of their times. */
	void (*event)(const struct live_event *event);
	void (*lost)(uint64_t time_ns, uint32_t cpu, uint64_t count);
	void (*end)(uint64_t time_ns);
};
extern const struct live_format live_text, live_json; /* live_text.c */
extern const struct live_format live_pcapng;	       /* live_pcapng.c */

/* live_usbmon.c: what stands before a USB transfer's data. */
struct usbmon_header {
	uint64_t id;
	uint8_t phase, type, endpoint, device;
	uint16_t bus;
	uint8_t has_no_setup, has_no_data; /* 0: it has; else a character that says why not */
	int64_t time_s;
	int32_t time_us, status;
	uint32_t length, captured;
	uint8_t setup[8];
	uint32_t interval, start_frame, transfer_flags, nr_descriptors;
};
_Static_assert(sizeof(struct usbmon_header) == 64, "usbmon's header has 64 bytes");
bool usbmon_takes_kind(uint32_t kind);
/* The begin of one, or its end? */
bool usbmon_takes(const struct live_event *event);
uint32_t usbmon_bus(const struct live_event *event);
/* Bytes that are to be moved, or were. */
uint32_t usbmon_length(const struct live_event *event);
void usbmon_fill(struct usbmon_header *header, const struct live_event *event);

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
