/*
 * metrics.c: what scripts count, in bpftrace's shapes. The hypervisor keeps it, so a script that loops does not matter.
 */
#include "ritectl.h"

#include "rv/metric_key.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BAR_COLUMNS 52
#define KEY_BYTES (RV_METRIC_WORDS * 26) /* a name, or a number, each, and what is between them */

struct metric {
	struct rv_metric_spec spec;
	struct rv_metric_entry *entries;
	size_t count, room;
	uint64_t lost;
};

static void metric_append(struct metric *metric, const uint8_t *from, size_t count)
{
	if (metric->count + count > metric->room) {
		metric->room = 2 * (metric->count + count);
		metric->entries = realloc(metric->entries, metric->room * sizeof(*metric->entries));
		if (metric->entries == NULL)
			fail(STATUS_SCRIPT, "no memory");
	}
	memcpy(metric->entries + metric->count, from, count * sizeof(*metric->entries));
	metric->count += count;
}

/* Fetches a metric of a script's. 0, or an error number. */
static int64_t metric_fetch(const char *script, unsigned number, struct metric *metric)
{
	size_t length = strlen(script);
	uint64_t position = 0;
	int64_t count;

	metric->count = 0;
	do {
		message->argument[0] = number;
		message->argument[1] = position;
		memcpy(message->data, script, length);
		count = call(CONTROL_METRICS, (uint32_t)length);
		if (count < 0)
			return count;
		if (message->data_bytes != sizeof(metric->spec) + (size_t)count * sizeof(*metric->entries))
			fail(STATUS_NONE, "an answer without meaning");
		memcpy(&metric->spec, message->data, sizeof(metric->spec));
		metric->spec.name[sizeof(metric->spec.name) - 1] = '\0';
		metric->spec.unit[sizeof(metric->spec.unit) - 1] = '\0';
		metric->lost = message->argument[2];
		position = message->argument[1];
		metric_append(metric, message->data + sizeof(metric->spec), (size_t)count);
	} while (count > 0 && metric->count <= RV_METRIC_ENTRIES_MAXIMUM);
	return 0;
}

static bool metric_is_histogram(const struct metric *metric)
{
	return metric->spec.kind == RV_METRIC_LOG2 || metric->spec.kind == RV_METRIC_LINEAR;
}

static void word_text(uint32_t type, uint64_t word, char text[24])
{
	const char *name = rv_word_name(word);

	_Static_assert(RV_DISK_NAME_BYTES <= 24, "a word");
	if (type == RV_WORD_NIL)
		text[0] = '\0';
	else if (type == RV_WORD_NAME && name != NULL)
		snprintf(text, 24, "%s", name);
	else if (type == RV_WORD_DISK && word <= RV_DISK_LAST)
		rv_disk_name((uint32_t)word, text);
	else
		snprintf(text, 24, "%s%" PRIu64, type == RV_WORD_NIC ? "nic" : "", word);
}

/* The key as text, as scripts print it. */
static void key_text(const struct rv_metric_key *key, char text[KEY_BYTES])
{
	size_t used = 0;

	text[0] = '\0';
	if (key->shape == RV_METRIC_IS_TEXT) {
		snprintf(text, KEY_BYTES, "%.*s", RV_METRIC_TEXT_BYTES, (const char *)key->words);
		for (char *at = text; *at != '\0'; at++) {
			if ((unsigned char)*at < ' ' || *at == 0x7f)
				*at = '?';
		}
		return;
	}
	for (unsigned i = 0; i < RV_SHAPE_WORDS(key->shape) && i < RV_METRIC_WORDS; i++) {
		char word[24];

		word_text(RV_SHAPE_TYPE(key->shape, i), key->words[i], word);
		used += (size_t)snprintf(text + used, KEY_BYTES - used, "%s%s", i == 0 ? "" : ", ", word);
	}
}

static bool key_same(const struct rv_metric_key *a, const struct rv_metric_key *b)
{
	return a->shape == b->shape && memcmp(a->words, b->words, sizeof(a->words)) == 0;
}

static int compare_values(const void *a, const void *b)
{
	const struct rv_metric_entry *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

static int compare_buckets(const void *a, const void *b)
{
	const struct rv_metric_entry *x = a, *y = b;
	int key = memcmp(&x->key, &y->key, offsetof(struct rv_metric_key, bucket));

	return key != 0 ? key : x->key.bucket < y->key.bucket ? -1 : x->key.bucket > y->key.bucket;
}

static int64_t bucket_edge(const struct rv_metric_spec *spec, int64_t bucket)
{
	if (spec->kind == RV_METRIC_LINEAR)
		return bucket * (int64_t)spec->step;
	return bucket <= 0 ? 0 : bucket > 63 ? INT64_MAX : INT64_C(1) << (bucket - 1);
}

static void edge_text(const struct rv_metric_spec *spec, int64_t bucket, char text[32])
{
	static const char units[] = "\0KMGTPE";
	int64_t edge = bucket_edge(spec, bucket);
	unsigned unit = 0;

	for (; spec->kind == RV_METRIC_LOG2 && edge >= 1024 && edge % 1024 == 0; edge /= 1024)
		unit++;
	snprintf(text, 32, "%" PRId64 "%.1s", edge, units + unit);
}

static void print_bucket(const struct rv_metric_spec *spec, int64_t bucket, uint64_t count, uint64_t most)
{
	static const char bar[BAR_COLUMNS + 1] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
	char from[32], to[32], range[80];

	edge_text(spec, bucket, from);
	edge_text(spec, bucket + 1, to);
	if (spec->kind == RV_METRIC_LOG2 && bucket < 2)
		snprintf(range, sizeof(range), "[%s]", from);
	else
		snprintf(range, sizeof(range), "[%s, %s)", from, to);
	fprintf(settings.output, "%-16s %8" PRIu64 " |%-*.*s|\n", range, count, BAR_COLUMNS,
		(int)((double)count * BAR_COLUMNS / (double)most), bar);
}

/* Those of one key, in the order of their buckets; gaps are rows too. */
static void print_bars(const struct metric *metric, const struct rv_metric_entry *entries, size_t count)
{
	int64_t bucket = entries[0].key.bucket;
	uint64_t most = 1;

	for (size_t i = 0; i < count; i++)
		most = entries[i].value > most ? entries[i].value : most;
	for (size_t i = 0; i < count; i++) {
		for (unsigned gap = 0; bucket < entries[i].key.bucket && gap < 63; gap++)
			print_bucket(&metric->spec, bucket++, 0, most);
		bucket = entries[i].key.bucket;
		print_bucket(&metric->spec, bucket++, entries[i].value, most);
	}
	fputc('\n', settings.output);
}

static void print_title(const struct metric *metric, const struct rv_metric_key *key)
{
	char text[KEY_BYTES];

	key_text(key, text);
	fprintf(settings.output, key->shape != 0 ? "@%s[%s]:" : "@%s%s:", metric->spec.name, text);
}

static size_t keys_end(const struct metric *metric, size_t begin)
{
	size_t end = begin + 1;

	while (end < metric->count && key_same(&metric->entries[begin].key, &metric->entries[end].key))
		end++;
	return end;
}

static void print_text(const struct metric *metric)
{
	for (size_t i = 0, end; i < metric->count; i = end) {
		print_title(metric, &metric->entries[i].key);
		end = metric_is_histogram(metric) ? keys_end(metric, i) : i + 1;
		if (!metric_is_histogram(metric)) {
			fprintf(settings.output, " %" PRIu64 "\n", metric->entries[i].value);
			continue;
		}
		fprintf(settings.output, *metric->spec.unit != '\0' ? " (%s)\n" : "%s\n", metric->spec.unit);
		print_bars(metric, metric->entries + i, end - i);
	}
	if (metric->lost != 0)
		fprintf(settings.output, "@%s: %" PRIu64 " more are not counted: there is no room\n", metric->spec.name,
			metric->lost);
}

static void print_json_buckets(const struct metric *metric, const struct rv_metric_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(settings.output, "%s{\"min\":%" PRId64 ",\"max\":%" PRId64 ",\"count\":%" PRIu64 "}", i == 0 ? "[" : ",",
			bucket_edge(&metric->spec, entries[i].key.bucket),
			bucket_edge(&metric->spec, (int64_t)entries[i].key.bucket + 1) - 1, entries[i].value);
	fputc(']', settings.output);
}

static void print_json(const char *script, const struct metric *metric)
{
	bool keyed = metric->count > 0 && metric->entries[0].key.shape != 0;

	fprintf(settings.output, "{\"type\":\"%s\",\"data\":{", metric_is_histogram(metric) ? "hist" : "map");
	fprintf(settings.output, "\"@%s\":%s", metric->spec.name, keyed ? "{" : "");
	for (size_t i = 0, end; i < metric->count; i = end) {
		char text[KEY_BYTES];

		end = metric_is_histogram(metric) ? keys_end(metric, i) : i + 1;
		key_text(&metric->entries[i].key, text);
		fputs(i == 0 ? "" : ",", settings.output);
		if (keyed) {
			output_json_text(text, strlen(text));
			fputc(':', settings.output);
		}
		if (metric_is_histogram(metric))
			print_json_buckets(metric, metric->entries + i, end - i);
		else
			fprintf(settings.output, "%" PRIu64, metric->entries[i].value);
		if (!keyed)
			break;
	}
	fprintf(settings.output, "%s},\"lost\":%" PRIu64 ",\"script\":", keyed ? "}" : "", metric->lost);
	output_json_text(script, strlen(script));
	fputs("}\n", settings.output);
}

static void print_metric(const char *script, struct metric *metric)
{
	if (metric->count == 0 && metric->lost == 0)
		return;
	qsort(metric->entries, metric->count, sizeof(*metric->entries),
	      metric_is_histogram(metric) ? compare_buckets : compare_values);
	if (settings.json && metric->count > 0)
		print_json(script, metric);
	else if (!settings.json)
		print_text(metric);
}

int64_t metrics_print(const char *script)
{
	struct metric metric = { .entries = NULL };
	int64_t error = 0;
	unsigned number = 0;

	for (; number < RV_METRICS_MAXIMUM; number++) {
		error = metric_fetch(script, number, &metric);
		if (error != 0)
			break;
		print_metric(script, &metric);
	}
	free(metric.entries);
	return number != 0 ? 0 : error;
}

/* Is there such a script? */
static bool metrics_know(const char *script)
{
	struct control_entry entry;
	int64_t count;

	message->argument[0] = 0;
	while ((count = call(CONTROL_LIST, 0)) > 0) {
		for (int64_t i = 0; i < count; i++) {
			memcpy(&entry, message->data + (size_t)i * sizeof(entry), sizeof(entry));
			if (strncmp(entry.name, script, sizeof(entry.name)) == 0)
				return true;
		}
	}
	return false;
}

int show_metrics(const char *script)
{
	if (strlen(script) >= CONTROL_NAME_BYTES || !metrics_know(script))
		fail(STATUS_SCRIPT, "%s: there is no such script", script);
	(void)metrics_print(script);
	output_flush();
	call_close();
	return STATUS_OK;
}
