/*
 * core/ap_entry.S: from a startup IPI of ours to C. core/smp_start.c copies it to a page below 1 MiB (AMD APM v2 15.27.8 and 14.1.3; Intel SDM 3 9.4).
 */
#include "core/x86.h"

	.section .rodata.ap_entry, "a"
	.code16

	.balign 16
	.global ap_entry_start, ap_entry_end
	.global ap_entry_gdtr_base, ap_entry_root, ap_entry_jump, ap_entry_stack
ap_entry_start:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl (ap_entry_gdtr - ap_entry_start)
	mov (ap_entry_root - ap_entry_start), %eax
	mov %eax, %cr3
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $(EFER_LME | EFER_NXE), %eax
	wrmsr
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_EM | CR0_PE), %eax /* caches on */
	mov %eax, %cr0
	ljmpl *(ap_entry_jump - ap_entry_start)

	.code64
	.global ap_entry_long
ap_entry_long:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov ap_entry_stack(%rip), %rsp
	xor %ebp, %ebp
	mov $smp_start_arrive, %rax
	call *%rax
	ud2

	.balign 8
ap_entry_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
ap_entry_gdtr:
	.word 23
ap_entry_gdtr_base:
	.long 0
ap_entry_root:
	.long 0
ap_entry_jump:
	.long 0
	.word 0x08
	.balign 8
ap_entry_stack:
	.quad 0
ap_entry_end:
