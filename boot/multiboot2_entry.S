/*
 * boot/multiboot2_entry.S: where GRUB enters on BIOS machines (Multiboot2 specification 1.6 and 2.0), in
 * 32-bit protected mode without paging: to long mode with a temporary identity map of 4 GiB and
 * our image at its linked address.
 */
#include "core/x86.h"

#define MULTIBOOT2_MAGIC 0xe85250d6
#define MULTIBOOT2_LOADER_MAGIC 0x36d76289
#define PAGE_FLAGS 0x3
#define PAGE_LARGE 0x83

	.section .multiboot2, "a"
	.balign 8
multiboot2_header:
	.long MULTIBOOT2_MAGIC
	.long 0 /* i386 */
	.long multiboot2_header_end - multiboot2_header
	.long -(MULTIBOOT2_MAGIC + 0 + (multiboot2_header_end - multiboot2_header))
	/* information request: memory map, modules' alignment is not needed */
	.balign 8
	.word 1, 0
	.long 12
	.long 6
	.balign 8
	/* modules on page boundaries */
	.word 6, 0
	.long 8
	.balign 8
	.word 0, 0
	.long 8
multiboot2_header_end:

	.section .boot, "awx"
	.code32
	.global multiboot2_entry
multiboot2_entry:
	cli
	cld
	mov $boot_stack_top, %esp
	mov %eax, %ebp
	mov %ebx, %edi
	cmp $MULTIBOOT2_LOADER_MAGIC, %ebp
	jne boot_not_multiboot2
	/* Long mode there? AMD APM v3 E.4.2 */
	mov $0x80000000, %eax
	cpuid
	cmp $0x80000001, %eax
	jb boot_no_long_mode
	mov $0x80000001, %eax
	cpuid
	bt $29, %edx
	jnc boot_no_long_mode

	/* 4 GiB of identity in 2 MiB pages */
	mov $boot_level2, %ebx
	mov $PAGE_LARGE, %eax
	mov $2048, %ecx
1:	mov %eax, (%ebx)
	movl $0, 4(%ebx)
	add $0x200000, %eax
	add $8, %ebx
	loop 1b
	/* our image at -2 GiB: 64 MiB from where it was loaded */
	mov $boot_level2_high, %ebx
	mov $layout_load_start + PAGE_LARGE, %eax
	mov $32, %ecx
1:	mov %eax, (%ebx)
	add $0x200000, %eax
	add $8, %ebx
	loop 1b

	mov $boot_level3, %ebx
	mov $boot_level2 + PAGE_FLAGS, %eax
	mov $4, %ecx
1:	mov %eax, (%ebx)
	add $0x1000, %eax
	add $8, %ebx
	loop 1b
	movl $boot_level2_high + PAGE_FLAGS, boot_level3_high + 510 * 8
	movl $boot_level3 + PAGE_FLAGS, boot_level4
	movl $boot_level3_high + PAGE_FLAGS, boot_level4 + 511 * 8

	mov $boot_level4, %eax
	mov %eax, %cr3
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	rdmsr
	or $(EFER_LME | EFER_NXE), %eax
	wrmsr
	mov $(CR0_PG | CR0_WP | CR0_NE | CR0_EM | CR0_PE), %eax
	mov %eax, %cr0
	lgdt boot_gdtr
	ljmp $0x08, $boot_long_mode

boot_no_long_mode:
	mov $boot_text_no_long_mode, %esi
	jmp boot_refuse
boot_not_multiboot2:
	mov $boot_text_not_multiboot2, %esi
boot_refuse: /* text at ESI to COM1 and the screen */
	mov $0xb8000 + 24 * 160, %edi
	mov $0x0f, %ah
1:	lodsb
	test %al, %al
	jz 2f
	mov $0x3f8, %dx
	out %al, %dx
	stosw
	jmp 1b
2:	cli
	hlt
	jmp 2b

boot_text_no_long_mode:
	.asciz "Ritevisor needs a 64-bit CPU (long mode). Boot the OS without it. "
boot_text_not_multiboot2:
	.asciz "Ritevisor must be loaded by GRUB's multiboot2 command. "

	.code64
boot_long_mode:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov %edi, %edi
	/* Our real stack is in the image: its bss, which GRUB cleared. */
	mov $cpu_boot_stack + 32768, %rsp
	xor %ebp, %ebp
	mov $boot_multiboot2, %rax
	call *%rax
1:	cli
	hlt
	jmp 1b

	.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.global boot_gdtr
boot_gdtr:
	.word . - boot_gdt - 1
	.quad boot_gdt /* long mode loads so many bytes */

	.balign 4096
	.global boot_level4
boot_level4:
	.skip 4096
boot_level3:
	.skip 4096
boot_level3_high:
	.skip 4096
boot_level2:
	.skip 4 * 4096
boot_level2_high:
	.skip 4096
boot_stack:
	.skip 256
boot_stack_top:
