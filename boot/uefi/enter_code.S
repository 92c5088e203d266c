/*
 * boot/uefi/enter_code.S: the moment of the switch (boot/uefi_handover.h).
 *
 * uint64_t enter_switch(struct uefi_cpu *cpu), System V ABI
 */
#include "boot/uefi_handover.h"

	.text
	.global enter_switch
enter_switch:
	pushfq
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	cli
	mov %rsp, UEFI_CPU_RSP(%rdi)
	lea enter_return(%rip), %rax
	mov %rax, UEFI_CPU_GUEST(%rdi)
	lea enter_native(%rip), %rax
	mov %rax, UEFI_CPU_NATIVE(%rdi)
	mov UEFI_CPU_ROOT(%rdi), %rax
	mov UEFI_CPU_ENTRY(%rdi), %rcx
	mov %rax, %cr3
	jmp *%rcx

	/* The guest's first instruction: interrupts off, stack as saved, RAX = status */
enter_return:
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	popfq
	ret

	/* No guest: RDI = the boot CPU, RSI = status; all is put back as the firmware had it. */
enter_native:
	mov UEFI_CPU_CR3(%rdi), %rax
	mov %rax, %cr3
	mov UEFI_CPU_CR4(%rdi), %rax
	mov %rax, %cr4
	mov UEFI_CPU_CR0(%rdi), %rax
	mov %rax, %cr0
	mov UEFI_CPU_RSP(%rdi), %rsp
	lgdt UEFI_CPU_GDTR + 6(%rdi)
	lidt UEFI_CPU_IDTR + 6(%rdi)
	movzwl UEFI_CPU_CS(%rdi), %eax
	push %rax
	lea 1f(%rip), %rax
	push %rax
	lretq
1:	mov UEFI_CPU_ES(%rdi), %es
	mov UEFI_CPU_SS(%rdi), %ss
	mov UEFI_CPU_DS(%rdi), %ds
	mov UEFI_CPU_FS(%rdi), %fs
	mov UEFI_CPU_GS(%rdi), %gs
	lldt UEFI_CPU_LDTR(%rdi)
	movzwl UEFI_CPU_TR(%rdi), %eax
	and $0xfff8, %eax
	jz 2f
	/* LTR wants a TSS that is not busy. */
	mov UEFI_CPU_GDTR + 8(%rdi), %rcx
	andb $0xfd, 5(%rcx,%rax)
	ltr %ax
2:	mov $0xc0000100, %ecx /* FS.base, GS.base, EFER */
	mov UEFI_CPU_FS_BASE(%rdi), %eax
	mov UEFI_CPU_FS_BASE + 4(%rdi), %edx
	wrmsr
	inc %ecx
	mov UEFI_CPU_GS_BASE(%rdi), %eax
	mov UEFI_CPU_GS_BASE + 4(%rdi), %edx
	wrmsr
	mov $0xc0000080, %ecx
	mov UEFI_CPU_EFER(%rdi), %eax
	mov UEFI_CPU_EFER + 4(%rdi), %edx
	wrmsr
	mov %rsi, %rax
	jmp enter_return
