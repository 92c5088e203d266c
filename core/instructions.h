/*
 * core/instructions.h: the x86 instructions that C has no words for.
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "core/x86.h"
#include "rv/types.h"

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_result cpuid_query(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

/* Is there a hypervisor below us that says so (AMD APM v3 E.3.2, Fn0000_0001_ECX[31])? */
static inline bool cpuid_shows_hypervisor(void)
{
	return cpuid_query(1, 0).ecx >> 31 & 1;
}

/* This CPU's initial APIC ID, which startup IPIs go by: APM v3 E.3.2, E.4.9. */
static inline uint32_t cpuid_own_apic_id(void)
{
	if (cpuid_query(0, 0).eax >= 0xb) {
		struct cpuid_result topology = cpuid_query(0xb, 0);

		if (topology.ebx != 0)
			return topology.edx;
	}
	return cpuid_query(1, 0).ebx >> 24;
}

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

/* The same for MSRs that may not be there: false where hardware gives #GP. */
bool msr_read_safe(uint32_t msr, uint64_t *value);
bool msr_write_safe(uint32_t msr, uint64_t value);

/* XSETBV, with CR4.OSXSAVE set: false where hardware gives #GP. */
bool xcr_write_safe(uint32_t number, uint64_t value);

/* The guest's, which nobody switches; RDPKRU needs CR4.PKE. Of a CPU that has protection keys. */
uint32_t pkru_read(void);

/* DR0 to DR3. */
static inline uint64_t debug_address_read(unsigned number)
{
	uint64_t value;

	if (number == 0)
		__asm__ volatile("mov %%dr0, %0" : "=r"(value));
	else if (number == 1)
		__asm__ volatile("mov %%dr1, %0" : "=r"(value));
	else if (number == 2)
		__asm__ volatile("mov %%dr2, %0" : "=r"(value));
	else
		__asm__ volatile("mov %%dr3, %0" : "=r"(value));
	return value;
}

static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

#define CONTROL_REGISTER(n)                                                     \
	static inline uint64_t cr##n##_read(void)                               \
	{                                                                       \
		uint64_t value;                                                 \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(value));           \
		return value;                                                   \
	}                                                                       \
	static inline void cr##n##_write(uint64_t value)                        \
	{                                                                       \
		__asm__ volatile("mov %0, %%cr" #n ::"r"(value) : "memory");    \
	}
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)
#undef CONTROL_REGISTER

static inline void cpu_pause(void)
{
	__asm__ volatile("pause");
}

_Noreturn static inline void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

#endif
