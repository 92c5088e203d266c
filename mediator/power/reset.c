/*
 * mediator/power/reset.c: owns the claims of the registers that reset a PC. reset_lock guards them: they come and go
 * with the hooks that want them, and stay once there are keys to erase.
 */
#include "mediator/power/reset.h"

#include "core/acpi.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "mediator/power/byte.h"
#include "mediator/power/shutdown.h"
#include "rv/errno.h"
#include "vmm/grace.h"
#include "vmm/vcpu.h"

#define RESET_CONTROL 0xcf9 /* PIIX and ICH data sheets: bit 2 resets as it is set */
#define RESET_CONTROL_CPU 0x04u
#define FAST_RESET 0x92 /* PS/2's control port A: bit 0 */
#define FAST_RESET_NOW 0x01u

#define KEYBOARD_DATA 0x60
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_WRITE_OUTPUT 0xd1u /* the next byte of data is the output port */
#define KEYBOARD_PULSE 0xf0u	    /* to 0xff: lines whose bit is 0 are pulled low for a moment */
#define KEYBOARD_LINE_RESET 0x01u   /* of the output port: low resets */

#define WAYS_MAXIMUM 5

struct reset_claim {
	struct access_region ways[WAYS_MAXIMUM];
	bool in_memory[WAYS_MAXIMUM];
	size_t nr_ways;
	struct grace grace;
};

static struct spinlock reset_lock;
static struct reset_claim *reset_claimed;
static unsigned reset_nr_wishes;
static bool reset_output_is_next; /* at the keyboard controller */

static enum access_result reset_pass(struct access *access, bool resets)
{
	if (resets)
		shutdown_by_access(access);
	return ACCESS_PASS;
}

/* With more than a byte from before it, it is CONFIG_ADDRESS that is written (CF8h). */
static enum access_result reset_handle_control(struct access *access, void *context)
{
	return reset_pass(access, access->write && access->address == RESET_CONTROL &&
					  (power_byte(access, context) & RESET_CONTROL_CPU) != 0);
}

static enum access_result reset_handle_fast(struct access *access, void *context)
{
	return reset_pass(access, access->write &&
					  (power_byte(access, context) & FAST_RESET_NOW) != 0);
}

static enum access_result reset_handle_command(struct access *access, void *context)
{
	uint8_t command = power_byte(access, context);

	if (!access->write)
		return ACCESS_PASS;
	__atomic_store_n(&reset_output_is_next, command == KEYBOARD_WRITE_OUTPUT, __ATOMIC_RELAXED);
	return reset_pass(access, command >= KEYBOARD_PULSE && (command & KEYBOARD_LINE_RESET) == 0);
}

static enum access_result reset_handle_data(struct access *access, void *context)
{
	return reset_pass(access, access->write &&
					  __atomic_exchange_n(&reset_output_is_next, false,
							      __ATOMIC_RELAXED) &&
					  (power_byte(access, context) & KEYBOARD_LINE_RESET) == 0);
}

static enum access_result reset_handle_acpi(struct access *access, void *context)
{
	return reset_pass(access,
			  access->write && power_byte(access, context) == acpi_reset_value());
}

static void reset_add(struct reset_claim *claim, bool in_memory, uint64_t address,
		      access_handler handler)
{
	struct access_region *way = &claim->ways[claim->nr_ways];
	int error;

	way->first = way->last = address;
	way->handler = handler;
	way->context = way;
	way->band = BAND_MEDIATOR; /* what hooks have made of it decides */
	claim->in_memory[claim->nr_ways] = in_memory;
	error = in_memory ? mmio_register(way) : pio_register(way);
	if (error == 0)
		claim->nr_ways++;
	else
		log_warning("the reset register at 0x%lx cannot be claimed (error %d): nobody hears of a reset by it", address, -error);
}

static void reset_add_acpi(struct reset_claim *claim)
{
	size_t count;
	const struct acpi_register *registers = acpi_registers(&count);

	for (size_t i = 0; i < count; i++) {
		bool in_memory = registers[i].space == ACPI_SPACE_MEMORY;

		if (registers[i].role != ACPI_RESET_REGISTER)
			continue;
		if (!in_memory && registers[i].space != ACPI_SPACE_PORT)
			log_warning("ACPI's reset register is no port and no memory: at_exit does not "
				    "hear of it");
		else if (in_memory || registers[i].address != RESET_CONTROL)
			reset_add(claim, in_memory, registers[i].address, reset_handle_acpi);
		return;
	}
}

/* Under reset_lock. */
static int reset_claim_all(void)
{
	struct reset_claim *claim = memory_allocate(sizeof(*claim));

	if (claim == NULL)
		return -RV_ENOMEM;
	reset_add(claim, false, RESET_CONTROL, reset_handle_control);
	reset_add(claim, false, FAST_RESET, reset_handle_fast);
	reset_add(claim, false, KEYBOARD_DATA, reset_handle_data);
	reset_add(claim, false, KEYBOARD_COMMAND, reset_handle_command);
	reset_add_acpi(claim);
	reset_claimed = claim;
	return 0;
}

int reset_claim(void)
{
	int error;

	spinlock_acquire(&reset_lock);
	error = reset_nr_wishes == 0 ? reset_claim_all() : 0;
	if (error == 0)
		reset_nr_wishes++;
	spinlock_release(&reset_lock);
	return error;
}

static void reset_free(struct grace *grace)
{
	memory_free(CONTAINER_OF(grace, struct reset_claim, grace));
}

/* Under reset_lock. */
static void reset_release_all(void)
{
	struct reset_claim *claim = reset_claimed;

	for (size_t i = 0; i < claim->nr_ways; i++) {
		if (claim->in_memory[i])
			mmio_unregister(&claim->ways[i]);
		else
			pio_unregister(&claim->ways[i]);
	}
	reset_claimed = NULL;
	grace_begin(&claim->grace, reset_free);
}

void reset_release(void)
{
	spinlock_acquire(&reset_lock);
	if (--reset_nr_wishes == 0)
		reset_release_all();
	spinlock_release(&reset_lock);
}
