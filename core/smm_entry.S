/*
 * core/smm_entry.S: what core/smm.c puts where the first SMI of a CPU leads, for that SMI: it moves SMBASE.
 * Real mode with segments of 4 GiB, DS and ES from 0 (AMD APM v2 10.3.5, Intel SDM 3 32.5.1). RSM brings back
 * all registers.
 */
#include "core/smm_layout.h"

#define AT(field) (SMM_BASE_RESET + SMM_ENTRY + field - smm_entry_start)

	.section .rodata.smm_entry, "a"
	.code16
	.global smm_entry_start, smm_entry_end, smm_entry_base, smm_entry_revision
smm_entry_start:
	mov $SMM_BASE_RESET + SMM_STATE_REVISION, %esi
	mov (%esi), %eax
	mov $SMM_BASE_RESET + SMM_STATE_SMBASE, %edi
	cmp $SMM_REVISION_LAYOUT_AMD64, %ax
	jne 1f
	mov $SMM_BASE_RESET + SMM_STATE_SMBASE_AMD64, %edi
1:	test $SMM_REVISION_RELOCATES, %eax
	jz 2f
	mov $AT(smm_entry_base), %esi
	mov (%esi), %ecx
	mov %ecx, (%edi)
2:	mov $AT(smm_entry_revision), %esi
	mov %eax, (%esi)
	rsm
	.balign 4
smm_entry_base:
	.long 0
smm_entry_revision:
	.long 0
smm_entry_end:
