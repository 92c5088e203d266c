/*
 * burst.c: one instruction that reads a port again and again (REP INSB), so that a hook of that port runs
 * without the guest in between. Option: count=N.
 */
#include "guest.h"

enum { BURST_PORT = 0x84 };

static void burst_read(uint64_t count)
{
	void *to = (void *)0x8000000;

	__asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(BURST_PORT) : "memory");
	guest_check(count == 0, "burst", "%lu are left", count);
}

void guest_main(void)
{
	burst_read(option_number_or("count", 20000));
}
