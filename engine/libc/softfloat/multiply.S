/*
 * multiply.S - multiplication of binary64: the common path, normal operands and a product well
 * inside the normal range; all else goes to f64_multiply_any in multiply_any.c.
 *
 * double __muldf3(double a, double b): a in rdi, b in rsi, the result in rax.
 */
	.text
	.globl	__muldf3
	.type	__muldf3, @function
	.balign	16
__muldf3:
	/* eax, ecx = exponents, bit 11 of r8d = the product's sign */
	movq	%rdi, %rax
	shrq	$52, %rax
	movq	%rsi, %rcx
	shrq	$52, %rcx
	movl	%eax, %r8d
	xorl	%ecx, %r8d
	andl	$0x7ff, %eax
	andl	$0x7ff, %ecx
	leal	-1(%rax), %edx
	cmpl	$0x7fe, %edx
	jae	f64_multiply_any
	leal	-1(%rcx), %edx
	cmpl	$0x7fe, %edx
	jae	f64_multiply_any
	/* ecx = the product's exponent less one, before a carry */
	leal	-1024(%rax,%rcx), %ecx
	cmpl	$0x7fd, %ecx
	jae	f64_multiply_any
	/* leading bits in 63; the product's is in bit 63 or 62 of rdx */
	shlq	$11, %rdi
	btsq	$63, %rdi
	shlq	$11, %rsi
	btsq	$63, %rsi
	movq	%rdi, %rax
	mulq	%rsi
	/* what is below rdx is only known as not zero, in its bit 0 */
	negq	%rax
	setc	%al
	orb	%al, %dl
	andl	$0x800, %r8d
	testq	%rdx, %rdx
	js	1f
	btl	$10, %edx
	adcq	$0x1ff, %rdx
	shrq	$10, %rdx
	leal	(%rcx,%r8), %eax
	shlq	$52, %rax
	addq	%rdx, %rax
	ret
1:	btl	$11, %edx
	adcq	$0x3ff, %rdx
	shrq	$11, %rdx
	leal	1(%rcx,%r8), %eax
	shlq	$52, %rax
	addq	%rdx, %rax
	ret
	.size	__muldf3, . - __muldf3

	.section .note.GNU-stack, "", @progbits
