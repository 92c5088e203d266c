/*
 * vmm/io_apic_remap.c: owns the entries as the guest has written them. What is no plain interrupt (NMI, ExtINT and
 * others) has no index, and stays masked.
 */
#include "vmm/io_apic_remap.h"

#include "vmm/access.h"
#include "vmm/io_apic_regs.h"

bool io_apic_is_remapped;

static hpa_t remap_page;
static io_apic_set remap_set;
static unsigned remap_nr_pins;
static uint32_t remap_low[IO_APIC_PINS_MAXIMUM], remap_high[IO_APIC_PINS_MAXIMUM];

/* The index stays what the guest has selected. */
static uint32_t remap_hardware_read(uint32_t index)
{
	uint32_t selected = (uint32_t)mmio_hardware_read(remap_page + IO_APIC_SELECT, 4), value;

	mmio_hardware_write(remap_page + IO_APIC_SELECT, 4, index);
	value = (uint32_t)mmio_hardware_read(remap_page + IO_APIC_WINDOW, 4);
	mmio_hardware_write(remap_page + IO_APIC_SELECT, 4, selected);
	return value;
}

static void remap_hardware_write(uint32_t index, uint32_t value)
{
	uint32_t selected = (uint32_t)mmio_hardware_read(remap_page + IO_APIC_SELECT, 4);

	mmio_hardware_write(remap_page + IO_APIC_SELECT, 4, index);
	mmio_hardware_write(remap_page + IO_APIC_WINDOW, 4, value);
	mmio_hardware_write(remap_page + IO_APIC_SELECT, 4, selected);
}

/* The table's entry is there before its index is sent. */
static void remap_apply(unsigned pin)
{
	uint32_t low = remap_low[pin], mode = low & IO_APIC_MODE_MASK;
	uint32_t sent = (low & (IO_APIC_LOW_ACTIVE | IO_APIC_LEVEL)) | pin;
	struct io_apic_interrupt interrupt = {
		.valid = !(low & IO_APIC_MASKED) && mode <= IO_APIC_MODE_LOWEST,
		.lowest = mode == IO_APIC_MODE_LOWEST,
		.logical = (low & IO_APIC_LOGICAL) != 0,
		.destination = (uint8_t)(remap_high[pin] >> IO_APIC_DESTINATION_SHIFT),
		.vector = (uint8_t)low,
	};

	if (!interrupt.valid)
		remap_hardware_write(IO_APIC_REDIRECTION + 2 * pin, sent | IO_APIC_MASKED);
	remap_set(pin, &interrupt);
	if (interrupt.valid)
		remap_hardware_write(IO_APIC_REDIRECTION + 2 * pin, sent);
}

static bool remap_is_entry(uint32_t index)
{
	return index >= IO_APIC_REDIRECTION && index < IO_APIC_REDIRECTION + 2 * remap_nr_pins;
}

bool io_apic_remap_write(uint32_t index, uint32_t value)
{
	unsigned pin = (index - IO_APIC_REDIRECTION) / 2;

	if (!remap_is_entry(index))
		return false;
	if (index & 1)
		remap_high[pin] = value & ~UINT32_C(0) << IO_APIC_DESTINATION_SHIFT;
	else
		remap_low[pin] = value & IO_APIC_LOW_WRITTEN;
	remap_apply(pin);
	return true;
}

bool io_apic_remap_read(uint32_t index, uint32_t *value)
{
	unsigned pin = (index - IO_APIC_REDIRECTION) / 2;

	if (!remap_is_entry(index))
		return false;
	*value = index & 1 ? remap_high[pin]
			   : remap_low[pin] | (remap_hardware_read(index) & (IO_APIC_PENDING | IO_APIC_REMOTE_IRR));
	return true;
}

void io_apic_remap_forget(void)
{
	for (unsigned pin = 0; pin < remap_nr_pins; pin++) {
		remap_low[pin] = IO_APIC_MASKED;
		remap_high[pin] = 0;
		remap_apply(pin);
		remap_hardware_write(IO_APIC_REDIRECTION + 2 * pin + 1, 0);
	}
}

void io_apic_remap_end(uint8_t vector)
{
	for (unsigned pin = 0; pin < remap_nr_pins; pin++) {
		if ((uint8_t)remap_low[pin] == vector && (remap_low[pin] & IO_APIC_LEVEL) != 0)
			mmio_hardware_write(remap_page + IO_APIC_EOI, 4, pin);
	}
}

const char *io_apic_cannot_remap(hpa_t page)
{
	uint32_t version;

	remap_page = page;
	version = remap_hardware_read(IO_APIC_VERSION);
	if ((version & 0xff) < IO_APIC_VERSION_EOI)
		return "the I/O APIC cannot be told of an interrupt's end";
	remap_nr_pins = (version >> IO_APIC_PINS_SHIFT & 0xff) + 1;
	return remap_nr_pins > IO_APIC_PINS_MAXIMUM ? "the I/O APIC has too many pins" : NULL;
}

/* What was sent before, and came to nobody, is at its end. */
void io_apic_begin_remapping(io_apic_set set)
{
	remap_set = set;
	for (unsigned pin = 0; pin < remap_nr_pins; pin++) {
		uint32_t index = IO_APIC_REDIRECTION + 2 * pin;

		remap_low[pin] = remap_hardware_read(index) & IO_APIC_LOW_WRITTEN;
		remap_high[pin] = remap_hardware_read(index + 1) & ~UINT32_C(0) << IO_APIC_DESTINATION_SHIFT;
		remap_hardware_write(index, remap_low[pin] | IO_APIC_MASKED);
		remap_hardware_write(index + 1, 0); /* an index is all that is sent */
		remap_apply(pin);
		mmio_hardware_write(remap_page + IO_APIC_EOI, 4, pin);
	}
	io_apic_is_remapped = true;
}
