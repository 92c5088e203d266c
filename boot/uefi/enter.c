/*
 * boot/uefi/enter.c: reads the CPU's state before boot/uefi/enter_code.S leaves the firmware.
 */
#include "boot/uefi/enter.h"

#include "core/instructions.h"

/* boot/uefi/enter_code.S */
__attribute__((sysv_abi)) uint64_t enter_switch(struct uefi_handover *handover);

bool enter_is_possible(const char **why)
{
	*why = "the firmware uses 5-level paging; look for a switch in its setup";
	return (cr4_read() & CR4_LA57) == 0;
}

static void enter_save_tables(struct uefi_handover *handover)
{
	__asm__ volatile("sgdt %0" : "=m"(handover->gdtr.limit));
	__asm__ volatile("sidt %0" : "=m"(handover->idtr.limit));
	__asm__ volatile("sldt %0" : "=m"(handover->ldtr));
	__asm__ volatile("str %0" : "=m"(handover->tr));
}

static void enter_save_selectors(struct uefi_handover *handover)
{
	__asm__ volatile("mov %%es, %0" : "=m"(handover->es));
	__asm__ volatile("mov %%cs, %0" : "=m"(handover->cs));
	__asm__ volatile("mov %%ss, %0" : "=m"(handover->ss));
	__asm__ volatile("mov %%ds, %0" : "=m"(handover->ds));
	__asm__ volatile("mov %%fs, %0" : "=m"(handover->fs));
	__asm__ volatile("mov %%gs, %0" : "=m"(handover->gs));
}

uint64_t enter_hypervisor(struct uefi_handover *handover)
{
	handover->cr0 = cr0_read();
	handover->cr3 = cr3_read();
	handover->cr4 = cr4_read();
	handover->efer = msr_read(MSR_EFER);
	handover->fs_base = msr_read(MSR_FS_BASE);
	handover->gs_base = msr_read(MSR_GS_BASE);
	enter_save_tables(handover);
	enter_save_selectors(handover);
	return enter_switch(handover);
}
