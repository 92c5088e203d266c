/*
 * output.c: records of scripts as text, or as lines of JSON in bpftrace's shapes.
 */
#include "ritectl.h"

#include <string.h>

#include "rv/abi.h"

volatile sig_atomic_t stopped;

void output_json_text(const char *text, size_t length_bytes)
{
	fputc('"', settings.output);
	for (size_t i = 0; i < length_bytes; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			fprintf(settings.output, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", settings.output);
		else if (c < ' ')
			fprintf(settings.output, "\\u%04x", c);
		else
			fputc(c, settings.output);
	}
	fputc('"', settings.output);
}

static uint64_t output_ns(uint64_t tsc)
{
	return tsc / tsc_hz * 1000000000 + tsc % tsc_hz * 1000000000 / tsc_hz;
}

static void output_json(const char *script, const struct control_record *record, const char *text)
{
	static const char *const levels[] = { "error", "warning", "notice", "info", "debug" };

	fprintf(settings.output, "{\"type\":\"%s\",\"data\":",
		record->level == RV_LOG_PLAIN ? "printf" : record->level == RV_LOG_ERROR ? "error" : "log");
	output_json_text(text, record->length_bytes);
	if (record->level <= RV_LOG_DEBUG)
		fprintf(settings.output, ",\"level\":\"%s\"", levels[record->level]);
	fprintf(settings.output, ",\"ts\":%lu,\"cpu\":%u,\"script\":", (unsigned long)output_ns(record->tsc), record->cpu);
	output_json_text(script, strlen(script));
	fprintf(settings.output, ",\"seq\":%u}\n", record->sequence);
}

/* A message of a level is a line; what the hypervisor says begins with the script's name, and ends with the line. */
static void output_text(const char *script, const struct control_record *record, const char *text)
{
	FILE *where = record->level <= RV_LOG_WARNING ? stderr : settings.output;
	size_t length = record->length_bytes, name = strlen(script);

	if (record->level == RV_LOG_PLAIN) {
		fwrite(text, 1, length, settings.output);
		return;
	}
	if (length != 0 && text[length - 1] == '\n')
		length--;
	if (length >= name + 2 && memcmp(text, script, name) == 0 && text[name] == ':')
		fprintf(where, "%.*s\n", (int)length, text);
	else
		fprintf(where, "%s: %.*s\n", script, (int)length, text);
}

void output_records(const char *script, const uint8_t *data, size_t data_bytes)
{
	struct control_record record;

	for (size_t at = 0; data_bytes - at >= sizeof(record); at += record.length_bytes) {
		memcpy(&record, data + at, sizeof(record));
		at += sizeof(record);
		if (record.length_bytes > data_bytes - at)
			return;
		if (settings.json)
			output_json(script, &record, (const char *)data + at);
		else
			output_text(script, &record, (const char *)data + at);
	}
	output_flush();
}

void output_lost(const char *script, uint64_t count)
{
	if (settings.json) {
		fputs("{\"type\":\"lost_events\",\"count\":", settings.output);
		fprintf(settings.output, "%lu,\"script\":", (unsigned long)count);
		output_json_text(script, strlen(script));
		fputs("}\n", settings.output);
	} else {
		fprintf(stderr, "%s: %lu records of its output were lost\n", script, (unsigned long)count);
	}
	output_flush();
}

/* Nobody reads it any more: the script goes. */
void output_flush(void)
{
	if (fflush(settings.output) != 0 || ferror(settings.output))
		stopped = 1;
}
