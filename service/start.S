/*
 * service/start.S: the entry, and the ways out: RV_SYS_EXIT with what service_main() returns, and, until there is
 * an answer, RV_SYS_NEXT_EVENT.
 */
#define SYSCALL_VECTOR 0x80
#define SYS_EXIT 2
#define SYS_NEXT_EVENT 0

	.section .text.service_start, "ax"
	.global service_start
service_start:
	xor %ebp, %ebp
	and $-16, %rsp
	call service_main
	mov %eax, %edi
	mov $SYS_EXIT, %eax
	int $SYSCALL_VECTOR
	ud2

/* void (void) */
	.global service_wait_for_answer
service_wait_for_answer:
	mov $SYS_NEXT_EVENT, %eax
	int $SYSCALL_VECTOR
	ret
