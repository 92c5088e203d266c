/*
 * tests/engine/start.S: entry, and the system calls with a check that they keep the other registers;
 * RV_SYS_NEXT_EVENT those that a function keeps, and that it gives nothing of the hypervisor's in the
 * others.
 */
#define INFO_ADDRESS 0x10000000 /* what RDI began with */

	.text
	.global engine_start
engine_start:
	/* The fuzzer lets system calls write around the end of the stack. */
	sub $256, %rsp
	xor %ebp, %ebp
	call engine_main
	ud2

	.macro check value, register
	mov $\value, %rax
	cmp %rax, \register
	jne 1f
	.endm

	.macro push_kept
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov $0x1111111111111111, %rbx
	mov $0x2222222222222222, %rbp
	mov $0x7777777777777777, %r12
	mov $0x1212121212121212, %r13
	mov $0x1313131313131313, %r14
	mov $0x1414141414141414, %r15
	.endm

	.macro pop_kept
	check 0x1111111111111111, %rbx
	check 0x2222222222222222, %rbp
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
	.endm

/* int64_t system_call(number, a, b, c, d): all but RV_SYS_NEXT_EVENT */
	.global system_call
system_call:
	push_kept
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov $0x3333333333333333, %rcx
	mov $0x4444444444444444, %r8
	mov $0x5555555555555555, %r9
	mov $0x6666666666666666, %r11
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
	mov %rax, %rdi
	check 0x3333333333333333, %rcx
	check 0x4444444444444444, %r8
	check 0x5555555555555555, %r9
	check 0x6666666666666666, %r11
	pop_kept
	mov %rdi, %rax
	ret
1:	int3

/* void next_event(void) */
	.global next_event
next_event:
	push_kept
	xor %eax, %eax
	int $0x80
	check 0, %rcx
	check 0, %rdx
	check 0, %rsi
	check INFO_ADDRESS, %rdi
	check 0, %r8
	check 0, %r9
	check 0, %r10
	check 0, %r11
	pop_kept
	ret
1:	int3
