/*
 * tests/guest/print.c: formatted output on COM1, polled.
 */
#include "guest.h"

#include <stdarg.h>

#include "instruction.h"

#define COM1 0x3f8
#define COM1_LINE_CONTROL (COM1 + 3)
#define COM1_MODEM_CONTROL (COM1 + 4)
#define COM1_LINE_STATUS (COM1 + 5)
#define LINE_STATUS_EMPTY 0x20

void serial_init(void)
{
	out8(COM1 + 1, 0);	    /* no interrupts */
	out8(COM1_LINE_CONTROL, 0x80);
	out8(COM1, 1);		    /* 115200 baud */
	out8(COM1 + 1, 0);
	out8(COM1_LINE_CONTROL, 0x03); /* 8 data bits, no parity, 1 stop bit */
	out8(COM1_MODEM_CONTROL, 0x03);
}

static void serial_write(char c)
{
	while (!(in8(COM1_LINE_STATUS) & LINE_STATUS_EMPTY))
		;
	out8(COM1, (uint8_t)c);
}

static void print_text(const char *text, unsigned width)
{
	size_t length = strlen(text);

	for (; width > length; width--)
		serial_write(' ');
	while (*text) {
		if (*text == '\n')
			serial_write('\r');
		serial_write(*text++);
	}
}

static void print_number(uint64_t value, unsigned base, bool negative, unsigned width, char pad)
{
	char digits[24], *p = digits + sizeof(digits);

	*--p = '\0';
	do
		*--p = "0123456789abcdef"[value % base];
	while ((value /= base) != 0);
	if (negative)
		*--p = '-';
	if (pad == '0')
		for (size_t length = strlen(p); length < width; width--)
			serial_write('0');
	print_text(p, width);
}

static void print_integer(char conversion, bool is_long, unsigned width, char pad, va_list *list)
{
	uint64_t value = is_long ? va_arg(*list, uint64_t) : va_arg(*list, uint32_t);

	if (conversion == 'd') {
		int64_t number = is_long ? (int64_t)value : (int32_t)value;
		uint64_t magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;

		print_number(magnitude, 10, number < 0, width, pad);
	} else {
		print_number(value, conversion == 'x' ? 16 : 10, false, width, pad);
	}
}

static void print_list(const char *format, va_list *list)
{
	for (; *format; format++) {
		char pad = ' ', one[2] = {*format, '\0'};
		unsigned width = 0;
		bool is_long = false;

		if (*format != '%') {
			print_text(one, 0);
			continue;
		}
		format++;
		if (*format == '0')
			pad = *format++;
		while (*format >= '0' && *format <= '9')
			width = width * 10 + (unsigned)(*format++ - '0');
		for (; *format == 'l'; format++)
			is_long = true;
		if (*format == 's') {
			print_text(va_arg(*list, const char *), width);
		} else if (*format == 'c') {
			one[0] = (char)va_arg(*list, int);
			print_text(one, width);
		} else if (*format == '%') {
			print_text("%", 0);
		} else {
			print_integer(*format, is_long, width, pad, list);
		}
	}
}

void guest_print(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	print_list(format, &list);
	va_end(list);
}

bool guest_check(bool ok, const char *name, const char *format, ...)
{
	va_list list;

	if (ok) {
		guest_print("ok %s\n", name);
		return true;
	}
	guest_print("not ok %s: ", name);
	va_start(list, format);
	print_list(format, &list);
	va_end(list);
	guest_print("\n");
	return false;
}
