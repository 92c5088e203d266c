/*
 * vmm/mmio_direct.h: a page whose writes exit so often that plain stores to it take a short way: the local
 * APIC's, where that is guarded for good. Only as long as no hook is on it.
 */
#ifndef VMM_MMIO_DIRECT_H
#define VMM_MMIO_DIRECT_H

#include "rv/types.h"

struct registry;
struct vcpu;

/* Performs a store of 4 bytes in the page; false: it has to go the general way. */
typedef bool (*mmio_direct_store)(gpa_t gpa, uint32_t value);

/* The page, or one that no access has. */
extern gpa_t mmio_direct_page;

/* From now on, as long as regions with writes_only or reads_only are on it. Context: boot. */
void mmio_direct_set(gpa_t page, mmio_direct_store store);

/* The claims have changed. Under mmio_lock. */
void mmio_direct_update(const struct registry *registry);

/* A copy of 64-bit code, one byte more than an instruction has; that one is not looked at. */
#define MMIO_DIRECT_BYTES 16

/* Once, and inline: another CPU may change the 15 bytes at `code`. */
static inline void mmio_direct_copy(uint8_t bytes[MMIO_DIRECT_BYTES], const uint8_t *code)
{
	__builtin_memcpy(bytes, code, MMIO_DIRECT_BYTES - 1);
}

/* What the instruction stores, of such a copy, if it is a plain store of 4 bytes: returns how many bytes the
 * instruction has, else 0. */
unsigned mmio_direct_decode(const struct vcpu *vcpu, const uint8_t *bytes, uint32_t *value);

/* Where it does, in the guest's linear addresses: nr_bytes is what that returned. */
uint64_t mmio_direct_address(const struct vcpu *vcpu, const uint8_t *bytes, unsigned nr_bytes);

/* 64-bit code, whose 15 bytes are at `code`, has stored to mmio_direct_page, at gpa; RAX and RSP are
 * in vcpu->gpr too. The bytes of the instruction if it is done, 0 if it has to go the general way. */
unsigned mmio_direct_perform(struct vcpu *vcpu, const uint8_t *code, gpa_t gpa);

#endif
