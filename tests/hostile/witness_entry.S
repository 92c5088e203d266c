/*
 * tests/hostile/witness_entry.S: a port read with every register known before and noted after it.
 */
	.text
	.globl witness_read_port
/* uint8_t witness_read_port(uint16_t port, const struct registers *before,
 *			     struct registers *after, uint64_t features) */
witness_read_port:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rcx			/* features; 0: there is no XSAVE */
	push	%rdx			/* after */
	mov	%rsp, stack(%rip)
	fxsave	callers(%rip)
	mov	%edi, %r8d
	mov	%ecx, %eax
	xor	%edx, %edx
	test	%ecx, %ecx
	jz	1f
	xrstor	128(%rsi)
	jmp	2f
1:	fxrstor	128(%rsi)
2:	movzwl	%r8w, %edx
	mov	0(%rsi), %rbx
	mov	8(%rsi), %rcx
	mov	16(%rsi), %rbp
	mov	24(%rsi), %rdi
	mov	40(%rsi), %r8
	mov	48(%rsi), %r9
	mov	56(%rsi), %r10
	mov	64(%rsi), %r11
	mov	72(%rsi), %r12
	mov	80(%rsi), %r13
	mov	88(%rsi), %r14
	mov	96(%rsi), %r15
	mov	32(%rsi), %rsi
	in	%dx, %al
	mov	%rsi, index(%rip)
	mov	stack(%rip), %rsp
	mov	(%rsp), %rsi		/* after */
	mov	%rbx, 0(%rsi)
	mov	%rcx, 8(%rsi)
	mov	%rbp, 16(%rsi)
	mov	%rdi, 24(%rsi)
	mov	index(%rip), %rdi
	mov	%rdi, 32(%rsi)
	mov	%r8, 40(%rsi)
	mov	%r9, 48(%rsi)
	mov	%r10, 56(%rsi)
	mov	%r11, 64(%rsi)
	mov	%r12, 72(%rsi)
	mov	%r13, 80(%rsi)
	mov	%r14, 88(%rsi)
	mov	%r15, 96(%rsi)
	movzbl	%al, %ebx
	mov	8(%rsp), %eax		/* features */
	xor	%edx, %edx
	test	%eax, %eax
	jz	3f
	xsave	128(%rsi)
	jmp	4f
3:	fxsave	128(%rsi)
4:	test	$4, %al
	jz	5f
	vzeroupper
5:	fxrstor	callers(%rip)
	mov	%ebx, %eax
	add	$16, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.bss
	.balign 16
callers: .skip 512
stack:	.skip 8
index:	.skip 8

	.section .note.GNU-stack, "", @progbits
