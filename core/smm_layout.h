/*
 * core/smm_layout.h: where an SMI leads, from SMBASE on (AMD APM v2 10.2, Intel SDM 3 32.4). For C and
 * assembler.
 */
#ifndef CORE_SMM_LAYOUT_H
#define CORE_SMM_LAYOUT_H

#define SMM_BASE_RESET 0x30000 /* SMBASE after a reset */
#define SMM_ENTRY 0x8000
#define SMM_STATE 0xfc00	    /* the state of the CPU, up to SMM_END */
#define SMM_STATE_SMBASE 0xfef8	    /* where the next SMI leads */
#define SMM_STATE_REVISION 0xfefc   /* of the state's layout */
#define SMM_STATE_SMBASE_AMD64 0xff00
#define SMM_END 0x10000

/* The revision */
#define SMM_REVISION_LAYOUT_AMD64 0x64 /* in bits 15:0 */
#define SMM_REVISION_RELOCATES 0x20000

#endif
