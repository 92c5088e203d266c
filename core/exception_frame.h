/*
 * core/exception_frame.h: what C and assembly both know of exceptions; and, for assembly, the general
 * registers of struct exception_frame (core/exception.h), pushed above what the CPU and the stub have pushed.
 */
#ifndef CORE_EXCEPTION_FRAME_H
#define CORE_EXCEPTION_FRAME_H

#define EXCEPTION_STUB_BYTES 32 /* from one vector's stub to the next's */

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_USER_DATA 0x1b
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

#ifdef __ASSEMBLER__

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

	.macro exception_frame_pop
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
	.endm

	/* At every entry from CPL 3: RFLAGS.AC, which it can set, would let us at its memory (AMD APM v2
	 * 5.6.6). Three bytes of nothing where CLAC goes, if the CPU has SMAP. */
	.macro exception_clear_ac
9999:	.byte 0x0f, 0x1f, 0x00
	.pushsection .clac, "a", @progbits
	.quad 9999b
	.popsection
	.endm
#endif

#endif
