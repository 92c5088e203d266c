/*
 * tests/guest/task_switch.S: task_run_switches(): out of long mode into 32-bit protected mode
 * without paging, where tasks exist; every kind of task switch once; and back. What each task saw
 * is in task_results, for task.c.
 *
 * Task A is ours. B is jumped to, then called. C is behind task gates, of an interrupt and of a
 * fault with an error code.
 */
#define CODE32 0x08
#define DATA 0x10
#define CODE64 0x18
#define TSS_A 0x20
#define TSS_B 0x28
#define TSS_C 0x30
#define BAD_SELECTOR 0x78
#define GATE_VECTOR 0x40
#define FAULT_VECTOR 13
#define TSS_BYTES 104

	.text
	.code64
	.globl task_run_switches
task_run_switches:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sidt saved_idt
	mov %rsp, saved_rsp
	mov $pml4, %eax
	mov %eax, tss_a + 28	/* CR3: some CPUs load it even without paging */
	mov %eax, tss_b + 28
	mov %eax, tss_c + 28
	lgdt task_gdt_pointer
	pushq $CODE32
	pushq $down
	lretq

	.code32
down:
	mov $DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	lldt %ax
	mov %cr0, %eax
	and $0x7fffffff, %eax
	mov %eax, %cr0
	mov $0xc0000080, %ecx
	rdmsr
	and $~0x100, %eax
	wrmsr
	mov $stack_a_end, %esp
	lidt task_idt_pointer
	mov $TSS_A, %eax
	ltr %ax
	mov $task_results, %ebp
	mov $0xa1a1a1a1, %esi
	clts

	ljmp $TSS_B, $0		/* to b_entry, and back here */
	mov %esi, 0(%ebp)	/* our own ESI */
	mov %cr0, %eax
	mov %eax, 4(%ebp)	/* TS is set */
	str %ax
	movzx %ax, %eax
	mov %eax, 8(%ebp)
	clts

	lcall $TSS_B, $0	/* to b_called, which returns by IRET */
	pushf
	pop %eax
	mov %eax, 12(%ebp)	/* NT is clear */

	int $GATE_VECTOR	/* to c_entry */
	movl $1, 16(%ebp)

	mov $BAD_SELECTOR, %eax
bad_load:
	mov %eax, %gs		/* #GP with an error code, to c_fault */
after_bad_load:
	movl $1, 20(%ebp)
	mov task_gdt + TSS_A + 4, %eax
	mov %eax, 24(%ebp)	/* busy */
	mov task_gdt + TSS_B + 4, %eax
	mov %eax, 28(%ebp)	/* not busy */
	mov %esp, 32(%ebp)

	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov $pml4, %eax
	mov %eax, %cr3
	clts
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $CODE64, $up

b_entry:
	mov %eax, 40(%ebp)	/* from its TSS */
	str %ax
	movzx %ax, %eax
	mov %eax, 44(%ebp)
	ljmp $TSS_A, $0
b_called:
	pushf
	pop %eax
	mov %eax, 48(%ebp)	/* NT */
	movzwl tss_b, %eax
	mov %eax, 52(%ebp)	/* link */
	iret
	jmp b_called

c_entry:
	pushf
	pop %eax
	mov %eax, 56(%ebp)	/* NT */
	mov tss_a + 32, %eax
	mov %eax, 60(%ebp)	/* EIP of A, behind the INT */
	mov $c_fault, %eax
	mov %eax, tss_c_next
	iret
	/* The gate's next use comes here. */
c_fault:
	pop %eax
	mov %eax, 64(%ebp)	/* error code */
	mov tss_a + 32, %eax
	mov %eax, 68(%ebp)	/* EIP of A, at the instruction */
	movl $after_bad_load, tss_a + 32
	iret

	.code64
up:
	lgdt gdt_pointer
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov saved_rsp, %rsp
	lidt saved_idt
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

/* A TSS whose first entry is `eip`, with EAX and EBP as given. */
#define TSS(eip, stack, eax)                                                    \
	.long 0, 0, 0, 0, 0, 0, 0, 0, eip, 2, eax, 0, 0, 0, stack, task_results, 0, 0; \
	.long DATA, CODE32, DATA, DATA, 0, 0, 0, 104 << 16

	.data
	.balign 128
	.globl tss_a
tss_a:	TSS(0, 0, 0)
	.balign 128
tss_b:	TSS(b_entry, stack_b_end, 0xb0b0)
	.balign 128
tss_c:	TSS(c_entry, stack_c_end, 0xc0c0)
	.balign 8
tss_c_next:
	.long 0

	.globl task_gdt
task_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00af9b000000ffff
	.quad 0, 0, 0		/* TSS A, B, C: task.c */
task_gdt_end:
task_gdt_pointer:
	.word task_gdt_end - task_gdt - 1
	.quad task_gdt

	.globl task_tss_b, task_tss_c
	.set task_tss_b, tss_b
	.set task_tss_c, tss_c

	.balign 8
task_idt:
	.fill FAULT_VECTOR, 8, 0
	.quad 0x0000850000300000 /* task gate, present: TSS C */
	.fill GATE_VECTOR - FAULT_VECTOR - 1, 8, 0
	.quad 0x0000850000300000
task_idt_end:
task_idt_pointer:
	.word task_idt_end - task_idt - 1
	.long task_idt

	.globl task_after_bad_load, task_bad_load
	.set task_bad_load, bad_load
	.set task_after_bad_load, after_bad_load

	.bss
	.balign 16
	.skip 1024
	.globl task_stack_a_end
stack_a_end:
	.set task_stack_a_end, stack_a_end
	.skip 1024
stack_b_end:
	.skip 1024
stack_c_end:
	.globl task_results
task_results:
	.skip 128
saved_rsp:
	.skip 8
saved_idt:
	.skip 10

	.section .note.GNU-stack, "", @progbits
