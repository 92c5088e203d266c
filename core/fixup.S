/*
 * core/fixup.S: instructions that may fault on purpose, and the table that tells exception.c where
 * they go on; and RDPKRU, which must not.
 */
	.text

/* bool msr_read_safe(uint32_t msr, uint64_t *value) */
	.global msr_read_safe
msr_read_safe:
	mov %edi, %ecx
1:	rdmsr
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, (%rsi)
	mov $1, %eax
	ret

/* bool msr_write_safe(uint32_t msr, uint64_t value) */
	.global msr_write_safe
msr_write_safe:
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
2:	wrmsr
	mov $1, %eax
	ret

/* bool xcr_write_safe(uint32_t number, uint64_t value) */
	.global xcr_write_safe
xcr_write_safe:
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
3:	xsetbv
	mov $1, %eax
	ret

/* uint32_t pkru_read(void) */
	.global pkru_read
pkru_read:
	mov %cr4, %rsi
	mov %rsi, %rdi
	or $0x400000, %rdi /* PKE */
	mov %rdi, %cr4
	xor %ecx, %ecx
	rdpkru
	mov %rsi, %cr4
	ret

fixup_failed:
	xor %eax, %eax
	ret

	.section .rodata.fixup, "a"
	.balign 8
	.global fixup_table, fixup_table_end
fixup_table:
	.quad 1b, fixup_failed
	.quad 2b, fixup_failed
	.quad 3b, fixup_failed
fixup_table_end:
