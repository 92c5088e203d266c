/*
 * control/wire_uart.c: the 16550 of the wire, by programmed I/O, without interrupts.
 */
#include "control/wire_internal.h"
#include "core/uart.h"

#define UART_FIFO_BYTES 16

uint64_t wire_uart_overruns;

static uint16_t wire_port;

static void uart_write(uint16_t offset, uint8_t value)
{
	port_write8((uint16_t)(wire_port + offset), value);
}

static uint8_t uart_read(uint16_t offset)
{
	return port_read8((uint16_t)(wire_port + offset));
}

/* What is there keeps what is written. */
static bool uart_is_there(void)
{
	uart_write(UART_SCRATCH, 0x5a);
	if (uart_read(UART_SCRATCH) != 0x5a)
		return false;
	uart_write(UART_SCRATCH, 0xa5);
	return uart_read(UART_SCRATCH) == 0xa5;
}

bool wire_uart_start(uint16_t port)
{
	wire_port = port;
	if (!uart_is_there())
		return false;
	uart_start(port);
	return true;
}

/* An overrun is told once. */
static uint8_t uart_status(void)
{
	uint8_t status = uart_read(UART_STATUS);

	if (status & UART_STATUS_OVERRUN)
		wire_uart_overruns++;
	return status;
}

bool wire_uart_read(uint8_t *byte)
{
	if (!(uart_status() & UART_STATUS_DATA))
		return false;
	*byte = uart_read(UART_DATA);
	return true;
}

unsigned wire_uart_room(void)
{
	return uart_status() & UART_STATUS_EMPTY ? UART_FIFO_BYTES : 0;
}

void wire_uart_write(uint8_t byte)
{
	uart_write(UART_DATA, byte);
}
