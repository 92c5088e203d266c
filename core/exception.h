/*
 * core/exception.h: the host's interrupt descriptor table and what its vectors do.
 */
#ifndef CORE_EXCEPTION_H
#define CORE_EXCEPTION_H

#include "core/exception_frame.h"
#include "core/watch.h"
#include "rv/types.h"

/* What the entry stubs push, lowest address first. */
struct exception_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error_code; /* error_code 0 where the CPU pushes none */
	uint64_t rip, cs, rflags, rsp, ss;
};

static inline bool exception_from_user(const struct exception_frame *frame)
{
	return (frame->cs & 3) == 3;
}

/* Called for every exception (0-31) raised at CPL 3. The frame may be changed; returning resumes
 * it. Set by process/; NULL panics. */
extern void (*exception_user_handler)(struct exception_frame *frame);

/* Called for every external interrupt (vectors 32-255, but the system-call gate) the host takes;
 * interrupts are off. Set by process/. */
extern void (*exception_interrupt_handler)(struct exception_frame *frame);

/* Told of an NMI that the host takes, after cpu->nmi_seen was set, with the frame, which each may change where
 * the interrupted code is its own: vmm/kick.c's of a CPU that sleeps, and a back end's whose host NMIs reach at
 * any time. */
extern struct watchers exception_nmi_watchers;

/* Builds the IDT, the GDT and this CPU's TSS and loads them. Context: boot. */
void exception_init_cpu(void);

/* Loads what this CPU had: all but the IDT's contents is made anew. Context: exit, the CPU's state was lost. */
void exception_restart_cpu(void);

/* The IDT whose gates name stacks in the TSS, and the same without, for a back end in whose exits the task
 * register is the guest's: a stack from there would be of the guest's choice. */
struct exception_table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));
extern const struct exception_table exception_table_stacks, exception_table_plain;

/* Context: boot, exit; interrupts and NMIs are held. */
static inline void exception_use_stacks(bool use)
{
	if (use)
		__asm__ volatile("lidt %0" ::"m"(exception_table_stacks));
	else
		__asm__ volatile("lidt %0" ::"m"(exception_table_plain));
}

/* Points a vector's gate at an entry of one's own (assembly, interrupt gate). dpl 0 or 3. */
void exception_set_gate(unsigned vector, void (*entry)(void), unsigned dpl);

/* The entry of a vector that the CPU itself raises, in all tables. The stack that its gate names stays. */
void exception_replace_entry(unsigned vector, void (*entry)(void));

/* Lets pending interrupts in, for a moment. Any vector may come, also those of exceptions: the 8259s
 * deliver 8 to 15 as a BIOS sets them up. Context: exit, host_context. */
void exception_take_interrupts(void);

#endif
