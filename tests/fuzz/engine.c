/*
 * tests/fuzz/engine.c: owns the engine's memory, its bounds, and its events. The system calls that
 * concern the run are answered here (--wrap=host_syscall), the others by engine/host.
 */
#include "engine.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "host_hooks.h"
#include "event.h"
#include "table.h"

#define FUZZ_MEMORY_BYTES (16u << 20)
#define FUZZ_INSTRUCTIONS 20000u
#define FUZZ_EVENTS 16u

int64_t __real_host_syscall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			    uint64_t e);
int64_t __wrap_host_syscall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			    uint64_t e);
const char *__asan_default_options(void);

/* A block of the engine's, so that all can be freed. */
struct block {
	struct block *previous, *next;
	size_t bytes;
	uint64_t padding;
};

static struct block blocks = {&blocks, &blocks, 0, 0};
static mrb_state *opened;
static size_t allocated_bytes;
static jmp_buf out;
static unsigned instructions_left, events_left;
static uint64_t random_state;

/* What is cut short has much left to free; what asks for too much gets NULL. */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=64";
}

static void block_free(struct block *block)
{
	block->previous->next = block->next;
	block->next->previous = block->previous;
	allocated_bytes -= block->bytes;
	free(block);
}

static void *fuzz_allocate(mrb_state *mrb, void *old, size_t bytes, void *user)
{
	struct block *from = old ? (struct block *)old - 1 : NULL, *block;

	(void)mrb;
	(void)user;
	if (bytes == 0) {
		if (from)
			block_free(from);
		return NULL;
	}
	if (bytes > FUZZ_MEMORY_BYTES - allocated_bytes)
		return NULL;
	block = malloc(sizeof(*block) + bytes);
	if (!block)
		return NULL;
	*block = (struct block){blocks.previous, &blocks, bytes, 0};
	block->previous->next = blocks.previous = block;
	allocated_bytes += bytes;
	if (from) {
		memcpy(block + 1, from + 1, bytes < from->bytes ? bytes : from->bytes);
		block_free(from);
	}
	return block + 1;
}

static uint64_t fuzz_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void fuzz_count(mrb_state *mrb, const struct mrb_irep *irep, const mrb_code *code,
		       mrb_value *registers)
{
	(void)mrb;
	(void)irep;
	(void)code;
	(void)registers;
	if (instructions_left-- == 0)
		longjmp(out, 1);
}

mrb_state *fuzz_engine_open(void)
{
	mrb_state *mrb = mrb_open_allocf(fuzz_allocate, NULL);

	opened = mrb;
	if (!mrb || mrb->exc)
		return NULL;
	mrb->code_fetch_hook = fuzz_count;
	return mrb;
}

bool fuzz_engine_run(mrb_state *mrb, void (*body)(mrb_state *mrb, void *context), void *context,
		     uint64_t seed)
{
	instructions_left = FUZZ_INSTRUCTIONS;
	events_left = FUZZ_EVENTS;
	random_state = seed | 1;
	if (setjmp(out) != 0)
		return false;
	body(mrb, context);
	return true;
}

void fuzz_engine_close(void)
{
	/* What the gems keep outside of the state. */
	if (opened)
		hook_table_reset(opened);
	event_entry = NULL;
	opened = NULL;
	while (blocks.next != &blocks)
		block_free(blocks.next);
	for (uint64_t number = 0; number < HOST_HOOKS_MAXIMUM; number++)
		(void)host_hook_remove(number);
}

/* An event for one of the hooks. False: there is none. */
static bool fuzz_fill_event(struct rv_event *event)
{
	struct hook *hook = NULL;
	uint32_t number = 0;

	for (unsigned tries = 0; tries < 4 * HOST_HOOKS_MAXIMUM && !hook; tries++) {
		number = (uint32_t)(fuzz_random() % HOST_HOOKS_MAXIMUM);
		hook = host_hook_get(number);
	}
	if (!hook)
		return false;
	memset(event, 0, sizeof(*event));
	event->kind = hook->spec.kind;
	event->cookie = hook->spec.cookie;
	event->address = hook->first;
	event->width_bytes = 1u << fuzz_random() % 4;
	event->value = fuzz_random();
	event->hook = number;
	event->sequence = ++hook->counters.delivered;
	event->cpuid_subleaf = (uint32_t)fuzz_random();
	event->pci_device = fuzz_random() % 32;
	return true;
}

int64_t __wrap_host_syscall(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
			    uint64_t e)
{
	struct rv_event *event = (struct rv_event *)(uintptr_t)RV_ENGINE_EVENT_ADDRESS;

	switch (number) {
	case RV_SYS_NEXT_EVENT:
		if (events_left-- == 0 || !fuzz_fill_event(event))
			longjmp(out, 1);
		return 0;
	case RV_SYS_EXIT:
		longjmp(out, 1);
	case RV_SYS_LOG:
		return c > RV_LOG_BYTES ? -RV_E2BIG : 0;
	case RV_SYS_EVENT_FETCH:
		event->value = fuzz_random();
		event->flags |= RV_EVENT_FETCHED;
		return 0;
	case RV_SYS_EVENT_REGISTERS:
		event->registers.rax = fuzz_random();
		event->flags |= RV_EVENT_REGISTERS;
		return 0;
	default:
		return __real_host_syscall(number, a, b, c, d, e);
	}
}
