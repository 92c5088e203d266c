/*
 * tests/system/engines/start.S: entry of an engine: RDI is its struct rv_engine_info.
 */
	.text
	.globl engine_start
engine_start:
	and $-16, %rsp
	xor %ebp, %ebp
	call hostile_start
	ud2

	.section .note.GNU-stack, "", @progbits
