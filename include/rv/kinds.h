/*
 * include/rv/kinds.h: the one place that says what a kind of event is: its name, what its events are
 * made of, what hooks can filter by. The hypervisor's filters, Ruby's methods and error texts, `check`
 * and its samples, and the documents read rv_kinds, which rv/kinds_table.h fills.
 *
 * Each program has one file that defines the table: it defines RV_KINDS_DEFINE before it includes this.
 */
#ifndef RV_KINDS_H
#define RV_KINDS_H

#include "rv/abi.h"
#include "rv/disk.h"
#include "rv/net.h"
#include "rv/tunnel.h"
#include "rv/usb.h"

/* What a field is for. */
#define RV_FIELD_FILTER 0x1u	/* hooks can have a clause about it */
#define RV_FIELD_ADDRESS 0x2u	/* it says where: `on` takes it without a name too, and an Array of them */
#define RV_FIELD_READER 0x4u	/* events have a method of that name */
#define RV_FIELD_WRITABLE 0x8u	/* and one to set it, which makes the verdict CHANGE */
#define RV_FIELD_LAZY 0x10u	/* of reads: the device gives it when it is fetched */
#define RV_FIELD_PART 0x20u	/* one of several: setting it keeps the others, which are fetched before */
#define RV_FIELD_LOOKED_UP 0x40u /* found out for events that all other clauses hold for */
#define RV_FIELD_BITS 0x80u	/* a power of two within `last`: of an Array of them, any */
#define RV_FIELD_PREFIX 0x100u	/* of three bytes; a number of one or two are the first of these */
#define RV_FIELD_PERIOD 0x200u	/* microseconds; no property of events, but when they come */
#define RV_FIELD_DISK 0x400u	/* a disk: scripts say its name (rv/disk.h) */
#define RV_FIELD_HIDDEN 0x800u	/* the engine's own business, which scripts do not say */
#define RV_FIELD_COMMAND 0x1000u /* with RV_FIELD_BITS: a disk command: scripts say its name, or a number, which
				    is about the field "opcode" */
#define RV_FIELD_OPTIONAL 0x2000u /* all ones: the event has none; scripts get nil */
#define RV_FIELD_EITHER 0x4000u /* a filter by it holds too if it does of the field of the same size behind it */
#define RV_FIELD_NIC 0x8000u	/* a network card: scripts see a Nic */
#define RV_FIELD_TEXT 0x10000u	/* scripts see a text that this field alone does not tell */

struct rv_field {
	const char *name;	 /* as Ruby spells it */
	const char *mask;	 /* of the filter that says which bits count, NULL: there is none */
	uint16_t offset;	 /* in struct rv_event */
	uint16_t bytes;		 /* 1, 2, 4 or 8 */
	uint32_t flags;		 /* RV_FIELD_* */
	uint64_t first, last;	 /* what a filter may ask for */
	uint64_t sample;	 /* what an event has that does not say */
};

/* Several fields in one word: hexadecimal numbers with separators. */
#define RV_TEXT_FIELDS_MAXIMUM 3

struct rv_text {
	const char *name;
	const char *shape, *example; /* "VENDOR:DEVICE", "8086:100e" */
	const char *separators;	     /* one between each two */
	const char *fields[RV_TEXT_FIELDS_MAXIMUM];
};

#define RV_KIND_WRITE 0x1u   /* the guest gives something away */
#define RV_KIND_PLAIN 0x2u   /* no verdict: nothing hangs on it */
#define RV_KIND_MEMORY 0x4u  /* addresses are guest-physical: a hook takes time and tables for each page */
#define RV_KIND_OWN_WORD 0x8u /* scripts do not say `on` for it, but have a word of its own */
#define RV_KIND_FOLLOWS 0x40u /* hooks can follow a PCI function's BAR, or its configuration space */
#define RV_KIND_AT_END 0x10u /* the guest is over: as much time as for loading */
#define RV_KIND_LONG 0x100u /* no access waits for it: RV_LONG_BUDGETS times the usual budget, if the hook does not say */
#define RV_KIND_NUMBERS 0x20u /* addresses are numbers of things: an access touches one, however wide */
#define RV_KIND_REQUEST 0x80u /* no access: a device's command, with data (docs/words.md) */

#define RV_LONG_BUDGETS 50

#define RV_FIELDS_MAXIMUM 21 /* a kind */

struct rv_kind {
	const char *name;	/* "port_read" */
	const char *group;	/* the name for it and its other direction, "port_access"; NULL: none */
	const char *class;	/* of its events, below Event */
	const char *summary;	/* when it happens, in a few words */
	const char *words;	/* what stands behind the name in an .events file: names of fields or texts */
	uint32_t flags;		/* RV_KIND_* */
	uint32_t nr_fields, nr_texts;
	const struct rv_field *fields;
	const struct rv_text *texts;
};

extern const struct rv_kind rv_kinds[RV_EVENT_KIND_COUNT];

static inline bool rv_kind_is(uint32_t kind)
{
	return kind != RV_EVENT_NONE && kind < RV_EVENT_KIND_COUNT;
}

/* "?" for a number that is no kind. */
static inline const char *rv_kind_name(uint32_t kind)
{
	return rv_kind_is(kind) ? rv_kinds[kind].name : "?";
}

static inline bool rv_kind_has(uint32_t kind, uint32_t flag)
{
	return (rv_kinds[kind].flags & flag) != 0;
}

/* The number of the first field that has the flag; nr_fields if none has. */
static inline uint32_t rv_kind_field_with(uint32_t kind, uint32_t flag)
{
	uint32_t field = 0;

	while (field < rv_kinds[kind].nr_fields && (rv_kinds[kind].fields[field].flags & flag) == 0)
		field++;
	return field;
}

/* Here, because not every program that reads the table has strcmp(). */
static inline bool rv_name_is(const char *name, const char *wanted)
{
	while (*name != '\0' && *name == *wanted) {
		name++;
		wanted++;
	}
	return *name == *wanted;
}

/* RV_EVENT_NONE if there is none of that name. */
static inline uint32_t rv_kind_named(const char *name)
{
	for (uint32_t kind = RV_EVENT_NONE + 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (rv_name_is(rv_kinds[kind].name, name))
			return kind;
	}
	return RV_EVENT_NONE;
}

/* The number of a kind's field of that name; nr_fields if there is none. */
static inline uint32_t rv_field_named(const struct rv_kind *kind, const char *name)
{
	uint32_t field = 0;

	while (field < kind->nr_fields && !rv_name_is(kind->fields[field].name, name))
		field++;
	return field;
}

/* The bits that a field has. */
static inline uint64_t rv_field_ones(const struct rv_field *field)
{
	return field->bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * field->bytes) - 1;
}

static inline uint64_t rv_field_get(const struct rv_field *field, const struct rv_event *event)
{
	uint64_t value;

	__builtin_memcpy(&value, (const char *)event + field->offset, sizeof(value));
	return value & rv_field_ones(field);
}

static inline void rv_field_set(const struct rv_field *field, struct rv_event *event, uint64_t value)
{
	__builtin_memcpy((char *)event + field->offset, &value, field->bytes);
}

#ifdef RV_KINDS_DEFINE

#define RV_KIND(constant, ...) [RV_EVENT_##constant] = { __VA_ARGS__ },
#define RV_FIELDS(...)                                                                             \
	.fields = (const struct rv_field[]){ __VA_ARGS__ },                                        \
	.nr_fields = sizeof((const struct rv_field[]){ __VA_ARGS__ }) / sizeof(struct rv_field)
#define RV_TEXTS(...)                                                                              \
	.texts = (const struct rv_text[]){ __VA_ARGS__ },                                          \
	.nr_texts = sizeof((const struct rv_text[]){ __VA_ARGS__ }) / sizeof(struct rv_text)
#define RV_FIELD(spelled, member, what, ...)                                                       \
	{ .name = spelled, .offset = offsetof(struct rv_event, member),                            \
	  .bytes = sizeof(((struct rv_event *)0)->member), .flags = what, __VA_ARGS__ }

#define RV_READER_FILTER (RV_FIELD_READER | RV_FIELD_FILTER)
#define RV_WHERE (RV_READER_FILTER | RV_FIELD_ADDRESS)

const struct rv_kind rv_kinds[RV_EVENT_KIND_COUNT] = {
	[RV_EVENT_NONE] = { .name = "?" },
#include "rv/kinds_table.h"
};

#endif

#endif
