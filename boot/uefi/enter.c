/*
 * boot/uefi/enter.c: reads the CPU's state before boot/uefi/enter_code.S leaves the firmware.
 */
#include "boot/uefi/enter.h"

#include "core/instructions.h"

/* boot/uefi/enter_code.S */
__attribute__((sysv_abi)) uint64_t enter_switch(struct uefi_cpu *cpu);

bool enter_is_possible(const char **why)
{
	*why = "the firmware uses 5-level paging; look for a switch in its setup";
	return (cr4_read() & CR4_LA57) == 0;
}

static void enter_save_tables(struct uefi_cpu *cpu)
{
	__asm__ volatile("sgdt %0" : "=m"(cpu->gdtr.limit));
	__asm__ volatile("sidt %0" : "=m"(cpu->idtr.limit));
	__asm__ volatile("sldt %0" : "=m"(cpu->ldtr));
	__asm__ volatile("str %0" : "=m"(cpu->tr));
}

static void enter_save_selectors(struct uefi_cpu *cpu)
{
	__asm__ volatile("mov %%es, %0" : "=m"(cpu->es));
	__asm__ volatile("mov %%cs, %0" : "=m"(cpu->cs));
	__asm__ volatile("mov %%ss, %0" : "=m"(cpu->ss));
	__asm__ volatile("mov %%ds, %0" : "=m"(cpu->ds));
	__asm__ volatile("mov %%fs, %0" : "=m"(cpu->fs));
	__asm__ volatile("mov %%gs, %0" : "=m"(cpu->gs));
}

uint64_t enter_hypervisor(struct uefi_cpu *cpu)
{
	cpu->cr0 = cr0_read();
	cpu->cr3 = cr3_read();
	cpu->cr4 = cr4_read();
	cpu->efer = msr_read(MSR_EFER);
	cpu->fs_base = msr_read(MSR_FS_BASE);
	cpu->gs_base = msr_read(MSR_GS_BASE);
	enter_save_tables(cpu);
	enter_save_selectors(cpu);
	return enter_switch(cpu);
}
