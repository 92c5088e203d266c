/*
 * tests/unit/resident.c: when services run (process/resident.c), with programs that the test plays, one CPU and a clock
 * that it sets: shares, turns, wake-ups that must not be lost, deaths.
 */
#include "core/cpu.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/process_live.h"
#include "process/resident_internal.h"
#include "process/run.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/deadline.h"

#define US 1000u /* of the TSC */
#define SLICE_TSC (PROCESS_SLICE_US * US)
#define RING_BYTES 4096

/* The machine ------------------------------------------------------------------------------------ */

uint64_t fake_tsc = 1000000000;
uint64_t time_tsc_hz = 1000000000;
hpa_t paging_host_root;
bool process_can_run = true;
static struct cpu cpu;
static struct vcpu vcpu = { .cpu = &cpu };
static struct deadline *armed;
static char last_error[256];
static unsigned deaths, starts, rans;

void deadline_set(struct deadline *deadline, uint64_t tsc)
{
	deadline->tsc = tsc;
	armed = deadline;
}

bool deadline_cancel(struct deadline *deadline)
{
	bool was_set = armed == deadline;

	armed = NULL;
	return was_set;
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	lock->holder = 0;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;

	if (level != LOG_ERROR)
		return;
	va_start(arguments, format);
	print_format_list(last_error, sizeof(last_error), format, arguments);
	va_end(arguments);
}

uint64_t budget_ticks(uint64_t budget_us)
{
	return budget_us;
}

void *memory_allocate(size_t length_bytes)
{
	return calloc(1, length_bytes);
}

void memory_free(void *object)
{
	free(object);
}

int program_open(struct program_file *file, const uint8_t *image, const uint8_t *image_end)
{
	(void)file, (void)image, (void)image_end;
	return 0;
}

int resident_map(struct resident *resident, hpa_t text)
{
	(void)text;
	resident->indices = calloc(1, PAGE_BYTES);
	resident->rings_bytes = calloc(1, (size_t)resident_rings_bytes(resident->program));
	return 0;
}

void resident_unmap(struct resident *resident)
{
	free(resident->indices);
	free(resident->rings_bytes);
}

static unsigned wipes;

void resident_wipe(struct resident *resident)
{
	(void)resident;
	wipes++;
}

void resident_fill(struct resident *resident)
{
	(void)resident;
}

/* A program's slice. */
struct play {
	enum process_stop stop;
	uint64_t takes_tsc, wait_us;
	void (*does)(struct resident *resident);
};
static struct play plays[RESIDENTS_MAXIMUM];
static struct resident *played[RESIDENTS_MAXIMUM];
static unsigned slices[RESIDENTS_MAXIMUM];

enum process_stop process_run(struct process *process, struct vcpu *on, uint64_t budget_us, uint64_t ticks)
{
	unsigned i = 0;

	(void)on, (void)ticks;
	UNIT_EQUAL(budget_us, PROCESS_SLICE_US * BUDGET_SLICES);
	while (&played[i]->process != process)
		i++;
	slices[i]++;
	fake_tsc += plays[i].takes_tsc;
	process->wait_tsc = plays[i].wait_us == 0 ? RESIDENT_NEVER : fake_tsc + plays[i].wait_us * US;
	if (plays[i].does != NULL)
		plays[i].does(played[i]);
	return plays[i].stop;
}

/* As vmm/deadline.c: what is due, so many times at most. */
static unsigned look(void)
{
	unsigned count = 0;

	while (armed != NULL && armed->tsc <= fake_tsc && count < 16) {
		struct deadline *deadline = armed;

		armed = NULL;
		deadline->expire(deadline, &vcpu);
		count++;
	}
	return count;
}

/* Time goes by in steps, and somebody looks. */
static void pass_us(uint64_t us)
{
	for (uint64_t end = fake_tsc + us * US; fake_tsc < end; fake_tsc += 20 * US)
		look();
	look();
}

static void on_start(struct resident *resident, void *context, struct vcpu *on)
{
	(void)on;
	UNIT_CHECK(context == &starts && resident_write(resident, 0, 77, "config", 6) == 0);
	starts++;
}

static void on_ran(struct resident *resident, void *context, struct vcpu *on)
{
	uint8_t bytes[64];
	uint32_t tag;

	(void)context, (void)on;
	while (resident_read(resident, 1, &tag, bytes, sizeof(bytes)) >= 0)
		;
	rans++;
}

static void on_death(struct resident *resident, void *context, struct vcpu *on)
{
	(void)context, (void)on;
	UNIT_EQUAL(resident_write(resident, 0, 0, "lost", 4), -RV_EAGAIN);
	deaths++;
}

static const struct resident_program program = {
	.name = "one",
	.stack_bytes = PAGE_BYTES,
	.turn_us = 1000,
	.nr_rings = 2,
	.rings = { { .size_bytes = RING_BYTES, .to_service = true }, { .size_bytes = RING_BYTES } },
	.starts = on_start,
	.ran = on_ran,
	.died = on_death,
};
static const struct resident_program second_program = {
	.name = "two",
	.stack_bytes = PAGE_BYTES,
	.turn_us = 1000000,
};

/* Tests -------------------------------------------------------------------------------------------- */

static void test_refusals(void)
{
	static const struct resident_ring rings[] = { { .size_bytes = 2048 }, { .size_bytes = 6144 },
						      { .size_bytes = 0x02000000 }, { .size_bytes = 0 } };
	struct resident_program bad = program;
	struct resident *resident;

	process_can_run = false;
	UNIT_EQUAL(resident_create(&program, &starts, 0, 0, &resident), -RV_ENOTSUP);
	process_can_run = true;
	for (unsigned i = 0; i < 4; i++) {
		bad.rings[1] = rings[i];
		UNIT_EQUAL(resident_create(&bad, &starts, 0, 0, &resident), -RV_EINVAL);
	}
	bad = program;
	bad.stack_bytes = 100;
	UNIT_EQUAL(resident_create(&bad, &starts, 0, 0, &resident), -RV_EINVAL);
	UNIT_EQUAL(resident_create(&program, &starts, 5, PAGE_BYTES, &resident), -RV_EINVAL);
	UNIT_CHECK(armed == NULL);
}

static void test_waits(void)
{
	plays[0] = (struct play){ .stop = PROCESS_STOP_WAITS, .takes_tsc = 10 * US, .wait_us = 5000 };
	UNIT_EQUAL(resident_create(&program, &starts, 0, 0, &played[0]), 0);
	UNIT_CHECK(resident_find("one") == played[0] && resident_find("two") == NULL);
	look();
	/* What was written before its first turn does not wake it after that. */
	UNIT_EQUAL(starts, 1);
	pass_us(4000);
	UNIT_CHECK(slices[0] <= 2);
	slices[0] = 0;
	pass_us(50000);
	UNIT_CHECK(slices[0] >= 9 && slices[0] <= 10);
	UNIT_CHECK(rans >= 9);
	/* For ever. */
	plays[0].wait_us = 0;
	pass_us(6000);
	slices[0] = 0;
	pass_us(100000);
	UNIT_EQUAL(slices[0], 0);
	UNIT_CHECK(armed == NULL);
	resident_wake(played[0]);
	resident_wake(played[0]);
	UNIT_CHECK(armed != NULL);
	pass_us(1000);
	UNIT_EQUAL(slices[0], 1);
}

/* Between its look at the ring and its wait, something comes. */
static void wake_amid(struct resident *resident)
{
	resident_wake(resident);
	plays[0].does = NULL;
}

static void test_no_wake_is_lost(void)
{
	slices[0] = 0;
	plays[0].does = wake_amid;
	resident_wake(played[0]);
	pass_us(1000);
	UNIT_EQUAL(slices[0], 2);
	/* Nor one amid a turn that goes on in another slice. */
	plays[0].does = wake_amid;
	plays[0].stop = PROCESS_STOP_SUSPENDED;
	slices[0] = 0;
	resident_wake(played[0]);
	while (slices[0] == 0)
		pass_us(20);
	plays[0].stop = PROCESS_STOP_WAITS;
	slices[0] = 0;
	pass_us(3000);
	UNIT_EQUAL(slices[0], 2);
}

/* Two that always have something to do get a tenth together, and as much each. */
static void test_share(void)
{
	uint64_t start, cycles;
	struct resident_facts facts;

	plays[0] = (struct play){ .stop = PROCESS_STOP_WAITS, .takes_tsc = SLICE_TSC, .wait_us = 1 };
	plays[1] = (struct play){ .stop = PROCESS_STOP_SUSPENDED, .takes_tsc = SLICE_TSC };
	UNIT_EQUAL(resident_create(&second_program, NULL, 0, 0, &played[1]), 0);
	resident_wake(played[0]);
	pass_us(100000); /* a burst is over */
	start = fake_tsc;
	UNIT_CHECK(resident_describe(0, &facts));
	cycles = facts.cycles;
	slices[0] = slices[1] = 0;
	pass_us(1000000);
	UNIT_CHECK(resident_describe(0, &facts));
	cycles = facts.cycles - cycles;
	UNIT_CHECK(cycles >= (fake_tsc - start) / 21 && cycles <= (fake_tsc - start) / 19);
	UNIT_CHECK(slices[0] + slices[1] <= (fake_tsc - start) / 10 / SLICE_TSC + 2);
	UNIT_CHECK(slices[0] <= slices[1] + 2 && slices[1] <= slices[0] + 2);
	UNIT_CHECK(!resident_describe(2, &facts));
}

/* After a rest, a burst: but the guest has as long as the slice, each time, however often somebody looks. */
static void test_guest_goes_on(void)
{
	plays[0].wait_us = plays[1].wait_us = 0;
	plays[1].stop = PROCESS_STOP_WAITS;
	pass_us(100000);
	UNIT_CHECK(armed == NULL);
	plays[1].stop = PROCESS_STOP_SUSPENDED;
	slices[1] = 0;
	resident_wake(played[1]);
	UNIT_CHECK(look() <= 2);
	UNIT_EQUAL(slices[1], 1);
	fake_tsc += SLICE_TSC - 1;
	look();
	UNIT_EQUAL(slices[1], 1);
	fake_tsc += 1;
	look();
	UNIT_EQUAL(slices[1], 2);
	plays[1].stop = PROCESS_STOP_WAITS;
	pass_us(100000);
	/* Amid a program's call nothing runs. */
	slices[1] = 0;
	vcpu.host_context = true;
	resident_wake(played[1]);
	pass_us(1000);
	UNIT_EQUAL(slices[1], 0);
	vcpu.host_context = false;
	pass_us(1000);
	UNIT_EQUAL(slices[1], 1);
}

/* Waits until it runs again, and returns how long that took. */
static uint64_t rest_us(void)
{
	uint64_t start = fake_tsc;

	while (!played[0]->is_alive && fake_tsc - start < 100000000u * (uint64_t)US) {
		fake_tsc += 1000 * US;
		look();
	}
	return (fake_tsc - start) / US;
}

static void die(enum process_stop stop, void (*does)(struct resident *), uint64_t takes_tsc)
{
	plays[0] = (struct play){ .stop = stop, .does = does, .takes_tsc = takes_tsc };
	resident_wake(played[0]);
	while (played[0]->is_alive) {
		fake_tsc += 100 * US;
		look();
	}
	plays[0] = (struct play){ .stop = PROCESS_STOP_WAITS, .takes_tsc = US };
}

static void write_index(struct resident *resident)
{
	resident->indices[1].written += 12;
}

static void read_index(struct resident *resident)
{
	resident->indices[0].read += 8000;
	UNIT_EQUAL(resident_write(resident, 0, 0, "x", 1), -RV_EAGAIN);
}

static void test_deaths(void)
{
	uint64_t rest = 100000;

	deaths = starts = wipes = 0;
	for (unsigned i = 0; i < 12; i++) {
		uint64_t rested;

		if (i % 4 == 0)
			die(PROCESS_STOP_KILLED, NULL, US);
		else if (i % 4 == 1)
			die(PROCESS_STOP_EXIT, NULL, US);
		else if (i % 4 == 2)
			die(PROCESS_STOP_WAITS, i == 2 ? write_index : read_index, US);
		else
			die(PROCESS_STOP_SUSPENDED, NULL, SLICE_TSC);
		UNIT_CHECK(i % 4 == 0 || strstr(last_error, "it is started again in") != NULL);
		UNIT_CHECK(i % 4 != 2 || strstr(last_error, "cannot be") != NULL);
		UNIT_CHECK(i % 4 != 3 || strstr(last_error, "too long") != NULL);
		UNIT_EQUAL(deaths, i + 1);
		UNIT_EQUAL(wipes, i + 1);
		/* Woken or not. */
		resident_wake(played[0]);
		rested = rest_us();
		UNIT_CHECK(rested >= rest - 1000 && rested <= rest + 2000);
		UNIT_EQUAL(starts, i + 1);
		rest = rest * 2 < 60000000 ? rest * 2 : 60000000;
	}
	/* One that lives a minute starts at once the next time. */
	pass_us(61000000);
	resident_wake(played[0]);
	pass_us(2000);
	die(PROCESS_STOP_EXIT, NULL, US);
	UNIT_CHECK(rest_us() <= 102000);
}

/* A turn's time is the CPU's, without what something else took from a slice. */
static void test_stolen_time(void)
{
	unsigned before = deaths;

	plays[0] = (struct play){ .stop = PROCESS_STOP_SUSPENDED, .takes_tsc = 100 * SLICE_TSC };
	slices[0] = 0;
	resident_wake(played[0]);
	while (slices[0] < 2)
		pass_us(1000);
	UNIT_EQUAL(deaths, before);
	while (deaths == before)
		pass_us(1000);
	UNIT_EQUAL(slices[0], 3);
	plays[0] = (struct play){ .stop = PROCESS_STOP_WAITS, .takes_tsc = US };
	(void)rest_us();
}

static void test_log(void)
{
	unsigned lines = 0;

	pass_us(2000000);
	for (unsigned i = 0; i < 100; i++)
		lines += resident_may_log(&played[0]->process);
	UNIT_EQUAL(lines, 20);
	fake_tsc += time_tsc_hz;
	UNIT_CHECK(resident_may_log(&played[0]->process));
}

static void test_many(void)
{
	struct resident *resident;

	UNIT_EQUAL(resident_create(&second_program, NULL, 0, 0, &played[2]), 0);
	UNIT_EQUAL(resident_create(&second_program, NULL, 0, 0, &played[3]), 0);
	UNIT_EQUAL(resident_create(&second_program, NULL, 0, 0, &resident), -RV_ENOSPC);
}

int main(void)
{
	unit_run("what is no service", test_refusals);
	unit_run("waits", test_waits);
	unit_run("no wake-up is lost", test_no_wake_is_lost);
	unit_run("a share of the time", test_share);
	unit_run("the guest goes on", test_guest_goes_on);
	unit_run("deaths", test_deaths);
	unit_run("time that is stolen", test_stolen_time);
	unit_run("lines of the log", test_log);
	unit_run("as many as there can be", test_many);
	for (unsigned i = 0; i < RESIDENTS_MAXIMUM; i++) {
		resident_unmap(played[i]);
		free(played[i]);
	}
	return unit_failed;
}
