/*
 * tests/guest/restart.c: the second CPU is started three times, each time at another address: it must
 * be in the guest every time, where SVM is hidden. Then it sends an INIT to the first CPU, which would
 * leave the guest.
 *
 * Options: init=1: the INIT too, to the APIC ID to=N (default 0; 0xff is everyone's); self=1: instead of all
 * that, the first CPU sends itself an INIT, with the firmware's warm-start vector set to code that says
 * whether it is outside; once=1: if the machine comes back by a reset, it is said and all is over.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define APIC_ID_SHIFT 24
#define VECTOR_FIRST 0x10
#define STARTS 3
#define WARM_START_OFFSET 0x467u
#define WARM_START_SEGMENT 0x469u
#define INIT_WAIT_LOOPS 2000000u
#define CMOS_FREE 0x7f
#define CAME_BEFORE 0x5a

SHARED uint32_t features;
SHARED bool may_send, init_sent;
SHARED uint32_t destination;

static void look(void)
{
	features = cpuid(0x80000001, 0).ecx;
}

/* The hypervisor's word on it should not come into the midst of the first CPU's line. */
static void send_init(void)
{
	look();
	while (!may_send)
		__asm__ volatile("pause");
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_HIGH) = destination << APIC_ID_SHIFT;
	init_sent = true; /* everyone's is this CPU's too */
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_LOW) = APIC_ICR_INIT;
}

/* The firmware jumps to 0040:0067 if the CMOS's shutdown byte tells so (10: without an end of interrupt). */
static void set_warm_start(uint8_t vector)
{
	out8(0x70, 0x8f);
	out8(0x71, 10);
	*(volatile uint16_t *)WARM_START_OFFSET = 0;
	*(volatile uint16_t *)WARM_START_SEGMENT = (uint16_t)(vector << 8);
}

static void come_back(void)
{
	guest_print("restart: %s\n", cpuid(0x80000001, 0).ecx & 4 ? "outside" : "inside");
}

static void send_self_init(void)
{
	second_prepare(VECTOR_FIRST, come_back);
	set_warm_start(VECTOR_FIRST);
	guest_print("restart: INIT to itself\n");
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_HIGH) = 0;
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_LOW) = APIC_ICR_INIT;
	for (;;)
		__asm__ volatile("pause");
}

/* CMOS memory outlasts a reset. */
static bool came_before(void)
{
	uint8_t before;

	out8(0x70, CMOS_FREE);
	before = in8(0x71);
	out8(0x70, CMOS_FREE);
	out8(0x71, before == CAME_BEFORE ? 0 : CAME_BEFORE);
	return before == CAME_BEFORE;
}

void guest_main(void)
{
	if (option_number_or("once", 0) && came_before()) {
		guest_print("restart: the machine was reset, %s\n",
			    cpuid(0x80000001, 0).ecx & 4 ? "outside" : "inside");
		return;
	}
	if (option_number_or("self", 0))
		send_self_init();
	for (uint8_t i = 0; i < STARTS; i++) {
		features = ~0u;
		if (!guest_check(second_start((uint8_t)(VECTOR_FIRST + i), look), "start",
				 "number %u: it did not come", i))
			return;
		while (features == ~0u)
			__asm__ volatile("pause");
		guest_check(!(features & 4), "in the guest", "start %u: SVM is there", i);
	}
	if (!option_number_or("init", 0))
		return;
	destination = (uint32_t)option_number_or("to", 0);
	guest_check(second_start(VECTOR_FIRST, send_init), "start", "it did not come");
	may_send = true;
	while (!init_sent)
		__asm__ volatile("pause");
	for (unsigned i = 0; i < INIT_WAIT_LOOPS; i++)
		__asm__ volatile("pause");
	guest_check(true, "still here", "%s", "");
}
