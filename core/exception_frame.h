/*
 * core/exception_frame.h: for assembly: the general registers of struct exception_frame
 * (core/exception.h), pushed above what the CPU and the stub have pushed.
 */
#ifndef CORE_EXCEPTION_FRAME_H
#define CORE_EXCEPTION_FRAME_H

	.macro exception_frame_push
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	.endm

#endif
