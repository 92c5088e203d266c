/*
 * tests/guest/run.h: runs a few bytes of code with chosen registers, flags, mode and privilege, and
 * tells how that ended. And the table of instructions that a hypervisor may intercept.
 */
#ifndef RUN_H
#define RUN_H

#include "guest.h"

#define RUN_TRAPS 8

/* Selectors that run_init() loads beside the framework's. */
#define RUN_CODE64 0x18
#define RUN_CODE32 0x08
#define RUN_DATA 0x10
#define RUN_USER_DATA 0x43
#define RUN_USER_CODE64 0x4b
#define RUN_USER_CODE32 0x53
#define RUN_LIMITED_CODE32 0x58 /* run_limit() */
#define RUN_LIMITED_DATA 0x60

#define RFLAGS_FIXED 0x2u
#define RFLAGS_TF 0x100u
#define RFLAGS_IF 0x200u
#define RFLAGS_DF 0x400u
#define RFLAGS_RF 0x10000u

#define DR6_B0 0x1u
#define DR6_BS 0x4000u

#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_UD 6
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14

/* run_enter.S knows the first fields. */
struct run {
	/* What it starts with, and afterwards what it ended with. */
	uint64_t rax, rcx, rdx, rsi, rdi, rip, cs, rflags, rsp, ss;
	/* The exception that ended it; a breakpoint (INT3) is the good end. */
	int vector;
	uint64_t error_code, cr2;
	/* Its #DB and interrupts: where they came, and with which DR6 bits (interrupts: the vector). */
	unsigned nr_traps;
	struct {
		uint64_t rip, why;
	} traps[RUN_TRAPS];
};

/* Once: GDT, TSS, page tables. */
void run_init(void);
/* Runs until an exception other than #DB. CS and SS of 0 mean 64-bit code at CPL 0, RSP of 0 a stack
 * of run's own, RFLAGS of 0 just the fixed bit. */
void run_code(struct run *run);

/* 2 MiB mapped to themselves by 4 KiB pages, for CPL 3 too: for code, data, and holes. */
#define RUN_WINDOW 0x4000000u
#define RUN_PRESENT 0x1u
#define RUN_WRITABLE 0x2u
#define RUN_USER 0x4u
/* Gives a page of the window other rights; 0: it is not there. */
void run_map(uint64_t address, uint64_t rights);
/* The I/O permission bitmap for CPL 3. */
void run_permit_port(uint16_t port, bool permit);
/* Base and last offset of RUN_LIMITED_CODE32 and RUN_LIMITED_DATA. */
void run_limit(uint32_t base, uint32_t last);

/* An instruction that a hypervisor may intercept, with what it starts and ends with. */
struct snippet {
	const char *name;
	uint8_t bytes[8];
	uint8_t length_bytes;
	uint8_t steps; /* how many traps it gives in single steps: a repeated one gives several */
	uint64_t rax, rcx, rdx, rsi, rdi;
	/* Afterwards; ANY: whatever. */
	uint64_t rax_after, rcx_after, rsi_after, rdi_after;
	bool is_privileged; /* #GP at CPL 3 */
};
#define ANY UINT64_C(0xa11a11a11a11)
#define SNIPPETS 17
extern const struct snippet snippets[SNIPPETS];

/* Plain storage in every PC: a DMA page register. */
#define RUN_PORT 0x81
#define RUN_PORT_VALUE 0x5a
/* RAM whose page a script claims. */
#define RUN_MMIO 0x8000000u
#define RUN_MSR 0xc0000102u
/* In the window: what string instructions read and write. */
#define RUN_BUFFER (RUN_WINDOW + 0x100000u)

/* Puts what the snippets find where they find it. */
void snippet_prepare(void);
/* Copies it to `at`, with an INT3 behind; run starts there. */
void snippet_place(const struct snippet *snippet, uint64_t at, struct run *run);
/* Prints a result: is `good` true, did it end at the INT3, with the registers that it should have? */
void snippet_report(const char *topic, const struct snippet *snippet, const struct run *run,
		    bool good);
/* Only the first of these. */
void run_report(const char *topic, const char *name, const struct run *run, bool good);
bool snippet_ended_well(const struct snippet *snippet, const struct run *run);

#endif
