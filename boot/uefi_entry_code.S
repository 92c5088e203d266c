/*
 * boot/uefi_entry_code.S: where the UEFI loader enters the image: long mode, the firmware's control
 * registers and descriptor tables, interrupts off, RDI = the handover's physical address
 * (boot/uefi_handover.h), or one of its CPUs.
 */
#include "boot/uefi_handover.h"
#include "core/x86.h"

	/* As on BIOS machines: FPU and SSE instructions are #UD from here on. */
	.macro uefi_set_registers
	cld
	mov $CR4_PAE, %eax
	mov %rax, %cr4
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_EM | CR0_PE), %eax
	mov %rax, %cr0
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_NXE, %eax
	wrmsr
	.endm

	.text
	.global uefi_entry_start, uefi_cpu_entry
uefi_entry_start:
	uefi_set_registers
	mov $cpu_boot_stack + 32768, %rsp
	xor %ebp, %ebp
	mov $boot_uefi, %rax
	call *%rax
	ud2

	/* Another CPU; the boot CPU's page tables are ready. RDI = its struct uefi_cpu, by identity */
uefi_cpu_entry:
	uefi_set_registers
	mov UEFI_CPU_STACK(%rdi), %rbx
	mov paging_host_root, %rax
	mov %rax, %cr3
	mov %rbx, %rsp
	xor %ebp, %ebp
	mov $uefi_cpus_arrive, %rax
	call *%rax
	ud2

/* void uefi_jump_native(hpa_t root, uint64_t address, hpa_t handover, uint64_t status): into the
 * loader's code, in page tables that map both */
	.global uefi_jump_native
uefi_jump_native:
	mov %rdi, %rax
	mov %rdx, %rdi
	mov %rsi, %rdx
	mov %rcx, %rsi
	mov %rax, %cr3
	jmp *%rdx
