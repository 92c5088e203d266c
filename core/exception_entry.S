/*
 * core/exception_entry.S: one stub a vector, 16 bytes apart, that makes a struct exception_frame.
 */
#include "core/exception_frame.h"

	.section .text.exception, "ax"

	.global exception_stubs
	.balign 16
exception_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	/* AMD APM v2 8.2: these vectors push an error code themselves. */
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq $0
	.endif
	pushq $vector
	jmp exception_common
	.set vector, vector + 1
	.endr

	/* The same for exception_take_interrupts(): none of them has an error code. */
	.global exception_interrupt_stubs
	.balign 16
exception_interrupt_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	pushq $0
	pushq $vector
	jmp exception_interrupt_common
	.set vector, vector + 1
	.endr

	.balign 16
exception_interrupt_common:
	exception_frame_push
	cld
	mov %rsp, %rdi
	call exception_dispatch_interrupt
	jmp exception_return

	.balign 16
exception_common:
	exception_frame_push
	cld
	mov %rsp, %rdi
	call exception_dispatch
	/* process/ may resume a frame that it filled itself. */
	.global exception_return
exception_return:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq
