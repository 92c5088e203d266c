/*
 * tests/guest/idle.c: a guest that only waits, as systems do that suspend to idle: by HLT, and by MWAIT with the hint for
 * a deep state. Its local APIC's timer wakes it.
 */
#include "guest.h"

#include "instruction.h"

#define WAITS 40u
#define TICKS 2000000u
#define DEEP 0x20u /* C3 */
#define VECTOR_TIMER 0x51
#define APIC UINT64_C(0xfee00000)
#define APIC_EOI 0xb0u
#define APIC_SVR 0xf0u
#define APIC_LVT_TIMER 0x320u
#define APIC_TIMER_COUNT 0x380u
#define PIC_MASK 0x21
#define PIC_MASK_SECOND 0xa1
#define CPUID_MONITOR 0x8u

static unsigned wakes;

static bool handle(struct fault_frame *frame)
{
	if (frame->vector != VECTOR_TIMER)
		return false;
	memory_write(APIC + APIC_EOI, 4, 0);
	wakes++;
	return true;
}

static void wait_by_halt(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* It may end at any time. */
static void wait_deep(void)
{
	unsigned before = wakes;

	while (wakes == before) {
		__asm__ volatile("monitor" ::"a"(&wakes), "c"(0), "d"(0));
		__asm__ volatile("sti; mwait; cli" ::"a"(DEEP), "c"(0) : "memory");
	}
}

static void wait_often(const char *name, void (*wait)(void))
{
	wakes = 0;
	for (unsigned i = 0; i < WAITS; i++) {
		memory_write(APIC + APIC_TIMER_COUNT, 4, TICKS);
		wait();
	}
	/* Where time runs as the host lets it, one may come once more (vmm/apic_timer_guest.c). */
	guest_check(wakes >= WAITS, name, "woken %u times", wakes);
}

void guest_main(void)
{
	fault_handler = handle;
	out8(PIC_MASK, 0xff);
	out8(PIC_MASK_SECOND, 0xff);
	memory_write(APIC + APIC_SVR, 4, 0x1ff);
	memory_write(APIC + APIC_LVT_TIMER, 4, VECTOR_TIMER);
	wait_often("waits by HLT", wait_by_halt);
	if (cpuid(1, 0).ecx & CPUID_MONITOR)
		wait_often("waits by MWAIT", wait_deep);
	fault_handler = NULL;
}
