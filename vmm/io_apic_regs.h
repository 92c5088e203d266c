/*
 * vmm/io_apic_regs.h: an I/O APIC as its manual has it: 82093AA I/O Advanced Programmable Interrupt Controller, 3.1 and
 * 3.2.4.
 */
#ifndef VMM_IO_APIC_REGS_H
#define VMM_IO_APIC_REGS_H

/* Registers in memory */
#define IO_APIC_SELECT 0x00u /* rw */
#define IO_APIC_WINDOW 0x10u /* rw what is selected */
#define IO_APIC_EOI 0x40u    /* -w from version 0x20 on */

/* Of the window */
#define IO_APIC_VERSION 0x01u
#define IO_APIC_VERSION_EOI 0x20u
#define IO_APIC_PINS_SHIFT 16	  /* 23:16 of the version: less one */
#define IO_APIC_REDIRECTION 0x10u /* the first entry; two registers each, the low one first */

/* Of an entry's low register; the vector is 7:0 */
#define IO_APIC_MODE_MASK UINT32_C(0x700)
#define IO_APIC_MODE_LOWEST UINT32_C(0x100) /* 0: fixed */
#define IO_APIC_MODE_SMI UINT32_C(0x200)
#define IO_APIC_MODE_INIT UINT32_C(0x500)
#define IO_APIC_LOGICAL UINT32_C(0x800)
#define IO_APIC_PENDING UINT32_C(0x1000)    /* r- */
#define IO_APIC_LOW_ACTIVE UINT32_C(0x2000)
#define IO_APIC_REMOTE_IRR UINT32_C(0x4000) /* r- by level: sent, and not at its end */
#define IO_APIC_LEVEL UINT32_C(0x8000)
#define IO_APIC_MASKED UINT32_C(0x10000)
#define IO_APIC_LOW_WRITTEN UINT32_C(0x1afff)

#define IO_APIC_DESTINATION_SHIFT 24 /* of the high one */

#endif
