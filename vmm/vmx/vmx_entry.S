/*
 * vmm/vmx/vmx_entry.S: into the guest and back (Intel SDM v3 27, 28). Entry and exit switch RSP, RIP
 * and RFLAGS; the other registers are switched here.
 *
 * NMIs reach the host at any time but between entry and exit. One that comes after the last look at
 * cpu->nmi_seen would wait for the next exit, so for it the handler (vmx.c) moves RIP from
 * [vmx_enter_checked, vmx_enter_done) to vmx_enter_abort.
 *
 * enum vmx_entered vmx_enter(struct vcpu *vcpu, struct vmx_vcpu *vmx)
 */
#define VMCS_HOST_RSP 0x6c14

/* struct vmx_vcpu */
#define VMX_HOST_RSP 16
#define VMX_LAUNCHED 24
#define VMX_NMI_SEEN 32

/* enum vmx_entered */
#define VMX_EXITED 0
#define VMX_NMI 1
#define VMX_FAILED 2

	.text
	.global vmx_enter
	.balign 16
vmx_enter:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	push %rsi
	cmp %rsp, VMX_HOST_RSP(%rsi)
	je 1f
	mov %rsp, VMX_HOST_RSP(%rsi)
	mov $VMCS_HOST_RSP, %eax
	vmwrite %rsp, %rax
1:
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rbx
	mov 40(%rdi), %rbp
	mov 64(%rdi), %r8
	mov 72(%rdi), %r9
	mov 80(%rdi), %r10
	mov 88(%rdi), %r11
	mov 96(%rdi), %r12
	mov 104(%rdi), %r13
	mov 112(%rdi), %r14
	mov 120(%rdi), %r15
	mov VMX_NMI_SEEN(%rsi), %rax
	cmpb $0, (%rax)
	.global vmx_enter_checked
vmx_enter_checked:
	jne vmx_enter_abort
	cmpq $0, VMX_LAUNCHED(%rsi)
	mov (%rdi), %rax
	mov 48(%rdi), %rsi
	mov 56(%rdi), %rdi
	je 2f
	vmresume
	jmp vmx_enter_done
2:
	vmlaunch
	.global vmx_enter_done
vmx_enter_done:
	mov $VMX_FAILED, %eax
	jmp vmx_enter_return

	/* The registers were not changed by the guest: what the vCPU holds is still right. */
	.global vmx_enter_abort
vmx_enter_abort:
	mov $VMX_NMI, %eax
	jmp vmx_enter_return

	.global vmx_exit_entry
	.balign 16
vmx_exit_entry:
	push %rdi
	mov 16(%rsp), %rdi
	mov %rax, (%rdi)
	mov %rcx, 8(%rdi)
	mov %rdx, 16(%rdi)
	mov %rbx, 24(%rdi)
	mov %rbp, 40(%rdi)
	mov %rsi, 48(%rdi)
	mov %r8, 64(%rdi)
	mov %r9, 72(%rdi)
	mov %r10, 80(%rdi)
	mov %r11, 88(%rdi)
	mov %r12, 96(%rdi)
	mov %r13, 104(%rdi)
	mov %r14, 112(%rdi)
	mov %r15, 120(%rdi)
	pop 56(%rdi)
	mov (%rsp), %rsi
	movq $1, VMX_LAUNCHED(%rsi)
	mov $VMX_EXITED, %eax
vmx_enter_return:
	add $16, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
