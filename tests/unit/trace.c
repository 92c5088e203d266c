/*
 * tests/unit/trace.c: recordings: hook/trace.c, trace_event.c, trace_ring.c.
 */
#include "hook_machine.h"

#include "hook/trace.h"
#include "hook/trace_ring.h"

#define ALL_KINDS ((UINT64_C(1) << RV_EVENT_KIND_COUNT) - 1)

static int begin(unsigned nr_packets, uint64_t kinds)
{
	struct trace_setup setup = { .uuid = "0123456789abcde", .kinds = kinds, .nr_packets = nr_packets };

	return trace_begin(&setup);
}

static void end(void)
{
	UNIT_EQUAL(trace_stop(), 0);
	trace_end();
	UNIT_EQUAL(fake_pages, cpus_count); /* the rings stay */
	UNIT_EQUAL(trace_kinds, 0);
	UNIT_CHECK(owner.deliver == owner_deliver);
	finish();
}

static uint8_t packet[TRACE_PACKET_BYTES];
static size_t packet_bytes;
static uint64_t next_packet;

static bool fetch(void)
{
	struct trace_packet head;

	packet_bytes = trace_ring_fetch(0, &next_packet, packet);
	if (packet_bytes == 0)
		return false;
	memcpy(&head, packet, sizeof(head));
	UNIT_EQUAL(head.magic, TRACE_MAGIC);
	UNIT_EQUAL(head.content_bits, 8 * packet_bytes);
	UNIT_EQUAL(head.packet_bits, 8 * packet_bytes);
	UNIT_EQUAL(head.sequence, next_packet);
	UNIT_EQUAL(head.stream, 0);
	UNIT_CHECK(memcmp(head.uuid, "0123456789abcde", 16) == 0 && head.begin_tsc <= head.end_tsc);
	next_packet++;
	return true;
}

/* One record of a packet, as a reader sees it. */
struct record {
	struct trace_head head;
	const char *script;
	const uint8_t *fields;
};

static size_t record_at(size_t at, struct record *record)
{
	memcpy(&record->head, packet + at, sizeof(record->head));
	record->script = (const char *)packet + at + sizeof(record->head);
	record->fields = packet + at + sizeof(record->head) + strlen(record->script) + 1;
	return (size_t)(record->fields - packet);
}

static uint64_t field_of(const struct record *record, const char *name, enum trace_part wanted)
{
	const struct rv_kind *kind = &rv_kinds[record->head.kind];
	const uint8_t *at = record->fields;

	for (unsigned part = 0; part < TRACE_PART_COUNT; part++) {
		for (uint32_t i = 0; i < kind->nr_fields; i++) {
			uint64_t value = 0;

			if (!trace_has(kind, i, (enum trace_part)part))
				continue;
			memcpy(&value, at, kind->fields[i].bytes);
			if (part == wanted && strcmp(kind->fields[i].name, name) == 0)
				return value;
			at += kind->fields[i].bytes;
		}
	}
	unit_fail("%s has no field %s", kind->name, name);
	return 0;
}

static size_t fields_bytes(uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];
	size_t bytes = 0;

	for (unsigned part = 0; part < TRACE_PART_COUNT; part++) {
		for (uint32_t i = 0; i < kind->nr_fields; i++)
			bytes += trace_has(kind, i, (enum trace_part)part) ? kind->fields[i].bytes : 0;
	}
	return bytes;
}

/* An access that is what the kind's samples say. */
static struct access pose(uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];
	struct access access = { .vcpu = &fake_vcpu };
	struct event_origin origin = { .vcpu = &fake_vcpu, .access = &access };
	struct rv_event posed = { .kind = number };

	for (uint32_t i = 0; i < kind->nr_fields; i++)
		rv_field_set(&kind->fields[i], &posed, kind->fields[i].sample);
	source_of(number)->pose(&origin, &posed);
	return access;
}

static bool is_access(uint32_t number)
{
	return !(rv_kinds[number].flags & (RV_KIND_PLAIN | RV_KIND_REQUEST));
}

/* A record holds nothing that source_access_fill() does not write: of such events nothing is zeroed before. */
static bool is_written_in_place(uint16_t offset)
{
	return offset == offsetof(struct rv_event, width_bytes) || offset == offsetof(struct rv_event, address) ||
	       offset == offsetof(struct rv_event, value) || offset == offsetof(struct rv_event, base);
}

static struct rv_hook_spec spec_of_sample(uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];
	uint32_t where = rv_kind_field_with(number, RV_FIELD_ADDRESS);

	return spec_of(number, kind->fields[where].sample, kind->fields[where].sample + 3);
}

/* A hook in C, of each kind: the fields are the access's, what a read gives is asked for. */
static void case_kinds(void)
{
	for (uint32_t number = RV_EVENT_NONE + 1; number < RV_EVENT_KIND_COUNT; number++) {
		const struct rv_kind *kind = &rv_kinds[number];
		struct rv_hook_spec spec;
		struct record record;
		struct access access;

		if (!is_access(number))
			continue;
		spec = spec_of_sample(number);
		spec.fixed = RV_FIXED_TRACE;
		hook_of(&spec);
		access = pose(number);
		next_packet = 0;
		UNIT_EQUAL(begin(4, UINT64_C(1) << number), 0);
		UNIT_EQUAL(fake_last_region->handler(&access, fake_last_region->context), ACCESS_PASS);
		UNIT_CHECK(fetch());
		UNIT_EQUAL(record_at(sizeof(struct trace_packet), &record) + fields_bytes(number), packet_bytes);
		UNIT_EQUAL(record.head.kind, number);
		UNIT_CHECK(strcmp(record.script, "test.rb") == 0);
		UNIT_EQUAL(record.head.verdict, RV_VERDICT_PASS);
		for (uint32_t i = 0; i < kind->nr_fields; i++) {
			UNIT_CHECK(!source_of(number)->in_place || is_written_in_place(kind->fields[i].offset));
			if (trace_has(kind, i, TRACE_ASKED) && (kind->fields[i].flags & RV_FIELD_FILTER) &&
			    !(kind->fields[i].flags & RV_FIELD_LOOKED_UP))
				UNIT_EQUAL(field_of(&record, kind->fields[i].name, TRACE_ASKED), kind->fields[i].sample);
			if (trace_has(kind, i, TRACE_GOT)) {
				UNIT_EQUAL(record.head.fetched, 1);
				UNIT_EQUAL(access.resolved, true);
			}
		}
		UNIT_CHECK(!fetch());
		end();
	}
}

static enum access_result ask(struct hook *hook, struct access *access)
{
	fake_vcpu.history_next++;
	return hook_handle_access(access, hook);
}

/* What a script decides, with what was before and what is then; nothing of that before and after the recording. */
static void case_verdicts(void)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_PORT_WRITE, 0x80, 0x80);
	struct hook *hook = hook_of(&spec);
	struct access access = access_of(ACCESS_PORT, true, 0x80, 1, 0x41);
	struct record record;

	next_packet = 0;
	ask(hook, &access);
	UNIT_EQUAL(begin(4, ALL_KINDS), 0);
	UNIT_EQUAL(begin(4, ALL_KINDS), -RV_EBUSY);
	next_verdict = RV_VERDICT_CHANGE | RV_VERDICT_ACCEPT;
	next_value = 0x42;
	UNIT_EQUAL(ask(hook, &access), ACCESS_ACCEPT);
	UNIT_CHECK(fetch());
	record_at(sizeof(struct trace_packet), &record);
	UNIT_EQUAL(record.head.verdict, RV_VERDICT_CHANGE | RV_VERDICT_ACCEPT);
	UNIT_EQUAL(record.head.hook, hook->id);
	UNIT_EQUAL(record.head.phase, TRACE_EVENT);
	UNIT_EQUAL(field_of(&record, "port", TRACE_ASKED), 0x80);
	UNIT_EQUAL(field_of(&record, "value", TRACE_ASKED), 0x41);
	UNIT_EQUAL(field_of(&record, "value", TRACE_RESULT), 0x42);
	next_verdict = (enum rv_verdict)77; /* a verdict that there is not */
	ask(hook, &access);
	UNIT_CHECK(fetch());
	record_at(sizeof(struct trace_packet), &record);
	UNIT_EQUAL(record.head.verdict, RV_VERDICT_ERROR);
	UNIT_EQUAL(field_of(&record, "value", TRACE_RESULT), 0x42);
	trace_say(&owner, &fake_vcpu, "name", "{\"a\":1}");
	UNIT_CHECK(fetch());
	UNIT_EQUAL(record_at(sizeof(struct trace_packet), &record) + sizeof("name") + sizeof("{\"a\":1}"), packet_bytes);
	UNIT_CHECK(memcmp(record.fields, "name\0{\"a\":1}", sizeof("name") + sizeof("{\"a\":1}")) == 0);
	next_failure = true; /* the engine is gone, and its event with it */
	ask(hook, &access);
	UNIT_CHECK(fetch() && !fetch());
	record_at(sizeof(struct trace_packet), &record);
	UNIT_EQUAL(record.head.verdict, RV_VERDICT_ERROR);
	end();
}

static unsigned count_records(uint64_t *discarded)
{
	unsigned count = 0;

	while (fetch()) {
		struct trace_packet head;
		uint64_t last = 0;

		memcpy(&head, packet, sizeof(head));
		for (size_t at = sizeof(head); at < packet_bytes; count++) {
			struct record record;

			at = record_at(at, &record) + fields_bytes(record.head.kind);
			UNIT_CHECK(record.head.tsc >= last && record.head.tsc >= head.begin_tsc && record.head.tsc <= head.end_tsc);
			last = record.head.tsc;
		}
		UNIT_CHECK(head.discarded >= *discarded);
		*discarded = head.discarded;
	}
	return count;
}

/* What finds no room is counted, by a packet too; a packet comes as often as it is asked for. */
static void case_losses(void)
{
	struct rv_hook_spec spec = spec_of(RV_EVENT_PORT_WRITE, 0x80, 0x80);
	uint64_t discarded = 0, lost, recorded, again = 0;
	struct hook *hook;
	unsigned count = 0;

	spec.fixed = RV_FIXED_TRACE;
	hook = hook_of(&spec);
	next_packet = 0;
	UNIT_EQUAL(begin(3, ALL_KINDS), 0);
	for (unsigned i = 0; i < 1000; i++) {
		struct access access = access_of(ACCESS_PORT, true, 0x80, 1, i & 0xff);

		hook_handle_fixed(&access, hook);
		if (i == 200) { /* the first packet is fetched twice, and makes room then */
			UNIT_CHECK(fetch());
			count = 0;
			UNIT_EQUAL(trace_ring_fetch(0, &again, packet), packet_bytes);
			UNIT_EQUAL(again, 0);
			next_packet = 0;
		}
	}
	trace_rings_count(&lost, &recorded);
	UNIT_EQUAL(lost + recorded, 1000);
	UNIT_CHECK(lost > 700 && recorded > 100);
	count = count_records(&discarded);
	UNIT_EQUAL(count, recorded);
	UNIT_EQUAL(discarded, lost);
	/* A ring that was full goes on as soon as there is room: here for a packet, since the second that is fetched stays
	 * until a third is asked for. */
	for (unsigned i = 0; i < 1000; i++) {
		struct access access = access_of(ACCESS_PORT, true, 0x80, 1, 0);

		hook_handle_fixed(&access, hook);
		if (i == 600) {
			trace_rings_count(&lost, &recorded);
			UNIT_CHECK(fetch() && fetch());
		}
	}
	again = recorded;
	trace_rings_count(&lost, &recorded);
	UNIT_EQUAL(lost + recorded, 2000);
	UNIT_CHECK(recorded >= again + 50 && recorded < again + 150);
	(void)count_records(&discarded);
	UNIT_EQUAL(discarded, lost);
	end();
}

static void case_memory(void)
{
	UNIT_EQUAL(begin(0, ALL_KINDS), -RV_EINVAL);
	UNIT_EQUAL(begin(TRACE_PACKETS_MAXIMUM + 1, ALL_KINDS), -RV_EINVAL);
	fake_pages_until_none = 5;
	UNIT_EQUAL(begin(100, ALL_KINDS), -RV_ENOMEM);
	UNIT_EQUAL(fake_pages, cpus_count);
	fake_pages_until_none = 0;
	UNIT_EQUAL(begin(TRACE_PACKETS_MAXIMUM, ALL_KINDS), 0);
	UNIT_EQUAL(trace_hook(RV_EVENT_MMIO_WRITE, true, 0, 0), -RV_E2BIG);
	UNIT_EQUAL(trace_hook(RV_EVENT_MMIO_WRITE, false, 0xfee00000, 0xfee00fff), 0);
	UNIT_EQUAL(trace_hook(RV_EVENT_TIMER, true, 0, 0), -RV_EINVAL);
	UNIT_EQUAL(trace_hook(RV_EVENT_PORT_READ, false, 0, 0x10000), -RV_EINVAL);
	UNIT_EQUAL(fake_registered, 1);
	UNIT_EQUAL(trace_stop(), 0);
	UNIT_EQUAL(fake_registered, 0);
	end();
}

int main(void)
{
	fake_cpu.vcpu = &fake_vcpu;
	unit_run("each kind is recorded by its table", case_kinds);
	unit_run("verdicts and what scripts say", case_verdicts);
	unit_run("losses are counted", case_losses);
	unit_run("memory and hooks of a recording", case_memory);
	return unit_failed;
}
