/*
 * core/cpu.h: what each physical CPU has of its own. Only that CPU writes it.
 */
#ifndef CORE_CPU_H
#define CORE_CPU_H

#include "rv/types.h"

#define CPU_STACK_BYTES KIB(32)
#define CPUS_MAXIMUM 64

struct vcpu;

/* AMD APM v2 12.2.5: 64-bit task state segment. */
struct task_state {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map_base;
} __attribute__((packed));
_Static_assert(sizeof(struct task_state) == 104, "TSS");

struct cpu {
	uint32_t index, apic_id;
	struct vcpu *vcpu;
	uint64_t gdt[8];
	struct task_state tss;
	bool nmi_seen;	   /* an NMI came while the host ran; the vCPU loop hands it on */
	bool drops_interrupts; /* what comes in exception_take_interrupts() is for nobody */
	bool waits_in_firmware; /* at boot: comes as it is (boot/uefi_cpus.h), not by INIT */
	bool holds_secrets; /* registers and stack may have a part of a key in them: a panic prints neither */
	bool smis_are_ours; /* they lead to a handler of ours, which returns (core/smm.h) */
	bool online;	   /* came to us at boot: its INIT and startup IPIs are ours to deliver */
};

/* The stack of a CPU is CPU_STACK_BYTES long and so aligned; its lowest word points back. Above that are
 * stacks for NMIs and for what else may come when the usual one is of no use. */
struct cpu_stack {
	struct cpu *cpu;
	uint8_t nmi[PAGE_BYTES - sizeof(struct cpu *)];
	uint8_t trouble[PAGE_BYTES]; /* double faults and machine checks */
	uint8_t guard[PAGE_BYTES];   /* not mapped */
	uint8_t bytes[CPU_STACK_BYTES - 3 * PAGE_BYTES];
} __attribute__((aligned(32768)));
_Static_assert(sizeof(struct cpu_stack) == CPU_STACK_BYTES, "stack");

static inline struct cpu_stack *cpu_own_stack(void)
{
	uint64_t rsp;

	__asm__("mov %%rsp, %0" : "=r"(rsp));
	return (struct cpu_stack *)(rsp & ~(CPU_STACK_BYTES - 1));
}

static inline struct cpu *cpu_current(void)
{
	return cpu_own_stack()->cpu;
}

/* How many CPUs core/smp.c knows, the boot CPU first. Written at boot only. */
extern uint32_t cpus_count;
struct cpu *cpu_get(uint32_t index);

/* The boot CPU's, valid from the first C instruction. */
extern struct cpu cpu_boot;
extern struct cpu_stack cpu_boot_stack;

#endif
