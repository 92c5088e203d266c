/*
 * core/exception.c: IDT, GDT and TSS of the host, and where its exceptions go. The host runs with
 * interrupts off; they come only while CPL 3 runs, and NMIs only then too.
 *
 * NMIs, and what means that something is wrong with the stack, have stacks of their own (struct
 * cpu_stack); below the usual one lies a page that is not there.
 */
#include "core/exception.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/layout.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/panic.h"
#include "core/quirks.h"
#include "core/string.h"

#define IDT_ENTRIES 256
#define GATE_STACK_MASK 0x7u

/* Vectors of exceptions that code at CPL 3 cannot have here: INT3 and INTO have no gate that it may use,
 * x87 and SSE instructions give #NM and #UD, the rest is reserved or not switched on. */
#define EXCEPTIONS_IMPOSSIBLE UINT32_C(0x9fd98238)

/* Numbers of the stacks in the TSS (AMD APM v2 8.9.4). */
#define STACK_OF_NMI 1
#define STACK_OF_TROUBLE 2

#define MSR_MCG_STATUS 0x17au
#define MCG_STATUS_MCIP UINT64_C(0x4)

void (*exception_user_handler)(struct exception_frame *frame);
void (*exception_interrupt_handler)(struct exception_frame *frame);
struct watchers exception_nmi_watchers;

/* AMD APM v2 4.8.4: 64-bit interrupt gate. */
struct gate {
	uint16_t offset_low, selector, flags, offset_middle;
	uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "gate");

static struct gate exception_idt[IDT_ENTRIES] __attribute__((aligned(16)));
static struct gate exception_plain_idt[IDT_ENTRIES] __attribute__((aligned(16)));
/* In force in exception_take_interrupts(): every vector is an interrupt. */
static struct gate exception_interrupt_idt[IDT_ENTRIES] __attribute__((aligned(16)));

const struct exception_table exception_table_stacks = { sizeof(exception_idt) - 1,
							(uint64_t)exception_idt };
const struct exception_table exception_table_plain = { sizeof(exception_plain_idt) - 1,
						       (uint64_t)exception_plain_idt };
static const struct exception_table exception_table_interrupts = { sizeof(exception_interrupt_idt) - 1,
								   (uint64_t)exception_interrupt_idt };

struct cpu cpu_boot;
struct cpu_stack cpu_boot_stack = { .cpu = &cpu_boot };

/* core/exception_entry.S: IDT_ENTRIES stubs each. */
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

/* An interrupt can have the same vector. */
static bool exception_is_machine_check(const struct exception_frame *frame)
{
	uint64_t status;

	return frame->vector == VECTOR_MACHINE_CHECK && msr_read_safe(MSR_MCG_STATUS, &status) &&
	       (status & MCG_STATUS_MCIP) != 0;
}

/* Is it an interrupt with an exception's vector? The 8259s' have any vector, and the guest can have them
 * delivered past all that holds interrupts back. Where the CPU would have pushed an error code, the stub
 * has told them apart already. */
static bool exception_is_interrupt(const struct exception_frame *frame)
{
	if (!exception_from_user(frame) || !(frame->rflags & RFLAGS_IF))
		return false;
	if (frame->vector == VECTOR_MACHINE_CHECK)
		return !exception_is_machine_check(frame);
	return EXCEPTIONS_IMPOSSIBLE >> frame->vector & 1;
}

void exception_dispatch_interrupt(struct exception_frame *frame)
{
	if (exception_is_machine_check(frame))
		panic_exception(frame);
	if (frame->vector == VECTOR_NMI) {
		if (panic_is_elsewhere())
			panic_stop();
		cpu_current()->nmi_seen = true;
		watch_tell(&exception_nmi_watchers, frame);
		return;
	}
	if (cpu_current()->drops_interrupts) {
		frame->rflags &= ~RFLAGS_IF;
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
	if (frame->vector == VECTOR_NMI || frame->vector >= VECTOR_EXCEPTIONS ||
	    exception_is_interrupt(frame)) {
		exception_dispatch_interrupt(frame);
		return;
	}
	if (exception_from_user(frame) && exception_user_handler != NULL) {
		exception_user_handler(frame);
		return;
	}
	if (!quirk_is_stray_trap(frame) && !exception_fix_up(frame))
		panic_exception(frame);
}

static struct gate exception_gate(uint64_t offset, unsigned dpl, unsigned stack)
{
	return (struct gate){
		.offset_low = (uint16_t)offset,
		.selector = SELECTOR_CODE,
		.flags = (uint16_t)(0x8e00 | dpl << 13 | stack),
		.offset_middle = (uint16_t)(offset >> 16),
		.offset_high = (uint32_t)(offset >> 32),
	};
}

void exception_set_gate(unsigned vector, void (*entry)(void), unsigned dpl)
{
	exception_idt[vector] = exception_plain_idt[vector] = exception_gate((uint64_t)entry, dpl, 0);
}

void exception_replace_entry(unsigned vector, void (*entry)(void))
{
	struct gate *const gates[] = { &exception_idt[vector], &exception_plain_idt[vector],
				       &exception_interrupt_idt[vector] };

	for (size_t i = 0; i < ARRAY_LENGTH(gates); i++)
		*gates[i] = exception_gate((uint64_t)entry, 0, gates[i]->flags & GATE_STACK_MASK);
}

static unsigned exception_stack(unsigned vector)
{
	if (vector == VECTOR_NMI)
		return STACK_OF_NMI;
	return vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK ? STACK_OF_TROUBLE : 0;
}

static void exception_init_idt(void)
{
	for (unsigned vector = 0; vector < IDT_ENTRIES; vector++) {
		unsigned offset = EXCEPTION_STUB_BYTES * vector, stack = exception_stack(vector);

		exception_idt[vector] =
			exception_gate((uint64_t)(exception_stubs + offset), 0, stack);
		exception_plain_idt[vector] = exception_gate((uint64_t)(exception_stubs + offset), 0, 0);
		exception_interrupt_idt[vector] =
			exception_gate((uint64_t)(exception_interrupt_stubs + offset), 0, stack);
	}
}

/* What the CPU itself can refuse us, where it can: code and data of CPL 3, and a stack that is too
 * short. (SMAP asks for RFLAGS.AC to be clear: exception_frame.h.) */
static void exception_protect_cpu(struct cpu *cpu)
{
	struct cpu_stack *stack = cpu_own_stack();
	uint32_t features = cpuid_query(1, 0).edx;
	/* With OSFXSR legacy SSE instructions are there at all; CR0.EM makes them #UD but in crypt/cipher.c. */
	uint64_t cr4 = cr4_read() | (features >> 7 & 1 ? CR4_MCE : 0) | (features >> 24 & 1 ? CR4_OSFXSR : 0);

	if (cpuid_query(0, 0).eax >= 7) {
		struct cpuid_result more = cpuid_query(7, 0);

		cr4 |= (more.ebx >> 7 & 1 ? CR4_SMEP : 0) | (more.ebx >> 20 & 1 ? CR4_SMAP : 0) |
		       (more.ecx >> 2 & 1 ? CR4_UMIP : 0);
	}
	cr4_write(cr4);
	cpu->tss.ist[STACK_OF_NMI - 1] = (uint64_t)(stack->nmi + sizeof(stack->nmi));
	cpu->tss.ist[STACK_OF_TROUBLE - 1] = (uint64_t)(stack->trouble + sizeof(stack->trouble));
	if (paging_protect(stack->guard, 0) != 0)
		panic("no memory to guard the stack of CPU %u: give more with the option memory=", cpu->index);
}

void exception_take_interrupts(void)
{
	/* STI holds interrupts off for one instruction more (AMD APM v3, STI). */
	__asm__ volatile("lidt %0; sti; nop; nop; cli; lidt %1" ::"m"(exception_table_interrupts),
			 "m"(exception_table_stacks)
			 : "memory");
}

/* exception_frame.h: the places where CLAC belongs, if there is such an instruction. */
static void exception_enable_clac(void)
{
	static const uint8_t clac[] = { 0x0f, 0x01, 0xca };

	if (cpuid_query(0, 0).eax < 7 || !(cpuid_query(7, 0).ebx >> 20 & 1))
		return;
	for (const uint64_t *site = layout_clac; site < layout_clac_end; site++)
		memcpy(memory_direct(memory_reserved_start + (*site - HYPERVISOR_ADDRESS)), clac,
		       sizeof(clac));
	/* AMD APM v2 7.6.1: code that was changed by another address. */
	(void)cpuid_query(0, 0);
}

static void exception_init_gdt(struct cpu *cpu)
{
	uint64_t base = (uint64_t)&cpu->tss;
	struct exception_table gdtr = { .limit = sizeof(cpu->gdt) - 1, .base = (uint64_t)cpu->gdt };

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

void exception_restart_cpu(void)
{
	exception_init_gdt(cpu_current());
	exception_use_stacks(true);
	exception_protect_cpu(cpu_current());
}

void exception_init_cpu(void)
{
	struct cpu *cpu = cpu_current();

	exception_init_gdt(cpu);
	if (cpu == &cpu_boot) {
		exception_init_idt();
		exception_enable_clac();
	}
	exception_use_stacks(true);
	exception_protect_cpu(cpu);
}
