/*
 * vmm/svm/svm_entry.S: into the guest and back (AMD APM v2 15.5, 15.6). VMRUN and #VMEXIT switch
 * RAX, RSP, RIP and RFLAGS; the other registers are switched here. The guest's VMLOAD state stays
 * in the CPU (svm.c, host_begin).
 *
 * Called by svm_enter() in svm.h: RDI the vCPU, RSI the VMCB's physical address. Only RBP is
 * preserved: the caller saves what it needs, once for many entries.
 */
	.text
	.global svm_enter_guest
	.balign 16
svm_enter_guest:
	push %rbp
	push %rdi
	mov %rsi, %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rbx
	mov 40(%rdi), %rbp
	mov 48(%rdi), %rsi
	mov 64(%rdi), %r8
	mov 72(%rdi), %r9
	mov 80(%rdi), %r10
	mov 88(%rdi), %r11
	mov 96(%rdi), %r12
	mov 104(%rdi), %r13
	mov 112(%rdi), %r14
	mov 120(%rdi), %r15
	mov 56(%rdi), %rdi
	.global svm_vmrun
svm_vmrun:
	vmrun %rax
	/* GIF is 0; RAX is the VMCB again, RSP ours */
	mov (%rsp), %rax
	mov %rdi, 56(%rax)
	mov %rcx, 8(%rax)
	mov %rdx, 16(%rax)
	mov %rbx, 24(%rax)
	mov %rbp, 40(%rax)
	mov %rsi, 48(%rax)
	mov %r8, 64(%rax)
	mov %r9, 72(%rax)
	mov %r10, 80(%rax)
	mov %r11, 88(%rax)
	mov %r12, 96(%rax)
	mov %r13, 104(%rax)
	mov %r14, 112(%rax)
	mov %r15, 120(%rax)
	pop %rdi
	pop %rbp
	ret
