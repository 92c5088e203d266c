/*
 * service/echo_main.c: the service `echo` (service/echo.h).
 */
#include "core/string.h"
#include "service/echo.h"
#include "service/resident.h"

#define ECHO_RECORD_BYTES 4096
#define ECHO_PRIME UINT64_C(4294967291)

_Static_assert(RV_SYS_EXIT == 2, "start.S");

static struct rv_ring echo_in, echo_out;
static uint8_t echo_record[ECHO_RECORD_BYTES];
static uint8_t echo_held[ECHO_RECORD_BYTES]; /* ECHO_LATER's */
static uint32_t echo_held_bytes;
static uint64_t echo_held_tsc = RESIDENT_NEVER; /* when it goes back */

static uint64_t echo_number(uint32_t length_bytes)
{
	uint64_t number = 0;

	memcpy(&number, echo_record, length_bytes < sizeof(number) ? length_bytes : sizeof(number));
	return number;
}

/* Waits for room. */
static void echo_answer(uint32_t tag, const void *bytes, uint32_t length_bytes)
{
	while (rv_ring_write(&echo_out, tag, bytes, length_bytes) == -RV_EAGAIN)
		resident_wait(RESIDENT_NEVER);
}

/* Where it is interrupted, all of this is in registers. */
static uint64_t echo_square(uint64_t rounds)
{
	uint64_t a = 2, b = 3, c = 5;

	for (uint64_t i = 0; i < rounds; i++) {
		a = (a * a + 1) % ECHO_PRIME;
		b = (b * b + a) % ECHO_PRIME;
		c = (c * c + b) % ECHO_PRIME;
	}
	return c;
}

static void echo_hold(const struct resident_info *info, uint32_t length_bytes)
{
	uint64_t us = echo_number(length_bytes);

	memcpy(echo_held, echo_record, length_bytes);
	echo_held_bytes = length_bytes;
	echo_held_tsc = resident_tsc() + us * (info->tsc_hz / 1000000);
}

static void echo_release(void)
{
	if (resident_tsc() < echo_held_tsc)
		return;
	echo_held_tsc = RESIDENT_NEVER;
	echo_answer(ECHO_LATER, echo_held, echo_held_bytes);
}

static void echo_random(void)
{
	uint8_t bytes[16];

	echo_answer(ECHO_RANDOM, bytes, resident_random(bytes, sizeof(bytes)) == 0 ? sizeof(bytes) : 0);
}

static __attribute__((noinline)) uint64_t echo_overflow(uint64_t depth)
{
	volatile uint8_t frame[1024];

	frame[depth % sizeof(frame)] = (uint8_t)depth;
	return depth == 0 ? frame[0] : echo_overflow(depth - 1) + frame[depth % sizeof(frame)];
}

/* And lets it stand. */
static void echo_lie(uint32_t index, uint32_t *at)
{
	for (;;) {
		__atomic_store_n(at, index, __ATOMIC_RELEASE);
		resident_wait(RESIDENT_NEVER);
	}
}

static void echo_write_long_record(void)
{
	struct rv_ring_record record = { .length_bytes = echo_out.size_bytes, .tag = ECHO_LENGTH };

	memcpy(echo_out.bytes + (echo_out.at & (echo_out.size_bytes - 1)), &record, sizeof(record));
	echo_lie(echo_out.at + 64, &echo_out.indices->written);
}

static void echo_flood(void)
{
	for (;;)
		(void)resident_log(RV_LOG_ERROR, "flood", 5);
}

/* RV_SYS_NEXT_EVENT (0) and those that it may ask for are left out. */
static void echo_ask_all(void)
{
	uint64_t granted = 0;

	for (uint64_t number = 1; number < RV_SYSCALL_COUNT + 8; number++) {
		if (number == RV_SYS_EXIT || number == RV_SYS_LOG || number == RV_SYS_WAIT || number == RV_SYS_RANDOM)
			continue;
		granted += resident_call(number, 0x80, 1, 0) >= 0;
	}
	echo_answer(ECHO_CALL, &granted, sizeof(granted));
}

static void echo_do_harm(uint32_t tag)
{
	volatile uint64_t rounds = UINT64_MAX; /* or the compiler sees that nothing comes of it */

	if (tag == ECHO_SPIN)
		rounds = echo_square(rounds);
	else if (tag == ECHO_FAULT)
		*(volatile uint8_t *)RESIDENT_INFO_ADDRESS = 1;
	else if (tag == ECHO_OVERFLOW)
		rounds = echo_overflow(rounds);
	else if (tag == ECHO_INDEX)
		echo_lie(echo_out.at + echo_out.size_bytes + 8, &echo_out.indices->written);
	else if (tag == ECHO_UNREAD)
		echo_lie(echo_in.at + echo_in.size_bytes + 8, &echo_in.indices->read);
	else if (tag == ECHO_LENGTH)
		echo_write_long_record();
	else if (tag == ECHO_FLOOD)
		echo_flood();
	else if (tag == ECHO_CALL)
		echo_ask_all();
}

/* False: it is to end. */
static bool echo_do(const struct resident_info *info, uint32_t tag, uint32_t length_bytes)
{
	uint64_t number;

	switch (tag) {
	case ECHO_BACK:
		echo_answer(tag, echo_record, length_bytes);
		return true;
	case ECHO_LATER:
		echo_hold(info, length_bytes);
		return true;
	case ECHO_WORK:
		number = echo_square(echo_number(length_bytes));
		echo_answer(tag, &number, sizeof(number));
		resident_wait(0); /* the next is another turn's */
		return true;
	case ECHO_RANDOM:
		echo_random();
		return true;
	case ECHO_LOG:
		(void)resident_log(RV_LOG_NOTICE, (const char *)echo_record, length_bytes);
		return true;
	case ECHO_STARTS:
		echo_answer(tag, &info->start, sizeof(info->start));
		return true;
	default:
		echo_do_harm(tag);
		return tag != ECHO_EXIT;
	}
}

int service_main(const struct resident_info *info)
{
	bool goes_on = true;

	resident_open_ring(info, ECHO_IN, &echo_in);
	resident_open_ring(info, ECHO_OUT, &echo_out);
	while (goes_on) {
		uint32_t tag;
		int64_t length = rv_ring_read(&echo_in, &tag, echo_record, sizeof(echo_record));

		if (length >= 0)
			goes_on = echo_do(info, tag, (uint32_t)length);
		else if (length == -RV_EAGAIN)
			resident_wait(echo_held_tsc);
		echo_release();
	}
	return 0;
}
