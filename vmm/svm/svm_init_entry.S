/*
 * vmm/svm/svm_init_entry.S: where an INIT comes to in the host while GIF is 1, as #SX (AMD APM v2 15.28), and
 * NMIs, as long as that may be. Both go on with GIF 0, so neither comes within the other, or in itself, and
 * whoever sends them as fast as it can makes no stack grow; and #SX, whose IRET would end the CPU's mask of
 * NMIs, does not return into the handler of one, whose stack the next would take.
 *
 * Left are the boundaries before CLGI and behind STGI. What #SX interrupts there has no more to it than the
 * frame that it is at: svm_take_init() names it, and it goes on from that.
 */
#include "core/exception_frame.h"
#include "core/x86.h"
#include "vmm/svm/svm_init.h"

/* Behind the general registers: struct exception_frame */
#define FRAME_VECTOR 0
#define FRAME_RSP 40

	.section .text.exception, "ax"

	.global svm_init_entry, svm_init_held, svm_nmi_entry, svm_return_last
	.balign 16
svm_init_entry:
	/* An interrupt with that vector has no error code: core/exception_entry.S. */
	test $8, %spl
	jnz exception_interrupt_stubs + EXCEPTION_STUB_BYTES * VECTOR_SECURITY
	clgi
svm_init_held:
	pushq $VECTOR_SECURITY
	exception_frame_push
	cld
	exception_clear_ac
	mov %rsp, %rdi
	call svm_take_init
	mov %rax, SVM_FRAME_VECTOR_OFFSET(%rsp)
	exception_frame_pop
	cmpl $SVM_INTERRUPTED_CODE, FRAME_VECTOR(%rsp)
	jne svm_drop_frame
	add $16, %rsp
svm_return:
	stgi
svm_return_last:
	iretq

svm_drop_frame:
	cmpl $SVM_INTERRUPTED_NMI, FRAME_VECTOR(%rsp)
	mov FRAME_RSP(%rsp), %rsp
	je svm_nmi_held
	ja svm_return
	test $8, %spl
	jz svm_init_held
	stgi
	jmp exception_interrupt_stubs + EXCEPTION_STUB_BYTES * VECTOR_SECURITY

	.balign 16
svm_nmi_entry:
	clgi
svm_nmi_held:
	pushq $0
	pushq $VECTOR_NMI
	exception_frame_push
	cld
	exception_clear_ac
	mov %rsp, %rdi
	call exception_dispatch_interrupt
	exception_frame_pop
	add $16, %rsp
	jmp svm_return
