/*
 * vmm/pio.h: intercepted port I/O.
 */
#ifndef VMM_PIO_H
#define VMM_PIO_H

#include "vmm/access.h"
#include "vmm/vcpu.h"

/* One access through the chain and to the hardware: a read's result, or the written value. */
uint32_t pio_access(struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write,
		    uint32_t value);

/* Takes an access through the handlers; the hardware is left to the caller. */
enum access_result pio_offer(struct access *access);

/* From now on somebody may follow a device from ports to ports (vmm/flight.h). Context: boot, exit. */
void pio_follow(void);

/* Does any guard watch [first, last] but those with this handler? */
bool pio_has_guard_but(uint64_t first, uint64_t last, access_handler handler);

/* The hardware: a read's result, or the written value. */
uint32_t pio_hardware(uint16_t port, uint8_t width_bytes, bool write, uint32_t value);
/* The same for vmm/pci_ports.c, whose ports' lock it takes by itself. */
uint32_t pio_raw_read(uint16_t port, uint8_t width_bytes);
void pio_raw_write(uint16_t port, uint8_t width_bytes, uint32_t value);

/* vmm/pio_string.c: INS and OUTS, with or without REP. */
void pio_handle_string(struct vcpu *vcpu);
/* One whose operand in memory is claimed, and so faulted first: `what` is EXIT_PORT_* but for the port's number.
 * False: whether it may access the port is for the CPU to say. Context: exit. */
bool pio_perform_string(struct vcpu *vcpu, uint32_t what);
/* What pio_handle_exit() leaves out because it is rare. */
void pio_handle_special(struct vcpu *vcpu);

#endif
