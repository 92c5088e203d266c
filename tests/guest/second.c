/*
 * tests/guest/second.c: starting the second CPU, as an OS does (Intel SDM 3 9.4.4).
 */
#include "second.h"

#include "guest.h"
#include "instruction.h"

#define SECOND_LOOPS 2000000000u
#define INIT_CYCLES 10000000u

extern const uint8_t second_low[], second_low_end[];

volatile uint32_t second_came;

/* second_entry.S calls it. */
void second_main(void);
extern uint8_t second_idt[10];
static void (*second_run)(void);

void second_main(void)
{
	__atomic_add_fetch(&second_came, 1, __ATOMIC_SEQ_CST);
	second_run();
	for (;;)
		__asm__ volatile("cli; hlt");
}

static volatile uint32_t *apic_register(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(APIC + offset);
}

void second_send(uint32_t command)
{
	*apic_register(APIC_ICR_HIGH) = 1u << 24;
	*apic_register(APIC_ICR_LOW) = command;
	while (*apic_register(APIC_ICR_LOW) & APIC_ICR_PENDING)
		;
}

void second_prepare(uint8_t vector, void (*run)(void))
{
	second_run = run;
	__asm__ volatile("sidt %0" : "=m"(second_idt));
	memcpy((void *)((uintptr_t)vector << 12), second_low, (size_t)(second_low_end - second_low));
}

bool second_start(uint8_t vector, void (*run)(void))
{
	uint32_t came = second_came;
	uint64_t start;

	second_prepare(vector, run);
	second_send(APIC_ICR_INIT);
	start = tsc_read();
	while (tsc_read() - start < INIT_CYCLES)
		;
	second_send(APIC_ICR_STARTUP | vector);
	for (uint32_t i = 0; i < SECOND_LOOPS && second_came == came; i++)
		__asm__ volatile("pause");
	return second_came != came;
}
