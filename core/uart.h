/*
 * core/uart.h: a 16550 UART by its ports (TI TL16C550D, 8). Who has it says where it is.
 */
#ifndef CORE_UART_H
#define CORE_UART_H

#include "core/instructions.h"

#define UART_DATA 0	  /* r- receive buffer, -w transmit holding register; divisor low while DLAB */
#define UART_INTERRUPTS 1 /* rw interrupt enable; divisor high while DLAB */
#define UART_FIFO 2	  /* -w FIFO control */
#define UART_FIFO_CLEAR_ON 0x07
#define UART_LINE 3 /* rw line control */
#define UART_LINE_8N1 0x03
#define UART_LINE_DLAB 0x80
#define UART_MODEM 4 /* rw modem control */
#define UART_MODEM_DTR_RTS 0x03
#define UART_STATUS 5 /* r- line status; reading it forgets an overrun */
#define UART_STATUS_DATA 0x01
#define UART_STATUS_OVERRUN 0x02
#define UART_STATUS_EMPTY 0x20
#define UART_SCRATCH 7 /* rw */

/* 115200 baud, 8N1, with FIFOs and without interrupts. Context: boot. */
static inline void uart_start(uint16_t port)
{
	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_LINE, UART_LINE_DLAB);
	port_write8(port + UART_DATA, 1);
	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_LINE, UART_LINE_8N1);
	port_write8(port + UART_FIFO, UART_FIFO_CLEAR_ON);
	port_write8(port + UART_MODEM, UART_MODEM_DTR_RTS);
}

#define UART_SPINS 100000 /* a byte takes 87 us; a UART that is not there answers 0xff: empty */

static inline void uart_put(uint16_t port, uint8_t byte)
{
	for (unsigned spin = 0; spin < UART_SPINS; spin++) {
		if (port_read8(port + UART_STATUS) & UART_STATUS_EMPTY)
			break;
		cpu_pause();
	}
	port_write8(port + UART_DATA, byte);
}

#endif
