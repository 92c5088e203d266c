/*
 * hook/metric.c: metrics: hash tables of entries, in pages that are taken as they are needed.
 */
#include "hook/metric.h"

#include "core/string.h"
#include "hook/hook_internal.h"
#include "rv/errno.h"

#define METRIC_HEADS (PAGE_BYTES / sizeof(uint16_t))
#define METRIC_ENTRIES_A_PAGE (PAGE_BYTES / sizeof(struct rv_metric_entry))
#define METRIC_HASH UINT64_C(0x9e3779b97f4a7c15)

/* A page. */
struct metric {
	struct rv_metric_spec spec;
	uint16_t *heads; /* the first of a chain: its position and 1; 0: none */
	struct rv_metric_entry *pages[RV_METRIC_ENTRIES_MAXIMUM / METRIC_ENTRIES_A_PAGE];
	struct rv_metric_entry *last; /* what was added to last, and often is the next time; NULL: none */
	uint32_t nr_entries;
	uint64_t lost;
};
_Static_assert(sizeof(struct metric) <= PAGE_BYTES, "a page");
_Static_assert(RV_METRIC_ENTRIES_MAXIMUM < UINT16_MAX, "heads");

/* Printable, with a NUL, and zeros behind it. */
static bool metric_is_text(const char *text, size_t bytes)
{
	size_t length = 0;

	while (length < bytes && text[length] >= ' ' && text[length] <= '~')
		length++;
	for (size_t i = length; i < bytes; i++) {
		if (text[i] != '\0')
			return false;
	}
	return length < bytes;
}

static bool metric_spec_fits(const struct rv_metric_spec *spec)
{
	return spec->kind < RV_METRIC_KIND_COUNT && metric_is_text(spec->name, sizeof(spec->name)) &&
	       spec->name[0] != '\0' && metric_is_text(spec->unit, sizeof(spec->unit)) &&
	       (spec->step != 0) == (spec->kind == RV_METRIC_LINEAR);
}

static bool metric_word_fits(uint32_t type, uint64_t word)
{
	return type < RV_WORD_TYPE_COUNT && (type != RV_WORD_NIL || word == 0);
}

static bool metric_key_fits(const struct rv_metric_key *key)
{
	uint32_t nr = RV_SHAPE_WORDS(key->shape);

	if (key->shape == RV_METRIC_IS_TEXT) /* bytes of any language: who prints it sees to that */
		return ((const char *)key->words)[RV_METRIC_TEXT_BYTES - 1] == '\0';
	if (nr > RV_METRIC_WORDS || key->shape >> RV_SHAPE_BITS * (nr + 1) != 0)
		return false;
	for (uint32_t i = 0; i < RV_METRIC_WORDS; i++) {
		if (i < nr ? !metric_word_fits(RV_SHAPE_TYPE(key->shape, i), key->words[i]) : key->words[i] != 0)
			return false;
	}
	return true;
}

int metric_create(struct metrics *metrics, const struct rv_metric_spec *spec)
{
	struct metric *metric = NULL;
	int number = -RV_ENOSPC;

	if (!metric_spec_fits(spec))
		return -RV_EINVAL;
	spinlock_acquire(&metrics->lock);
	if (metrics->nr < RV_METRICS_MAXIMUM) {
		number = -RV_ENOMEM;
		/* One whose other page is not there stays for the next. */
		metric = metrics->metrics[metrics->nr];
		if (metric == NULL)
			metric = metrics->metrics[metrics->nr] = metrics->take_page(metrics);
		if (metric != NULL)
			metric->heads = metrics->take_page(metrics);
		if (metric != NULL && metric->heads != NULL) {
			metric->spec = *spec;
			number = (int)metrics->nr++;
		}
	}
	spinlock_release(&metrics->lock);
	return number;
}

/* Under the lock, as those that follow. */
static struct metric *metric_of(const struct metrics *metrics, uint64_t number)
{
	return number < metrics->nr ? metrics->metrics[number] : NULL;
}

static struct rv_metric_entry *metric_entry(const struct metric *metric, uint32_t position)
{
	return &metric->pages[position / METRIC_ENTRIES_A_PAGE][position % METRIC_ENTRIES_A_PAGE];
}

static inline uint32_t metric_hash(const struct rv_metric_key *key)
{
	uint64_t hash = (uint32_t)key->bucket;

	for (unsigned i = 0; i < RV_METRIC_WORDS; i++)
		hash = (hash ^ key->words[i]) * METRIC_HASH;
	return (uint32_t)(hash >> 40) % METRIC_HEADS;
}

static inline bool metric_same(const struct rv_metric_key *a, const struct rv_metric_key *b)
{
	uint32_t nr = RV_SHAPE_WORDS(a->shape) < RV_METRIC_WORDS ? RV_SHAPE_WORDS(a->shape) : RV_METRIC_WORDS;

	if (a->shape != b->shape || a->bucket != b->bucket)
		return false;
	for (uint32_t i = 0; i < nr; i++) {
		if (a->words[i] != b->words[i])
			return false;
	}
	return true;
}

static struct rv_metric_entry *metric_new_entry(struct metrics *metrics, struct metric *metric,
						const struct rv_metric_key *key, uint16_t *head)
{
	uint32_t position = metric->nr_entries, page = position / METRIC_ENTRIES_A_PAGE;
	struct rv_metric_entry *entry;

	if (position == RV_METRIC_ENTRIES_MAXIMUM)
		return NULL;
	if (metric->pages[page] == NULL)
		metric->pages[page] = metrics->take_page(metrics);
	if (metric->pages[page] == NULL)
		return NULL;
	entry = metric_entry(metric, position);
	*entry = (struct rv_metric_entry){ .key = *key, .next = *head };
	*head = (uint16_t)++metric->nr_entries;
	return entry;
}

/* NULL: there is no room for it. */
static __attribute__((noinline)) struct rv_metric_entry *metric_find(struct metrics *metrics, struct metric *metric,
						  const struct rv_metric_key *key)
{
	uint16_t *head = &metric->heads[metric_hash(key)];

	for (uint32_t next = *head; next != 0;) {
		struct rv_metric_entry *entry = metric_entry(metric, next - 1);

		if (metric_same(&entry->key, key))
			return entry;
		next = entry->next;
	}
	return metric_new_entry(metrics, metric, key, head);
}

static inline int32_t metric_bucket(const struct rv_metric_spec *spec, uint64_t value)
{
	int64_t number = (int64_t)value, step, bucket;

	if (spec->kind < RV_METRIC_LOG2)
		return 0;
	if (spec->kind == RV_METRIC_LOG2)
		return value == 0 ? 0 : 64 - __builtin_clzll(value);
	step = spec->step < INT64_MAX ? (int64_t)spec->step : INT64_MAX;
	bucket = number / step - (number % step < 0);
	return bucket > INT32_MAX ? INT32_MAX : bucket < INT32_MIN ? INT32_MIN : (int32_t)bucket;
}

/* False: there is no room. */
static inline __attribute__((always_inline)) bool metric_put(struct metrics *metrics, struct metric *metric, struct rv_metric_key *key, uint64_t value)
{
	struct rv_metric_entry *entry = metric->last;

	key->bucket = metric_bucket(&metric->spec, value);
	if (entry == NULL || !metric_same(&entry->key, key)) {
		entry = metric_find(metrics, metric, key);
		if (entry == NULL) {
			metric->lost++;
			return false;
		}
		metric->last = entry;
	}
	if (metric->spec.kind == RV_METRIC_COUNTER)
		entry->value += value;
	else if (metric->spec.kind == RV_METRIC_TABLE)
		entry->value = value;
	else
		entry->value++;
	return true;
}

int metric_add(struct metrics *metrics, uint64_t number, const struct rv_metric_key *key, uint64_t value)
{
	struct rv_metric_key copy = *key;
	struct metric *metric;
	int result = -RV_ENOENT;

	if (!metric_key_fits(key))
		return -RV_EINVAL;
	spinlock_acquire(&metrics->lock);
	metric = metric_of(metrics, number);
	if (metric != NULL)
		result = metric_put(metrics, metric, &copy, value) ? 0 : -RV_ENOMEM;
	spinlock_release(&metrics->lock);
	return result;
}

void metric_sink(struct hook *hook, const struct rv_event *event)
{
	const struct metric_plan *plan = &hook->metric_plan;
	struct metrics *metrics = hook->owner->metrics;
	struct rv_metric_key key = { .shape = plan->shape };
	bool alone = cpus_count == 1; /* it needs no lock, which costs a tenth of all */
	struct metric *metric;
	uint64_t value = 1;

	for (uint32_t i = 0; i < plan->nr_words; i++) {
		key.words[i] = metric_plan_load(&plan->words[i], event);
		if (plan->words[i].reads != METRIC_READS_NUMBER)
			metric_plan_read(&plan->words[i], i, &key);
	}
	if (hook->spec.metric_value != RV_METRIC_ONE)
		value = metric_plan_load(&plan->value, event);
	__atomic_fetch_add(&hook->counters.delivered, 1, __ATOMIC_RELAXED);
	if (!alone)
		spinlock_acquire(&metrics->lock);
	metric = metric_of(metrics, hook->spec.metric);
	if (metric != NULL)
		(void)metric_put(metrics, metric, &key, value);
	if (!alone)
		spinlock_release(&metrics->lock);
}

int metric_read(struct metrics *metrics, uint64_t number, uint64_t position, struct rv_metric_entry *entries, unsigned room,
		uint64_t *lost)
{
	const struct metric *metric;
	int count = -RV_ENOENT;

	spinlock_acquire(&metrics->lock);
	metric = metric_of(metrics, number);
	if (metric != NULL) {
		*lost = metric->lost;
		for (count = 0; (unsigned)count < room && position < metric->nr_entries; count++)
			entries[count] = *metric_entry(metric, (uint32_t)position++);
	}
	spinlock_release(&metrics->lock);
	return count;
}

int metric_describe(struct metrics *metrics, uint64_t number, struct rv_metric_spec *spec)
{
	const struct metric *metric;

	spinlock_acquire(&metrics->lock);
	metric = metric_of(metrics, number);
	if (metric != NULL)
		*spec = metric->spec;
	spinlock_release(&metrics->lock);
	return metric != NULL ? 0 : -RV_ENOENT;
}

int metric_clear(struct metrics *metrics, uint64_t number)
{
	struct metric *metric;

	spinlock_acquire(&metrics->lock);
	metric = metric_of(metrics, number);
	if (metric != NULL) {
		memset(metric->heads, 0, PAGE_BYTES);
		metric->nr_entries = 0;
		metric->last = NULL;
		metric->lost = 0;
	}
	spinlock_release(&metrics->lock);
	return metric != NULL ? 0 : -RV_ENOENT;
}

bool metric_is(struct metrics *metrics, uint64_t number)
{
	bool is;

	spinlock_acquire(&metrics->lock);
	is = metric_of(metrics, number) != NULL;
	spinlock_release(&metrics->lock);
	return is;
}

static void metric_free(struct metrics *metrics, struct metric *metric,
			void (*give_page)(struct metrics *metrics, void *page))
{
	for (unsigned i = 0; i < RV_METRIC_ENTRIES_MAXIMUM / METRIC_ENTRIES_A_PAGE; i++) {
		if (metric->pages[i] != NULL)
			give_page(metrics, metric->pages[i]);
	}
	if (metric->heads != NULL)
		give_page(metrics, metric->heads);
	give_page(metrics, metric);
}

void metric_end(struct metrics *metrics, void (*give_page)(struct metrics *metrics, void *page))
{
	spinlock_acquire(&metrics->lock);
	for (unsigned i = 0; i < RV_METRICS_MAXIMUM; i++) {
		if (metrics->metrics[i] != NULL)
			metric_free(metrics, metrics->metrics[i], give_page);
		metrics->metrics[i] = NULL;
	}
	metrics->nr = 0;
	spinlock_release(&metrics->lock);
}
