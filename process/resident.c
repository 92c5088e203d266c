/*
 * process/resident.c: when services run, and what becomes of them. resident_lock guards who runs when, and is not
 * held while one runs: it is above the deadlines' lock, and below all others.
 */
#include "process/resident.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/process_live.h"
#include "process/resident_internal.h"
#include "process/run.h"
#include "process/share.h"
#include "rv/errno.h"
#include "rv/powers.h"
#include "vmm/deadline.h"

#define RESIDENT_REST_US_FIRST 100000
#define RESIDENT_REST_US_LAST 60000000 /* and one that lives so long begins at the first again */
#define RESIDENT_SLICES_CHARGED 2      /* of a turn, for one slice, however long it takes: the rest was taken from it */
#define RESIDENT_LOG_LINES 20	       /* a second */

static void resident_expire(struct deadline *deadline, struct vcpu *vcpu);

static struct deadline resident_deadline = { .expire = resident_expire };
static struct spinlock resident_lock;
static struct resident *residents[RESIDENTS_MAXIMUM]; /* no one ever goes */
static unsigned residents_count;
static struct share resident_share;
static uint64_t resident_rested_tsc; /* none runs before: the guest has as long as the last had */
static uint64_t resident_armed_tsc = DEADLINE_NEVER; /* the deadline's, while it is set or about to expire */

/* When any of them may run: not before. Under the lock. */
static uint64_t resident_soonest(void)
{
	uint64_t when = share_when(&resident_share);

	return when > resident_rested_tsc ? when : resident_rested_tsc;
}

/* Has the deadline come when the next of them is due. Under the lock. */
static void resident_schedule(void)
{
	uint64_t next = DEADLINE_NEVER, soonest = resident_soonest();

	for (unsigned i = 0; i < residents_count; i++) {
		if (!residents[i]->runs && residents[i]->due_tsc < next)
			next = residents[i]->due_tsc;
	}
	if (next < soonest)
		next = soonest;
	/* It is not set in vain: all CPUs would look. */
	if (next == resident_armed_tsc)
		return;
	resident_armed_tsc = next;
	if (next == DEADLINE_NEVER)
		(void)deadline_cancel(&resident_deadline);
	else
		deadline_set(&resident_deadline, next);
}

void resident_wake(struct resident *resident)
{
	spinlock_acquire(&resident_lock);
	/* One that is dead, or amid a turn, learns of it in its next. */
	if (!resident->is_woken) {
		resident->is_woken = true;
		if (!resident->runs && resident->is_alive) {
			resident->due_tsc = 0;
			resident_schedule();
		}
	}
	spinlock_release(&resident_lock);
}

/* The one that is due and has waited longest; it is this CPU's then. Under the lock. */
static struct resident *resident_choose(uint64_t now)
{
	struct resident *chosen = NULL;

	share_earn(&resident_share, now);
	if (resident_soonest() > now)
		return NULL;
	for (unsigned i = 0; i < residents_count; i++) {
		struct resident *resident = residents[i];

		if (!resident->runs && resident->due_tsc <= now && (chosen == NULL || resident->ran_tsc < chosen->ran_tsc))
			chosen = resident;
	}
	return chosen;
}

static struct resident *resident_take(uint64_t now, uint32_t cpu)
{
	struct resident *resident;

	spinlock_acquire(&resident_lock);
	resident_armed_tsc = DEADLINE_NEVER;
	resident = resident_choose(now);
	if (resident != NULL) {
		resident->runs = true;
		resident->nr_moves += resident->nr_starts != 0 && resident->cpu != cpu;
		resident->cpu = cpu;
		if (resident->turn_tsc == 0) /* its resident_wait() returns */
			resident->is_woken = false;
	}
	resident_schedule();
	spinlock_release(&resident_lock);
	return resident;
}

/* This CPU is amid a program's call that took it here: a program at a time. */
static void resident_put_off(uint64_t now)
{
	spinlock_acquire(&resident_lock);
	resident_armed_tsc = DEADLINE_NEVER;
	resident_rested_tsc = now + time_tsc_of_us(PROCESS_SLICE_US);
	resident_schedule();
	spinlock_release(&resident_lock);
}

/* It has had its slice, and is due again at that time. */
static void resident_put_back(struct resident *resident, uint64_t start_tsc, uint64_t due_tsc)
{
	uint64_t now = tsc_read(), used = now - start_tsc;

	spinlock_acquire(&resident_lock);
	share_spend(&resident_share, now, used);
	resident_rested_tsc = now + used;
	resident->cycles += used;
	resident->ran_tsc = now;
	resident->runs = false;
	resident->due_tsc = resident->is_woken && resident->is_alive ? 0 : due_tsc;
	resident_schedule();
	spinlock_release(&resident_lock);
}

/* How long it is to rest when it dies, and what is said then. */
static void resident_set_rest(struct resident *resident, uint64_t rest_us)
{
	resident->rest_us = rest_us;
	print_format(resident->fate, sizeof(resident->fate), "it is started again in %lu ms", rest_us / 1000);
}

/* From its beginning. */
static void resident_start(struct resident *resident, struct vcpu *vcpu)
{
	resident->nr_starts++;
	resident->start_tsc = tsc_read();
	resident_set_rest(resident, resident->rest_us);
	resident_fill(resident);
	__atomic_store_n(&resident->is_broken, false, __ATOMIC_RELAXED);
	resident_open_rings(resident);
	resident->is_alive = true;
	log_info("%s: started, as a service", resident->process.name);
	if (resident->program->starts != NULL)
		resident->program->starts(resident, resident->context, vcpu);
}

/* When it is to start again. Why it died is in the log. */
static uint64_t resident_die(struct resident *resident, struct vcpu *vcpu)
{
	uint64_t now = tsc_read(), due_tsc;

	resident_close_rings(resident);
	resident_wipe(resident);
	resident->is_alive = false;
	resident->turn_tsc = 0;
	due_tsc = now + time_tsc_of_us(resident->rest_us);
	resident->rest_us = resident->rest_us * 2 < RESIDENT_REST_US_LAST ? resident->rest_us * 2 : RESIDENT_REST_US_LAST;
	if (resident->program->died != NULL)
		resident->program->died(resident, resident->context, vcpu);
	return due_tsc;
}

static uint64_t resident_kill(struct resident *resident, struct vcpu *vcpu, const char *why)
{
	log_error("%s: killed: %s; %s", resident->process.name, why, resident->fate);
	return resident_die(resident, vcpu);
}

static enum process_stop resident_run_slice(struct resident *resident, struct vcpu *vcpu)
{
	const uint64_t budget_us = PROCESS_SLICE_US * BUDGET_SLICES; /* the first of its slices ends it */
	uint64_t start = tsc_read(), most = time_tsc_of_us(PROCESS_SLICE_US * RESIDENT_SLICES_CHARGED), used;
	enum process_stop stop = process_run(&resident->process, vcpu, budget_us, budget_ticks(budget_us));

	if (resident->program->secret)
		process_wipe_stack();
	used = tsc_read() - start;
	resident->turn_tsc += used < most ? used : most;
	return stop;
}

static bool resident_is_late(const struct resident *resident)
{
	return resident->turn_tsc >= time_tsc_of_us(resident->program->turn_us);
}

static void resident_end_turn(struct resident *resident)
{
	resident->turn_tsc = 0;
	resident->nr_turns++;
	if (resident->rest_us != RESIDENT_REST_US_FIRST &&
	    tsc_read() - resident->start_tsc > time_tsc_of_us(RESIDENT_REST_US_LAST))
		resident_set_rest(resident, RESIDENT_REST_US_FIRST);
}

/* When it is to go on. */
static uint64_t resident_judge(struct resident *resident, enum process_stop stop, struct vcpu *vcpu)
{
	switch (stop) {
	case PROCESS_STOP_WAITS:
		resident_end_turn(resident);
		return resident->process.wait_tsc;
	case PROCESS_STOP_SUSPENDED:
		resident->nr_stops++;
		return resident_is_late(resident) ? resident_kill(resident, vcpu, "its turn takes too long") : 0;
	case PROCESS_STOP_EXIT:
		return resident_kill(resident, vcpu, "it has ended by itself");
	default:
		return resident_die(resident, vcpu);
	}
}

static uint64_t resident_go_on(struct resident *resident, struct vcpu *vcpu)
{
	uint64_t due_tsc;

	if (!resident->is_alive)
		resident_start(resident, vcpu);
	due_tsc = resident_judge(resident, resident_run_slice(resident, vcpu), vcpu);
	if (resident->is_alive && resident->program->ran != NULL)
		resident->program->ran(resident, resident->context, vcpu);
	if (resident->is_alive && __atomic_load_n(&resident->is_broken, __ATOMIC_RELAXED))
		due_tsc = resident_kill(resident, vcpu, "an index or a length in its rings cannot be");
	return due_tsc;
}

static void resident_expire(struct deadline *deadline, struct vcpu *vcpu)
{
	uint64_t start = tsc_read();
	struct resident *resident;

	(void)deadline;
	if (vcpu->host_context) {
		resident_put_off(start);
		return;
	}
	resident = resident_take(start, vcpu->cpu->index);
	if (resident != NULL)
		resident_put_back(resident, start, resident_go_on(resident, vcpu));
}

bool resident_may_log(struct process *process)
{
	struct resident *resident = CONTAINER_OF(process, struct resident, process);
	uint64_t now = tsc_read();

	if (now - resident->log_tsc >= time_tsc_hz) {
		if (resident->log_lost != 0)
			log_warning("%s: %u lines of its are lost: too many in a second", process->name, resident->log_lost);
		resident->log_tsc = now;
		resident->log_lines = resident->log_lost = 0;
	}
	if (resident->log_lines == RESIDENT_LOG_LINES) {
		resident->log_lost++;
		return false;
	}
	resident->log_lines++;
	return true;
}

static bool resident_is_possible(const struct resident_program *program, hpa_t text, uint64_t text_bytes)
{
	for (unsigned i = 0; i < program->nr_rings; i++) {
		uint32_t bytes = program->rings[i].size_bytes;

		if (bytes < PAGE_BYTES || bytes > RESIDENT_RINGS_BYTES_MAXIMUM || (bytes & (bytes - 1)) != 0)
			return false;
	}
	return program->nr_rings <= RESIDENT_RINGS_MAXIMUM && resident_rings_bytes(program) <= RESIDENT_RINGS_BYTES_MAXIMUM &&
	       ((program->heap_bytes | program->stack_bytes) & PAGE_MASK) == 0 && program->stack_bytes != 0 &&
	       program->stack_bytes <= RV_ENGINE_STACK_BYTES &&
	       program->heap_bytes <= RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES - RESIDENT_HEAP_ADDRESS &&
	       ((text | text_bytes) & PAGE_MASK) == 0 && text_bytes <= SERVICE_TEXT_BYTES_MAXIMUM;
}

static int resident_make(struct resident *resident, const struct resident_program *program, hpa_t text, uint64_t text_bytes)
{
	struct process *process = &resident->process;

	string_copy(process->name, program->name, sizeof(process->name));
	process->host_root = paging_host_root;
	process->role = PROCESS_ROLE_RESIDENT;
	process->service_work = "its work";
	process->service_fate = resident->fate;
	process->sliced = true;
	process->state = PROCESS_WAITING;
	process->powers = process->powers_kept = RV_POWER_LOG;
	resident->program = program;
	resident->text_bytes = text_bytes;
	resident->rest_us = RESIDENT_REST_US_FIRST;
	if (program_open(&resident->file, program->image, program->image_end) != 0)
		return -RV_EINVAL;
	return resident_map(resident, text);
}

/* It is known from now on, and due at once. */
static bool resident_add(struct resident *resident)
{
	bool has_room;

	spinlock_acquire(&resident_lock);
	has_room = residents_count < RESIDENTS_MAXIMUM;
	if (residents_count == 0)
		share_begin(&resident_share, RESIDENT_SHARE, time_tsc_of_us(RESIDENT_BURST_US), tsc_read());
	if (has_room) {
		residents[residents_count] = resident;
		__atomic_store_n(&residents_count, residents_count + 1, __ATOMIC_RELEASE);
		resident_schedule();
	}
	spinlock_release(&resident_lock);
	return has_room;
}

int resident_create(const struct resident_program *program, void *context, hpa_t text, uint64_t text_bytes,
		    struct resident **made)
{
	struct resident *resident;
	int error;

	if (!process_can_run)
		return -RV_ENOTSUP;
	if (!resident_is_possible(program, text, text_bytes))
		return -RV_EINVAL;
	resident = memory_allocate(sizeof(*resident));
	if (resident == NULL)
		return -RV_ENOMEM;
	resident->context = context;
	error = resident_make(resident, program, text, text_bytes);
	*made = resident;
	if (error == 0 && !resident_add(resident))
		error = -RV_ENOSPC;
	if (error != 0) {
		resident_unmap(resident);
		memory_free(resident);
	}
	return error;
}

struct resident *resident_find(const char *name)
{
	unsigned count = __atomic_load_n(&residents_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < count; i++) {
		if (strcmp(residents[i]->process.name, name) == 0)
			return residents[i];
	}
	return NULL;
}

static int resident_find_script_ring(const struct resident_program *program, bool to_service)
{
	for (unsigned i = 0; i < program->nr_rings; i++) {
		if (program->rings[i].scripts && program->rings[i].to_service == to_service)
			return (int)i;
	}
	return -1;
}

bool resident_describe(unsigned position, struct resident_facts *facts)
{
	struct resident *resident;

	if (position >= __atomic_load_n(&residents_count, __ATOMIC_ACQUIRE))
		return false;
	resident = residents[position];
	*facts = (struct resident_facts){
		.name = resident->process.name,
		.runs = resident->is_alive,
		.starts = resident->nr_starts,
		.turns = resident->nr_turns,
		.moves = resident->nr_moves,
		.stops = resident->nr_stops,
		.cycles = resident->cycles,
		.memory_bytes = resident->memory_bytes,
		.resident = resident,
		.script_writes = resident_find_script_ring(resident->program, true),
		.script_reads = resident_find_script_ring(resident->program, false),
	};
	return true;
}
