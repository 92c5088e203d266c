/*
 * metadata.c: describes a trace in CTF's language (TSDL, CTF 1.8.3, 7), from the table of kinds that this program was
 * built with. hook/trace_layout.h is what it describes; docs/traces.md shows it.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "hook/trace_layout.h"
#include "rv/version.h"

struct metadata_packet {
	uint32_t magic;
	uint8_t uuid[TRACE_UUID_BYTES];
	uint32_t checksum; /* 0: none */
	uint32_t content_bits, packet_bits;
	uint8_t compression, encryption, checksum_scheme, major, minor;
} __attribute__((packed));
_Static_assert(sizeof(struct metadata_packet) == 37, "CTF 1.8.3, 7.1");

static void metadata_put_enum(FILE *file, const char *name, const char *type)
{
	fprintf(file, "enum %s : %s {\n", name, type);
}

static void metadata_put_label(FILE *file, const char *label, uint64_t value)
{
	fprintf(file, "\t\"%s\" = %llu,\n", label, (unsigned long long)value);
}

static const struct {
	const char *name;
	uint8_t value;
} verdicts[] = {
	{ "pass", RV_VERDICT_PASS },
	{ "change", RV_VERDICT_CHANGE },
	{ "deny", RV_VERDICT_DENY },
	{ "drop", RV_VERDICT_DROP },
	{ "error", RV_VERDICT_ERROR },
	{ "accept", RV_VERDICT_ACCEPT },
	{ "change_accept", RV_VERDICT_CHANGE + RV_VERDICT_ACCEPT },
	{ "hold", RV_VERDICT_HOLD },
	{ "change_hold", RV_VERDICT_CHANGE + RV_VERDICT_HOLD },
	{ "accept_hold", RV_VERDICT_ACCEPT + RV_VERDICT_HOLD },
	{ "change_accept_hold", RV_VERDICT_CHANGE + RV_VERDICT_ACCEPT + RV_VERDICT_HOLD },
};

static const char *const phases[] = {
#define TRACE_PHASE(constant, name) name,
	TRACE_PHASES(TRACE_PHASE)
#undef TRACE_PHASE
};

const char *metadata_verdict(uint32_t verdict)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (verdicts[i].value == verdict)
			return verdicts[i].name;
	}
	return "?";
}

const char *metadata_phase(uint32_t phase)
{
	return phase < sizeof(phases) / sizeof(phases[0]) ? phases[phase] : "?";
}

static void metadata_put_verdicts(FILE *file)
{
	metadata_put_enum(file, "verdict", "uint8_t");
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		metadata_put_label(file, verdicts[i].name, verdicts[i].value);
	fputs("};\n", file);
}

static void metadata_put_phases(FILE *file)
{
	metadata_put_enum(file, "phase", "uint8_t");
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		metadata_put_label(file, phases[i], i);
	fputs("};\n", file);
}

/* What numbers of disks and bits of commands mean. */
static void metadata_put_disks(FILE *file)
{
	metadata_put_enum(file, "disk", "uint16_t");
	for (uint32_t i = 0; i <= RV_DISK_LAST; i++) {
		char name[RV_DISK_NAME_BYTES];

		rv_disk_name(i, name);
		metadata_put_label(file, name, i);
	}
	fputs("};\n", file);
	metadata_put_enum(file, "disk_command", "uint64_t");
	for (uint32_t i = 0; i < RV_DISK_COMMAND_COUNT; i++)
		metadata_put_label(file, rv_disk_command_name(i), RV_DISK_COMMAND_BIT(i));
	fputs("};\n", file);
}

static void metadata_put_types(FILE *file)
{
	for (unsigned bits = 8; bits <= 64; bits *= 2) {
		fprintf(file, "typealias integer { size = %u; align = 8; signed = false; } := uint%u_t;\n", bits, bits);
		fprintf(file, "typealias integer { size = %u; align = 8; signed = false; base = 16; } := hex%u_t;\n", bits, bits);
	}
	metadata_put_verdicts(file);
	metadata_put_phases(file);
	metadata_put_disks(file);
}

static void metadata_put_uuid(FILE *file, const uint8_t uuid[TRACE_UUID_BYTES])
{
	for (unsigned i = 0; i < TRACE_UUID_BYTES; i++)
		fprintf(file, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

static void metadata_put_trace(FILE *file, const struct metadata *metadata)
{
	fputs("trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"", file);
	metadata_put_uuid(file, metadata->uuid);
	fputs("\";\n\tbyte_order = le;\n\tpacket.header := struct {\n\t\tuint32_t magic;\n\t\tuint8_t uuid[16];\n"
	      "\t\tuint32_t stream_id;\n\t};\n};\n", file);
	fprintf(file, "env {\n\tdomain = \"hypervisor\";\n\ttracer_name = \"ritevisor\";\n\ttracer_version = \"%s\";\n"
		"\ttracer_major = 1;\n\ttracer_minor = 0;\n};\n", RV_VERSION);
	fprintf(file, "clock {\n\tname = tsc;\n\tdescription = \"the CPUs' time stamp counters\";\n\tfreq = %llu;\n"
		"\toffset_s = %lld;\n\toffset = %llu;\n\tabsolute = true;\n};\n", (unsigned long long)metadata->tsc_hz,
		(long long)metadata->offset_s, (unsigned long long)metadata->offset_ticks);
	fputs("typealias integer { size = 64; align = 8; signed = false; map = clock.tsc.value; } := tsc_t;\n", file);
}

static void metadata_put_stream(FILE *file)
{
	fputs("stream {\n\tid = 0;\n\tpacket.context := struct {\n\t\ttsc_t timestamp_begin;\n\t\ttsc_t timestamp_end;\n"
	      "\t\tuint64_t content_size;\n\t\tuint64_t packet_size;\n\t\tuint64_t packet_seq_num;\n"
	      "\t\tuint64_t events_discarded;\n\t\tuint32_t cpu_id;\n\t};\n"
	      "\tevent.header := struct {\n\t\tuint16_t id;\n\t\ttsc_t timestamp;\n\t};\n"
	      "\tevent.context := struct {\n\t\tuint32_t duration;\n\t\tuint32_t hook;\n\t\tenum verdict verdict;\n"
	      "\t\tenum phase phase;\n\t\tuint8_t fetched;\n\t\tstring script;\n\t};\n};\n", file);
}

bool metadata_is_hex(const struct rv_field *field)
{
	return (field->flags & (RV_FIELD_ADDRESS | RV_FIELD_PART | RV_FIELD_LAZY)) != 0 || field->mask != NULL;
}

static const char *metadata_type(const struct rv_field *field, char text[16])
{
	if (field->flags & RV_FIELD_DISK)
		return "enum disk";
	if (field->flags & RV_FIELD_COMMAND)
		return "enum disk_command";
	snprintf(text, 16, "%s%u_t", metadata_is_hex(field) ? "hex" : "uint", field->bytes * 8);
	return text;
}

/* A name that CTF's own words may be: readers take one underscore off (CTF 1.8.3, 7.3.2). */
static void metadata_put_field(FILE *file, const struct rv_field *field, enum trace_part part)
{
	char type[16];

	fprintf(file, "\t\t%s _%s%s;\n", metadata_type(field, type), part == TRACE_RESULT ? "result_" : "", field->name);
}

static void metadata_put_kind(FILE *file, uint32_t number)
{
	const struct rv_kind *kind = &rv_kinds[number];

	fprintf(file, "event {\n\tname = \"%s\";\n\tid = %u;\n\tstream_id = 0;\n\tfields := struct {\n", kind->name, number);
	for (unsigned part = 0; part < TRACE_PART_COUNT; part++) {
		for (uint32_t i = 0; i < kind->nr_fields; i++) {
			if (trace_has(kind, i, (enum trace_part)part))
				metadata_put_field(file, &kind->fields[i], (enum trace_part)part);
		}
	}
	if (rv_kind_has(number, RV_KIND_REQUEST))
		fputs("\t\tuint32_t _payload_bytes;\n\t\tuint16_t _payload_length;\n\t\thex8_t _payload[_payload_length];\n", file);
	fputs("\t};\n};\n", file);
}

void metadata_print(FILE *file, const struct metadata *metadata)
{
	fputs("/* CTF 1.8 */\n", file);
	metadata_put_types(file);
	metadata_put_trace(file, metadata);
	metadata_put_stream(file);
	fprintf(file, "event {\n\tname = \"trace\";\n\tid = %u;\n\tstream_id = 0;\n\tfields := struct {\n"
		"\t\tstring _name;\n\t\tstring _values;\n\t};\n};\n", RV_EVENT_NONE);
	for (uint32_t number = RV_EVENT_NONE + 1; number < RV_EVENT_KIND_COUNT; number++)
		metadata_put_kind(file, number);
}

void metadata_print_packet(FILE *file, const struct metadata *metadata)
{
	struct metadata_packet packet = { .magic = TRACE_METADATA_MAGIC, .major = 1, .minor = 8 };
	char *text = NULL;
	size_t bytes;
	FILE *memory = open_memstream(&text, &bytes);

	if (memory == NULL)
		fail(STATUS_SCRIPT, "no memory");
	metadata_print(memory, metadata);
	if (fclose(memory) != 0)
		fail(STATUS_SCRIPT, "no memory");
	memcpy(packet.uuid, metadata->uuid, sizeof(packet.uuid));
	packet.content_bits = packet.packet_bits = (uint32_t)(8 * (sizeof(packet) + bytes));
	fwrite(&packet, sizeof(packet), 1, file);
	fwrite(text, 1, bytes, file);
	free(text);
}
