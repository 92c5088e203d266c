/*
 * tests/guest/idle.c: a guest that only waits, as systems do that suspend to idle: by HLT, and by MWAIT with the hint for
 * a deep state. Its local APIC's timer wakes it. Options: waits=N, how often; ticks=N, how long.
 */
#include "guest.h"

#include "instruction.h"

#define WAITS 40
#define TICKS 2000000
#define DEEP 0x20u /* C3 */
#define VECTOR_TIMER 0x51
#define APIC UINT64_C(0xfee00000)
#define APIC_EOI 0xb0u
#define APIC_SVR 0xf0u
#define APIC_LVT_TIMER 0x320u
#define APIC_TIMER_COUNT 0x380u
#define APIC_TIMER_CURRENT 0x390u
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

/* What wakes it has come already, while interrupts were off: the HLT ends at once, and is over when that is handled. */
static void wait_woken(void)
{
	while (memory_read(APIC + APIC_TIMER_CURRENT, 4) != 0)
		__asm__ volatile("pause");
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
	uint64_t waits = option_number_or("waits", WAITS), ticks = option_number_or("ticks", TICKS);

	wakes = 0;
	for (uint64_t i = 0; i < waits; i++) {
		memory_write(APIC + APIC_TIMER_COUNT, 4, ticks);
		wait();
	}
	/* Where time runs as the host lets it, one may come once more (vmm/apic_timer_guest.c). */
	guest_check(wakes >= waits, name, "woken %u times", wakes);
}

void guest_main(void)
{
	fault_handler = handle;
	out8(PIC_MASK, 0xff);
	out8(PIC_MASK_SECOND, 0xff);
	memory_write(APIC + APIC_SVR, 4, 0x1ff);
	memory_write(APIC + APIC_LVT_TIMER, 4, VECTOR_TIMER);
	wait_often("waits by HLT", wait_by_halt);
	wait_often("is woken before a HLT", wait_woken);
	if (cpuid(1, 0).ecx & CPUID_MONITOR)
		wait_often("waits by MWAIT", wait_deep);
	fault_handler = NULL;
}
