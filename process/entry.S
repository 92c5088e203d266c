/*
 * process/entry.S: into CPL 3 and back.
 *
 * process_enter() makes the stack that it was called on the stack that CPL 3 enters the hypervisor
 * on (TSS.RSP0). What it leaves there, from RSP0 upwards: the struct process and the caller's RBP; of
 * the other registers the caller saves what it needs. RV_SYS_NEXT_EVENT, the way every event ends, has
 * a path of its own: it stores those of the engine's registers that a function keeps in the struct
 * process and returns from process_enter() right away. Everything else goes through C on that same
 * stack.
 *
 * An engine gets back its own registers only, or what it began with: it never sees a value of the
 * hypervisor.
 */
#include "core/exception_frame.h"

#define PROCESS_STOP_EVENT 1
#define SYSCALL_VECTOR 0x80

/* struct process */
#define HOST_RSP 0
#define ROOT 8
#define HOST_ROOT 16
#define R(n) (24 + 8 * (n))
#define R_RIP R(0)
#define R_RSP R(1)
#define R_RFLAGS R(2)
#define R_RAX R(3)
#define R_RCX R(4)
#define R_RDX R(5)
#define R_RBX R(6)
#define R_RBP R(7)
#define R_RSI R(8)
#define R_RDI R(9)
#define R_R8 R(10)
#define R_R9 R(11)
#define R_R10 R(12)
#define R_R11 R(13)
#define R_R12 R(14)
#define R_R13 R(15)
#define R_R14 R(16)
#define R_R15 R(17)

	.text

/* Called by process_enter(): RDI the struct process, RSI the TSS's RSP0. The stop is in RAX. */
	.global process_enter_user
	.balign 16
process_enter_user:
	push %rbp
	/* The CPU aligns what it pushes at RSP0 down to 16 (AMD APM v2 8.9.3): so it is made here. */
	push %rdi
	push %rdi
	mov %rsp, HOST_RSP(%rdi)
	mov %rsp, (%rsi)
	mov ROOT(%rdi), %rax
	mov %rax, %cr3
	pushq $SELECTOR_USER_DATA
	pushq R_RSP(%rdi)
	pushq R_RFLAGS(%rdi)
	pushq $SELECTOR_USER_CODE
	pushq R_RIP(%rdi)
	mov R_RAX(%rdi), %rax
	mov R_RCX(%rdi), %rcx
	mov R_RDX(%rdi), %rdx
	mov R_RBX(%rdi), %rbx
	mov R_RBP(%rdi), %rbp
	mov R_RSI(%rdi), %rsi
	mov R_R8(%rdi), %r8
	mov R_R9(%rdi), %r9
	mov R_R10(%rdi), %r10
	mov R_R11(%rdi), %r11
	mov R_R12(%rdi), %r12
	mov R_R13(%rdi), %r13
	mov R_R14(%rdi), %r14
	mov R_R15(%rdi), %r15
	mov R_RDI(%rdi), %rdi
	iretq

/* int RV_SYSCALL_VECTOR. The stack: RIP, CS, RFLAGS, RSP, SS, struct process. */
	.global process_syscall_entry
	.balign 16
process_syscall_entry:
	cld
	exception_clear_ac
	test %rax, %rax
	jnz process_syscall_other
	mov 40(%rsp), %rdi
	mov %rbx, R_RBX(%rdi)
	mov %rbp, R_RBP(%rdi)
	mov %r12, R_R12(%rdi)
	mov %r13, R_R13(%rdi)
	mov %r14, R_R14(%rdi)
	mov %r15, R_R15(%rdi)
	pop R_RIP(%rdi)
	add $8, %rsp
	pop R_RFLAGS(%rdi)
	pop R_RSP(%rdi)
	mov $PROCESS_STOP_EVENT, %esi

/* _Noreturn void process_leave(struct process *process, enum process_stop stop) */
	.global process_leave
process_leave:
	mov HOST_ROOT(%rdi), %rax
	mov %rax, %cr3
	mov HOST_RSP(%rdi), %rsp
	mov %esi, %eax
	add $16, %rsp
	pop %rbp
	ret

/* The frame of core/exception.h; the return is core's. */
process_syscall_other:
	pushq $0
	pushq $SYSCALL_VECTOR
	exception_frame_push
	mov %rsp, %rdi
	call process_syscall
	jmp exception_return
