/*
 * boot/uefi_entry.c: takes over from the UEFI loader and hands the CPU back to the firmware, as a
 * guest or natively. Written at boot only, so without a lock.
 */
#include "boot/uefi_entry.h"

#include "boot/uefi_handover.h"
#include "core/console.h"
#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"

#define EFI_SUCCESS UINT64_C(0)
#define EFI_UNSUPPORTED UINT64_C(0x8000000000000003)

#define SELECTOR_TABLE_LOCAL 4u
#define SELECTOR_INDEX 0xfff8u
#define DESCRIPTOR_PRESENT 0x80u
#define ATTRIBUTE_UNUSABLE 0x1000u
#define ATTRIBUTE_GRANULARITY 0x800u
#define ATTRIBUTES_LDT 0x82u
#define ATTRIBUTES_TSS_BUSY 0x8bu
#define ATTRIBUTE_TSS_BUSY 0x2u

/* boot/uefi_entry_code.S */
void uefi_entry_start(void);
void uefi_jump_native(hpa_t root, uint64_t address, hpa_t handover, uint64_t status);
_Noreturn void boot_uefi(struct uefi_handover *handover);

/* boot/ritevisor.lds puts it at the start of the image, where the loader looks for it. */
static const struct uefi_header uefi_header
	__attribute__((section(".uefi_header"), used)) = {
		.magic = UEFI_HEADER_MAGIC,
		.version = UEFI_HANDOVER_VERSION,
		.handover_bytes = sizeof(struct uefi_handover),
		.entry = uefi_entry_start,
};

static hpa_t uefi_handover_physical;
static struct uefi_handover uefi_state; /* output texts stay in the loader's */

_Noreturn void boot_uefi(struct uefi_handover *handover)
{
	uefi_handover_physical = (hpa_t)handover; /* identity, until boot_main() leaves it */
	memcpy(&uefi_state, handover, offsetof(struct uefi_handover, why));
	boot_info = handover->info;
	boot_main();
}

bool uefi_is_present(void)
{
	return uefi_handover_physical != 0;
}

/* By identity in the loader's page tables, by the direct map in ours. */
static struct uefi_handover *uefi_loader_handover(void)
{
	return cr3_read() == uefi_state.root ? (struct uefi_handover *)uefi_handover_physical
					     : memory_direct(uefi_handover_physical);
}

void uefi_copy_log(bool on)
{
	struct uefi_handover *handover = uefi_loader_handover();

	if (on)
		console_set_copy(handover->log, sizeof(handover->log));
	else
		console_set_copy(NULL, 0);
}

/* The descriptor that the firmware loaded, from its table; AMD APM v2 4.8. */
static void uefi_read_segment(uint16_t selector, struct segment_register *out)
{
	const uint8_t *table = memory_direct(uefi_state.gdtr.base);
	unsigned offset = selector & SELECTOR_INDEX;
	uint64_t descriptor;

	*out = (struct segment_register){ .selector = selector, .attributes = ATTRIBUTE_UNUSABLE };
	if (offset == 0 || (selector & SELECTOR_TABLE_LOCAL) || offset + 7u > uefi_state.gdtr.limit)
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
static void uefi_read_system_segment(uint16_t selector, struct segment_register *out)
{
	const uint8_t *table = memory_direct(uefi_state.gdtr.base);
	unsigned offset = selector & SELECTOR_INDEX;
	uint32_t base_high;

	uefi_read_segment(selector, out);
	if ((out->attributes & ATTRIBUTE_UNUSABLE) || offset + 15u > uefi_state.gdtr.limit)
		return;
	memcpy(&base_high, table + offset + 8, sizeof(base_high));
	out->base |= (uint64_t)base_high << 32;
}

static void uefi_read_segments(struct cpu_state *state)
{
	uefi_read_segment(uefi_state.es, &state->segments[SEGMENT_ES]);
	uefi_read_segment(uefi_state.cs, &state->segments[SEGMENT_CS]);
	uefi_read_segment(uefi_state.ss, &state->segments[SEGMENT_SS]);
	uefi_read_segment(uefi_state.ds, &state->segments[SEGMENT_DS]);
	uefi_read_segment(uefi_state.fs, &state->segments[SEGMENT_FS]);
	uefi_read_segment(uefi_state.gs, &state->segments[SEGMENT_GS]);
	state->segments[SEGMENT_FS].base = uefi_state.fs_base;
	state->segments[SEGMENT_GS].base = uefi_state.gs_base;
	uefi_read_system_segment(uefi_state.ldtr, &state->ldtr);
	uefi_read_system_segment(uefi_state.tr, &state->tr);
	/* A task register that was never loaded has its reset value (APM v2 14.1.3). */
	if (state->tr.attributes & ATTRIBUTE_UNUSABLE)
		state->tr = (struct segment_register){ .attributes = ATTRIBUTES_TSS_BUSY,
						       .limit_bytes = 0xffff };
	state->tr.attributes |= ATTRIBUTE_TSS_BUSY;
}

static uint64_t uefi_read_debug_register_6(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr6, %0" : "=r"(value));
	return value;
}

static uint64_t uefi_read_debug_register_7(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr7, %0" : "=r"(value));
	return value;
}

void uefi_prepare_guest(struct vcpu *vcpu)
{
	struct cpu_state state = {
		.rip = uefi_state.guest,
		.rflags = RFLAGS_FIXED,
		.cr0 = uefi_state.cr0,
		.cr2 = cr2_read(),
		.cr3 = uefi_state.cr3,
		.cr4 = uefi_state.cr4,
		.efer = uefi_state.efer,
		.dr6 = uefi_read_debug_register_6(),
		.dr7 = uefi_read_debug_register_7(),
		.gdtr_base = uefi_state.gdtr.base,
		.gdtr_limit = uefi_state.gdtr.limit,
		.idtr_base = uefi_state.idtr.base,
		.idtr_limit = uefi_state.idtr.limit,
	};

	uefi_read_segments(&state);
	state.gpr[GPR_RAX] = EFI_SUCCESS;
	state.gpr[GPR_RSP] = uefi_state.rsp;
	vcpu_ops->capture_state(vcpu, &state);
}

_Noreturn void uefi_leave(const char *why)
{
	struct uefi_handover *handover = uefi_loader_handover();

	string_copy(handover->why, why, sizeof(handover->why));
	uefi_jump_native(uefi_state.root, uefi_state.native, uefi_handover_physical,
			 EFI_UNSUPPORTED);
	__builtin_unreachable();
}
