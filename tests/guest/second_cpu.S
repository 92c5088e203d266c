/*
 * tests/guest/second_cpu.S: where a CPU begins that the guest starts: second_cpu_low is copied to a
 * page below 1 MiB, and goes on in long mode at second_cpu_main() on a stack of its own.
 */
	.text
	.globl second_cpu_low, second_cpu_low_end
	.code16
second_cpu_low:
	cli
	mov %cs, %ax
	mov %ax, %ds
	lgdtl second_gdt - second_cpu_low
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $0x08, $second_cpu_32
second_gdt:
	.word 6 * 8 - 1
	.long gdt
second_cpu_low_end:

	.code32
second_cpu_32:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %cr4, %eax
	or $0x20, %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov %cr0, %eax
	or $0x80000001, %eax
	and $~0x60000000, %eax	/* INIT left the caches off */
	mov %eax, %cr0
	ljmp $0x18, $second_cpu_64

	.code64
second_cpu_64:
	mov $second_stack_end, %esp
	xor %ebp, %ebp
	call second_cpu_main
1:	hlt
	jmp 1b

	.bss
	.balign 16
	.skip 8192
second_stack_end:

	.section .note.GNU-stack, "", @progbits
