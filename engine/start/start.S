/*
 * start.S: the engine's ELF entry (include/rv/abi.h): RSP at the top of the stack, RDI pointing at
 * struct rv_engine_info, which also stands at its fixed address.
 */
	.section .text.engine_start, "ax"
	.globl	engine_start
engine_start:
	xorl	%ebp, %ebp		/* the outermost frame of a backtrace */
	andq	$-16, %rsp		/* System V AMD64 ABI 3.2.2 */
	call	engine_main
	movl	%eax, %edi
	call	engine_exit
	ud2
