/*
 * tests/unit/metric.c: what is counted: against a plain list, without memory, and of events.
 */
#include "hook/metric.h"

#include "hook/hook_internal.h"
#include "rv/errno.h"
#include "rv/metric_key.h"
#include "unit.h"

uint32_t cpus_count = 2;
static int lock_depth;
static unsigned pages, pages_limit = 10000;

void spinlock_acquire(struct spinlock *lock)
{
	(void)lock;
	UNIT_EQUAL(lock_depth++, 0);
}

void spinlock_release(struct spinlock *lock)
{
	(void)lock;
	UNIT_EQUAL(--lock_depth, 0);
}

static void *take_page(struct metrics *metrics)
{
	(void)metrics;
	UNIT_EQUAL(lock_depth, 1);
	if (pages == pages_limit)
		return NULL;
	pages++;
	return calloc(1, PAGE_BYTES);
}

static void give_page(struct metrics *metrics, void *page)
{
	(void)metrics;
	pages--;
	free(page);
}

static struct rv_metric_spec spec_of(uint32_t kind, uint64_t step)
{
	struct rv_metric_spec spec = { .name = "name", .kind = kind, .step = step };

	return spec;
}

static struct rv_metric_key number_of(uint64_t number)
{
	struct rv_metric_key key = { .words = { number }, .shape = 1 };

	return key;
}

static void test_specs(void)
{
	struct metrics metrics = { .take_page = take_page };
	struct rv_metric_spec spec = spec_of(RV_METRIC_COUNTER, 0);

	UNIT_EQUAL(metric_create(&metrics, &spec), 0);
	spec.kind = RV_METRIC_KIND_COUNT;
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	spec = spec_of(RV_METRIC_LINEAR, 0);
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	spec = spec_of(RV_METRIC_LOG2, 1);
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	spec = spec_of(RV_METRIC_LOG2, 0);
	spec.name[0] = '\0';
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	memset(spec.name, 'a', sizeof(spec.name));
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	spec = spec_of(RV_METRIC_LOG2, 0);
	spec.name[1] = '\n';
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	spec = spec_of(RV_METRIC_LOG2, 0);
	spec.unit[3] = 's'; /* behind a NUL */
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_EINVAL);
	spec = spec_of(RV_METRIC_LOG2, 0);
	for (int i = 1; i < RV_METRICS_MAXIMUM; i++)
		UNIT_EQUAL(metric_create(&metrics, &spec), i);
	UNIT_EQUAL(metric_create(&metrics, &spec), -RV_ENOSPC);
	metric_end(&metrics, give_page);
	UNIT_EQUAL(pages, 0);
	UNIT_CHECK(!metric_is(&metrics, 0));
}

static void test_keys(void)
{
	struct metrics metrics = { .take_page = take_page };
	struct rv_metric_spec spec = spec_of(RV_METRIC_COUNTER, 0);
	struct rv_metric_key key = number_of(5);
	struct rv_metric_entry entries[4];
	uint64_t lost;

	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_ENOENT);
	UNIT_EQUAL(metric_create(&metrics, &spec), 0);
	UNIT_EQUAL(metric_add(&metrics, ~UINT64_C(0), &key, 1), -RV_ENOENT);
	key.words[1] = 1; /* behind its numbers */
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	key.shape = RV_METRIC_WORDS + 1;
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	key.shape = RV_METRIC_IS_TEXT;
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), 0);
	memset(key.words, 'x', sizeof(key.words)); /* without a NUL */
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	/* A type that there is not, one behind the last word, and nil that is something. */
	key = number_of(5);
	key.shape |= RV_SHAPE_OF(RV_WORD_TYPE_COUNT, 0);
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	key.shape = 1 | RV_SHAPE_OF(RV_WORD_NAME, 1);
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	key.shape = RV_METRIC_WORDS | RV_SHAPE_OF(1, RV_METRIC_WORDS);
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	key.shape = 1 | RV_SHAPE_OF(RV_WORD_NIL, 0);
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_EINVAL);
	/* A text and numbers of the same bytes are two keys; what a caller says of buckets is nothing. */
	key = number_of('a');
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 2), 0);
	key.shape = RV_METRIC_IS_TEXT;
	key.bucket = 7;
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 3), 0);
	UNIT_EQUAL(metric_read(&metrics, 0, 0, entries, 4, &lost), 3);
	UNIT_EQUAL(entries[1].value, 2);
	UNIT_EQUAL(entries[2].value, 3);
	UNIT_EQUAL(entries[2].key.bucket, 0);
	UNIT_EQUAL(metric_read(&metrics, 0, 2, entries, 4, &lost), 1);
	UNIT_EQUAL(metric_read(&metrics, 0, UINT64_MAX, entries, 4, &lost), 0);
	UNIT_EQUAL(metric_read(&metrics, 1, 0, entries, 4, &lost), -RV_ENOENT);
	metric_end(&metrics, give_page);
}

static void test_buckets(void)
{
	static const struct {
		uint64_t step, value;
		int32_t bucket;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 1, 1 }, { 0, 2, 2 }, { 0, 3, 2 }, { 0, 4, 3 }, { 0, UINT64_MAX, 64 }, { 0, UINT64_C(1) << 63, 64 },
		{ 10, 9, 0 }, { 10, 10, 1 }, { 10, UINT64_MAX, -1 }, { 10, (uint64_t)-10, -1 }, { 10, (uint64_t)-11, -2 },
		{ 1, INT64_MAX, INT32_MAX }, { 1, (uint64_t)INT64_MIN, INT32_MIN }, { UINT64_MAX, (uint64_t)INT64_MIN, -2 },
	};
	struct rv_metric_key key = { .shape = 0 };
	struct rv_metric_entry entry;
	uint64_t lost;

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct metrics metrics = { .take_page = take_page };
		struct rv_metric_spec spec = spec_of(cases[i].step == 0 ? RV_METRIC_LOG2 : RV_METRIC_LINEAR, cases[i].step);

		UNIT_EQUAL(metric_create(&metrics, &spec), 0);
		UNIT_EQUAL(metric_add(&metrics, 0, &key, cases[i].value), 0);
		UNIT_EQUAL(metric_read(&metrics, 0, 0, &entry, 1, &lost), 1);
		UNIT_EQUAL(entry.key.bucket, cases[i].bucket);
		UNIT_EQUAL(entry.value, 1);
		metric_end(&metrics, give_page);
	}
}

/* Numbers at random, more than there is room for, and clearing now and then. */
static void test_model(void)
{
	struct metrics metrics = { .take_page = take_page };
	struct rv_metric_spec spec = spec_of(RV_METRIC_TABLE, 0);
	static uint64_t model[6000];
	static struct rv_metric_entry entries[RV_METRIC_ENTRIES_MAXIMUM + 1];
	uint64_t nr = 0, lost = 0, told;

	UNIT_EQUAL(metric_create(&metrics, &spec), 0);
	for (unsigned round = 0; round < 40000; round++) {
		uint64_t number = unit_random() % ARRAY_LENGTH(model), value = 1 + unit_random() % 1000;
		struct rv_metric_key key = number_of(number * UINT64_C(0x100000001));
		bool room = model[number] != 0 || nr < RV_METRIC_ENTRIES_MAXIMUM;

		UNIT_EQUAL(metric_add(&metrics, 0, &key, value), room ? 0 : -RV_ENOMEM);
		nr += room && model[number] == 0;
		lost += !room;
		if (room)
			model[number] = value;
		if (round == 20000) {
			UNIT_EQUAL(metric_clear(&metrics, 0), 0);
			memset(model, 0, sizeof(model));
			nr = lost = 0;
		}
	}
	UNIT_EQUAL((uint64_t)metric_read(&metrics, 0, 0, entries, ARRAY_LENGTH(entries), &told), nr);
	UNIT_EQUAL(told, lost);
	UNIT_CHECK(lost != 0);
	for (uint64_t i = 0; i < nr; i++)
		UNIT_EQUAL(entries[i].value, model[entries[i].key.words[0] / UINT64_C(0x100000001)]);
	metric_end(&metrics, give_page);
	UNIT_EQUAL(pages, 0);
}

/* What there is no memory for is counted as lost, and nothing is kept of it. */
static void test_memory(void)
{
	struct metrics metrics = { .take_page = take_page };
	struct rv_metric_spec spec = spec_of(RV_METRIC_COUNTER, 0), told;
	struct rv_metric_key key = number_of(1);
	struct rv_metric_entry entry;
	uint64_t lost;

	for (pages_limit = 0; pages_limit < 2; pages_limit++)
		UNIT_EQUAL(metric_create(&metrics, &spec), -RV_ENOMEM);
	UNIT_EQUAL(metric_create(&metrics, &spec), 0);
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), -RV_ENOMEM);
	UNIT_EQUAL(metric_read(&metrics, 0, 0, &entry, 1, &lost), 0);
	UNIT_EQUAL(lost, 1);
	pages_limit = 10000;
	UNIT_EQUAL(metric_add(&metrics, 0, &key, 1), 0);
	UNIT_EQUAL(metric_describe(&metrics, 0, &told), 0);
	UNIT_EQUAL(told.kind, RV_METRIC_COUNTER);
	UNIT_EQUAL(metric_describe(&metrics, 1, &told), -RV_ENOENT);
	UNIT_EQUAL(metric_clear(&metrics, 1), -RV_ENOENT);
	metric_end(&metrics, give_page);
	UNIT_EQUAL(pages, 0);
}

/* Of an event, by the numbers of its fields. */
static void test_events(void)
{
	struct metrics metrics = { .take_page = take_page };
	struct rv_metric_spec spec = spec_of(RV_METRIC_TABLE, 0);
	struct hook_owner owner = { .metrics = &metrics };
	struct rv_event event = { .address = 0x80, .value = 0x1234, .width_bytes = 2 };
	const struct rv_kind *kind = &rv_kinds[RV_EVENT_PORT_WRITE];
	struct hook hook = { .owner = &owner };
	struct rv_metric_entry entries[2];
	uint64_t lost;

	UNIT_EQUAL(metric_create(&metrics, &spec), 0);
	hook.spec = (struct rv_hook_spec){ .kind = RV_EVENT_PORT_WRITE, .fixed = RV_FIXED_METRIC, .nr_metric_keys = 2,
					   .metric_value = rv_field_named(kind, "value") };
	hook.spec.metric_keys[0] = rv_field_named(kind, "width");
	hook.spec.metric_keys[1] = rv_field_named(kind, "port");
	metric_plan_make(&hook.metric_plan, &hook.spec);
	metric_sink(&hook, &event);
	event.value++;
	metric_sink(&hook, &event);
	UNIT_EQUAL(metric_read(&metrics, 0, 0, entries, 2, &lost), 1);
	UNIT_EQUAL(entries[0].value, 0x1235);
	UNIT_EQUAL(entries[0].key.words[0], 2);
	UNIT_EQUAL(entries[0].key.words[1], 0x80);
	UNIT_EQUAL(hook.counters.delivered, 2);
	hook.spec.metric = 1; /* gone: nothing comes of it */
	metric_sink(&hook, &event);
	metric_end(&metrics, give_page);
	hook.spec.metric = 0;
	metric_sink(&hook, &event);
	UNIT_EQUAL(pages, 0);
}

/* Each name is one word, and each word that has a name is it. */
static void test_words(void)
{
	unsigned names = 0;

	for (uint32_t word = 0; word < RV_WORD_COUNT + 10; word++) {
		const char *name = rv_word_name(word);

		if (name != NULL)
			UNIT_EQUAL(rv_word_named(name), word);
		names += name != NULL;
	}
	UNIT_EQUAL(names, RV_DISK_COMMAND_COUNT + RV_EVENT_KIND_COUNT - 1 + 3);
	UNIT_EQUAL(rv_word_named("no such name"), RV_WORD_COUNT);
	UNIT_EQUAL(rv_word_named(""), RV_WORD_COUNT);
	UNIT_CHECK(rv_word_name(UINT64_MAX) == NULL && rv_word_name(UINT64_C(1) << 32 | RV_WORD_TX) == NULL);
}

/* What the key of an event is by that name. */
static struct rv_metric_key key_by(uint32_t kind, const char *name, const struct rv_event *event)
{
	struct metrics metrics = { .take_page = take_page };
	struct rv_metric_spec spec = spec_of(RV_METRIC_COUNTER, 0);
	struct hook_owner owner = { .metrics = &metrics };
	struct hook hook = { .owner = &owner };
	struct rv_metric_entry entry = { .value = 0 };
	uint64_t lost;

	UNIT_EQUAL(metric_create(&metrics, &spec), 0);
	hook.spec = (struct rv_hook_spec){ .kind = kind, .fixed = RV_FIXED_METRIC, .nr_metric_keys = 1,
					   .metric_value = RV_METRIC_ONE };
	hook.spec.metric_keys[0] = rv_metric_key_named(&rv_kinds[kind], name);
	UNIT_CHECK(metric_spec_takes(&hook.spec));
	metric_plan_make(&hook.metric_plan, &hook.spec);
	metric_sink(&hook, event);
	UNIT_EQUAL(metric_read(&metrics, 0, 0, &entry, 1, &lost), 1);
	/* What C counts is what a script may say too. */
	UNIT_EQUAL(metric_add(&metrics, 0, &entry.key, 1), 0);
	UNIT_EQUAL(metric_read(&metrics, 0, 1, &entry, 1, &lost), 0);
	metric_end(&metrics, give_page);
	return entry.key;
}

static void test_names(void)
{
	static const struct {
		uint32_t kind;
		const char *by;
		struct rv_event event;
		enum rv_word_type type;
		uint64_t word;
	} cases[] = {
		{ RV_EVENT_DISK_DONE, "disk", { .disk_number = 65 }, RV_WORD_DISK, 65 },
		{ RV_EVENT_DISK_DONE, "kind", { .value = 1 }, RV_WORD_NAME, RV_WORD_KIND + RV_EVENT_DISK_DONE },
		{ RV_EVENT_DISK_DONE, "command", { .disk_command = RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_VENDOR) }, RV_WORD_NAME,
		  RV_DISK_COMMAND_VENDOR },
		{ RV_EVENT_DISK_DONE, "command", { .disk_command = 0 }, RV_WORD_NAME, RV_DISK_COMMAND_UNKNOWN },
		{ RV_EVENT_DISK_DONE, "command", { .disk_command = UINT64_C(1) << 63 }, RV_WORD_NAME, RV_DISK_COMMAND_UNKNOWN },
		{ RV_EVENT_DISK_DONE, "direction", { .disk_command = RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_READ) }, RV_WORD_NAME,
		  RV_DISK_COMMAND_READ },
		{ RV_EVENT_DISK_DISCARD, "direction", { .disk_command = RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_DISCARD) },
		  RV_WORD_NAME, RV_DISK_COMMAND_WRITE },
		{ RV_EVENT_DISK_FLUSH, "direction", { .disk_command = RV_DISK_COMMAND_BIT(RV_DISK_COMMAND_FLUSH) }, RV_WORD_NAME,
		  RV_WORD_NONE },
		{ RV_EVENT_PORT_WRITE, "direction", { .value = 1 }, RV_WORD_NAME, RV_DISK_COMMAND_WRITE },
		{ RV_EVENT_CPUID, "direction", { .value = 1 }, RV_WORD_NAME, RV_DISK_COMMAND_READ },
		{ RV_EVENT_NET_TX, "direction", { .value = 1 }, RV_WORD_NAME, RV_WORD_TX },
		{ RV_EVENT_NET_RX, "direction", { .value = 1 }, RV_WORD_NAME, RV_WORD_RX },
		{ RV_EVENT_NET_RX, "nic", { .net_nic = 3 }, RV_WORD_NIC, 3 },
		{ RV_EVENT_NET_RX, "dport", { .net_dport = 443 }, RV_WORD_NUMBER, 443 },
		{ RV_EVENT_NET_RX, "dport", { .net_dport = RV_NET_NONE }, RV_WORD_NIL, 0 },
	};
	struct rv_hook_spec spec = { .kind = RV_EVENT_NET_TX, .fixed = RV_FIXED_METRIC, .metric_value = RV_METRIC_ONE,
				     .nr_metric_keys = 1 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rv_metric_key key = key_by(cases[i].kind, cases[i].by, &cases[i].event);

		UNIT_EQUAL(key.shape, 1 | RV_SHAPE_OF(cases[i].type, 0));
		UNIT_EQUAL(key.words[0], cases[i].word);
	}
	/* Scripts see an address as a text of more than a field; what is none, or not always one, is no number to add. */
	spec.metric_keys[0] = rv_field_named(&rv_kinds[spec.kind], "src");
	UNIT_CHECK(!metric_spec_takes(&spec));
	spec.metric_keys[0] = rv_field_named(&rv_kinds[spec.kind], "sport");
	UNIT_CHECK(metric_spec_takes(&spec));
	spec.metric_value = spec.metric_keys[0];
	UNIT_CHECK(!metric_spec_takes(&spec));
	spec.metric_value = RV_METRIC_OF_DIRECTION;
	UNIT_CHECK(!metric_spec_takes(&spec));
	spec.metric_value = RV_METRIC_ONE;
	spec.metric_keys[0] = RV_METRIC_OF_DIRECTION + 1;
	UNIT_CHECK(!metric_spec_takes(&spec));
	UNIT_EQUAL(pages, 0);
}

int main(void)
{
	unit_run("metric_specs", test_specs);
	unit_run("metric_keys", test_keys);
	unit_run("metric_buckets", test_buckets);
	unit_run("metric_model", test_model);
	unit_run("metric_memory", test_memory);
	unit_run("metric_events", test_events);
	unit_run("metric_words", test_words);
	unit_run("metric_names", test_names);
	return unit_failed;
}
