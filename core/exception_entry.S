/*
 * core/exception_entry.S: one stub a vector, EXCEPTION_STUB_BYTES apart, that makes a struct
 * exception_frame.
 *
 * With some exceptions' vectors the CPU pushes an error code, but with an interrupt of the same vector it
 * does not, and an 8259 can have any vector. In long mode the CPU aligns the stack to 16 bytes and then
 * pushes five words, or six (AMD APM v2 8.9.3), so RSP tells which it was.
 */
#include "core/exception_frame.h"

	.section .text.exception, "ax"

	.global exception_stubs
	.balign EXCEPTION_STUB_BYTES
exception_stubs:
	.set vector, 0
	.rept 256
	.balign EXCEPTION_STUB_BYTES
	/* AMD APM v2 8.2: these vectors push an error code themselves. */
	.if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
	test $8, %spl
	jnz exception_interrupt_stubs + EXCEPTION_STUB_BYTES * vector
	.else
	pushq $0
	.endif
	pushq $vector
	jmp exception_common
	.set vector, vector + 1
	.endr

	/* The same for what is an interrupt: none has an error code. */
	.global exception_interrupt_stubs
	.balign EXCEPTION_STUB_BYTES
exception_interrupt_stubs:
	.set vector, 0
	.rept 256
	.balign EXCEPTION_STUB_BYTES
	pushq $0
	pushq $vector
	jmp exception_interrupt_common
	.set vector, vector + 1
	.endr

	.balign 16
exception_interrupt_common:
	exception_frame_push
	cld
	exception_clear_ac
	mov %rsp, %rdi
	call exception_dispatch_interrupt
	jmp exception_return

	.balign 16
exception_common:
	exception_frame_push
	cld
	exception_clear_ac
	mov %rsp, %rdi
	call exception_dispatch
	/* process/ may resume a frame that it filled itself. */
	.global exception_return
exception_return:
	exception_frame_pop
	add $16, %rsp
	iretq
