/*
 * tests/engine/start.S: entry, and the system call with a check that it keeps the other registers.
 */
	.text
	.global engine_start
engine_start:
	/* The fuzzer lets system calls write around the end of the stack. */
	sub $256, %rsp
	xor %ebp, %ebp
	call engine_main
	ud2

/* int64_t system_call(number, a, b, c, d) */
	.global system_call
system_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	/* What must come back as it was. */
	mov $0x1111111111111111, %rbx
	mov $0x2222222222222222, %rbp
	mov $0x3333333333333333, %rcx
	mov $0x4444444444444444, %r8
	mov $0x5555555555555555, %r9
	mov $0x6666666666666666, %r11
	mov $0x7777777777777777, %r12
	mov $0x1212121212121212, %r13
	mov $0x1313131313131313, %r14
	mov $0x1414141414141414, %r15
	push %rdi
	push %rsi
	push %rdx
	push %r10
	int $0x80
	cmp %r10, (%rsp)
	jne 1f
	cmp %rdx, 8(%rsp)
	jne 1f
	cmp %rsi, 16(%rsp)
	jne 1f
	cmp %rdi, 24(%rsp)
	jne 1f
	add $32, %rsp
	.macro check value, register
	mov $\value, %rdi
	cmp %rdi, \register
	jne 1f
	.endm
	check 0x1111111111111111, %rbx
	check 0x2222222222222222, %rbp
	check 0x3333333333333333, %rcx
	check 0x4444444444444444, %r8
	check 0x5555555555555555, %r9
	check 0x6666666666666666, %r11
	check 0x7777777777777777, %r12
	check 0x1212121212121212, %r13
	check 0x1313131313131313, %r14
	check 0x1414141414141414, %r15
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
1:	int3
