/*
 * tests/guest/second_entry.S: from a startup IPI to second_main(). second_low is copied to the page
 * that the vector names.
 */
#define STACK_BYTES 16384

	.section .rodata, "a"
	.code16
	.globl second_low, second_low_end
second_low:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl (second_gdt_pointer - second_low)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $0x08, $second_protected
second_gdt_pointer:
	.word 6 * 8 - 1
	.long gdt
second_low_end:

	.text
	.code32
second_protected:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %cr4, %eax
	or $0x20, %eax		/* PAE */
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax		/* EFER.LME */
	wrmsr
	mov %cr0, %eax
	and $0x9fffffff, %eax	/* caches on */
	or $0x80000001, %eax
	mov %eax, %cr0
	ljmp $0x18, $second_long

	.code64
second_long:
	lidt second_idt
	mov $second_stack_end, %rsp
	xor %ebp, %ebp
	call second_main
	ud2

	.bss
	.balign 16
	.globl second_idt
second_idt:
	.skip 16
	.skip STACK_BYTES
second_stack_end:

	.section .note.GNU-stack, "", @progbits
