/*
 * core/instructions.h: the x86 instructions that C has no words for.
 */
#ifndef CORE_INSTRUCTIONS_H
#define CORE_INSTRUCTIONS_H

#include "rv/types.h"

#define CR0_PE UINT64_C(0x1)
#define CR0_MP UINT64_C(0x2)
#define CR0_EM UINT64_C(0x4)
#define CR0_TS UINT64_C(0x8)
#define CR0_ET UINT64_C(0x10)
#define CR0_NE UINT64_C(0x20)
#define CR0_WP UINT64_C(0x10000)
#define CR0_NW UINT64_C(0x20000000)
#define CR0_CD UINT64_C(0x40000000)
#define CR0_PG UINT64_C(0x80000000)
#define CR4_PSE UINT64_C(0x10)
#define CR4_PAE UINT64_C(0x20)
#define CR4_MCE UINT64_C(0x40)
#define CR4_PGE UINT64_C(0x80)
#define CR4_UMIP UINT64_C(0x800)
#define CR4_LA57 UINT64_C(0x1000)
#define CR4_VMXE UINT64_C(0x2000)
#define CR4_OSXSAVE UINT64_C(0x40000)
#define CR4_SMEP UINT64_C(0x100000)
#define CR4_SMAP UINT64_C(0x200000)
#define CR4_PKE UINT64_C(0x400000)
#define CR4_PKS UINT64_C(0x1000000)

#define RFLAGS_CF UINT64_C(0x1)
#define RFLAGS_FIXED UINT64_C(0x2)
#define RFLAGS_TF UINT64_C(0x100)
#define RFLAGS_IF UINT64_C(0x200)
#define RFLAGS_VM UINT64_C(0x20000)
#define RFLAGS_RF UINT64_C(0x10000)

#define MSR_APIC_BASE 0x1bu
#define MSR_TSC_DEADLINE 0x6e0u
#define MSR_PAT 0x277u
#define MSR_EFER 0xc0000080u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u

#define MSR_NB_CFG 0xc001001fu
#define NB_CFG_EXTENDED (UINT64_C(1) << 46)
#define EFER_SCE UINT64_C(0x1)
#define EFER_LME UINT64_C(0x100)
#define EFER_LMA UINT64_C(0x400)
#define EFER_NXE UINT64_C(0x800)
#define EFER_SVME UINT64_C(0x1000)

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

static inline void cpu_invalidate_page(uint64_t virtual_address)
{
	__asm__ volatile("invlpg (%0)" ::"r"(virtual_address) : "memory");
}

_Noreturn static inline void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

#endif
