/*
 * boot/bios_call_again.S: the way to boot/bios_call_code.S when the hypervisor has its own page tables already, which map
 * nothing low: by the loader's, which still lie where GRUB put them. They show the image as it was loaded at our addresses:
 * the same code, but other data, so the stack is one in the page of the call, and the GDT the loader's, which has the same
 * selectors.
 *
 * void bios_call_again(hpa_t root)
 */
#include "boot/bios_call_layout.h"

	.text
	.global bios_call_again
bios_call_again:
	push %rbx
	push %rbp
	sub $16, %rsp
	sgdt (%rsp)
	mov %cr3, %rbx
	mov %rsp, %rbp
	mov %rdi, %cr3
	lgdt boot_gdtr
	mov $(BIOS_CALL_ADDRESS + BIOS_CALL_STACK), %esp
	mov $(BIOS_CALL_ADDRESS + BIOS_CALL_CODE), %eax
	call *%rax
	mov %rbp, %rsp
	mov %rbx, %cr3
	lgdt (%rsp)
	add $16, %rsp
	pop %rbp
	pop %rbx
	ret

	.section .note.GNU-stack, "", @progbits
