/*
 * core/exception.c: IDT, GDT and TSS of the host, and where its exceptions go. The host runs with
 * interrupts off; they come only while CPL 3 runs, and NMIs only then too.
 */
#include "core/exception.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/panic.h"

#define EXCEPTION_NMI 2
#define EXCEPTION_COUNT 32
#define IDT_ENTRIES 256

void (*exception_user_handler)(struct exception_frame *frame);
void (*exception_interrupt_handler)(struct exception_frame *frame);
void (*exception_nmi_handler)(struct exception_frame *frame);

/* AMD APM v2 4.8.4: 64-bit interrupt gate. */
struct gate {
	uint16_t offset_low, selector, flags, offset_middle;
	uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "gate");

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static struct gate exception_idt[IDT_ENTRIES] __attribute__((aligned(16)));
/* In force in exception_take_interrupts(): every vector is an interrupt. */
static struct gate exception_interrupt_idt[IDT_ENTRIES] __attribute__((aligned(16)));

struct cpu cpu_boot;
struct cpu_stack cpu_boot_stack = { .cpu = &cpu_boot };

/* core/exception_entry.S: IDT_ENTRIES stubs of 16 bytes each. */
extern uint8_t exception_stubs[], exception_interrupt_stubs[];
void exception_dispatch(struct exception_frame *frame);
void exception_dispatch_interrupt(struct exception_frame *frame);

/* Instructions that may fault, and where they go on then: core/fixup.S. */
struct fixup {
	uint64_t rip, target;
};
extern const struct fixup fixup_table[], fixup_table_end[];

static bool exception_fix_up(struct exception_frame *frame)
{
	for (const struct fixup *fixup = fixup_table; fixup < fixup_table_end; fixup++) {
		if (fixup->rip == frame->rip) {
			frame->rip = fixup->target;
			return true;
		}
	}
	return false;
}

void exception_dispatch_interrupt(struct exception_frame *frame)
{
	if (frame->vector == EXCEPTION_NMI) {
		if (panic_is_elsewhere())
			cpu_stop();
		cpu_current()->nmi_seen = true;
		if (exception_nmi_handler != NULL)
			exception_nmi_handler(frame);
		return;
	}
	if (exception_interrupt_handler == NULL)
		panic("interrupt %lu without a handler", frame->vector);
	exception_interrupt_handler(frame);
	/* One is enough: the guest would get a second one within the handler of the first. */
	if (!exception_from_user(frame))
		frame->rflags &= ~RFLAGS_IF;
}

void exception_dispatch(struct exception_frame *frame)
{
	if (frame->vector == EXCEPTION_NMI || frame->vector >= EXCEPTION_COUNT) {
		exception_dispatch_interrupt(frame);
		return;
	}
	if (exception_from_user(frame) && exception_user_handler != NULL) {
		exception_user_handler(frame);
		return;
	}
	if (!exception_fix_up(frame))
		panic_exception(frame);
}

static struct gate exception_gate(uint64_t offset, unsigned dpl)
{
	return (struct gate){
		.offset_low = (uint16_t)offset,
		.selector = SELECTOR_CODE,
		.flags = (uint16_t)(0x8e00 | dpl << 13),
		.offset_middle = (uint16_t)(offset >> 16),
		.offset_high = (uint32_t)(offset >> 32),
	};
}

void exception_set_gate(unsigned vector, void (*entry)(void), unsigned dpl)
{
	exception_idt[vector] = exception_gate((uint64_t)entry, dpl);
}

void exception_take_interrupts(void)
{
	struct table_register interrupts = { .limit = sizeof(exception_interrupt_idt) - 1,
					     .base = (uint64_t)exception_interrupt_idt };
	struct table_register usual = { .limit = sizeof(exception_idt) - 1,
					.base = (uint64_t)exception_idt };

	/* STI holds interrupts off for one instruction more (AMD APM v3, STI). */
	__asm__ volatile("lidt %0; sti; nop; nop; cli; lidt %1" ::"m"(interrupts), "m"(usual)
			 : "memory");
}

static void exception_init_gdt(struct cpu *cpu)
{
	uint64_t base = (uint64_t)&cpu->tss;
	struct table_register gdtr = { .limit = sizeof(cpu->gdt) - 1, .base = (uint64_t)cpu->gdt };

	cpu->gdt[SELECTOR_CODE / 8] = UINT64_C(0x00af9b000000ffff);
	cpu->gdt[SELECTOR_DATA / 8] = UINT64_C(0x00cf93000000ffff);
	cpu->gdt[SELECTOR_USER_DATA / 8] = UINT64_C(0x00cff3000000ffff);
	cpu->gdt[SELECTOR_USER_CODE / 8] = UINT64_C(0x00affb000000ffff);
	cpu->gdt[SELECTOR_TSS / 8] = (sizeof(cpu->tss) - 1) | (base & 0xffffff) << 16 |
				     UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
	cpu->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
	cpu->tss.io_map_base = sizeof(cpu->tss);
	__asm__ volatile("lgdt %0\n\t"
			 "mov %1, %%ds; mov %1, %%es; mov %1, %%ss\n\t"
			 "xor %%eax, %%eax; mov %%eax, %%fs; mov %%eax, %%gs\n\t"
			 "push %2; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:\n\t"
			 "xor %%eax, %%eax; lldt %%ax\n\t"
			 "mov %3, %%eax; ltr %%ax"
			 :
			 : "m"(gdtr), "r"(SELECTOR_DATA), "i"(SELECTOR_CODE), "i"(SELECTOR_TSS)
			 : "rax", "memory");
}

void exception_init_cpu(void)
{
	struct cpu *cpu = cpu_current();
	struct table_register idtr = { .limit = sizeof(exception_idt) - 1,
				       .base = (uint64_t)exception_idt };

	exception_init_gdt(cpu);
	if (cpu == &cpu_boot) {
		for (unsigned vector = 0; vector < IDT_ENTRIES; vector++) {
			exception_idt[vector] =
				exception_gate((uint64_t)(exception_stubs + 16 * vector), 0);
			exception_interrupt_idt[vector] = exception_gate(
				(uint64_t)(exception_interrupt_stubs + 16 * vector), 0);
		}
	}
	__asm__ volatile("lidt %0" ::"m"(idtr));
}
