/*
 * top.c: what happens a second: exits by kind, and events of each script; and what scripts count. It asks no engine, and so sees scripts
 * that loop, too.
 */
#include "ritectl.h"

#include <string.h>
#include <time.h>

#define KINDS_MAXIMUM 64
#define SCRIPTS_MAXIMUM 128

/* One look. */
struct look {
	uint64_t tsc, free_pages, exits;
	unsigned nr_kinds, nr_scripts;
	struct control_exits kinds[KINDS_MAXIMUM];
	struct control_entry scripts[SCRIPTS_MAXIMUM];
};

static void top_take_scripts(struct look *look)
{
	int64_t count;

	message->argument[0] = 0;
	while ((count = call(CONTROL_LIST, 0)) > 0) {
		for (int64_t i = 0; i < count && look->nr_scripts < SCRIPTS_MAXIMUM; i++)
			memcpy(&look->scripts[look->nr_scripts++],
			       message->data + (size_t)i * sizeof(struct control_entry), sizeof(struct control_entry));
	}
}

static void top_look(struct look *look)
{
	int64_t count = call(CONTROL_STATISTICS, 0);

	if (count < 0)
		fail(STATUS_NONE, "%s", call_error(count));
	memset(look, 0, sizeof(*look));
	look->free_pages = message->argument[0];
	look->exits = message->argument[1];
	look->tsc = message->argument[2];
	look->nr_kinds = count < KINDS_MAXIMUM ? (unsigned)count : KINDS_MAXIMUM;
	memcpy(look->kinds, message->data, look->nr_kinds * sizeof(look->kinds[0]));
	top_take_scripts(look);
}

/* A second, rounded. */
static uint64_t top_rate(uint64_t count, const struct look *last, const struct look *now)
{
	uint64_t ticks = now->tsc - last->tsc;

	return ticks == 0 ? 0 : (uint64_t)((double)count * (double)tsc_hz / (double)ticks + 0.5);
}

/* What it had before, nothing if it is a new one. */
static struct control_entry top_before(const struct look *last, const struct control_entry *entry)
{
	for (unsigned i = 0; i < last->nr_scripts; i++) {
		const struct control_entry *before = &last->scripts[i];

		if (strncmp(before->name, entry->name, sizeof(entry->name)) == 0 && before->events <= entry->events &&
		    before->cycles <= entry->cycles)
			return *before;
	}
	return (struct control_entry){ .events = 0 };
}

static uint64_t top_events(const struct look *last, const struct look *now, const struct control_entry *entry)
{
	return top_rate(entry->events - top_before(last, entry).events, last, now);
}

/* Microseconds of each second that passed in its events. */
static uint64_t top_time(const struct look *last, const struct look *now, const struct control_entry *entry)
{
	uint64_t ticks = now->tsc - last->tsc;

	return ticks == 0 ? 0 : (uint64_t)((double)(entry->cycles - top_before(last, entry).cycles) * 1e6 / (double)ticks + 0.5);
}

static void top_print_text(const struct look *last, const struct look *now)
{
	fprintf(settings.output, "exits/s %lu", (unsigned long)top_rate(now->exits - last->exits, last, now));
	for (unsigned i = 0; i < now->nr_kinds && i < last->nr_kinds; i++) {
		uint64_t rate = top_rate(now->kinds[i].count - last->kinds[i].count, last, now);

		if (rate != 0)
			fprintf(settings.output, ", %.24s %lu", now->kinds[i].name, (unsigned long)rate);
	}
	fprintf(settings.output, "; free %lu KiB\n%-24s %10s %10s %8s %6s %5s %6s\n", (unsigned long)now->free_pages * 4,
		"NAME", "EVENTS/S", "EVENTS", "US/S", "ERRORS", "HOOKS", "KIB");
	for (unsigned i = 0; i < now->nr_scripts; i++) {
		const struct control_entry *entry = &now->scripts[i];

		fprintf(settings.output, "%-24.63s %10lu %10lu %8lu %6lu %5u %6lu\n", entry->name,
			(unsigned long)top_events(last, now, entry), (unsigned long)entry->events,
			(unsigned long)top_time(last, now, entry), (unsigned long)entry->errors, entry->hooks,
			(unsigned long)entry->heap_bytes / 1024);
	}
}

static void top_print_json_scripts(const char *title,
				   uint64_t (*of)(const struct look *last, const struct look *now, const struct control_entry *entry),
				   const struct look *last, const struct look *now)
{
	fprintf(settings.output, "},\"%s\":{", title);
	for (unsigned i = 0; i < now->nr_scripts; i++) {
		const struct control_entry *entry = &now->scripts[i];

		fputs(i == 0 ? "" : ",", settings.output);
		output_json_text(entry->name, strnlen(entry->name, sizeof(entry->name)));
		fprintf(settings.output, ":%lu", (unsigned long)of(last, now, entry));
	}
}

static void top_print_json(const struct look *last, const struct look *now)
{
	fprintf(settings.output, "{\"type\":\"top\",\"data\":{\"exits\":{");
	for (unsigned i = 0; i < now->nr_kinds && i < last->nr_kinds; i++) {
		fputs(i == 0 ? "" : ",", settings.output);
		output_json_text(now->kinds[i].name, strnlen(now->kinds[i].name, sizeof(now->kinds[i].name)));
		fprintf(settings.output, ":%lu",
			(unsigned long)top_rate(now->kinds[i].count - last->kinds[i].count, last, now));
	}
	top_print_json_scripts("events", top_events, last, now);
	top_print_json_scripts("us", top_time, last, now);
	fprintf(settings.output, "},\"free\":%lu}}\n", (unsigned long)now->free_pages * 4096);
}

/* A session that says nothing is over: it is heard of every few seconds. */
static void top_wait(unsigned seconds)
{
	const struct timespec second = { .tv_sec = 1 };

	for (unsigned i = 1; i <= seconds && !stopped; i++) {
		nanosleep(&second, NULL);
		if (i % 4 == 0)
			(void)call(CONTROL_STATISTICS, 0);
	}
}

/* count 0: until a signal comes. */
int show_top(unsigned seconds, unsigned count)
{
	static struct look looks[2];
	unsigned turn = 0;

	script_watch_signals();
	top_look(&looks[0]);
	do {
		const struct look *last = &looks[turn % 2];
		struct look *now = &looks[(turn + 1) % 2];

		top_wait(seconds);
		top_look(now);
		if (settings.json)
			top_print_json(last, now);
		else
			top_print_text(last, now);
		for (unsigned i = 0; i < now->nr_scripts; i++) {
			char name[CONTROL_NAME_BYTES];

			snprintf(name, sizeof(name), "%.*s", CONTROL_NAME_BYTES - 1, now->scripts[i].name);
			(void)metrics_print(name);
		}
		output_flush();
		turn++;
	} while (!stopped && turn != count);
	call_close();
	return STATUS_OK;
}
