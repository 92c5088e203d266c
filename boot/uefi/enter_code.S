/*
 * boot/uefi/enter_code.S: the moment of the switch (boot/uefi_handover.h).
 *
 * uint64_t enter_switch(struct uefi_handover *handover), System V ABI
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
	mov %rsp, HANDOVER_RSP(%rdi)
	lea enter_return(%rip), %rax
	mov %rax, HANDOVER_GUEST(%rdi)
	lea enter_native(%rip), %rax
	mov %rax, HANDOVER_NATIVE(%rdi)
	mov HANDOVER_ROOT(%rdi), %rax
	mov HANDOVER_ENTRY(%rdi), %rcx
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

	/* No guest: RDI = handover, RSI = status; all is put back as the firmware had it. */
enter_native:
	mov HANDOVER_CR3(%rdi), %rax
	mov %rax, %cr3
	mov HANDOVER_CR4(%rdi), %rax
	mov %rax, %cr4
	mov HANDOVER_CR0(%rdi), %rax
	mov %rax, %cr0
	mov HANDOVER_RSP(%rdi), %rsp
	lgdt HANDOVER_GDTR + 6(%rdi)
	lidt HANDOVER_IDTR + 6(%rdi)
	movzwl HANDOVER_CS(%rdi), %eax
	push %rax
	lea 1f(%rip), %rax
	push %rax
	lretq
1:	mov HANDOVER_ES(%rdi), %es
	mov HANDOVER_SS(%rdi), %ss
	mov HANDOVER_DS(%rdi), %ds
	mov HANDOVER_FS(%rdi), %fs
	mov HANDOVER_GS(%rdi), %gs
	lldt HANDOVER_LDTR(%rdi)
	movzwl HANDOVER_TR(%rdi), %eax
	and $0xfff8, %eax
	jz 2f
	/* LTR wants a TSS that is not busy. */
	mov HANDOVER_GDTR + 8(%rdi), %rcx
	andb $0xfd, 5(%rcx,%rax)
	ltr %ax
2:	mov $0xc0000100, %ecx /* FS.base, GS.base, EFER */
	mov HANDOVER_FS_BASE(%rdi), %eax
	mov HANDOVER_FS_BASE + 4(%rdi), %edx
	wrmsr
	inc %ecx
	mov HANDOVER_GS_BASE(%rdi), %eax
	mov HANDOVER_GS_BASE + 4(%rdi), %edx
	wrmsr
	mov $0xc0000080, %ecx
	mov HANDOVER_EFER(%rdi), %eax
	mov HANDOVER_EFER + 4(%rdi), %edx
	wrmsr
	mov %rsi, %rax
	jmp enter_return
