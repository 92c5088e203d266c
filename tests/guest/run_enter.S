/*
 * tests/guest/run_enter.S: run_enter(run): loads the registers of a struct run (run.h) and goes there
 * by IRET, with the selector of SS in R8; an exception brings fault_catch back.
 */
	.text
	.code64
	.globl run_enter
run_enter:
	pushq 72(%rdi)		/* SS */
	pushq 64(%rdi)		/* RSP */
	pushq 56(%rdi)		/* RFLAGS */
	pushq 48(%rdi)		/* CS */
	pushq 40(%rdi)		/* RIP */
	mov 72(%rdi), %eax
	mov %eax, %r8d
	mov %eax, %ds
	mov %eax, %es
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rsi
	mov 32(%rdi), %rdi
	iretq

	.section .note.GNU-stack, "", @progbits
