/*
 * boot/uefi/rescue_note_code.S: void rescue_note_start(efi_event event, struct rescue_note *note),
 * called by the firmware at ExitBootServices: sets the variable. It runs wherever it is copied to.
 */
#include "boot/uefi/rescue_note.h"

	.text
	.global rescue_note_start, rescue_note_end
rescue_note_start:
	/* Microsoft x64 calling convention: four registers, their 32 bytes, one on the stack */
	sub $56, %rsp
	mov %rdx, %rax
	lea RESCUE_NOTE_DATA(%rax), %rdx
	mov %rdx, 32(%rsp)
	lea RESCUE_NOTE_NAME(%rax), %rcx
	lea RESCUE_NOTE_VENDOR(%rax), %rdx
	mov RESCUE_NOTE_ATTRIBUTES(%rax), %r8
	mov RESCUE_NOTE_DATA_BYTES(%rax), %r9
	call *(%rax)
	add $56, %rsp
	ret
rescue_note_end:
