/*
 * core/wake_code.S: keeps the registers that a C function keeps, and the stack pointer, over a loss of the CPU's state.
 * One CPU sleeps at a time.
 */
	.text
	.global wake_call, wake_return
wake_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	mov %rsp, wake_stack(%rip)
	call *%rdi
	xor %eax, %eax
	jmp 1f
wake_return:
	mov wake_stack(%rip), %rsp
	mov $1, %eax
1:	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
	.balign 8
	.global wake_stack
wake_stack:
	.quad 0
