/*
 * add.S - addition and subtraction of binary64: the common path.
 *
 * Operands are normal, the sum cannot overflow and the exponents are at most 62 apart; all else
 * goes to f64_add_any in add_any.c, which is the same in C. By hand, since this is the most
 * frequent helper: clang needs half as many instructions again.
 *
 * double __adddf3(double a, double b), __subdf3: a in rdi, b in rsi, the result in rax.
 */
	.text

	.macro add_common name, b_sign
	.globl	\name
	.type	\name, @function
	.balign	16
\name:
	.if \b_sign
	btcq	$63, %rsi
	.endif
	/* rdi = the operand of larger magnitude, rsi = the other, r8 = a */
	leaq	(%rdi,%rdi), %rax
	leaq	(%rsi,%rsi), %rcx
	movq	%rdi, %r8
	cmpq	%rcx, %rax
	cmovbq	%rsi, %rdi
	cmovbq	%r8, %rsi
	/* eax = sign and exponent of the larger, edx = its exponent, ecx = the distance */
	movq	%rdi, %rax
	shrq	$52, %rax
	movl	%eax, %edx
	andl	$0x7ff, %edx
	cmpl	$0x7fe, %edx
	jae	2f
	movq	%rsi, %rcx
	shrq	$52, %rcx
	andl	$0x7ff, %ecx
	jz	2f
	subl	%edx, %ecx
	negl	%ecx
	cmpl	$62, %ecx
	ja	2f
	/* significands with the leading bit in 62 */
	movq	%rdi, %r10
	xorq	%rsi, %r10
	shlq	$11, %rdi
	btsq	$63, %rdi
	shrq	$1, %rdi
	shlq	$11, %rsi
	btsq	$63, %rsi
	shrq	$1, %rsi
	/* align the smaller; a bit that falls out is kept in bit 0 */
	movq	%rsi, %r9
	shrq	%cl, %rsi
	movq	%rsi, %r11
	shlq	%cl, %r11
	cmpq	%r9, %r11
	setb	%r9b
	orb	%r9b, %sil
	testq	%r10, %r10
	js	f64_subtract_aligned
	addq	%rsi, %rdi
	js	1f
	/* no carry: 10 bits below the fraction; half less one, and one if odd, rounds to even */
	decl	%eax
	btl	$10, %edi
	adcq	$0x1ff, %rdi
	shrq	$10, %rdi
	shlq	$52, %rax
	addq	%rdi, %rax
	ret
	/* a carry: the exponent is one more, 11 bits are below the fraction */
1:	btl	$11, %edi
	adcq	$0x3ff, %rdi
	shrq	$11, %rdi
	shlq	$52, %rax
	addq	%rdi, %rax
	ret
	/* f64_add_any(a, b, b_sign); the three values of a swap give b back */
2:	xorq	%rdi, %rsi
	xorq	%r8, %rsi
	movq	%r8, %rdi
	xorl	%edx, %edx
	.if \b_sign
	btcq	$63, %rsi
	btsq	$63, %rdx
	.endif
	jmp	f64_add_any
	.size	\name, . - \name
	.endm

	add_common __adddf3, 0
	add_common __subdf3, 1

/* rdi - rsi aligned; eax = sign and exponent, edx = exponent of the larger operand */
	.type	f64_subtract_aligned, @function
	.balign	16
f64_subtract_aligned:
	subq	%rsi, %rdi
	jz	1f
	/* the leading bit goes back to 62 */
	bsrq	%rdi, %rcx
	xorl	$63, %ecx
	decl	%ecx
	cmpl	%edx, %ecx
	jae	2f
	shlq	%cl, %rdi
	subl	%ecx, %eax
	decl	%eax
	btl	$10, %edi
	adcq	$0x1ff, %rdi
	shrq	$10, %rdi
	shlq	$52, %rax
	addq	%rdi, %rax
	ret
	/* an exact difference is +0 */
1:	xorl	%eax, %eax
	ret
	/* subnormal: exact, since every operand is a multiple of 2^-1074 */
2:	leal	-1(%rdx), %ecx
	shlq	%cl, %rdi
	shrq	$10, %rdi
	shrl	$11, %eax
	shlq	$63, %rax
	orq	%rdi, %rax
	ret
	.size	f64_subtract_aligned, . - f64_subtract_aligned

	.section .note.GNU-stack, "", @progbits
