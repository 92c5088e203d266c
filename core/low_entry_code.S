/*
 * core/low_entry_code.S: from real mode to C, for a startup IPI of ours and for a wake-up. core/low_entry.c copies it to
 * a page below 1 MiB (AMD APM v2 15.27.8 and 14.1.3; Intel SDM 3 9.4).
 */
#include "core/x86.h"

	.section .rodata.low_entry, "a"
	.code16

	.balign 16
	.global low_entry_start, low_entry_end
	.global low_entry_gdtr_base, low_entry_root, low_entry_jump, low_entry_stack, low_entry_target
low_entry_start:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl (low_entry_gdtr - low_entry_start)
	mov (low_entry_root - low_entry_start), %eax
	mov %eax, %cr3
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $(EFER_LME | EFER_NXE), %eax
	wrmsr
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_EM | CR0_PE), %eax /* caches on */
	mov %eax, %cr0
	ljmpl *(low_entry_jump - low_entry_start)

	.code64
	.global low_entry_long
low_entry_long:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov low_entry_stack(%rip), %rsp
	xor %ebp, %ebp
	call *low_entry_target(%rip)
	ud2

	.code16
	.global low_entry_idle
low_entry_idle: /* whatever interrupts real mode before */
	iret

	.balign 8
low_entry_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
low_entry_gdtr:
	.word 23
low_entry_gdtr_base:
	.long 0
low_entry_root:
	.long 0
low_entry_jump:
	.long 0
	.word 0x08
	.balign 8
low_entry_stack:
	.quad 0
low_entry_target:
	.quad 0
low_entry_end:
