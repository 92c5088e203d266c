/*
 * live.c: takes events out of packets, and puts those of all CPUs in order as they come.
 */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"

/* An event that waits for those before it; or a loss. */
struct live_record {
	uint64_t tsc, number;
	uint64_t lost; /* so many events; 0: it is one */
	uint32_t cpu;
	uint32_t bytes;
	uint8_t data[];
};

static struct {
	const struct live_format *format;
	const struct metadata *metadata;
	struct live_record **records;
	size_t nr_records, room;
	bool is_writing;
	uint64_t number;
	uint64_t seen_tsc, seen_before_tsc; /* the last event that was fetched, now and when the pass began */
	struct {
		bool gave;	  /* a packet, in this pass */
		uint64_t end_tsc; /* of that */
		uint64_t lost;	  /* events, that were told of */
	} cpus[CPUS_MAXIMUM];
} live;

const struct live_format *live_format_named(const char *name)
{
	static const struct live_format *const formats[] = { &live_text, &live_json, &live_pcapng };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	}
	return NULL;
}

void live_begin(const struct live_format *format, const struct metadata *metadata)
{
	live.format = format;
	live.metadata = metadata;
	format->begin();
	output_flush();
	/* However this program ends, but for a second signal. */
	atexit(live_end);
}

static uint64_t live_ns(uint64_t tsc)
{
	const struct metadata *metadata = live.metadata;
	unsigned __int128 ticks = (unsigned __int128)metadata->offset_ticks + tsc;

	return (uint64_t)metadata->offset_s * 1000000000 + (uint64_t)(ticks * 1000000000 / metadata->tsc_hz);
}

/* Fields ------------------------------------------------------------------------------------------ */

bool live_next(const struct live_event *event, struct live_field *field)
{
	const struct rv_kind *kind = &rv_kinds[event->head.kind];

	if (field->part >= 0) {
		field->at += field->field->bytes;
		field->number++;
	} else {
		field->part = 0;
	}
	for (; field->part < TRACE_PART_COUNT; field->part++, field->number = 0) {
		for (; field->number < kind->nr_fields; field->number++) {
			if (!trace_has(kind, field->number, (enum trace_part)field->part))
				continue;
			field->field = &kind->fields[field->number];
			field->value = 0;
			memcpy(&field->value, event->fields + field->at, field->field->bytes);
			return true;
		}
	}
	return false;
}

bool live_value(const struct live_event *event, const char *name, uint64_t *value)
{
	struct live_field field = { .part = -1 };

	while (live_next(event, &field)) {
		if (field.part != TRACE_RESULT && strcmp(field.field->name, name) == 0) {
			*value = field.value;
			return true;
		}
	}
	return false;
}

/* Of all fields of a kind. */
static size_t live_fields_bytes(uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];
	size_t bytes = 0;

	for (unsigned part = 0; part < TRACE_PART_COUNT; part++) {
		for (uint32_t i = 0; i < kind->nr_fields; i++)
			bytes += trace_has(kind, i, (enum trace_part)part) ? kind->fields[i].bytes : 0;
	}
	return bytes;
}

/* Packets ----------------------------------------------------------------------------------------- */

/* A text with its NUL, of what is left. NULL: it has no end. */
static const char *live_text_at(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *text = *at, *nul = memchr(text, '\0', (size_t)(end - text));

	if (nul == NULL)
		return NULL;
	*at = nul + 1;
	return (const char *)text;
}

static bool live_parse_payload(struct live_event *event, const uint8_t **at, const uint8_t *end)
{
	struct trace_payload payload;

	if ((size_t)(end - *at) < sizeof(payload))
		return false;
	memcpy(&payload, *at, sizeof(payload));
	*at += sizeof(payload);
	if (payload.length > end - *at)
		return false;
	event->payload = *at;
	event->payload_bytes = payload.bytes;
	event->payload_length = payload.length;
	*at += payload.length;
	return true;
}

/* Returns where the next one begins; NULL: this is none. */
static const uint8_t *live_parse(struct live_event *event, const uint8_t *at, const uint8_t *end)
{
	size_t bytes;

	if ((size_t)(end - at) < sizeof(event->head))
		return NULL;
	memcpy(&event->head, at, sizeof(event->head));
	at += sizeof(event->head);
	event->script = live_text_at(&at, end);
	if (event->script == NULL || event->head.kind >= RV_EVENT_KIND_COUNT)
		return NULL;
	if (event->head.phase != TRACE_EVENT)
		event->script = "";
	event->fields = at;
	if (event->head.kind == RV_EVENT_NONE)
		return live_text_at(&at, end) != NULL && live_text_at(&at, end) != NULL ? at : NULL;
	bytes = live_fields_bytes(event->head.kind);
	if ((size_t)(end - at) < bytes)
		return NULL;
	at += bytes;
	if (rv_kind_has(event->head.kind, RV_KIND_REQUEST) && !live_parse_payload(event, &at, end))
		return NULL;
	return at;
}

static void live_keep(uint64_t tsc, uint32_t cpu, uint64_t lost, const uint8_t *bytes, size_t length_bytes)
{
	struct live_record *record = malloc(sizeof(*record) + length_bytes);

	if (live.nr_records == live.room) {
		live.room = live.room != 0 ? 2 * live.room : 1024;
		live.records = realloc(live.records, live.room * sizeof(live.records[0]));
	}
	if (record == NULL || live.records == NULL)
		fail(STATUS_SCRIPT, "no memory");
	*record = (struct live_record){ .tsc = tsc, .number = live.number++, .lost = lost, .cpu = cpu,
					.bytes = (uint32_t)length_bytes };
	if (length_bytes != 0)
		memcpy(record->data, bytes, length_bytes);
	live.records[live.nr_records++] = record;
	if (tsc > live.seen_tsc)
		live.seen_tsc = tsc;
}

bool live_take(uint32_t cpu, const uint8_t *bytes, size_t length_bytes)
{
	const uint8_t *at = bytes + sizeof(struct trace_packet), *end = bytes + length_bytes, *next;
	struct trace_packet packet;

	memcpy(&packet, bytes, sizeof(packet));
	live.cpus[cpu].gave = true;
	live.cpus[cpu].end_tsc = packet.end_tsc;
	if (packet.discarded > live.cpus[cpu].lost) {
		live_keep(packet.begin_tsc, cpu, packet.discarded - live.cpus[cpu].lost, NULL, 0);
		live.cpus[cpu].lost = packet.discarded;
	}
	for (; at != end; at = next) {
		struct live_event event = { .time_ns = 0 };

		next = live_parse(&event, at, end);
		if (next == NULL)
			return false;
		if (live.format->takes == NULL || live.format->takes(event.head.kind))
			live_keep(event.head.tsc, cpu, 0, at, (size_t)(next - at));
	}
	return true;
}

/* Order ------------------------------------------------------------------------------------------- */

static int live_compare(const void *left, const void *right)
{
	const struct live_record *a = *(struct live_record *const *)left, *b = *(struct live_record *const *)right;

	if (a->tsc != b->tsc)
		return a->tsc < b->tsc ? -1 : 1;
	if (a->cpu != b->cpu)
		return a->cpu < b->cpu ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static void live_write(const struct live_record *record)
{
	struct live_event event = { .time_ns = live_ns(record->tsc), .cpu = record->cpu };

	if (record->lost != 0) {
		live.format->lost(event.time_ns, record->cpu, record->lost);
		return;
	}
	(void)live_parse(&event, record->data, record->data + record->bytes);
	live.format->event(&event);
}

/* Up to that time. */
static void live_write_all(uint64_t limit_tsc)
{
	size_t done = 0;

	if (live.nr_records == 0)
		return;
	live.is_writing = true;
	qsort(live.records, live.nr_records, sizeof(live.records[0]), live_compare);
	for (; done < live.nr_records && live.records[done]->tsc <= limit_tsc; done++) {
		live_write(live.records[done]);
		free(live.records[done]);
	}
	live.nr_records -= done;
	memmove(live.records, live.records + done, live.nr_records * sizeof(live.records[0]));
	live.is_writing = false;
	output_flush();
}

/* A CPU that gave a packet has nothing more from before its end. One that had none when it was asked has nothing more
 * from before this pass, which is after all that was fetched by then. */
void live_pass(unsigned nr_cpus)
{
	uint64_t limit_tsc = UINT64_MAX;

	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		uint64_t last_tsc = live.cpus[cpu].gave ? live.cpus[cpu].end_tsc : live.seen_before_tsc;

		if (last_tsc < limit_tsc)
			limit_tsc = last_tsc;
		live.cpus[cpu].gave = false;
	}
	live.seen_before_tsc = live.seen_tsc;
	live_write_all(limit_tsc);
}

void live_end(void)
{
	const struct live_format *format = live.format;

	if (format == NULL || live.is_writing) /* over, or ended by a failure in here */
		return;
	live_write_all(UINT64_MAX);
	live.format = NULL;
	format->end(live_ns(live.seen_tsc));
	output_flush();
}
