/*
 * tests/guest/start.S: entry of a test guest: from multiboot's 32-bit protected mode to long mode
 * with the first 16 GiB mapped to themselves, then guest_start(multiboot information).
 */
#define PAGE_DIRECTORIES 16 /* 1 GiB each */
#define STACK_BYTES 65536

	.section .multiboot, "a"
	.balign 4
	.long 0x1badb002	/* Multiboot 1, 3.1.1 */
	.long 0x00000003	/* page-aligned modules, memory information */
	.long -(0x1badb002 + 0x00000003)

	.text
	.code32
	.globl start
start:
	cli
	cld
	mov $stack_end, %esp
	mov %ebx, %ebp

	/* Page tables: 2 MiB pages, present, writable. */
	movl $pdpt + 3, pml4
	mov $page_directories + 3, %eax
	mov $pdpt, %edi
	mov $PAGE_DIRECTORIES, %ecx
1:	mov %eax, (%edi)
	add $4096, %eax
	add $8, %edi
	loop 1b
	mov $page_directories, %edi
	xor %eax, %eax		/* entry number: address bits 21 up */
2:	mov %eax, %edx
	shl $21, %edx
	or $0x83, %edx
	mov %edx, (%edi)
	mov %eax, %edx
	shr $11, %edx
	mov %edx, 4(%edi)
	add $8, %edi
	inc %eax
	cmp $PAGE_DIRECTORIES * 512, %eax
	jne 2b

	lgdt gdt_pointer
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
	or $0x80000001, %eax
	mov %eax, %cr0
	ljmp $0x18, $start64

	.code64
start64:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov %ebp, %edi
	xor %ebp, %ebp
	call guest_start
3:	hlt
	jmp 3b

	.data
	.balign 8
	.globl gdt, gdt_pointer
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff	/* 08: code, 32-bit */
	.quad 0x00cf93000000ffff	/* 10: data */
	.quad 0x00af9b000000ffff	/* 18: code, 64-bit */
	.quad 0x00009b000000ffff	/* 20: code, 16-bit */
	.quad 0x000093000000ffff	/* 28: data, 16-bit */
gdt_end:
gdt_pointer:
	.word gdt_end - gdt - 1
	.quad gdt

	.bss
	.balign 4096
	.globl pml4
pml4:	.skip 4096
pdpt:	.skip 4096
page_directories:
	.skip PAGE_DIRECTORIES * 4096
stack:	.skip STACK_BYTES
stack_end:

	.section .note.GNU-stack, "", @progbits
