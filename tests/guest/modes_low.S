/*
 * tests/guest/modes_low.S: modes_run(mode): leaves long mode for another one, executes there what a
 * hypervisor may intercept, and comes back. The way, and the code, run from a copy at LOW, which
 * real mode can reach; modes.c finds the results in that copy.
 */
#define LOW 0x8000
#define STACK 0x7c00
#define low(symbol) (LOW + (symbol) - modes_low)
#define CODE32 0x08
#define DATA32 0x10
#define CODE64 0x18
#define CODE16 0x20
#define DATA16 0x28
#define PORT 0x81
#define MSR 0xc0000102
#define MMIO 0x8000000
#define MSR_EFER 0xc0000080

#define MODE_REAL 0
#define MODE_BIG_REAL 1
#define MODE_PROTECTED_16 2
#define MODE_PROTECTED_32 3
#define MODE_PAGING_32 4
#define MODE_PAE 5

	.text
	.code64
	.globl modes_run
modes_run:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sidt modes_saved_idt
	mov %edi, %eax
	lea modes_low(%rip), %rsi
	mov $LOW, %edi
	mov $modes_low_end - modes_low, %ecx
	rep movsb
	mov %eax, low(modes_mode)
	mov %rsp, modes_saved_rsp
	pushq $CODE32
	pushq $low(modes_down)
	lretq

modes_back:
	mov modes_saved_rsp, %rsp
	lidt modes_saved_idt
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

/* What is executed in each mode, in 16-bit or 32-bit code: results go to EBP. Linear addresses are
 * the same everywhere, but plain real mode does not reach all of them. */
.macro PROBES
	mov $low(modes_results), %ebp
	xor %eax, %eax
	cpuid
	mov %ebx, 0(%ebp)
	mov $PORT, %edx
	mov $0x3c, %al
	out %al, %dx
	xor %eax, %eax
	in %dx, %al
	mov %eax, 4(%ebp)
	in $PORT, %al
	mov %eax, 8(%ebp)
	mov $MSR, %ecx
	rdmsr
	inc %eax
	wrmsr
	rdmsr
	mov %eax, 12(%ebp)
	mov $PORT, %edx
	mov $low(modes_buffer), %edi
	mov $3, %ecx
	rep insb
	mov %ecx, 16(%ebp)
	mov %edi, 20(%ebp)
	mov $low(modes_source), %esi
	outsb
	mov %esi, 24(%ebp)
	xor %eax, %eax
	in %dx, %al
	mov %eax, 28(%ebp)
	cmpl $MODE_REAL, low(modes_mode)
	je 1f
	mov $MMIO, %esi
	mov $0x12345678, %eax
	mov %eax, %fs:(%esi)
	mov $0x11111111, %eax
	add %eax, %fs:(%esi)
	mov %fs:(%esi), %eax
	mov %eax, 32(%ebp)
1:	pushfl
	popl %eax
	orl $0x100, %eax
	pushl %eax
	popfl			/* the first trap is behind the next instruction */
	cpuid
2:	in $PORT, %al
3:	nop
4:	pushfl
	andl $~0x100, (%esp)
	popfl
	movl $low(2b), 36(%ebp)
	movl $low(3b), 40(%ebp)
	movl $low(4b), 44(%ebp)
.endm

	.globl modes_low, modes_results_at, modes_db_real_at
modes_low:
	.code32
modes_down:
	mov $DATA32, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %ss
	mov $STACK, %esp
	mov %cr0, %eax
	and $0x7fffffff, %eax	/* PG off: out of long mode */
	mov %eax, %cr0
	mov $MSR_EFER, %ecx
	rdmsr
	and $~0x100, %eax
	wrmsr
	lidt low(modes_idt_pointer)
	mov low(modes_mode), %eax
	cmp $MODE_PROTECTED_16, %eax
	jbe modes_to_16
	mov %cr4, %ebx
	cmp $MODE_PAGING_32, %eax
	je modes_paging
	jb modes_probe32
	mov $modes_pdpt, %ecx	/* PAE is on still */
	jmp modes_paging_on
modes_paging:
	mov %ebx, %ecx
	and $~0x20, %ecx	/* PAE off */
	or $0x10, %ecx		/* PSE on */
	mov %ecx, %cr4
	mov $modes_directory, %ecx
modes_paging_on:
	mov %ecx, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	jmp modes_probe32
modes_probe32:
	push %ebx
	PROBES
	pop %ebx
	mov %cr0, %eax
	and $0x7fffffff, %eax
	mov %eax, %cr0
	cmpl $MODE_PROTECTED_32, low(modes_mode)
	je modes_up
	mov %ebx, %cr4
	jmp modes_up

modes_to_16:
	ljmp $CODE16, $low(modes_16)
	.code16
modes_16:
	cmpl $MODE_PROTECTED_16, low(modes_mode)
	je modes_probe16
	mov $DATA16, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	cmpl $MODE_BIG_REAL, low(modes_mode)
	je 1f
	mov %eax, %fs		/* big real mode keeps the limit of 4 GiB */
1:	lidt low(modes_real_idt)
	mov %cr0, %eax
	and $0xfe, %al		/* PE off */
	mov %eax, %cr0
	ljmp $0, $low(modes_real)
modes_real:
	xor %eax, %eax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov %ax, %fs		/* the limit stays */
modes_probe16:
	PROBES
	mov %cr0, %eax
	test $1, %al
	jnz 1f
	lgdtl low(modes_gdt)
	or $1, %al
	mov %eax, %cr0
1:	ljmpl $CODE32, $low(modes_up)

/* #DB in real mode: IP on the stack. */
modes_db_real:
	pushl %eax
	pushl %ebx
	movzwl %sp, %ebx
	movzwl %ss:8(%ebx), %eax
	mov low(modes_trap_count), %ebx
	and $7, %ebx
	mov %eax, low(modes_traps)(,%ebx,4)
	incl low(modes_trap_count)
	popl %ebx
	popl %eax
	iret

	.code32
modes_db:
	push %eax
	push %ebx
	mov 8(%esp), %eax
	mov low(modes_trap_count), %ebx
	and $7, %ebx
	mov %eax, low(modes_traps)(,%ebx,4)
	incl low(modes_trap_count)
	pop %ebx
	pop %eax
	iret

modes_up:
	mov $DATA32, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov $MSR_EFER, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov $pml4, %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $0x80000000, %eax
	mov %eax, %cr0
	ljmp $CODE64, $modes_back

	.balign 8
modes_idt:
	.quad 0
	.word low(modes_db), CODE32, 0x8e00, 0
modes_idt_pointer:
	.word 15
	.long low(modes_idt)
modes_gdt:
	.word 6 * 8 - 1
	.long gdt
modes_real_idt:
	.word 0x3ff
	.long 0
	.balign 4
modes_mode:
	.long 0
modes_buffer:
	.long 0
modes_source:
	.long 0x77
modes_results:
	.skip 48
modes_trap_count:
	.long 0
modes_traps:
	.skip 32
modes_low_end:

	.data
	.balign 4
modes_results_at:
	.long low(modes_results)
modes_db_real_at:
	.long low(modes_db_real)

	.bss
	.balign 4096
	.globl modes_pdpt, modes_directory
modes_directory:
	.skip 4096
modes_pdpt:
	.skip 32
modes_saved_rsp:
	.skip 8
modes_saved_idt:
	.skip 10

	.section .note.GNU-stack, "", @progbits
