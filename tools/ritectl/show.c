/*
 * show.c: what there is: scripts, and the log.
 */
#include "ritectl.h"

#include <string.h>
#include <time.h>

#define LOG_NANOSECONDS 200000000

static const char *show_state(const struct control_entry *entry)
{
	static const char *const states[] = { "loading", "in force", "ended", "denies" };

	return entry->phase < sizeof(states) / sizeof(states[0]) ? states[entry->phase] : "?";
}

static const char *show_origin(const struct control_entry *entry)
{
	if (entry->flags & CONTROL_ENTRY_LENT)
		return "run";
	return entry->flags & CONTROL_ENTRY_LIVE ? "load" : "boot";
}

static void show_entry(const struct control_entry *entry)
{
	const char *policy = entry->flags & CONTROL_ENTRY_POLICY ? "policy" : "";

	if (!settings.json) {
		fprintf(settings.output, "%-24.63s %-5s %-9s %5u %10lu %6lu %6lu %s\n", entry->name, show_origin(entry),
			show_state(entry), entry->hooks, (unsigned long)entry->events, (unsigned long)entry->errors,
			(unsigned long)entry->heap_bytes / 1024, policy);
		return;
	}
	fputs("{\"type\":\"script\",\"data\":{\"name\":", settings.output);
	output_json_text(entry->name, strnlen(entry->name, sizeof(entry->name)));
	fprintf(settings.output,
		",\"origin\":\"%s\",\"state\":\"%s\",\"hooks\":%u,\"events\":%lu,\"errors\":%lu,\"heap\":%lu,"
		"\"policy\":%s}}\n",
		show_origin(entry), show_state(entry), entry->hooks, (unsigned long)entry->events,
		(unsigned long)entry->errors, (unsigned long)entry->heap_bytes, *policy ? "true" : "false");
}

int show_list(void)
{
	struct control_entry entry;
	int64_t count;

	if (!settings.json)
		fprintf(settings.output, "%-24s %-5s %-9s %5s %10s %6s %6s\n", "NAME", "FROM", "STATE", "HOOKS", "EVENTS",
			"ERRORS", "KIB");
	message->argument[0] = 0;
	while ((count = call(CONTROL_LIST, 0)) > 0) {
		for (int64_t i = 0; i < count; i++) {
			memcpy(&entry, message->data + (size_t)i * sizeof(entry), sizeof(entry));
			show_entry(&entry);
		}
	}
	if (count < 0)
		fail(STATUS_NONE, "%s", call_error(count));
	output_flush();
	call_close();
	return STATUS_OK;
}

/* Lines, of which the end of one may come later. */
static void show_log_json(const char *text, size_t length_bytes)
{
	static char line[1024];
	static size_t used;

	for (size_t i = 0; i < length_bytes; i++) {
		if (text[i] != '\n' && used < sizeof(line))
			line[used++] = text[i];
		if (text[i] != '\n')
			continue;
		fputs("{\"type\":\"log\",\"data\":", settings.output);
		output_json_text(line, used);
		fputs("}\n", settings.output);
		used = 0;
	}
}

int show_log(uint32_t command, bool follow)
{
	const struct timespec pause = { .tv_nsec = LOG_NANOSECONDS };
	bool first = true;
	int64_t result;

	signal(SIGPIPE, SIG_IGN);
	message->argument[0] = 0;
	while ((result = call(command, 0)) == 0 && !stopped) {
		uint64_t position = message->argument[0];

		if (message->argument[1] != 0 && !first)
			output_lost("log", message->argument[1]);
		first = false;
		if (settings.json)
			show_log_json((const char *)message->data, message->data_bytes);
		else
			fwrite(message->data, 1, message->data_bytes, settings.output);
		output_flush();
		if (message->data_bytes == 0 && !follow)
			break;
		if (message->data_bytes == 0)
			nanosleep(&pause, NULL);
		message->argument[0] = position;
	}
	if (result < 0)
		fail(STATUS_NONE, "%s", call_error(result));
	call_close();
	return STATUS_OK;
}
