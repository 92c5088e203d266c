/*
 * vmm/vmx/vmcs.h: the fields of the virtual-machine control structure (Intel SDM v3 appendix B), the
 * bits of its controls (chapter 25), and access to the VMCS that is current on this CPU.
 */
#ifndef VMM_VMX_VMCS_H
#define VMM_VMX_VMCS_H

#include "rv/types.h"

/* 16 bits */
#define VMCS_VPID 0x0000u
#define VMCS_GUEST_SELECTOR(n) (0x0800u + 2 * (n)) /* ES CS SS DS FS GS LDTR TR */
#define VMCS_HOST_ES_SELECTOR 0x0c00u
#define VMCS_HOST_CS_SELECTOR 0x0c02u
#define VMCS_HOST_SS_SELECTOR 0x0c04u
#define VMCS_HOST_DS_SELECTOR 0x0c06u
#define VMCS_HOST_FS_SELECTOR 0x0c08u
#define VMCS_HOST_GS_SELECTOR 0x0c0au
#define VMCS_HOST_TR_SELECTOR 0x0c0cu
/* 64 bits */
#define VMCS_IO_BITMAP_A 0x2000u
#define VMCS_IO_BITMAP_B 0x2002u
#define VMCS_MSR_BITMAP 0x2004u
#define VMCS_TSC_OFFSET 0x2010u
#define VMCS_EPT_POINTER 0x201au
#define VMCS_XSS_EXITING_BITMAP 0x202cu
#define VMCS_PCONFIG_EXITING_BITMAP 0x203eu
#define VMCS_GUEST_PHYSICAL_ADDRESS 0x2400u
#define VMCS_LINK_POINTER 0x2800u
#define VMCS_GUEST_DEBUGCTL 0x2802u
#define VMCS_GUEST_PAT 0x2804u
#define VMCS_GUEST_EFER 0x2806u
#define VMCS_GUEST_PDPTE(n) (0x280au + 2 * (n))
#define VMCS_HOST_PAT 0x2c00u
#define VMCS_HOST_EFER 0x2c02u
/* 32 bits */
#define VMCS_PIN_CONTROLS 0x4000u
#define VMCS_PROCESSOR_CONTROLS 0x4002u
#define VMCS_EXCEPTION_BITMAP 0x4004u
#define VMCS_PAGE_FAULT_MASK 0x4006u
#define VMCS_PAGE_FAULT_MATCH 0x4008u
#define VMCS_CR3_TARGET_COUNT 0x400au
#define VMCS_EXIT_CONTROLS 0x400cu
#define VMCS_EXIT_MSR_STORE_COUNT 0x400eu
#define VMCS_EXIT_MSR_LOAD_COUNT 0x4010u
#define VMCS_ENTRY_CONTROLS 0x4012u
#define VMCS_ENTRY_MSR_LOAD_COUNT 0x4014u
#define VMCS_ENTRY_EVENT 0x4016u
#define VMCS_ENTRY_ERROR_CODE 0x4018u
#define VMCS_ENTRY_INSTRUCTION_LENGTH 0x401au
#define VMCS_SECONDARY_CONTROLS 0x401eu
#define VMCS_INSTRUCTION_ERROR 0x4400u
#define VMCS_EXIT_REASON 0x4402u
#define VMCS_EXIT_EVENT 0x4404u
#define VMCS_EXIT_EVENT_ERROR_CODE 0x4406u
#define VMCS_VECTORING_EVENT 0x4408u
#define VMCS_VECTORING_ERROR_CODE 0x440au
#define VMCS_EXIT_INSTRUCTION_LENGTH 0x440cu
#define VMCS_EXIT_INSTRUCTION_INFO 0x440eu
#define VMCS_GUEST_LIMIT(n) (0x4800u + 2 * (n))
#define VMCS_GUEST_GDTR_LIMIT 0x4810u
#define VMCS_GUEST_IDTR_LIMIT 0x4812u
#define VMCS_GUEST_RIGHTS(n) (0x4814u + 2 * (n))
#define VMCS_GUEST_INTERRUPTIBILITY 0x4824u
#define VMCS_GUEST_ACTIVITY 0x4826u
#define VMCS_GUEST_SYSENTER_CS 0x482au
#define VMCS_GUEST_PREEMPTION_TIMER 0x482eu
#define VMCS_HOST_SYSENTER_CS 0x4c00u
/* natural width */
#define VMCS_CR0_MASK 0x6000u
#define VMCS_CR4_MASK 0x6002u
#define VMCS_CR0_SHADOW 0x6004u
#define VMCS_CR4_SHADOW 0x6006u
#define VMCS_EXIT_QUALIFICATION 0x6400u
#define VMCS_GUEST_LINEAR_ADDRESS 0x640au
#define VMCS_GUEST_CR0 0x6800u
#define VMCS_GUEST_CR3 0x6802u
#define VMCS_GUEST_CR4 0x6804u
#define VMCS_GUEST_BASE(n) (0x6806u + 2 * (n))
#define VMCS_GUEST_GDTR_BASE 0x6816u
#define VMCS_GUEST_IDTR_BASE 0x6818u
#define VMCS_GUEST_DR7 0x681au
#define VMCS_GUEST_RSP 0x681cu
#define VMCS_GUEST_RIP 0x681eu
#define VMCS_GUEST_RFLAGS 0x6820u
#define VMCS_GUEST_PENDING_DEBUG 0x6822u
#define VMCS_GUEST_SYSENTER_ESP 0x6824u
#define VMCS_GUEST_SYSENTER_EIP 0x6826u
#define VMCS_HOST_CR0 0x6c00u
#define VMCS_HOST_CR3 0x6c02u
#define VMCS_HOST_CR4 0x6c04u
#define VMCS_HOST_FS_BASE 0x6c06u
#define VMCS_HOST_GS_BASE 0x6c08u
#define VMCS_HOST_TR_BASE 0x6c0au
#define VMCS_HOST_GDTR_BASE 0x6c0cu
#define VMCS_HOST_IDTR_BASE 0x6c0eu
#define VMCS_HOST_SYSENTER_ESP 0x6c10u
#define VMCS_HOST_SYSENTER_EIP 0x6c12u
#define VMCS_HOST_RSP 0x6c14u
#define VMCS_HOST_RIP 0x6c16u

/* The guest's segment fields are numbered as enum segment, then these. */
#define VMCS_SEGMENT_LDTR 6
#define VMCS_SEGMENT_TR 7

/* Pin-based controls, SDM v3 25.6.1 */
#define PIN_EXTERNAL_INTERRUPT_EXITING (UINT32_C(1) << 0)
#define PIN_NMI_EXITING (UINT32_C(1) << 3)
#define PIN_VIRTUAL_NMIS (UINT32_C(1) << 5)
#define PIN_PREEMPTION_TIMER (UINT32_C(1) << 6)
/* Primary processor-based controls, 25.6.2 */
#define PROCESSOR_INTERRUPT_WINDOW_EXITING (UINT32_C(1) << 2)
#define PROCESSOR_HLT_EXITING (UINT32_C(1) << 7)
#define PROCESSOR_MWAIT_EXITING (UINT32_C(1) << 10)
#define PROCESSOR_CR3_LOAD_EXITING (UINT32_C(1) << 15)
#define PROCESSOR_CR3_STORE_EXITING (UINT32_C(1) << 16)
#define PROCESSOR_NMI_WINDOW_EXITING (UINT32_C(1) << 22)
#define PROCESSOR_USE_IO_BITMAPS (UINT32_C(1) << 25)
#define PROCESSOR_MONITOR_TRAP (UINT32_C(1) << 27)
#define PROCESSOR_USE_MSR_BITMAP (UINT32_C(1) << 28)
#define PROCESSOR_USE_SECONDARY (UINT32_C(1) << 31)
/* Secondary processor-based controls, 25.6.2 */
#define SECONDARY_EPT (UINT32_C(1) << 1)
#define SECONDARY_RDTSCP (UINT32_C(1) << 3)
#define SECONDARY_VPID (UINT32_C(1) << 5)
#define SECONDARY_UNRESTRICTED_GUEST (UINT32_C(1) << 7)
#define SECONDARY_INVPCID (UINT32_C(1) << 12)
#define SECONDARY_XSAVES (UINT32_C(1) << 20)
#define SECONDARY_USER_WAIT (UINT32_C(1) << 26)
#define SECONDARY_PCONFIG (UINT32_C(1) << 27)
/* Exit controls, 25.7.1 */
#define EXIT_SAVE_DEBUG_CONTROLS (UINT32_C(1) << 2)
#define EXIT_HOST_64BIT (UINT32_C(1) << 9)
#define EXIT_SAVE_PAT (UINT32_C(1) << 18)
#define EXIT_LOAD_PAT (UINT32_C(1) << 19)
#define EXIT_SAVE_EFER (UINT32_C(1) << 20)
#define EXIT_LOAD_EFER (UINT32_C(1) << 21)
/* Entry controls, 25.8.1 */
#define ENTRY_LOAD_DEBUG_CONTROLS (UINT32_C(1) << 2)
#define ENTRY_GUEST_LONG_MODE (UINT32_C(1) << 9)
#define ENTRY_LOAD_PAT (UINT32_C(1) << 14)
#define ENTRY_LOAD_EFER (UINT32_C(1) << 15)

/* Interruptibility state, 25.4.2 */
#define BLOCKING_STI UINT32_C(0x1)
#define BLOCKING_MOV_SS UINT32_C(0x2)
#define BLOCKING_NMI UINT32_C(0x8)

/* Activity state, 25.4.2 */
#define ACTIVITY_ACTIVE 0u
#define ACTIVITY_HLT 1u
#define ACTIVITY_WAIT_FOR_SIPI 3u

/* Pending debug exceptions, 25.4.2 */
#define PENDING_DEBUG_ENABLED_BREAKPOINT UINT64_C(0x1000)
#define PENDING_DEBUG_BS UINT64_C(0x4000)

/* Events at entry (25.8.3), at exit and interrupted ones (25.9.2, 25.9.3) */
#define EVENT_VECTOR_MASK UINT32_C(0xff)
#define EVENT_TYPE_MASK UINT32_C(0x700)
#define EVENT_INTERRUPT (UINT32_C(0) << 8)
#define EVENT_NMI (UINT32_C(2) << 8)
#define EVENT_EXCEPTION (UINT32_C(3) << 8)
#define EVENT_SOFTWARE_INTERRUPT (UINT32_C(4) << 8)
#define EVENT_PRIVILEGED_SOFTWARE_EXCEPTION (UINT32_C(5) << 8)
#define EVENT_SOFTWARE_EXCEPTION (UINT32_C(6) << 8)
#define EVENT_ERROR_CODE (UINT32_C(1) << 11)
#define EVENT_NMI_UNBLOCKED (UINT32_C(1) << 12) /* at exit: an IRET had unblocked NMIs */
#define EVENT_VALID (UINT32_C(1) << 31)

/* Access rights, 25.4.1 */
#define RIGHTS_TYPE UINT32_C(0xf)
#define TYPE_BUSY_TSS16 UINT32_C(3)
#define RIGHTS_LONG UINT32_C(0x2000)
#define RIGHTS_UNUSABLE UINT32_C(0x10000)

/* Basic exit reasons, appendix C */
enum vmx_reason {
	REASON_EXCEPTION_OR_NMI = 0,
	REASON_EXTERNAL_INTERRUPT = 1,
	REASON_TRIPLE_FAULT = 2,
	REASON_INIT = 3,
	REASON_SIPI = 4,
	REASON_INTERRUPT_WINDOW = 7,
	REASON_NMI_WINDOW = 8,
	REASON_TASK_SWITCH = 9,
	REASON_CPUID = 10,
	REASON_GETSEC = 11,
	REASON_HLT = 12,
	REASON_INVD = 13,
	REASON_VMCALL = 18,
	REASON_VMCLEAR = 19,
	REASON_VMXON = 27,
	REASON_CONTROL_REGISTER = 28,
	REASON_IO = 30,
	REASON_RDMSR = 31,
	REASON_WRMSR = 32,
	REASON_MWAIT = 36,
	REASON_MONITOR_TRAP = 37,
	REASON_EPT_VIOLATION = 48,
	REASON_EPT_MISCONFIGURATION = 49,
	REASON_INVEPT = 50,
	REASON_PREEMPTION_TIMER = 52,
	REASON_INVVPID = 53,
	REASON_WBINVD = 54,
	REASON_XSETBV = 55,
	REASON_VMFUNC = 59,
};
#define REASON_ENTRY_FAILURE (UINT32_C(1) << 31)

static inline uint64_t vmcs_read(uint32_t field)
{
	uint64_t value;

	__asm__ volatile("vmread %1, %0" : "=r"(value) : "r"((uint64_t)field) : "cc");
	return value;
}

static inline uint32_t vmcs_read32(uint32_t field)
{
	return (uint32_t)vmcs_read(field);
}

/* Returns false if the CPU has no such field, or it is read-only. */
static inline bool vmcs_try_write(uint32_t field, uint64_t value)
{
	bool good;

	__asm__ volatile("vmwrite %2, %1" : "=@cca"(good) : "r"((uint64_t)field), "r"(value) : "memory");
	return good;
}

static inline void vmcs_write(uint32_t field, uint64_t value)
{
	(void)vmcs_try_write(field, value);
}

#endif
