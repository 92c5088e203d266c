/*
 * tests/unit/second_cpu.c: see the header.
 */
#include "second_cpu.h"

#include <sanitizer/common_interface_defs.h>
#include <stddef.h>
#include <stdint.h>

#include "unit.h"

#define STACK_BYTES (512 * 1024)

int cpu_depth;
unsigned cpu_nr_overtaken;
bool cpu_is_alone;

/* Keeps what a function must keep (System V ABI for AMD64, 3.2.1) on the stack that is left, and takes it from the
 * other. ASan clears swapcontext()'s whole stack each time. */
void second_cpu_switch(void **left, void *other);
__asm__(".text\n"
	".type second_cpu_switch, @function\n"
	"second_cpu_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");
#define KEPT 6

static uint64_t stack[STACK_BYTES / 8] __attribute__((aligned(16)));
static void *stacks[2]; /* where each stands */
static const void *first_stack;
static size_t first_stack_bytes;
static void (*begins)(void);
static bool is_second, is_busy, is_finishing;
static unsigned long long patience; /* turns that the first still has while the second stands */

static void change(void)
{
	int depth = cpu_depth;
	bool was_second = is_second;
	void *fake_stack;

	is_second = !was_second;
	if (was_second)
		__sanitizer_start_switch_fiber(&fake_stack, first_stack, first_stack_bytes);
	else
		__sanitizer_start_switch_fiber(&fake_stack, stack, sizeof(stack));
	second_cpu_switch(&stacks[was_second], stacks[!was_second]);
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
	cpu_depth = depth;
}

static void run(void)
{
	__sanitizer_finish_switch_fiber(NULL, &first_stack, &first_stack_bytes);
	for (;;) {
		cpu_depth = 1;
		begins();
		is_busy = false;
		change();
	}
}

static void begin(void)
{
	uint64_t *top = stack + STACK_BYTES / 8 - 1; /* as behind a call, which it does not return from */

	if (stacks[1] == NULL) {
		top[-1] = (uint64_t)(uintptr_t)run;
		stacks[1] = top - 1 - KEPT;
	}
	is_busy = true;
	change();
}

void cpu_second_does(void (*work)(void))
{
	begins = work;
}

bool cpu_second_is_busy(void)
{
	return is_busy;
}

void cpu_second_finish(void)
{
	is_finishing = true;
	while (is_busy)
		change();
	is_finishing = false;
}

void cpu_turn(void)
{
	if (cpu_is_alone)
		return;
	if (is_second) {
		if (is_finishing || unit_random() % 2 != 0)
			return;
		patience = unit_random() % (1 << unit_random() % 7); /* often a little, at times much */
		change();
	} else if (is_busy && !is_finishing) {
		cpu_nr_overtaken += cpu_depth == 0;
		if (patience == 0)
			change();
		else
			patience--;
	} else if (begins != NULL && unit_random() % 8 == 0) {
		begin();
	}
}
