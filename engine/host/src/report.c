/*
 * report.c: a session as lines of JSON.
 */
#include "report.h"

#include "host_hooks.h"
#include "recorded.h"

#include "rv/kinds.h"

#include <stdio.h>
#include <string.h>

static bool report_on, report_is_diff;

void report_begin(void)
{
	report_on = true;
}

bool report_is_on(void)
{
	return report_on;
}

void report_begin_diff(void)
{
	report_is_diff = true;
}

bool report_diff(void)
{
	return report_is_diff;
}

static void report_string(const char *text, size_t length_bytes)
{
	putchar('"');
	for (size_t i = 0; i < length_bytes; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '"' || byte == '\\')
			printf("\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			printf("\\u%04x", byte);
		else
			putchar(byte);
	}
	putchar('"');
}

static void report_text(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	report_string(text, length);
}

void report_log(uint32_t level, const char *text, size_t length_bytes)
{
	if (!report_on)
		return;
	printf("{\"type\": \"log\", \"level\": %u, \"text\": ", level);
	report_string(text, length_bytes);
	printf("}\n");
}

static void report_clause(const struct rv_kind *kind, const struct rv_clause *clause)
{
	printf("{\"field\": \"%s\", \"except\": %u, \"mask\": %llu, \"first\": %llu, \"last\": %llu}",
	       kind->fields[clause->field].name, clause->except, (unsigned long long)clause->mask,
	       (unsigned long long)clause->first, (unsigned long long)clause->last);
}

static void report_hook(const struct hook *hook)
{
	static const char *const on_error[] = { "pass", "deny", "disable" };
	const struct rv_hook_spec *spec = &hook->spec;

	printf("{\"type\": \"hook\", \"number\": %u, \"kind\": \"%s\", \"first\": %llu, "
	       "\"last\": %llu, \"budget_us\": %llu, \"on_error\": \"%s\", \"observe\": %s, "
	       "\"clauses\": [",
	       hook->id, rv_kind_name(spec->kind), (unsigned long long)hook->first,
	       (unsigned long long)hook->last, (unsigned long long)spec->budget_us,
	       on_error[spec->on_error], spec->observe ? "true" : "false");
	for (uint32_t i = 0; i < spec->nr_clauses; i++) {
		printf("%s", i == 0 ? "" : ", ");
		report_clause(&rv_kinds[spec->kind], &spec->clauses[i]);
	}
	printf("]}\n");
}

static void report_field(const struct rv_field *field)
{
	printf("{\"name\": \"%s\", \"mask\": \"%s\", \"offset\": %u, \"bytes\": %u, \"flags\": %u, "
	       "\"first\": %llu, \"last\": %llu, \"sample\": %llu",
	       field->name, field->mask ? field->mask : "", field->offset, field->bytes, field->flags,
	       (unsigned long long)field->first, (unsigned long long)field->last,
	       (unsigned long long)field->sample);
	if (field->flags & RV_FIELD_COMMAND) {
		for (uint32_t i = 0; i < RV_DISK_COMMAND_COUNT; i++)
			printf("%s\"%s\"", i == 0 ? ", \"names\": [" : ", ", rv_disk_command_name(i));
		printf("]");
	}
	printf("}");
}

static void report_text_filter(const struct rv_text *text)
{
	printf("{\"name\": \"%s\", \"shape\": \"%s\", \"example\": \"%s\", \"separators\": \"%s\", "
	       "\"fields\": [", text->name, text->shape, text->example, text->separators);
	for (size_t i = 0; i <= strlen(text->separators); i++)
		printf("%s\"%s\"", i == 0 ? "" : ", ", text->fields[i]);
	printf("]}");
}

static void report_kind(const struct rv_kind *kind)
{
	printf("{\"type\": \"kind\", \"name\": \"%s\", \"group\": \"%s\", \"class\": \"%s\", "
	       "\"summary\": \"%s\", \"words\": \"%s\", \"flags\": %u, \"fields\": [",
	       kind->name, kind->group ? kind->group : "", kind->class, kind->summary, kind->words,
	       kind->flags);
	for (uint32_t i = 0; i < kind->nr_fields; i++) {
		printf("%s", i == 0 ? "" : ", ");
		report_field(&kind->fields[i]);
	}
	printf("], \"texts\": [");
	for (uint32_t i = 0; i < kind->nr_texts; i++) {
		printf("%s", i == 0 ? "" : ", ");
		report_text_filter(&kind->texts[i]);
	}
	printf("]}\n");
}

void report_kinds(void)
{
	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++)
		report_kind(&rv_kinds[kind]);
}

void report_hooks(void)
{
	if (!report_on)
		return;
	for (uint32_t i = 0; i < HOST_HOOKS_MAXIMUM; i++) {
		const struct hook *hook = host_hook_get(i);

		if (hook)
			report_hook(hook);
	}
}

void report_event(const struct report_event *event)
{
	if (!report_on)
		return;
	printf("{\"type\": \"event\", \"line\": ");
	report_text(event->line);
	printf(", \"hooks\": [");
	for (unsigned int i = 0; i < event->nr_hooks; i++)
		printf("%s%u", i ? ", " : "", event->hooks[i]);
	printf("], \"outcome\": ");
	report_text(event->outcome);
	printf(", \"failed\": %s, \"ended\": %s, \"time\": ", event->failed ? "true" : "false",
	       event->ended ? "true" : "false");
	report_text(event->recorded->time);
	printf(", \"cpu\": %u, \"expected\": ", event->recorded->cpu);
	report_text(event->expected);
	printf(", \"fits\": %s, \"asked_in_vain\": %s}\n", event->fits ? "true" : "false",
	       event->asked_in_vain ? "true" : "false");
}

void report_failure(const char *text)
{
	if (!report_on)
		return;
	printf("{\"type\": \"failure\", \"text\": ");
	report_text(text);
	printf("}\n");
}

void report_end(int status, const char *reason)
{
	if (!report_on)
		return;
	printf("{\"type\": \"end\", \"status\": %d, \"reason\": ", status);
	report_text(reason);
	printf("}\n");
}
