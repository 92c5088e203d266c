/*
 * boot/bios_call_code.S: one call of the BIOS from long mode and back (AMD APM v2 14.6 and 14.7, in reverse and forth).
 * boot/bios_prompt.c copies it to BIOS_CALL_ADDRESS, which our first page tables map at itself; all addresses are of there.
 */
#include "boot/bios_call_layout.h"
#include "core/x86.h"

#define FIELD(offset) (BIOS_CALL_ADDRESS + (offset))
#define AT(label) (BIOS_CALL_ADDRESS + (label) - bios_call_start)

#define CODE64 0x08
#define CODE32 0x10
#define DATA32 0x18
#define CODE16 0x20
#define DATA16 0x28
#define LOADER_CODE 0x08 /* of boot/multiboot2_entry.S */
#define LOADER_DATA 0x10
#define CR0_REAL 0x10 /* ET, which is always 1 */

	.section .rodata.bios_call, "a"
	.balign 16
	.global bios_call_start, bios_call_end
bios_call_start:
	.org BIOS_CALL_OWN_GDTR
	.word 0x2f
	.quad FIELD(BIOS_CALL_GDT)
	.org BIOS_CALL_OWN_IDTR
	.word 0x3ff
	.long 0
	.org BIOS_CALL_GDT
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00009b000000ffff
	.quad 0x000093000000ffff

/* void (void), interrupts off */
	.org BIOS_CALL_CODE
	.code64
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	pushfq
	sgdt FIELD(BIOS_CALL_GDTR)
	sidt FIELD(BIOS_CALL_IDTR)
	mov %rsp, FIELD(BIOS_CALL_RSP)
	mov %cr0, %rax
	mov %rax, FIELD(BIOS_CALL_CR0)
	mov %cr3, %rax
	mov %rax, FIELD(BIOS_CALL_CR3)
	mov %cr4, %rax
	mov %rax, FIELD(BIOS_CALL_CR4)
	mov $MSR_EFER, %ecx
	rdmsr
	mov %eax, FIELD(BIOS_CALL_EFER)
	movb FIELD(BIOS_CALL_NUMBER), %al
	movb %al, AT(bios_call_interrupt) + 1
	lgdt FIELD(BIOS_CALL_OWN_GDTR)
	pushq $CODE32
	pushq $AT(bios_call_leave)
	lretq

	.code32
bios_call_leave:
	mov $DATA32, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
	mov $MSR_EFER, %ecx
	rdmsr
	and $~EFER_LME, %eax
	wrmsr
	xor %eax, %eax
	mov %eax, %cr4
	ljmp $CODE16, $AT(bios_call_16)

	.code16
bios_call_16:
	mov $DATA16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov %ax, %fs
	mov %ax, %gs
	lidtl FIELD(BIOS_CALL_OWN_IDTR)
	mov $CR0_REAL, %eax
	mov %eax, %cr0
	ljmp $0, $AT(bios_call_real)
bios_call_real:
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov %ax, %fs
	mov %ax, %gs
	mov $FIELD(BIOS_CALL_BYTES), %sp
	mov FIELD(BIOS_CALL_AX), %ax
	mov FIELD(BIOS_CALL_BX), %bx
	sti
bios_call_interrupt:
	int $0
	cli
	pushf
	push %bx
	xor %bx, %bx
	mov %bx, %ds
	mov %ax, FIELD(BIOS_CALL_AX)
	pop %ax
	mov %ax, FIELD(BIOS_CALL_BX)
	pop %ax
	mov %ax, FIELD(BIOS_CALL_FLAGS)
	/* The BIOS may have had a GDT of its own meanwhile. */
	lgdtl FIELD(BIOS_CALL_OWN_GDTR)
	mov $(CR0_REAL | CR0_PE), %eax
	mov %eax, %cr0
	ljmpl $CODE32, $AT(bios_call_back)

	.code32
bios_call_back:
	mov $DATA32, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov FIELD(BIOS_CALL_CR4), %eax
	mov %eax, %cr4
	mov FIELD(BIOS_CALL_CR3), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	mov FIELD(BIOS_CALL_EFER), %eax
	and $~EFER_LMA, %eax /* the CPU's to set */
	wrmsr
	mov FIELD(BIOS_CALL_CR0), %eax
	mov %eax, %cr0
	ljmp $CODE64, $AT(bios_call_long)

	.code64
bios_call_long:
	lgdt FIELD(BIOS_CALL_GDTR)
	lidt FIELD(BIOS_CALL_IDTR)
	mov FIELD(BIOS_CALL_RSP), %rsp
	mov $LOADER_DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	pushq $LOADER_CODE
	pushq $AT(bios_call_return)
	lretq
bios_call_return:
	popfq
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.org BIOS_CALL_CODE_END
bios_call_end:

	.section .note.GNU-stack, "", @progbits
