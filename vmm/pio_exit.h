/*
 * vmm/pio_exit.h: IN and OUT on intercepted ports. Ports are what scripts hook most, so this is
 * inlined into the back ends' run loops (vmm/run.h).
 */
#ifndef VMM_PIO_EXIT_H
#define VMM_PIO_EXIT_H

#include "core/instructions.h"
#include "vmm/pio.h"
#include "vmm/registry.h"

#define PIO_PCI_FIRST (0xcf8 - 3) /* the first from where an access gets there */
#define PIO_PCI_LAST 0xcff

/* vmm/pio.c's */
extern struct registry pio_registry;
extern uint32_t pio_special; /* EXIT_PORT_* of which any makes an exit one of pio_handle_special() */

static inline uint32_t pio_read(uint16_t port, uint8_t width_bytes)
{
	return width_bytes == 1	  ? port_read8(port)
	       : width_bytes == 2 ? port_read16(port)
				  : port_read32(port);
}

static inline void pio_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	if (width_bytes == 1)
		port_write8(port, (uint8_t)value);
	else if (width_bytes == 2)
		port_write16(port, (uint16_t)value);
	else
		port_write32(port, value);
}

/* Does it touch the ports CF8h to CFFh (vmm/pci_ports.c)? */
static inline bool pio_is_pci(uint16_t port)
{
	return (uint16_t)(port - PIO_PCI_FIRST) <= PIO_PCI_LAST - PIO_PCI_FIRST;
}

/* Takes it through the handlers. True: settled, access->value is what it comes to. */
static inline __attribute__((always_inline)) bool
pio_settle(struct access *access, struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	enum access_result result;

	/* What CPUID alone uses is left as it is. */
	access->vcpu = vcpu;
	access->kind = ACCESS_PORT;
	access->write = write;
	access->resolved = false;
	access->fault = false;
	access->direct = false;
	access->width_bytes = width_bytes;
	access->address = port;
	access->value = value;
	result = registry_walk(&pio_registry, port, (uint64_t)port + width_bytes - 1, access);
	return write ? result != ACCESS_PASS : access->resolved;
}

static inline __attribute__((always_inline)) uint32_t
pio_perform(struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write, uint32_t value)
{
	struct access access;

	if (pio_settle(&access, vcpu, port, width_bytes, write, value))
		return (uint32_t)access.value;
	if (pio_is_pci(port))
		return pio_hardware(port, width_bytes, write, (uint32_t)access.value);
	if (!write)
		return pio_read(port, width_bytes);
	pio_write(port, width_bytes, (uint32_t)access.value);
	return (uint32_t)access.value;
}

/* IN changes AL, AX, or all of RAX with the upper half zero (AMD APM v3, IN). */
static inline uint64_t pio_merge(uint64_t rax, uint32_t value, uint8_t width_bytes)
{
	if (width_bytes == 1)
		return (rax & ~UINT64_C(0xff)) | (value & 0xff);
	if (width_bytes == 2)
		return (rax & ~UINT64_C(0xffff)) | (value & 0xffff);
	return value;
}

typedef uint32_t (*pio_performer)(struct vcpu *vcpu, uint16_t port, uint8_t width_bytes, bool write, uint32_t value);

/* IN or OUT, not INS or OUTS. */
static inline __attribute__((always_inline)) void pio_handle_plain(struct vcpu *vcpu, uint32_t exit,
								    pio_performer perform)
{
	uint8_t width_bytes = exit_port_bytes(exit);
	uint32_t value;

	if (exit & EXIT_PORT_IN) {
		value = perform(vcpu, exit_port_number(exit), width_bytes, false, 0);
		vcpu->gpr[GPR_RAX] = pio_merge(vcpu->gpr[GPR_RAX], value, width_bytes);
	} else {
		uint64_t mask = (UINT64_C(1) << 8 * width_bytes) - 1;

		value = (uint32_t)(vcpu->gpr[GPR_RAX] & mask);
		perform(vcpu, exit_port_number(exit), width_bytes, true, value);
	}
	vcpu_skip_instruction(vcpu, 1);
}

/* EXIT_PORT, whatever the form of the instruction. */
static inline __attribute__((always_inline)) void pio_handle_exit(struct vcpu *vcpu)
{
	uint32_t exit = vcpu->exit.port;

	if (exit & pio_special)
		pio_handle_special(vcpu);
	else
		pio_handle_plain(vcpu, exit, pio_perform);
}

#endif
