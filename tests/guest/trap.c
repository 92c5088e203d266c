/*
 * tests/guest/trap.c: single steps, breakpoints and interrupt shadows around every instruction that a
 * hypervisor may intercept, in 64-bit and 32-bit code, at CPL 0 and 3.
 */
#include "run.h"

#include "instruction.h"

#define CODE RUN_WINDOW
#define APIC 0xfee00000u
#define APIC_SVR 0xf0u
#define APIC_ICR_LOW 0x300u
#define APIC_SELF_FIXED 0x44000u
#define VECTOR_TEST 0x50u
#define DR7_L0 0x401u

static uint64_t end_of(const struct snippet *snippet)
{
	return CODE + snippet->length_bytes;
}

/* One trap after each iteration of a repeated instruction, and after any other (AMD APM v2 13.1.4,
 * SDM v3 18.3.1.4). */
static bool steps_are_right(const struct snippet *snippet, const struct run *run, uint64_t start,
			    uint64_t end)
{
	if (run->nr_traps != snippet->steps)
		return false;
	for (unsigned i = 0; i < run->nr_traps; i++) {
		if (run->traps[i].rip != (i + 1 < snippet->steps ? start : end) ||
		    run->traps[i].why != DR6_BS)
			return false;
	}
	return true;
}

static void test_step(const char *topic, const struct snippet *snippet, uint64_t cs, uint64_t ss)
{
	struct run run;

	snippet_prepare();
	snippet_place(snippet, CODE, &run);
	run.cs = cs;
	run.ss = ss;
	run.rflags = RFLAGS_TF;
	run_code(&run);
	snippet_report(topic, snippet, &run, steps_are_right(snippet, &run, CODE, end_of(snippet)));
}

/* Before the instruction; RF lets it pass, to its last iteration. */
static void test_breakpoint(const struct snippet *snippet)
{
	struct run run;

	snippet_prepare();
	snippet_place(snippet, CODE, &run);
	dr0_write(CODE);
	dr7_write(DR7_L0);
	run_code(&run);
	dr7_write(0x400);
	dr0_write(0);
	snippet_report("breakpoint", snippet, &run,
		       run.nr_traps == 1 && run.traps[0].rip == CODE && run.traps[0].why == DR6_B0);
}

static void test_breakpoint_behind(const struct snippet *snippet)
{
	struct run run;

	snippet_prepare();
	snippet_place(snippet, CODE, &run);
	dr0_write(end_of(snippet));
	dr7_write(DR7_L0);
	run_code(&run);
	dr7_write(0x400);
	dr0_write(0);
	snippet_report("breakpoint behind", snippet, &run,
		       run.nr_traps == 1 && run.traps[0].rip == end_of(snippet) &&
			       run.traps[0].why == DR6_B0);
}

/* An interrupt that is due comes behind the instruction that follows STI, not before it and not
 * later. A repeated instruction may be interrupted between iterations. */
static void test_sti(const struct snippet *snippet)
{
	struct run run;
	uint64_t where;

	snippet_prepare();
	snippet_place(snippet, CODE + 1, &run);
	*(uint8_t *)(uintptr_t)CODE = 0xfb; /* STI */
	run.rip = CODE;
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_LOW) = APIC_SELF_FIXED | VECTOR_TEST;
	run_code(&run);
	where = run.traps[0].rip;
	snippet_report("sti", snippet, &run,
		       run.nr_traps == 1 && run.traps[0].why == VECTOR_TEST &&
			       (where == end_of(snippet) + 1 ||
				(snippet->steps > 1 && where == CODE + 1)));
}

/* MOV SS holds the trap of its own step back; the next instruction's comes. */
static void test_mov_ss(const struct snippet *snippet)
{
	static const uint8_t mov_ss[] = {0x41, 0x8e, 0xd0}; /* mov %r8d, %ss */
	struct run run;

	snippet_prepare();
	snippet_place(snippet, CODE + sizeof(mov_ss), &run);
	memcpy((void *)(uintptr_t)CODE, mov_ss, sizeof(mov_ss));
	run.rip = CODE;
	run.rflags = RFLAGS_TF;
	run_code(&run);
	snippet_report("mov ss in single steps", snippet, &run,
		       steps_are_right(snippet, &run, CODE + sizeof(mov_ss),
				       end_of(snippet) + sizeof(mov_ss)));
}

static void test_user(const char *topic, const struct snippet *snippet, uint64_t cs)
{
	struct run run;

	if (!snippet->is_privileged) {
		test_step(topic, snippet, cs, RUN_USER_DATA);
		return;
	}
	snippet_place(snippet, CODE, &run);
	run.cs = cs;
	run.ss = RUN_USER_DATA;
	run.rflags = RFLAGS_TF;
	run_code(&run);
	run_report(topic, snippet->name, &run,
		   run.vector == VECTOR_GP && run.error_code == 0 && run.rip == CODE &&
			   run.nr_traps == 0);
}

void guest_main(void)
{
	run_init();
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_SVR) = 0x1ff;
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	run_permit_port(RUN_PORT, true);
	for (unsigned i = 0; i < SNIPPETS; i++) {
		test_step("single steps", &snippets[i], RUN_CODE64, RUN_DATA);
		test_step("single steps, 32-bit", &snippets[i], RUN_CODE32, RUN_DATA);
		test_user("single steps at CPL 3", &snippets[i], RUN_USER_CODE64);
		test_user("single steps at CPL 3, 32-bit", &snippets[i], RUN_USER_CODE32);
		test_breakpoint(&snippets[i]);
		test_breakpoint_behind(&snippets[i]);
		test_sti(&snippets[i]);
		test_mov_ss(&snippets[i]);
	}
}
