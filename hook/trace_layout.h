/*
 * hook/trace_layout.h: what a trace's packets are made of, for whoever writes them (hook/trace.c) and whoever
 * describes them (tools/ritectl/metadata.c). CTF 1.8, https://diamon.org/ctf/v1.8.3/: all of it little-endian and
 * aligned to bytes. Each kind of event is a class of its own, whose fields are those of include/rv/kinds_table.h: a new
 * kind needs nothing here. docs/traces.md says it for those who read traces.
 *
 * One event: struct trace_head; the owner's name with a NUL; then by trace_part the fields of its kind; then, of
 * requests, struct trace_payload and its bytes. Of RV_EVENT_NONE, which scripts make by `trace`: two texts with a NUL
 * each, its name and its values.
 */
#ifndef HOOK_TRACE_LAYOUT_H
#define HOOK_TRACE_LAYOUT_H

#include "rv/kinds.h"

#define TRACE_MAGIC 0xc1fc1fc1u	   /* of packets (CTF 5.2.1) */
#define TRACE_METADATA_MAGIC 0x75d11d57u /* of the metadata in packets (CTF 7.1) */
#define TRACE_UUID_BYTES 16
#define TRACE_PACKET_BYTES 4032 /* at most: what a message of control/control_abi.h takes */
#define TRACE_PAYLOAD_BYTES_MAXIMUM 2048

struct trace_packet {
	uint32_t magic;
	uint8_t uuid[TRACE_UUID_BYTES];
	uint32_t stream; /* 0 */
	uint64_t begin_tsc, end_tsc; /* of its first and last event */
	uint64_t content_bits, packet_bits; /* the same: nothing is padded */
	uint64_t sequence;  /* 0, 1, ... a CPU */
	uint64_t discarded; /* events that this CPU had no room for since the recording began */
	uint32_t cpu;
} __attribute__((packed));
_Static_assert(sizeof(struct trace_packet) == 76, "docs/traces.md");

struct trace_head {
	uint16_t kind; /* enum rv_event_kind */
	uint64_t tsc;	/* when it was decided */
	uint32_t duration; /* TSC ticks that it took a script to decide; 0: C alone did */
	uint32_t hook;	 /* its number; 0xffffffff: none */
	uint8_t verdict; /* enum rv_verdict, with RV_VERDICT_MODIFIERS */
	uint8_t phase;	 /* enum trace_phase */
	uint8_t fetched; /* 1: its lazy fields hold what the device gave, or what an earlier hook answered */
} __attribute__((packed));
_Static_assert(sizeof(struct trace_head) == 21, "docs/traces.md");

struct trace_payload {
	uint32_t bytes;	 /* that there are, as far as it is known */
	uint16_t length; /* of them, from the first on, behind this */
} __attribute__((packed));
_Static_assert(sizeof(struct trace_payload) == 6, "docs/traces.md");

#define TRACE_PHASES(PHASE)                                                                        \
	PHASE(EVENT, "event")	      /* what a hook was asked */                                  \
	PHASE(SUBMITTED, "submitted") /* of a request: the guest asks; blktrace's Q */             \
	PHASE(GIVEN, "given")	      /* the hooks have let it pass: the device gets it; D */      \
	PHASE(COMPLETED, "completed") /* the device is done, or it was refused, and never given; C */

enum trace_phase {
#define TRACE_PHASE(constant, name) TRACE_##constant,
	TRACE_PHASES(TRACE_PHASE)
#undef TRACE_PHASE
};

/* In this order. */
enum trace_part {
	TRACE_ASKED,  /* as the guest has it */
	TRACE_GOT,    /* lazy fields, as the device gave them */
	TRACE_RESULT, /* writable ones, as they are when it is decided */
	TRACE_PART_COUNT,
};

/* Does another name for the same say more? That is one of a method rather than one of a filter alone, and else the one
 * that comes later: "port", not "address"; but of a packet "sport", not "port". */
static inline bool trace_field_is_alias(const struct rv_kind *kind, uint32_t field)
{
	bool reader = (kind->fields[field].flags & RV_FIELD_READER) != 0;

	for (uint32_t i = 0; i < kind->nr_fields; i++) {
		bool other = (kind->fields[i].flags & RV_FIELD_READER) != 0;

		if (i == field || kind->fields[i].offset != kind->fields[field].offset ||
		    (kind->fields[i].flags & RV_FIELD_HIDDEN))
			continue;
		if (other != reader ? other : i > field)
			return true;
	}
	return false;
}

/* Is this field in that part of its kind's events? */
static inline bool trace_has(const struct rv_kind *kind, uint32_t field, enum trace_part part)
{
	uint32_t flags = kind->fields[field].flags;
	bool lazy = (flags & RV_FIELD_LAZY) != 0;

	if ((flags & (RV_FIELD_HIDDEN | RV_FIELD_PERIOD)) || !(flags & (RV_FIELD_READER | RV_FIELD_FILTER)) ||
	    trace_field_is_alias(kind, field))
		return false;
	return part == TRACE_ASKED ? !lazy : part == TRACE_GOT ? lazy : (flags & RV_FIELD_WRITABLE) != 0;
}

static inline uint64_t trace_mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * UINT64_C(0x100000001b3);
}

static inline uint64_t trace_mix_text(uint64_t sum, const char *text)
{
	for (; *text != '\0'; text++)
		sum = trace_mix(sum, (uint8_t)*text);
	return trace_mix(sum, 0);
}

/* Differs if what is written and what is described do: FNV-1a over names and sizes. */
static inline uint64_t trace_layout_sum(void)
{
	uint64_t sum = trace_mix(UINT64_C(0xcbf29ce484222325), sizeof(struct trace_packet) + sizeof(struct trace_head));

	for (uint32_t number = RV_EVENT_NONE + 1; number < RV_EVENT_KIND_COUNT; number++) {
		const struct rv_kind *kind = &rv_kinds[number];

		sum = trace_mix(trace_mix_text(sum, kind->name), kind->flags & RV_KIND_REQUEST);
		for (unsigned part = 0; part < TRACE_PART_COUNT; part++) {
			for (uint32_t i = 0; i < kind->nr_fields; i++) {
				if (trace_has(kind, i, (enum trace_part)part))
					sum = trace_mix(trace_mix_text(sum, kind->fields[i].name), kind->fields[i].bytes);
			}
		}
	}
	return sum;
}

#endif
