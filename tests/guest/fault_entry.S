/*
 * tests/guest/fault_entry.S: the entries of all 256 vectors, and fault_catch.
 */
	.text
	.code64

/* Each entry is 16 bytes; where the CPU pushed no error code, which RSP tells (AMD APM v2 8.9.3), as an
 * interrupt can have an exception's vector, the frame gets a zero. */
	.balign 16
	.globl fault_entries
fault_entries:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector < 32
	test $8, %spl
	jz 1f
	.endif
	pushq $0
1:	pushq $vector
	jmp fault_common
	.set vector, vector + 1
	.endr

fault_common:
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
	mov %rsp, %rdi
	cld
	call fault_dispatch
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

/* int fault_catch(void (*action)(void *context), void *context) */
	.globl fault_catch, fault_caught
fault_catch:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	mov %rsp, fault_catch_rsp(%rip)
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	mov $-1, %eax
fault_caught:			/* fault_dispatch comes here with EAX = vector */
	movq $0, fault_catch_rsp(%rip)
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
	.balign 8
	.globl fault_catch_rsp
fault_catch_rsp:
	.skip 8

	.section .note.GNU-stack, "", @progbits
