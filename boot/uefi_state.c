/*
 * boot/uefi_state.c: from what the loader saved of a CPU to the state that its vCPU starts from. No state
 * of its own.
 */
#include "boot/uefi_state.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"

#define EFI_SUCCESS UINT64_C(0)
#define DESCRIPTOR_PRESENT 0x80u
#define ATTRIBUTE_UNUSABLE 0x1000u
#define ATTRIBUTE_GRANULARITY 0x800u
#define ATTRIBUTES_TSS_BUSY 0x8bu
#define ATTRIBUTE_TSS_BUSY 0x2u

/* The descriptor that the firmware loaded, from its table; AMD APM v2 4.8. */
static void uefi_state_read_segment(const struct uefi_cpu *cpu, uint16_t selector,
				   struct segment_register *out)
{
	const uint8_t *table = memory_direct(cpu->gdtr.base);
	unsigned offset = selector & SELECTOR_INDEX;
	uint64_t descriptor;

	*out = (struct segment_register){ .selector = selector, .attributes = ATTRIBUTE_UNUSABLE };
	if (offset == 0 || (selector & SELECTOR_LOCAL) || offset + 7u > cpu->gdtr.limit)
		return;
	memcpy(&descriptor, table + offset, sizeof(descriptor));
	out->attributes = (uint16_t)((descriptor >> 40 & 0xff) | (descriptor >> 52 & 0xf) << 8);
	if (!(out->attributes & DESCRIPTOR_PRESENT)) {
		out->attributes |= ATTRIBUTE_UNUSABLE;
		return;
	}
	out->limit_bytes = (uint32_t)((descriptor & 0xffff) | (descriptor >> 48 & 0xf) << 16);
	if (out->attributes & ATTRIBUTE_GRANULARITY)
		out->limit_bytes = out->limit_bytes << 12 | 0xfff;
	out->base = (descriptor >> 16 & 0xffffff) | (descriptor >> 56 & 0xff) << 24;
}

/* LDT and TSS descriptors have 16 bytes in long mode (APM v2 4.8.3). */
static void uefi_state_read_system_segment(const struct uefi_cpu *cpu, uint16_t selector,
					  struct segment_register *out)
{
	const uint8_t *table = memory_direct(cpu->gdtr.base);
	unsigned offset = selector & SELECTOR_INDEX;
	uint32_t base_high;

	uefi_state_read_segment(cpu, selector, out);
	if ((out->attributes & ATTRIBUTE_UNUSABLE) || offset + 15u > cpu->gdtr.limit)
		return;
	memcpy(&base_high, table + offset + 8, sizeof(base_high));
	out->base |= (uint64_t)base_high << 32;
}

static void uefi_state_read_segments(const struct uefi_cpu *cpu, struct cpu_state *state)
{
	uefi_state_read_segment(cpu, cpu->es, &state->segments[SEGMENT_ES]);
	uefi_state_read_segment(cpu, cpu->cs, &state->segments[SEGMENT_CS]);
	uefi_state_read_segment(cpu, cpu->ss, &state->segments[SEGMENT_SS]);
	uefi_state_read_segment(cpu, cpu->ds, &state->segments[SEGMENT_DS]);
	uefi_state_read_segment(cpu, cpu->fs, &state->segments[SEGMENT_FS]);
	uefi_state_read_segment(cpu, cpu->gs, &state->segments[SEGMENT_GS]);
	state->segments[SEGMENT_FS].base = cpu->fs_base;
	state->segments[SEGMENT_GS].base = cpu->gs_base;
	uefi_state_read_system_segment(cpu, cpu->ldtr, &state->ldtr);
	uefi_state_read_system_segment(cpu, cpu->tr, &state->tr);
	/* A task register that was never loaded has its reset value (APM v2 14.1.3). */
	if (state->tr.attributes & ATTRIBUTE_UNUSABLE)
		state->tr = (struct segment_register){ .attributes = ATTRIBUTES_TSS_BUSY,
						       .limit_bytes = 0xffff };
	state->tr.attributes |= ATTRIBUTE_TSS_BUSY;
}

static uint64_t uefi_state_read_debug_6(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr6, %0" : "=r"(value));
	return value;
}

static uint64_t uefi_state_read_debug_7(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr7, %0" : "=r"(value));
	return value;
}

void uefi_state_read(const struct uefi_cpu *cpu, struct cpu_state *state)
{
	*state = (struct cpu_state){
		.rip = cpu->guest,
		.rflags = RFLAGS_FIXED,
		.cr0 = cpu->cr0,
		.cr2 = cr2_read(),
		.cr3 = cpu->cr3,
		.cr4 = cpu->cr4,
		.efer = cpu->efer,
		.dr6 = uefi_state_read_debug_6(),
		.dr7 = uefi_state_read_debug_7(),
		.gdtr_base = cpu->gdtr.base,
		.gdtr_limit = cpu->gdtr.limit,
		.idtr_base = cpu->idtr.base,
		.idtr_limit = cpu->idtr.limit,
	};

	uefi_state_read_segments(cpu, state);
	state->gpr[GPR_RAX] = EFI_SUCCESS;
	state->gpr[GPR_RSP] = cpu->rsp;
}
