/*
 * vmm/svm/vmcb.h: the virtual machine control block, AMD APM v2 appendix B.
 */
#ifndef VMM_SVM_VMCB_H
#define VMM_SVM_VMCB_H

#include "rv/types.h"

/* Intercept vector 3 (offset 00Ch) */
#define INTERCEPT_INTR (UINT32_C(1) << 0)
#define INTERCEPT_NMI (UINT32_C(1) << 1)
#define INTERCEPT_SMI (UINT32_C(1) << 2)
#define INTERCEPT_INIT (UINT32_C(1) << 3)
#define INTERCEPT_VINTR (UINT32_C(1) << 4)
#define INTERCEPT_PUSHF (UINT32_C(1) << 16)
#define INTERCEPT_POPF (UINT32_C(1) << 17)
#define INTERCEPT_CPUID (UINT32_C(1) << 18)
#define INTERCEPT_IRET (UINT32_C(1) << 20)
#define INTERCEPT_INTN (UINT32_C(1) << 21)
#define INTERCEPT_INVD (UINT32_C(1) << 22)
#define INTERCEPT_HLT (UINT32_C(1) << 24)
#define INTERCEPT_INVLPGA (UINT32_C(1) << 26)
#define INTERCEPT_IOIO (UINT32_C(1) << 27)
#define INTERCEPT_MSR (UINT32_C(1) << 28)
#define INTERCEPT_SHUTDOWN (UINT32_C(1) << 31)
/* Intercept vector 4 (offset 010h) */
#define INTERCEPT_VMRUN (UINT32_C(1) << 0)
#define INTERCEPT_VMMCALL (UINT32_C(1) << 1)
#define INTERCEPT_VMLOAD (UINT32_C(1) << 2)
#define INTERCEPT_VMSAVE (UINT32_C(1) << 3)
#define INTERCEPT_STGI (UINT32_C(1) << 4)
#define INTERCEPT_CLGI (UINT32_C(1) << 5)
#define INTERCEPT_SKINIT (UINT32_C(1) << 6)
#define INTERCEPT_ICEBP (UINT32_C(1) << 8)
#define INTERCEPT_MWAIT (UINT32_C(1) << 11)
#define INTERCEPT_MWAIT_ARMED (UINT32_C(1) << 12)

/* Exit codes, APM v2 appendix C */
#define VMEXIT_EXCEPTION_FIRST 0x40
#define VMEXIT_EXCEPTION_DB 0x41
#define VMEXIT_EXCEPTION_LAST 0x5f
#define VMEXIT_INTR 0x60
#define VMEXIT_NMI 0x61
#define VMEXIT_SMI 0x62
#define VMEXIT_INIT 0x63
#define VMEXIT_VINTR 0x64
#define VMEXIT_PUSHF 0x70
#define VMEXIT_POPF 0x71
#define VMEXIT_CPUID 0x72
#define VMEXIT_IRET 0x74
#define VMEXIT_INTN 0x75
#define VMEXIT_INVD 0x76
#define VMEXIT_HLT 0x78
#define VMEXIT_INVLPGA 0x7a
#define VMEXIT_IOIO 0x7b
#define VMEXIT_MSR 0x7c
#define VMEXIT_SHUTDOWN 0x7f
#define VMEXIT_VMRUN 0x80
#define VMEXIT_VMMCALL 0x81
#define VMEXIT_VMLOAD 0x82
#define VMEXIT_SKINIT 0x86
#define VMEXIT_ICEBP 0x88
#define VMEXIT_MWAIT 0x8b
#define VMEXIT_MWAIT_ARMED 0x8c
#define VMEXIT_NPF 0x400
#define VMEXIT_INVALID 0xffffffffu

/* EVENTINJ and EXITINTINFO, APM v2 15.20 */
#define EVENT_VECTOR UINT64_C(0xff)
#define EVENT_TYPE_SHIFT 8
#define EVENT_INTERRUPT 0
#define EVENT_NMI 2
#define EVENT_EXCEPTION 3
#define EVENT_SOFTWARE 4
#define EVENT_ERROR_CODE (UINT64_C(1) << 11)
#define EVENT_VALID (UINT64_C(1) << 31)

/* V_INTR fields (offset 060h) */
#define V_IRQ (UINT64_C(1) << 8)
#define V_INTR_PRIORITY_SHIFT 16
#define V_IGN_TPR (UINT64_C(1) << 20)
#define V_INTR_MASKING (UINT64_C(1) << 24) /* the host's IF, not the guest's, holds off physical ones */
#define V_INTR_VECTOR_SHIFT 32
/* One that the CPU takes as soon as the guest's IF and shadow let it, whatever its priority */
#define V_INTR_DUE (V_IRQ | V_IGN_TPR | UINT64_C(0xf) << V_INTR_PRIORITY_SHIFT)

struct vmcb_segment {
	uint16_t selector, attributes; /* attributes: bits 55:52 and 47:40 of the descriptor */
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	/* Control area */
	uint16_t intercept_cr_read, intercept_cr_write;
	uint16_t intercept_dr_read, intercept_dr_write;
	uint32_t intercept_exceptions, intercept3, intercept4, intercept5;
	uint8_t reserved_018[0x3c - 0x18];
	uint16_t pause_threshold, pause_count;
	uint64_t iopm_base, msrpm_base, tsc_offset;
	uint32_t asid;
	uint8_t tlb_control, reserved_05d[3];
	uint64_t v_intr, interrupt_shadow;
	uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
	uint64_t nested_control;
	uint64_t avic_bar, ghcb;
	uint64_t event_inject, nested_cr3, lbr_control;
	uint32_t clean, reserved_0c4;
	uint64_t next_rip;
	uint8_t nr_bytes_fetched, bytes[15];
	uint8_t reserved_0e0[0x400 - 0xe0];
	/* State save area */
	struct vmcb_segment segments[6]; /* enum segment: ES, CS, SS, DS, FS, GS */
	struct vmcb_segment gdtr, ldtr, idtr, tr;
	uint8_t reserved_4a0[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x5d8 - 0x580];
	uint64_t rsp, s_cet, ssp, isst, rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved_648[0x668 - 0x648];
	uint64_t pat, debug_control, branch_from, branch_to, exception_from, exception_to;
	uint8_t reserved_698[0x1000 - 0x698];
} __attribute__((packed, aligned(4096)));

_Static_assert(offsetof(struct vmcb, iopm_base) == 0x40, "IOPM_BASE_PA");
_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "EXITCODE");
_Static_assert(offsetof(struct vmcb, nested_control) == 0x90, "NP_ENABLE");
_Static_assert(offsetof(struct vmcb, event_inject) == 0xa8, "EVENTINJ");
_Static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "nRIP");
_Static_assert(offsetof(struct vmcb, segments) == 0x400, "ES");
_Static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "CPL");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "EFER");
_Static_assert(offsetof(struct vmcb, cr4) == 0x548, "CR4");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "RIP");
_Static_assert(offsetof(struct vmcb, rsp) == 0x5d8, "RSP");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "RAX");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640, "CR2");
_Static_assert(offsetof(struct vmcb, pat) == 0x668, "G_PAT");
_Static_assert(sizeof(struct vmcb) == 4096, "VMCB");

#endif
