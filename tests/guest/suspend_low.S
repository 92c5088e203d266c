/*
 * tests/guest/suspend_low.S: where the guest of suspend.c goes on: in real mode, at SUSPEND_VECTOR, with CS:IP as ACPI
 * 6.4, 5.2.10 says. It prints on COM1 what it finds, and turns the machine off by the port behind it.
 */
#define SUSPEND_VECTOR 0x20008
#define COM1 0x3f8
#define HOOKED_PORT 0x81
#define HOOKED 0x5a

	.section .rodata
	.code16
	.balign 16
	.globl suspend_low, suspend_low_end, suspend_low_control, suspend_low_sum, suspend_low_last
#define LOW_FIRST 0x2200 /* a segment */
suspend_low:
	cli
	mov %cs, %ax
	mov %ax, %ds
	/* IP is the vector's lowest digit, CS the rest. */
	call 1f
1:	pop %bx
	sub $(1b - suspend_low), %bx
	mov $(suspend_entered - suspend_low), %si
	cmp $(SUSPEND_VECTOR & 0xf), %bx
	je 2f
	mov $(suspend_elsewhere - suspend_low), %si
2:	call suspend_print
	call suspend_look_low
	in $HOOKED_PORT, %al
	cmp $HOOKED, %al
	jne 9f
	mov $(suspend_hooked - suspend_low), %si
	call suspend_print
9:	xor %ax, %ax
	mov %ax, %es
	cmpl $(SUSPEND_VECTOR >> 4 << 16 | (SUSPEND_VECTOR & 0xf)), %es:8
	jne 9f
	mov $(suspend_vectors - suspend_low), %si
	call suspend_print
9:
	/* SVM and VMX are hidden from a guest, and from nobody else. */
	push %bx
	mov $0x80000001, %eax
	cpuid
	and $0x4, %ecx
	mov %ecx, %esi
	mov $1, %eax
	cpuid
	pop %bx
	and $0x20, %ecx
	or %ecx, %esi
	mov $(suspend_inside - suspend_low), %si
	jz 3f
	mov $(suspend_outside - suspend_low), %si
3:	call suspend_print
	mov %bx, %si
	mov (suspend_low_control - suspend_low)(%si), %dx
	mov $0x2000, %ax
	out %ax, %dx
4:	hlt
	jmp 4b

/* Is conventional memory as the guest has left it? */
suspend_look_low:
	mov (suspend_low_last - suspend_low)(%bx), %dx
	test %dx, %dx
	jz 9f
	mov $LOW_FIRST, %cx
	xor %ax, %ax
7:	mov %cx, %es
	xor %si, %si
8:	rol $1, %ax
	add %es:(%si), %ax
	add $2, %si
	cmp $16, %si
	jne 8b
	inc %cx
	cmp %dx, %cx
	jne 7b
	mov $(suspend_low_kept - suspend_low), %si
	cmp %ax, (suspend_low_sum - suspend_low)(%bx)
	je suspend_print
	mov $(suspend_low_changed - suspend_low), %si
	jmp suspend_print
9:	ret

suspend_print:
	add %bx, %si
5:	mov $(COM1 + 5), %dx
	in %dx, %al
	test $0x20, %al
	jz 5b
	lodsb
	test %al, %al
	jz 6f
	mov $COM1, %dx
	out %al, %dx
	jmp 5b
6:	ret

suspend_low_control:
	.word 0
suspend_low_sum:
	.word 0
suspend_low_last:	/* a segment; 0: nothing is looked at */
	.word 0
suspend_low_kept:
	.asciz "ok conventional memory is as it was\r\n"
suspend_low_changed:
	.asciz "not ok conventional memory is as it was\r\n"
suspend_entered:
	.asciz "ok real mode, at the vector\r\n"
suspend_elsewhere:
	.asciz "not ok real mode, at the vector: IP is another\r\n"
suspend_hooked:
	.asciz "ok the script runs here\r\n"
suspend_vectors:
	.asciz "ok the vector of NMIs is the guest's\r\n"
suspend_inside:
	.asciz "ok inside\r\nguest: done\r\n"
suspend_outside:
	.asciz "not ok inside: SVM or VMX is visible\r\n"
suspend_low_end:
