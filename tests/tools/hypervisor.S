/*
 * A stand-in for the hypervisor, to test how it is loaded and how a run's end is judged: prints
 * its command line, its modules' command lines and OUTCOME on the serial line, and powers the
 * machine off (by the ACPI port that QEMU's machines share).
 */
#define MULTIBOOT2_MAGIC 0xe85250d6
#define TAG_COMMAND_LINE 1
#define TAG_MODULE	 3
#define UART		 0x3f8
#define ACPI_PM1A	 0x604
#define SLEEP_ENABLE	 0x2000

	.section .multiboot, "a"
	.balign 8
header:
	.long MULTIBOOT2_MAGIC, 0, header_end - header
	.long -(MULTIBOOT2_MAGIC + (header_end - header))
	.short 0, 0
	.long 8
header_end:

	.text
	.code32
	.global _start
_start:
	mov $stack_top, %esp
	lea 8(%ebx), %edi		/* the first tag */
next_tag:
	mov (%edi), %eax
	test %eax, %eax
	jz tags_done
	lea 8(%edi), %esi
	cmp $TAG_COMMAND_LINE, %eax
	je show_tag
	lea 16(%edi), %esi
	cmp $TAG_MODULE, %eax
	jne skip_tag
show_tag:
	push %esi
	mov $prefix, %esi
	call print
	pop %esi
	call print
	mov $suffix, %esi
	call print
skip_tag:
	mov 4(%edi), %eax		/* sizes are padded to 8 */
	add $7, %eax
	and $-8, %eax
	add %eax, %edi
	jmp next_tag
tags_done:
	mov $outcome, %esi
	call print
#ifndef STAYS_ON
	mov $ACPI_PM1A, %dx
	mov $SLEEP_ENABLE, %ax
	out %ax, %dx
#endif
stop:
	hlt
	jmp stop

/* Prints the string at %esi; changes %eax, %edx and %esi. */
print:
	lodsb
	test %al, %al
	jz printed
	mov $UART, %dx
	out %al, %dx
	jmp print
printed:
	ret

	.section .rodata
prefix:
	.asciz "loaded: <"
suffix:
	.asciz ">\n"
outcome:
	.asciz OUTCOME

	.bss
	.balign 16
	.skip 1024
stack_top:
