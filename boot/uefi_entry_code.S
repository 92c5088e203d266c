/*
 * boot/uefi_entry_code.S: where the UEFI loader enters the image: long mode, the firmware's control
 * registers and descriptor tables, interrupts off, RDI = the handover's physical address
 * (boot/uefi_handover.h), or one of its CPUs.
 */
#include "boot/uefi_handover.h"

	/* As on BIOS machines: FPU and SSE instructions are #UD from here on. */
	.macro uefi_set_registers
	cld
	mov $0x20, %eax /* CR4.PAE only */
	mov %rax, %cr4
	mov $0x80010025, %eax /* CR0.PG, WP, NE, EM, PE */
	mov %rax, %cr0
	mov $0xc0000080, %ecx
	rdmsr
	or $0x800, %eax /* EFER.NXE */
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
