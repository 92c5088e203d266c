/*
 * control/wire_internal.h: what the files of the wire share.
 */
#ifndef CONTROL_WIRE_INTERNAL_H
#define CONTROL_WIRE_INTERNAL_H

#include "control/wire_frame.h"
#include "core/instructions.h"
#include "core/time.h"

struct vcpu;

/* Whose sessions by the wire are: no CR3 is that. */
#define WIRE_SPACE UINT64_MAX
/* Is that TSC so long ago? One that another CPU has written meanwhile, and lies ahead, is not. */
static inline bool wire_is_past(uint64_t since_tsc, uint64_t us)
{
	uint64_t now = tsc_read();

	return now > since_tsc && now - since_tsc > time_tsc_of_us(us);
}

/* What is polled a turn, at most. */
#define WIRE_TURN_BYTES 512

/* wire_uart.c: a 16550. False: there is none. */
bool wire_uart_start(uint16_t port);
/* False: nothing has come. */
bool wire_uart_read(uint8_t *byte);
/* How many bytes it takes now. */
unsigned wire_uart_room(void);
void wire_uart_write(uint8_t byte);
/* Bytes that came and found no room. */
extern uint64_t wire_uart_overruns;

/* wire_turn.c: what has come is answered, and what is to go goes, as far as the line takes it: nothing is waited for.
 * For one CPU at a time. Returns whether anything moved. Context: exit; without locks. */
bool wire_turn(struct vcpu *vcpu);
/* What was lost, in either direction: frames and lines that were none, bytes, and answers that nobody took. */
uint64_t wire_count_losses(void);

/* wire_text.c: the answer to a human's line, of at most text_bytes; returns its bytes. `session` is one of the
 * wire's. */
size_t wire_answer_line(const char *line, char *text, size_t text_bytes, struct vcpu *vcpu);

#endif
