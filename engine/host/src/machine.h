/*
 * machine.h: the simulated machine: devices, MSRs, CPUID and memory that behave as far as gems and
 * scripts need it, and the calls that reach them past all hooks.
 *
 * One machine a process, one thread.
 */
#ifndef ENGINE_HOST_MACHINE_H
#define ENGINE_HOST_MACHINE_H

#include "rv/abi.h"

#include <stdbool.h>
#include <stdint.h>

/* RAM is 0..MACHINE_MEMORY_END, of which the last part is the hypervisor's own. */
#define MACHINE_MEMORY_END 0x40000000u
#define MACHINE_OURS 0x3f000000u

enum { MACHINE_PCI_MAXIMUM = 256, MACHINE_PCI_CONFIG_BYTES = 256 };

struct machine_pci {
	uint16_t bdf;
	uint8_t config[MACHINE_PCI_CONFIG_BYTES];
	uint32_t bar_bytes[6];
};

/* Ports: what was written is read back; a port that nobody set reads ones. */
uint64_t machine_port_read(uint16_t port, unsigned int width_bytes);
void machine_port_write(uint16_t port, unsigned int width_bytes, uint64_t value);

/* Bytes of memory or of device registers at a guest-physical address. False: nothing there, the
 * hypervisor's own, or a write to more pages than the simulated machine keeps (2 MiB in all). */
bool machine_memory(uint64_t gpa, void *buffer, uint64_t length_bytes, bool write);
bool machine_mmio(uint64_t gpa, void *buffer, uint64_t length_bytes, bool write);

/* The disk, of zeros at first: whole sectors. 0, or what RV_SYS_DISK_READ says; -RV_ENOMEM: the simulated disk keeps no
 * more than 512 sectors that were written. */
#define MACHINE_DISK_SECTORS 2097152u
enum { MACHINE_SECTOR_BYTES = 512 };
int machine_disk(uint64_t number, uint64_t lba, void *buffer, uint64_t length_bytes, bool write);

/* False where hardware gives #GP. */
bool machine_msr_read(uint32_t msr, uint64_t *value);
bool machine_msr_write(uint32_t msr, uint64_t value);
void machine_msr_set(uint32_t msr, uint64_t value);

void machine_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]);
void machine_cpuid_set(uint32_t leaf, uint32_t subleaf, const uint32_t registers[4]);

struct machine_pci *machine_pci_find(uint16_t bdf);
struct machine_pci *machine_pci_add(uint16_t bdf, uint16_t vendor_id, uint16_t device_id,
				    uint32_t class_code);
void machine_pci_set_bar(struct machine_pci *pci, unsigned int number, uint32_t address,
			 uint32_t bytes);
uint64_t machine_pci_read(uint16_t bdf, unsigned int offset, unsigned int width_bytes);
void machine_pci_write(uint16_t bdf, unsigned int offset, unsigned int width_bytes, uint64_t value);

/* False: there is no such function, or no BAR of that number. */
bool machine_pci_bar(uint16_t bdf, unsigned int number, struct rv_pci_bar *bar);
bool machine_pci_switch_off(uint16_t bdf);

/* The devices that are always there. */
void machine_reset(void);

#endif
