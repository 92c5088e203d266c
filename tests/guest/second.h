/*
 * tests/guest/second.h: the second CPU of a test guest. It runs in long mode with the first one's page
 * tables, interrupts off and no console: only the first prints.
 */
#ifndef SECOND_H
#define SECOND_H

#include <stdbool.h>
#include <stdint.h>

#define APIC 0xfee00000u
#define APIC_ICR_LOW 0x300u
#define APIC_ICR_HIGH 0x310u
#define APIC_ICR_PENDING 0x1000u
#define APIC_ICR_INIT 0x4500u	 /* asserted */
#define APIC_ICR_STARTUP 0x4600u /* the vector in bits 7:0 */

/* What all CPUs of a test see, and none of them caches in a register. */
#define SHARED static volatile

/* Sends an interprocessor interrupt to the CPU with APIC ID 1 and waits until it is sent. */
void second_send(uint32_t command);

/* Starts that CPU by INIT and a startup IPI, at `vector` << 12, where there must be free memory. It
 * calls run() and then halts. False: it did not come within a second. */
bool second_start(uint8_t vector, void (*run)(void));

/* Copies there what a started CPU begins with. */
void second_prepare(uint8_t vector, void (*run)(void));

/* How often a CPU has come by second_start(). */
extern volatile uint32_t second_came;

#endif
