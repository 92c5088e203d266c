/*
 * hello.c: numbers of floating point on a bare PC whose FPU would trap: what a program gives the C
 * library of this kit (engine_hooks.h), and what it gets. COM1 is the console.
 */
#include <engine_hooks.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COM1 = 0x3f8, COM1_STATUS = COM1 + 5, CAN_SEND = 0x20, KEYBOARD = 0x64, RESET = 0xfe };

/* CR0.EM and TS: an instruction of the FPU, MMX or SSE raises an exception (SDM vol. 3, 2.5). */
enum { CR0_EM = 4, CR0_TS = 8 };

void guest_start(void);

static unsigned char heap[1 << 20] __attribute__((aligned(4096)));
static size_t heap_used;

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

void engine_write(int stream, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		while (!(in8(COM1_STATUS) & CAN_SEND))
			;
		out8(COM1, (uint8_t)text[i]);
	}
}

void *engine_heap_grow(size_t bytes)
{
	void *more = heap + heap_used;

	if (bytes > sizeof(heap) - heap_used)
		return NULL;
	heap_used += bytes;
	return more;
}

/* The keyboard controller resets the machine; QEMU ends then with -no-reboot. */
_Noreturn void engine_exit(int status)
{
	for (;;)
		out8(KEYBOARD, RESET);
}

/* This machine has no clock that it asks. */
int64_t engine_time_ns(void)
{
	return 0;
}

int64_t engine_uptime_ns(void)
{
	return 0;
}

static void without_fpu(void)
{
	uint64_t cr0;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | CR0_EM | CR0_TS));
}

static int by_size(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

/* What start.S calls, in long mode. */
void guest_start(void)
{
	double numbers[] = { 3.5, -1e300, 0.1, 2.0 };
	char *text = malloc(64);

	without_fpu();
	snprintf(text, 64, "hello: pi %.15f, 2 ** 0.5 %.17g", acos(-1), pow(2, 0.5));
	printf("%s (%zu characters)\n", text, strlen(text));
	qsort(numbers, 4, sizeof(*numbers), by_size);
	printf("hello: sorted %g %g %g %g\n", numbers[0], numbers[1], numbers[2], numbers[3]);
	printf("hello: sin(1) %.17g, e %.17g, 0.1 + 0.2 %.17g\n", sin(1), exp(1), 0.1 + 0.2);
	free(text);
	printf("hello: done\n");
	exit(0);
}
