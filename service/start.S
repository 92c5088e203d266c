/*
 * service/start.S: the entry, and the way out: RV_SYS_EXIT with what service_main() returns.
 */
#define SYSCALL_VECTOR 0x80
#define SYS_EXIT 2

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
