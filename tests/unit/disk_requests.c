/*
 * tests/unit/disk_requests.c: hooks, locks and interrupts as a mediator meets them.
 */
#include "disk_requests.h"

#include "core/log.h"
#include "core/spinlock.h"
#include "core/time.h"
#include "core/watch.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "unit.h"
#include "vmm/interrupt_watch.h"

#define HELD 1024
#define SETTLING 20000 /* steps, after which nothing is left */

struct watchers interrupt_taken_watchers;
uint64_t time_tsc_hz = 1000000; /* a second of waiting is short */
bool disk_wants[RV_EVENT_KIND_COUNT], disk_counts;
bool disk_watched = true, disk_denies_ends, disk_may_lack_data, disk_is_nonsense;
uint64_t trace_kinds; /* nobody records */
unsigned disk_nr_waiting, disk_nr_held, disk_nr_wanted;
void (*disk_happen)(void);
bool (*disk_device_step)(void);
struct spinlock *disk_lock;

static struct {
	struct request *request;
	bool is_stale;
} held[HELD];

/* Requests that were to be cancelled before they could wait: a reset came while hooks were asked. */
#define CANCELLED 256
#define QUEUES 8 /* the numbers of more are taken together */
static uint64_t cancelled[CANCELLED];

void disk_go_on(unsigned steps)
{
	cpu_second_does(disk_happen);
	while (steps-- > 0) {
		disk_happen();
		cpu_turn();
	}
	cpu_second_does(NULL);
}

void disk_settle(unsigned (*left)(void), void (*step)(void))
{
	void (*happen)(void) = disk_happen;

	disk_happen = step;
	cpu_second_does(step);
	for (unsigned i = 0; i < SETTLING && (left() != 0 || cpu_second_is_busy()); i++) {
		if (left() == 0)
			cpu_second_does(NULL);
		step();
		cpu_turn();
	}
	cpu_second_does(NULL);
	disk_happen = happen;
	UNIT_EQUAL(left(), 0);
}

void disk_run_sequences(bool is_nonsense)
{
	disk_is_nonsense = is_nonsense;
	for (unsigned i = 0; i < DISK_SEQUENCES && unit_why[0] == '\0'; i++)
		disk_sequence();
	disk_is_nonsense = false;
}

#ifdef UNIT_FUZZED
void unit_sequence(void)
{
	disk_is_nonsense = unit_random() % 2;
	disk_sequence();
}
#endif

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void time_wait_us(uint64_t us)
{
	(void)us;
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 1);
	lock->holder = 0;
	if (unit_random() % 4 == 0)
		(void)disk_device_step();
	cpu_turn();
}

void interrupt_want_everywhere(bool want)
{
	disk_nr_wanted += want ? 1u : ~0u;
}

/* What encrypts is tests/unit/disk_cipher.c's: here are only the disks that are. */
#define FRONT 8 /* sectors before the guest's first */

static bool is_odd, is_encrypted;

void disk_set_world(bool odd)
{
	is_odd = odd;
	disk_may_lack_data = odd;
	is_encrypted = odd && unit_random() % 4 == 0;
}

bool cipher_is_wanted(void)
{
	return is_encrypted;
}

bool cipher_covers(uint32_t number)
{
	(void)number;
	return is_encrypted;
}

bool cipher_covers_serial(const char *serial)
{
	(void)serial;
	return is_encrypted;
}

uint64_t cipher_front(const struct rv_disk_info *info)
{
	return is_encrypted && info->sectors > FRONT ? FRONT : 0;
}

uint64_t cipher_guest_sectors(const struct rv_disk_info *info)
{
	return info->sectors - cipher_front(info);
}

void cipher_begin(struct request *request)
{
	request->cipher = NULL;
}

bool disk_is_watched(void)
{
	return disk_watched;
}

bool hook_wants_requests(uint32_t kind)
{
	return disk_wants[kind];
}

bool hook_reads_requests(uint32_t kind)
{
	return disk_wants[kind] && !disk_counts;
}

void request_begin(struct request *request, uint32_t kind)
{
	static uint64_t last;

	*request = (struct request){ .kind = kind, .handle = ++last };
}

static void crypt(struct request *request)
{
	uint8_t bytes[512];

	for (uint64_t at = 0; at < request->data_bytes; at += sizeof(bytes)) {
		uint64_t part = request->data_bytes - at < sizeof(bytes) ? request->data_bytes - at : sizeof(bytes);

		int error = request->data(request, at, bytes, part, false);

		if (error != 0 && disk_may_lack_data)
			return;
		UNIT_EQUAL(error, 0);
		for (unsigned i = 0; i < part; i++)
			bytes[i] ^= KEY;
		UNIT_EQUAL(request->data(request, at, bytes, part, true), 0);
	}
}

/* Of a read that is dropped. */
static void answer(struct request *request)
{
	uint8_t bytes[512];

	memset(bytes, disk_answer(request->disk.lba), sizeof(bytes));
	for (uint64_t at = 0; bytes[0] != 0 && at < request->answer_bytes; at += sizeof(bytes)) {
		uint64_t left = request->answer_bytes - at;

		UNIT_EQUAL(request->data(request, at, bytes, left < sizeof(bytes) ? left : sizeof(bytes), true), 0);
		request->is_answered = true;
	}
}

/* Of any request, what only some are made for. */
static void decide_oddly(struct request *request)
{
	size_t length_bytes;

	switch (unit_random() % 12) {
	case 0:
		request->verdict = RV_VERDICT_DENY;
		request->refusal = (uint32_t)unit_random() & (unit_random() % 2 ? 7 : 0x3ffff);
		break;
	case 1:
		request->verdict = RV_VERDICT_DROP;
		break;
	case 2:
		request->disk.lba = unit_random() % 4 ? unit_random() % 4096 : unit_random() & request->disk.reach;
		break;
	case 3:
		if (request->data_at != NULL && request->data_bytes != 0)
			(void)request->data_at(request, unit_random() % (request->data_bytes + 8), &length_bytes);
		break;
	case 4:
		request->marks = 1;
		break;
	default:
		break;
	}
}

bool request_cancel(struct request *request)
{
	for (unsigned i = 0; i < disk_nr_waiting; i++) {
		if (held[i].request == request) {
			held[i] = held[--disk_nr_waiting];
			return true;
		}
	}
	cancelled[request->handle % CANCELLED] = request->handle;
	return false;
}

static void resume(unsigned which)
{
	struct request *request = held[which].request;

	held[which] = held[--disk_nr_waiting];
	request->resume(request, NULL);
}

void disk_resume_one(void)
{
	if (disk_nr_waiting != 0)
		resume((unsigned)(unit_random() % disk_nr_waiting));
}

void disk_let_go(void)
{
	while (disk_nr_waiting != 0 && held[0].is_stale)
		resume(0);
	UNIT_EQUAL(disk_nr_waiting, 0);
}

static bool is_cancelled(uint64_t handle)
{
	return cancelled[handle % CANCELLED] == handle;
}

static bool hold(struct request *request)
{
	if (disk_nr_waiting == HELD)
		return false;
	held[disk_nr_waiting].request = request;
	held[disk_nr_waiting++].is_stale = is_cancelled(request->handle);
	disk_nr_held++;
	return true;
}

static void decide(struct request *request)
{
	unsigned rule = disk_rule(request->disk.lba);

	if (request->kind == RV_EVENT_DISK_READ || request->kind == RV_EVENT_DISK_WRITE) {
		request->verdict = rule == RULE_DENY ? RV_VERDICT_DENY : rule == RULE_DROP ? RV_VERDICT_DROP : RV_VERDICT_PASS;
		request->marks = request->kind == RV_EVENT_DISK_READ;
		if (request->kind == RV_EVENT_DISK_READ && rule == RULE_DROP)
			answer(request);
	}
	if (request->kind == RV_EVENT_DISK_DONE && disk_denies_ends && rule == RULE_DENY_END && request->disk.status == 0)
		request->verdict = RV_VERDICT_DENY;
	if (request->kind == RV_EVENT_DISK_WRITE ||
	    (request->kind == RV_EVENT_DISK_DONE && (!disk_counts || request->marks != 0)))
		crypt(request);
	if (is_odd)
		decide_oddly(request);
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	static uint64_t asked[QUEUES]; /* the command of each that hooks are being asked about */
	uint64_t *at = &asked[request->disk.queue % QUEUES], handle = request->handle;
	bool is_end = request->kind == RV_EVENT_DISK_DONE, is_held;

	(void)vcpu;
	UNIT_EQUAL(disk_lock->holder, 0);
	request->verdict = RV_VERDICT_PASS;
	if (!disk_wants[request->kind] && request->marks == 0)
		return true; /* nobody is asked */
	/* Of a queue's they see one after another, in their order. */
	if (!is_end && !is_cancelled(handle)) {
		UNIT_CHECK(*at == 0 || is_cancelled(*at));
		*at = handle;
	}
	cpu_turn();
	decide(request);
	is_held = unit_random() % 4 == 0 && hold(request);
	if (is_held && *at == handle)
		*at = 0;
	for (unsigned i = is_held || cpu_depth >= 2 ? 0 : (unsigned)unit_random() % 4; i != 0; i--) {
		cpu_depth++;
		disk_happen(); /* another CPU, all of it meanwhile */
		cpu_depth--;
	}
	cpu_turn();
	if (*at == handle && !is_end)
		*at = 0;
	return !is_held;
}
