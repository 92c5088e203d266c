/*
 * tests/escape/landing.S: where CPUs come to in real mode: a stub for pages everywhere, the detector
 * that the stubs lead to, and the way from there to cpu_land(). And instructions that may fault.
 */
#define LOW_DETECTOR 0x7000
#define low(symbol) (LOW_DETECTOR + (symbol) - detector)
#define STACK_BYTES 16384
#define CPUS 4
#define COM1 0x3f8
#define SMM_SEGMENT 0x3800 /* of the page that the stub is in, however it is come to */
#define SMM_COUNTERS 0x800
#define SMM_SEEN 0x4e454553

	.section .rodata, "a"
	.code16

/* Whatever page it stands in; BP takes CS along. */
	.globl stub, stub_end
stub:
	cli
	mov %cs, %bp
	ljmp $0, $low(detector_entry)
stub_end:

/* Copied to LOW_DETECTOR, which is a page that a CPU may start in like any other. */
	.globl detector, detector_end, detector_by_table, detector_seen
detector:
	cli
	mov %cs, %bp
	ljmp $0, $low(detector_entry)
	.balign 16
detector_by_table:		/* from the interrupt vector table */
	cli
	mov %cs, %bp
	mov $1, %di
	jmp detector_look
	.balign 16
detector_entry:
	xor %di, %di
detector_look:
	cld
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	/* At once, by CPUID alone, and without a stack: what comes next may not be reached. */
	mov $0x80000000, %eax
	cpuid
	cmp $0x80000001, %eax
	jb 1f
	mov $0x80000001, %eax
	cpuid
	test $4, %cl		/* SVM */
	jnz detector_found
1:	mov $1, %eax
	cpuid
	test $0x20, %cl		/* VMX */
	jz detector_up
detector_found:
	incl low(detector_seen)
	mov $low(detector_text), %si
2:	mov $COM1 + 5, %dx
3:	in %dx, %al
	test $0x20, %al
	jz 3b
	mov $COM1, %dx
	lodsb
	out %al, %dx
	test %al, %al
	jnz 2b
detector_up:
	lgdtl low(detector_gdt)
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $0x08, $landing_protected
detector_gdt:
	.word 6 * 8 - 1
	.long gdt
detector_text:
	.asciz "\r\nESCAPED: real mode\r\n"
	.balign 4
detector_seen:
	.long 0
detector_end:

/* Copied to where SMIs lead a CPU whose SMBASE the firmware has not changed. Should it come here by a startup
 * IPI, RSM is no instruction, and the table leads on. */
	.globl smm_stub, smm_stub_end, smm_came, smm_seen
smm_stub:
	mov $SMM_SEGMENT, %ax
	mov %ax, %ds
	incl SMM_COUNTERS
	mov $0x80000001, %eax
	cpuid
	test $4, %cl
	jnz 1f
	mov $1, %eax
	cpuid
	test $0x20, %cl
	jz 2f
1:	movl $SMM_SEEN, SMM_COUNTERS + 4
2:	rsm
smm_stub_end:
	.set smm_came, SMM_SEGMENT * 16 + SMM_COUNTERS
	.set smm_seen, smm_came + 4

	.text
	.code32
landing_protected:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	mov $0x220, %eax	/* CR4.PAE, OSFXSR */
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax		/* EFER.LME */
	wrmsr
	mov $0x80000033, %eax	/* CR0.PG, NE, ET, MP, PE; caches on */
	mov %eax, %cr0
	ljmp $0x18, $landing_long

	.code64
landing_long:
	lidt landing_idt
	mov $1, %eax
	cpuid
	shr $24, %ebx
	and $CPUS - 1, %ebx
	mov %ebx, %edx		/* which CPU */
	inc %ebx
	imul $STACK_BYTES, %ebx, %ebx
	lea landing_stacks(%rbx), %rsp
	movzwl %di, %edi
	movzwl %bp, %esi
	xor %ebp, %ebp
	fninit
	call cpu_land		/* cpu_land(by the table?, code segment, CPU) */
	ud2

	.globl switch_stack
switch_stack:
	mov %rdi, %rsp
	xor %ebp, %ebp
	mov %rsi, %rdi
	call cpu_begin
	ud2

	.globl probe_wrmsr, probe_wrmsr_at, probe_rdmsr, probe_rdmsr_at, probe_cr4, probe_cr4_at
	.globl probe_failed
probe_wrmsr:
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
probe_wrmsr_at:
	wrmsr
	xor %eax, %eax
	ret
probe_rdmsr:
	mov %edi, %ecx
probe_rdmsr_at:
	rdmsr
	shl $32, %rdx
	or %rdx, %rax
	mov %rax, (%rsi)
	xor %eax, %eax
	ret
probe_cr4:
probe_cr4_at:
	mov %rdi, %cr4
	xor %eax, %eax
	ret
probe_failed:
	mov $-1, %eax
	ret

	.globl guarded_call, guarded_caught
guarded_call:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rcx
	mov %rsp, (%rcx)
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	call *%rax
	xor %eax, %eax
guarded_caught:			/* the handler comes here with RSP as saved and EAX = -1 */
	pop %rcx
	movq $0, (%rcx)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
	.balign 4096
	.globl landing_idt, landing_stacks
landing_stacks:
	.skip CPUS * STACK_BYTES
landing_idt:
	.skip 16

	.section .note.GNU-stack, "", @progbits
