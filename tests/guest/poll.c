/*
 * tests/guest/poll.c: the second CPU polls one register by one instruction, while the first has a
 * script make and remove a hook on its page.
 *
 * Options: rounds: how often (default 30); where: the register (default: the HPET's counter).
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define PORT_HOOK 0x5ff0

SHARED bool stop;
SHARED uint64_t polls, where;

static void poll(void)
{
	while (!stop) {
		(void)*(volatile uint32_t *)where;
		polls++;
	}
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("rounds", 30), before;

	where = option_number_or("where", 0xfed000f0);
	guest_check(second_start(0x10, poll), "second CPU starts", "it did not come");
	for (uint64_t i = 0; i < rounds; i++) {
		out8(PORT_HOOK, 1);
		before = polls;
		while (polls < before + 2)
			__asm__ volatile("pause");
		out8(PORT_HOOK, 0);
	}
	before = polls;
	while (polls < before + 2)
		__asm__ volatile("pause");
	stop = true;
	guest_check(true, "polls go on", "-");
}
