/*
 * control/wire_uart.c: the 16550 of the wire, by programmed I/O, without interrupts. (TI TL16C550D, 8.)
 */
#include "control/wire_internal.h"
#include "core/instructions.h"

#define UART_DATA 0	  /* r- receive buffer, -w transmit holding register; divisor low while DLAB */
#define UART_INTERRUPTS 1 /* rw interrupt enable; divisor high while DLAB */
#define UART_FIFO 2	  /* -w FIFO control */
#define UART_LINE 3	  /* rw line control */
#define UART_MODEM 4	  /* rw modem control */
#define UART_STATUS 5	  /* r- line status */
#define UART_SCRATCH 7	  /* rw */
#define UART_LINE_8N1 0x03
#define UART_LINE_DLAB 0x80
#define UART_FIFO_CLEAR_ON 0x07
#define UART_FIFO_BYTES 16
#define UART_MODEM_DTR_RTS 0x03
#define UART_STATUS_DATA 0x01
#define UART_STATUS_OVERRUN 0x02
#define UART_STATUS_EMPTY 0x20

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
	uart_write(UART_INTERRUPTS, 0);
	uart_write(UART_LINE, UART_LINE_DLAB);
	uart_write(UART_DATA, 1); /* 115200 baud */
	uart_write(UART_INTERRUPTS, 0);
	uart_write(UART_LINE, UART_LINE_8N1);
	uart_write(UART_FIFO, UART_FIFO_CLEAR_ON);
	uart_write(UART_MODEM, UART_MODEM_DTR_RTS);
	return true;
}

/* Reading it forgets that there was an overrun. */
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
