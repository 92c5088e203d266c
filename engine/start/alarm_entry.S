/*
 * alarm_entry.S: where RV_SYS_ALARM lets the engine go on, as if the interrupted instruction had
 * called it: every register and the flags are as they were when it returns. The stack below RSP is
 * free (-mno-red-zone).
 */
	.section .text.alarm_entry, "ax"
	.globl	alarm_entry
alarm_entry:
	pushfq
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbp
	movq	%rsp, %rbp
	andq	$-16, %rsp
	cld
	call	alarm_ring
	movq	%rbp, %rsp
	popq	%rbp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	popfq
	ret
