/*
 * core/ap_entry.S: from a startup IPI to C. Two pieces of code that core/smp.c copies: the redirect,
 * to the page the guest named, and the entry, to a page of ours below 1 MiB (AMD APM v2 15.27.8 and
 * 14.1.3; Intel SDM 3 9.4).
 */
	.section .rodata.ap_entry, "a"
	.code16

/* At V:0000. The startup vector is CS >> 8; BX takes it along. */
	.balign 16
	.global ap_redirect_start, ap_redirect_segment, ap_redirect_end
ap_redirect_start:
	cli
	mov %cs, %bx
	.byte 0xea /* ljmp segment:0 */
	.word 0
ap_redirect_segment:
	.word 0
ap_redirect_end:

/* At the low page. Its own physical address is filled in at ap_entry_fields. */
	.balign 16
	.global ap_entry_start, ap_entry_end
	.global ap_entry_gdtr_base, ap_entry_base, ap_entry_root, ap_entry_jump
ap_entry_start:
	cli
	mov %cs, %ax
	mov %ax, %ds
	movzwl %bx, %ebx
	shr $8, %ebx
	mov (ap_entry_base - ap_entry_start), %esi
	lgdtl (ap_entry_gdtr - ap_entry_start)
	mov (ap_entry_root - ap_entry_start), %eax
	mov %eax, %cr3
	mov $0x20, %eax /* CR4.PAE */
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax /* EFER.LME, NXE */
	wrmsr
	mov $0x80010035, %eax /* CR0.PG, WP, NE, ET, EM, PE; caches on */
	mov %eax, %cr0
	ljmpl *(ap_entry_jump - ap_entry_start)

	.code64
	.global ap_entry_long
ap_entry_long:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	/* One at a time on the shared stack, until C has found this CPU's own. */
	lea (ap_entry_lock - ap_entry_start)(%rsi), %rdi
1:	mov $1, %eax
	xchg %eax, (%rdi)
	test %eax, %eax
	jz 2f
	pause
	jmp 1b
2:	mov $smp_shared_stack + 32768, %rsp
	xor %ebp, %ebp
	mov %ebx, %esi
	mov $smp_enter, %rax
	call *%rax /* smp_enter(lock, vector) */
	ud2

	.balign 8
ap_entry_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
ap_entry_gdtr:
	.word 23
ap_entry_gdtr_base:
	.long 0
ap_entry_base:
	.long 0
ap_entry_root:
	.long 0
ap_entry_jump:
	.long 0
	.word 0x08
	.balign 4
ap_entry_lock:
	.long 0
ap_entry_end:

/* void smp_switch_stack(uint64_t stack, uint32_t *lock, struct cpu *cpu, uint8_t vector): frees the
 * shared stack once it is left, then smp_run(cpu, vector) */
	.text
	.global smp_switch_stack
smp_switch_stack:
	mov %rdi, %rsp
	xor %ebp, %ebp
	movl $0, (%rsi)
	mov %rdx, %rdi
	mov %ecx, %esi
	call smp_run
	ud2
