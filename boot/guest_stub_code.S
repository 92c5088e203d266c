/*
 * boot/guest_stub_code.S: 16-bit code that lives in the guest's conventional memory: it answers INT 15h
 * with the map that hides us, and boots the disk as the firmware would. boot/guest_stub.c copies it
 * to a page of its own at the top of conventional memory and fills its fields (guest_stub.h gives
 * their layout). All addresses are relative to its own segment.
 *
 * guest_stub_native is for a machine that cannot run us: it goes from long mode back to real mode
 * and boots the OS without us.
 */
#include "boot/guest_stub_layout.h"

	.section .rodata.guest_stub, "a"
	.balign 16
	.global guest_stub_start, guest_stub_end
guest_stub_start:
	.code16

/* Fields, GUEST_STUB_* in the order of guest_stub_layout.h */
	.org GUEST_STUB_OLD_INT15
	.long 0
	.org GUEST_STUB_NR_ENTRIES
	.word 0
	.org GUEST_STUB_E801_AX
	.word 0
	.org GUEST_STUB_E801_BX
	.word 0
	.org GUEST_STUB_INT88
	.word 0
	.org GUEST_STUB_DRIVE
	.byte 0
	.org GUEST_STUB_LINEAR
	.long 0
	.org GUEST_STUB_GDT
	.quad 0
	.quad 0x00009b000000ffff /* 0x08: 16-bit code, base filled in */
	.quad 0x000093000000ffff /* 0x10: 16-bit data, base 0 */
	.quad 0x00cf9b000000ffff /* 0x18: 32-bit code, base 0 */
	.quad 0x00cf93000000ffff /* 0x20: 32-bit data */
	.org GUEST_STUB_IDTR
	.word 0x3ff
	.long 0

/* INT 15h, by the firmware's conventions (Ralf Brown's list; ACPI 15.1). Flags of the caller lie at
 * SS:SP+4; carry is changed there. */
	.org GUEST_STUB_INT15
	cmp $0xe820, %ax
	je stub_e820
	cmp $0xe801, %ax
	je stub_e801
	cmp $0xe881, %ax
	je stub_e881
	cmp $0x88, %ah
	je stub_88
	ljmpw *%cs:GUEST_STUB_OLD_INT15_16
	.set GUEST_STUB_OLD_INT15_16, GUEST_STUB_OLD_INT15

stub_e801:
	mov %cs:GUEST_STUB_E801_AX, %ax
	mov %cs:GUEST_STUB_E801_BX, %bx
	mov %ax, %cx
	mov %bx, %dx
	jmp stub_success
stub_e881:
	movzwl %cs:GUEST_STUB_E801_AX, %eax
	movzwl %cs:GUEST_STUB_E801_BX, %ebx
	mov %eax, %ecx
	mov %ebx, %edx
	jmp stub_success
stub_88:
	mov %cs:GUEST_STUB_INT88, %ax
	jmp stub_success

stub_e820:
	cmp $0x534d4150, %edx /* "SMAP" */
	jne stub_failure
	cmp $20, %ecx
	jb stub_failure
	cmp %cs:GUEST_STUB_NR_ENTRIES, %bx
	jae stub_failure
	push %ds
	push %si
	push %di
	mov %cs, %ax
	mov %ax, %ds
	mov %bx, %ax
	shl $3, %ax
	mov %ax, %si
	add %ax, %si
	add %ax, %si /* 24 bytes an entry */
	add $GUEST_STUB_MAP, %si
	mov $20, %ax
	cmp $24, %ecx
	jb 1f
	mov $24, %ax
1:	movzwl %ax, %ecx
	push %cx
	cld
	rep movsb
	pop %cx
	pop %di
	pop %si
	pop %ds
	inc %bx
	movzwl %bx, %ebx
	cmp %cs:GUEST_STUB_NR_ENTRIES, %bx
	jb 1f
	xor %ebx, %ebx
1:	mov %edx, %eax
stub_success:
	push %bp
	mov %sp, %bp
	andw $0xfffe, 6(%bp)
	pop %bp
	iret
stub_failure:
	mov $0x86, %ah
	push %bp
	mov %sp, %bp
	orw $1, 6(%bp)
	pop %bp
	iret

/* The guest's first instruction: reads the disk's first sector to 0:7c00 and jumps there, DL the
 * drive (BIOS Boot Specification 6.5.1). */
	.org GUEST_STUB_BOOT
	cli
	xor %ax, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x7c00, %sp
	sti
	mov %cs:GUEST_STUB_DRIVE, %dl
	/* INT 13h 42h: extended read; its packet is built on the stack. No reset before it, as no
	 * BIOS does one here: QEMU's ATA disks now and then stay busy for ever after one. */
	pushl $0
	pushl $0
	pushw $0
	pushw $0x7c00
	pushw $1
	pushw $16
	mov %sp, %si
	mov $0x42, %ah
	int $0x13
	jnc 1f
	/* INT 13h 00h: reset the drive; 02h: cylinder 0, head 0, sector 1 */
	xor %ah, %ah
	int $0x13
	mov %cs:GUEST_STUB_DRIVE, %dl
	xor %dh, %dh
	mov $1, %cx
	mov $0x7c00, %bx
	mov $0x0201, %ax
	int $0x13
	jc stub_no_disk
1:	cmpw $0xaa55, 0x7dfe
	jne stub_no_disk
	mov %cs:GUEST_STUB_DRIVE, %dl
	mov $0x7c00, %sp
	xor %ax, %ax
	mov %ax, %es
	ljmp $0, $0x7c00

stub_no_disk:
	mov %cs, %ax
	mov %ax, %ds
	mov $(stub_text - guest_stub_start), %si
1:	lodsb
	test %al, %al
	jz 2f
	push %ax
	mov $0x3f8, %dx
	out %al, %dx
	pop %ax
	mov $0x0e, %ah
	mov $7, %bx
	int $0x10
	jmp 1b
2:	int $0x18 /* the firmware tries its next device, or stops */
	hlt
	jmp 2b
stub_text:
	.asciz "\r\nritevisor: the disk has no boot sector; name another with the option boot=0x81, or check its cable\r\n"

/* From long mode at CPL 0 with this page mapped one to one; ESI: its linear address. */
	.org GUEST_STUB_NATIVE
	.code64
	lgdt GUEST_STUB_GDTR(%rsi)
	lea (native32 - guest_stub_start)(%rsi), %rax
	pushq $0x18
	push %rax
	lretq
native32:
	.code32
	mov $0x20, %eax
	mov %eax, %ds
	mov %eax, %ss
	mov %cr0, %eax
	and $0x7fffffff, %eax
	mov %eax, %cr0
	xor %eax, %eax
	mov %eax, %cr3
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	and $~0x900, %eax /* LME, NXE off */
	wrmsr
	lidt GUEST_STUB_IDTR(%esi)
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	ljmp $0x08, $(native16 - guest_stub_start)
native16:
	.code16
	mov $0x10, %eax
	mov %eax, %cr0 /* PE, EM off: ET stays */
	/* a far return to our own segment, which is the linear address / 16 */
	shr $4, %esi
	xor %ax, %ax
	mov %ax, %ss
	mov $0x7c00, %sp
	push %si
	pushw $GUEST_STUB_BOOT
	lret

	.org GUEST_STUB_GDTR
	.word 0x27
	.quad 0 /* filled in */

	.org GUEST_STUB_MAP
guest_stub_end:
	.code64
