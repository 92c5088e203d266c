/*
 * tests/guest/bios.S: bios_call(vector, registers): runs one BIOS service in real mode and comes
 * back to long mode. The way down and up runs from a copy at LOW, which real mode can reach.
 */
#define LOW 0x8000
#define REAL_STACK 0x7c00
#define low(symbol) (LOW + (symbol) - bios_low)
#define REGISTERS_BYTES 36	/* struct bios_registers */

	.text
	.code64
	.globl bios_call
bios_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rsi
	sidt bios_saved_idt

	mov %edi, %eax
	mov %rsi, %rdx
	lea bios_low(%rip), %rsi
	mov $LOW, %edi
	mov $bios_low_end - bios_low, %ecx
	rep movsb
	mov %al, low(bios_vector)
	mov %rdx, %rsi
	mov $low(bios_registers), %edi
	mov $REGISTERS_BYTES, %ecx
	rep movsb

	mov %rsp, bios_saved_rsp
	pushq $0x08
	pushq $low(bios_down)
	lretq

bios_back:
	mov bios_saved_rsp, %rsp
	lidt bios_saved_idt
	pop %rdi
	mov $low(bios_registers), %esi
	mov $REGISTERS_BYTES, %ecx
	rep movsb
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

bios_low:
	.code32
bios_down:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %ss
	mov %cr0, %eax
	and $0x7fffffff, %eax	/* PG off: out of long mode */
	mov %eax, %cr0
	mov $0xc0000080, %ecx
	rdmsr
	and $~0x100, %eax
	wrmsr
	ljmp $0x20, $low(bios_down16)

	.code16
bios_down16:
	mov $0x28, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	lidt low(bios_real_idt)
	mov %cr0, %eax
	and $0xfe, %al		/* PE off */
	mov %eax, %cr0
	ljmp $0, $low(bios_real)

bios_real:
	xor %eax, %eax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $REAL_STACK, %esp
	mov low(bios_registers) + 34, %es
	mov low(bios_registers) + 0, %eax
	mov low(bios_registers) + 4, %ebx
	mov low(bios_registers) + 8, %ecx
	mov low(bios_registers) + 12, %edx
	mov low(bios_registers) + 16, %esi
	mov low(bios_registers) + 20, %edi
	mov low(bios_registers) + 24, %ebp
	mov low(bios_registers) + 32, %ds
	.byte 0xcd		/* int */
bios_vector:
	.byte 0
	cli
	cld
	mov %ds, %cs:low(bios_registers) + 32
	push $0
	pop %ds
	mov %es, low(bios_registers) + 34
	mov %eax, low(bios_registers) + 0
	mov %ebx, low(bios_registers) + 4
	mov %ecx, low(bios_registers) + 8
	mov %edx, low(bios_registers) + 12
	mov %esi, low(bios_registers) + 16
	mov %edi, low(bios_registers) + 20
	mov %ebp, low(bios_registers) + 24
	pushfl
	popl low(bios_registers) + 28

	lgdtl low(bios_gdt)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $0x08, $low(bios_up)

	.code32
bios_up:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov $pml4, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $0x18, $bios_back

	.balign 4
bios_gdt:
	.word 6 * 8 - 1
	.long gdt
bios_real_idt:
	.word 0x3ff
	.long 0
	.balign 4
bios_registers:
	.skip REGISTERS_BYTES
bios_low_end:

	.bss
	.balign 8
bios_saved_rsp:
	.skip 8
bios_saved_idt:
	.skip 10

	.section .note.GNU-stack, "", @progbits
