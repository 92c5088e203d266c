/*
 * core/apic.h: registers of the local APIC, in whichever mode the guest has put it.
 * AMD APM v2 16.3, Intel SDM 3 11.4 and 11.12 (x2APIC: MSR 0x800 + offset / 16).
 */
#ifndef CORE_APIC_H
#define CORE_APIC_H

#include "core/instructions.h"
#include "core/memory.h"
#include "rv/types.h"

#define APIC_BASE_X2APIC UINT64_C(0x400)
#define APIC_BASE_ENABLE UINT64_C(0x800)
#define APIC_BASE_ADDRESS UINT64_C(0x000ffffffffff000)
#define APIC_X2APIC_MSR 0x800u

#define APIC_MESSAGES 0x000u	  /* reserved */
#define APIC_VERSION 0x030u	  /* r- bits 23:16: number of the last entry of the LVT */
#define APIC_TPR 0x080u		  /* rw task priority */
#define APIC_PPR 0x0a0u		  /* r- processor priority */
#define APIC_EOI 0x0b0u		  /* -w end of interrupt */
#define APIC_LDR 0x0d0u		  /* rw logical destination in 31:24; x2APIC: r-, from the APIC ID */
#define APIC_DFR 0x0e0u		  /* rw its model in 31:28: ones are flat, else clusters; not in x2APIC */
#define APIC_SVR 0x0f0u		  /* rw spurious vector; bit 8 enables the APIC */
#define APIC_ISR 0x100u		  /* r- in service, 8 registers of 32 vectors */
#define APIC_TMR 0x180u	  /* r- triggered by level, likewise */
#define APIC_IRR 0x200u		  /* r- requested, likewise */
#define APIC_ESR 0x280u		  /* rw errors; a write updates it */
#define APIC_LVT_CMCI 0x2f0u	  /* rw */
#define APIC_ID 0x020u		  /* r- (rw on old CPUs): bits 31:24; x2APIC: all of it */
#define APIC_REGISTER_BYTES 16u	  /* apart; 4 of these are the register */
#define APIC_ICR_LOW 0x300u	  /* rw writing it sends an interprocessor interrupt; x2APIC: 64 bits */
#define APIC_ICR_HIGH 0x310u	  /* rw destination in 31:24 */
#define APIC_LVT_TIMER 0x320u	  /* rw */
#define APIC_LVT_THERMAL 0x330u	  /* rw */
#define APIC_LVT_PERFORMANCE 0x340u /* rw */
#define APIC_LVT_LINT0 0x350u	  /* rw */
#define APIC_LVT_LINT1 0x360u	  /* rw */
#define APIC_LVT_ERROR 0x370u	  /* rw */
#define APIC_TIMER_INITIAL 0x380u /* rw writing it starts the timer; 0 stops it */
#define APIC_TIMER_CURRENT 0x390u /* r- */
#define APIC_TIMER_DIVIDE 0x3e0u  /* rw */

#define APIC_SVR_ENABLE UINT32_C(0x100)
#define APIC_LVT_MASKED UINT32_C(0x10000)
#define APIC_LVT_DELIVERY_MASK UINT32_C(0x700)
#define APIC_LVT_DELIVERY_EXTINT UINT32_C(0x700)

#define APIC_DFR_RESET UINT32_MAX
#define APIC_ICR_VECTOR_MASK UINT32_C(0xff)
#define APIC_ICR_MODE_MASK UINT32_C(0x700)
#define APIC_ICR_FIXED UINT32_C(0)
#define APIC_ICR_LOWEST UINT32_C(0x100)
#define APIC_ICR_SMI UINT32_C(0x200)
#define APIC_ICR_NMI UINT32_C(0x400)
#define APIC_ICR_INIT UINT32_C(0x500)
#define APIC_ICR_STARTUP UINT32_C(0x600)
#define APIC_ICR_LOGICAL UINT32_C(0x800)
#define APIC_ICR_PENDING UINT32_C(0x1000)
#define APIC_ICR_ASSERT UINT32_C(0x4000)
#define APIC_ICR_LEVEL UINT32_C(0x8000) /* triggered by level, not edge */
#define APIC_ICR_TO_SELF UINT32_C(0x40000)
#define APIC_ICR_TO_MASK UINT32_C(0xc0000) /* 0: the destination in the high half */
#define APIC_ICR_TO_OTHERS UINT32_C(0xc0000)

/* Where the APIC answers: a page, or (NULL) MSRs. */
struct apic {
	volatile uint32_t *page;
};

/* Finds the APIC; false if it is off or out of our reach. */
static inline bool apic_find(struct apic *apic)
{
	uint64_t base = msr_read(MSR_APIC_BASE);

	apic->page = (base & APIC_BASE_X2APIC)
			     ? NULL
			     : (volatile uint32_t *)memory_direct(base & APIC_BASE_ADDRESS);
	return (base & APIC_BASE_ENABLE) != 0 &&
	       (base & APIC_BASE_ADDRESS) < GIB(4); /* the direct map goes that far always */
}

static inline uint32_t apic_read(struct apic apic, uint32_t offset)
{
	if (apic.page == NULL)
		return (uint32_t)msr_read(APIC_X2APIC_MSR + (offset >> 4));
	return apic.page[offset / 4];
}

static inline void apic_write(struct apic apic, uint32_t offset, uint32_t value)
{
	if (apic.page == NULL)
		msr_write(APIC_X2APIC_MSR + (offset >> 4), value);
	else
		apic.page[offset / 4] = value;
}

/* Whether a vector's bit is set in ISR or IRR. */
static inline bool apic_test_vector(struct apic apic, uint32_t registers, unsigned vector)
{
	return apic_read(apic, registers + vector / 32 * 16) >> (vector % 32) & 1;
}

#endif
