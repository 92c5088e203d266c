/*
 * live_text.c: events as lines of text, and as lines of JSON in bpftrace's shapes: those of `ritevisor convert`.
 */
#include "live.h"

#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000

static uint64_t begin_ns, nr_lines;

static const char *text_verdict(const struct live_event *event)
{
	return metadata_verdict(event->head.verdict);
}

static uint64_t text_duration_ns(const struct live_event *event)
{
	return (uint64_t)event->head.duration * SECOND_NS / tsc_hz;
}

/* The name of what a number stands for; NULL: it stands for itself. */
static const char *text_label(const struct live_field *field)
{
	static char name[RV_DISK_NAME_BYTES];

	if ((field->field->flags & RV_FIELD_DISK) && field->value <= RV_DISK_LAST) {
		rv_disk_name((uint32_t)field->value, name);
		return name;
	}
	for (uint32_t i = 0; (field->field->flags & RV_FIELD_COMMAND) && i < RV_DISK_COMMAND_COUNT; i++) {
		if (field->value == RV_DISK_COMMAND_BIT(i))
			return rv_disk_command_name(i);
	}
	return NULL;
}

/* The second of the texts that a script says. */
static const char *text_values(const struct live_event *event)
{
	return (const char *)event->fields + strlen((const char *)event->fields) + 1;
}

static void text_begin(void)
{
}

static void text_end(uint64_t time_ns)
{
	(void)time_ns;
}

/* Text -------------------------------------------------------------------------------------------- */

static void text_place(uint64_t time_ns, uint32_t cpu)
{
	char seconds[32], begun[32];
	time_t begin_s;

	if (nr_lines++ == 0) {
		begin_ns = time_ns;
		begin_s = (time_t)(time_ns / SECOND_NS);
		strftime(begun, sizeof(begun), "%Y-%m-%d %H:%M:%S", gmtime(&begin_s));
		fprintf(settings.output, "# ritectl record, begun %s UTC\n", begun);
	}
	time_ns -= begin_ns;
	snprintf(seconds, sizeof(seconds), "%llu.%09llu", (unsigned long long)(time_ns / SECOND_NS),
		 (unsigned long long)(time_ns % SECOND_NS));
	fprintf(settings.output, "[%14s] #%u ", seconds, cpu);
}

static void text_put_field(const struct live_field *field)
{
	const char *label = text_label(field);

	fprintf(settings.output, " %s=", field->field->name);
	if (label != NULL)
		fputs(label, settings.output);
	else
		fprintf(settings.output, metadata_is_hex(field->field) ? "0x%llx" : "%llu", (unsigned long long)field->value);
}

static void text_put_fields(const struct live_event *event, bool results)
{
	struct live_field field = { .part = -1 };

	while (live_next(event, &field)) {
		if ((field.part == TRACE_RESULT) == results)
			text_put_field(&field);
	}
}

static bool text_is_change(const struct live_event *event)
{
	return (event->head.verdict & ~RV_VERDICT_MODIFIERS) == RV_VERDICT_CHANGE;
}

static void text_event(const struct live_event *event)
{
	FILE *file = settings.output;
	uint64_t duration_ns = text_duration_ns(event);
	uint32_t kind = event->head.kind;

	text_place(event->time_ns, event->cpu);
	fputs(kind == RV_EVENT_NONE ? "trace" : rv_kind_name(kind), file);
	if (event->head.phase != TRACE_EVENT)
		fprintf(file, " %s", metadata_phase(event->head.phase));
	if (kind == RV_EVENT_NONE)
		fprintf(file, " name=%s values=%s", (const char *)event->fields, text_values(event));
	text_put_fields(event, false);
	if (kind != RV_EVENT_NONE && rv_kind_has(kind, RV_KIND_REQUEST))
		fprintf(file, " payload_bytes=%u", event->payload_bytes);
	if (text_is_change(event)) {
		fputs(" ->", file);
		text_put_fields(event, true);
	}
	if (event->head.verdict != RV_VERDICT_PASS)
		fprintf(file, " %s", text_verdict(event));
	if (event->script[0] != '\0')
		fprintf(file, " (%s)", event->script);
	if (duration_ns != 0)
		fprintf(file, " %.1fus", (double)duration_ns / 1000);
	fputc('\n', file);
}

static void text_lost(uint64_t time_ns, uint32_t cpu, uint64_t count)
{
	text_place(time_ns, cpu);
	fprintf(settings.output, "lost %llu events\n", (unsigned long long)count);
}

const struct live_format live_text = {
	.name = "text", .begin = text_begin, .event = text_event, .lost = text_lost, .end = text_end,
};

/* JSON -------------------------------------------------------------------------------------------- */

static void json_put_text(const char *name, const char *text)
{
	fprintf(settings.output, ",\"%s\":", name);
	output_json_text(text, strlen(text));
}

static void json_put_fields(const struct live_event *event)
{
	struct live_field field = { .part = -1 };

	while (live_next(event, &field)) {
		const char *label = text_label(&field);
		char name[64];

		snprintf(name, sizeof(name), "%s%s", field.part == TRACE_RESULT ? "result_" : "", field.field->name);
		if (label != NULL)
			json_put_text(name, label);
		else
			fprintf(settings.output, ",\"%s\":%llu", name, (unsigned long long)field.value);
	}
}

static void json_put_payload(const struct live_event *event)
{
	fprintf(settings.output, ",\"payload_bytes\":%u", event->payload_bytes);
	if (event->payload_length == 0)
		return;
	fputs(",\"payload\":\"", settings.output);
	for (unsigned i = 0; i < event->payload_length; i++)
		fprintf(settings.output, "%02x", event->payload[i]);
	fputc('"', settings.output);
}

static void json_event(const struct live_event *event)
{
	uint32_t kind = event->head.kind;

	fprintf(settings.output, "{\"type\":\"event\",\"data\":{\"kind\":\"%s\",\"phase\":\"%s\"",
		kind == RV_EVENT_NONE ? "trace" : rv_kind_name(kind), metadata_phase(event->head.phase));
	json_put_fields(event);
	if (kind == RV_EVENT_NONE) {
		json_put_text("name", (const char *)event->fields);
		json_put_text("values", text_values(event));
	} else if (rv_kind_has(kind, RV_KIND_REQUEST)) {
		json_put_payload(event);
	}
	fprintf(settings.output, "},\"ts\":%llu,\"cpu\":%u", (unsigned long long)event->time_ns, event->cpu);
	json_put_text("script", event->script);
	if (event->head.hook == UINT32_MAX)
		fputs(",\"hook\":null", settings.output);
	else
		fprintf(settings.output, ",\"hook\":%u", event->head.hook);
	fprintf(settings.output, ",\"seq\":%llu,\"verdict\":\"%s\",\"duration_ns\":%llu}\n", (unsigned long long)++nr_lines,
		text_verdict(event), (unsigned long long)text_duration_ns(event));
}

static void json_lost(uint64_t time_ns, uint32_t cpu, uint64_t count)
{
	nr_lines++;
	fprintf(settings.output, "{\"type\":\"lost_events\",\"count\":%llu,\"ts\":%llu,\"cpu\":%u}\n", (unsigned long long)count,
		(unsigned long long)time_ns, cpu);
}

const struct live_format live_json = {
	.name = "json", .begin = text_begin, .event = json_event, .lost = json_lost, .end = text_end,
};
