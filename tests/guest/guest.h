/*
 * tests/guest/guest.h: what every test guest is built from: output, options, faults, BIOS calls,
 * the end.
 *
 * A test guest is a multiboot program of its own, alone on the (virtual) machine, in long mode with
 * the first 16 GiB mapped to themselves and interrupts off. It prints `ok NAME` or
 * `not ok NAME: why` on COM1 and powers the machine off.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The test itself; its end ends the guest. */
void guest_main(void);

/* Output on COM1: %s %c %d %u %x %lu %lx %ld, with width and leading zero. */
void guest_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One result. `format` says what was found; it is printed when `ok` is false. Returns ok. */
bool guest_check(bool ok, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ends the guest: power-off through ACPI, or with the option debug_exit=PORT by a write there. */
_Noreturn void guest_power_off(void);
/* Reset by the keyboard controller. */
_Noreturn void guest_reboot(void);
/* ACPI's fixed description table, NULL if there is none. */
const uint8_t *acpi_find_fadt(void);
/* The value for PM1 control of a sleep state, "_S5_" for example; false if there is no such state. */
bool acpi_find_sleep_type(const char name[4], uint16_t *type);
/* The port of ACPI's PM1a control register, 0 if there is none. */
uint16_t acpi_pm1a_control(void);
/* The addresses of two of its tables. */
uint32_t acpi_rsdt(void);
uint32_t acpi_dsdt(void);

/* Options are `name=value` words of the command line. The number is in C's notation. */
bool option_number(const char *name, uint64_t *value);
uint64_t option_number_or(const char *name, uint64_t value_if_absent);
/* FIRST-LAST, both inclusive. */
bool option_range(const char *name, uint64_t *first, uint64_t *last);
/* Copies the value, cut to fit; false if there is none. */
bool option_text(const char *name, char *value, size_t value_bytes);
/* Copies the command line's word of that number, from 0; false behind the last. */
bool option_word(unsigned number, char *word, size_t word_bytes);
/* Parses a number in C's notation; returns what follows it. */
const char *number_parse(const char *text, uint64_t *value);

/* Faults and interrupts. */
struct fault_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Runs action(context); returns the vector of the exception that ended it, -1 if none did. */
int fault_catch(void (*action)(void *context), void *context);
extern uint64_t fault_error_code; /* of the last one caught */

/* Sees every vector first; true: handled, the frame is resumed. NULL: none. */
extern bool (*fault_handler)(struct fault_frame *frame);

/* Real-mode BIOS services. */
struct bios_registers {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp, eflags;
	uint16_t ds, es;
};
#define BIOS_CARRY 0x1u
/* Below 1 MiB, for the services' buffers. */
#define BIOS_BUFFER_ADDRESS 0x9000u
void bios_call(uint32_t vector, struct bios_registers *registers);

/* Used by guest_start only. */
void fault_init(void);
void serial_init(void);
void option_init(const char *command_line);

void *memcpy(void *to, const void *from, size_t length_bytes);
void *memset(void *to, int byte, size_t length_bytes);
int memcmp(const void *left, const void *right, size_t length_bytes);
size_t strlen(const char *text);

#endif
