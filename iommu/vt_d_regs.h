/*
 * iommu/vt_d_regs.h: VT-d as its manual has it: Intel Virtualization Technology for Directed I/O, Architecture
 * Specification, D51397.
 */
#ifndef IOMMU_VT_D_REGS_H
#define IOMMU_VT_D_REGS_H

/* Registers in memory (chapter 11) */
#define VT_D_CAPABILITY 0x08u	       /* r- 64 bits */
#define VT_D_EXTENDED_CAPABILITY 0x10u /* r- 64 */
#define VT_D_COMMAND 0x18u	       /* -w 32 */
#define VT_D_STATUS 0x1cu	       /* r- 32 */
#define VT_D_ROOT 0x20u		       /* rw 64: the root table; 11:10 its mode */
#define VT_D_FAULT_CONTROL 0x38u       /* rw 32 */
#define VT_D_PROTECTED 0x64u	       /* rw 32: protected memory regions */
#define VT_D_QUEUE_HEAD 0x80u	       /* r- 64 */
#define VT_D_QUEUE_TAIL 0x88u	       /* rw 64 */
#define VT_D_QUEUE 0x90u	       /* rw 64: base; 2:0 pages, as a power of two */

#define VT_D_CAPABILITY_WRITE_BUFFER (UINT64_C(1) << 4)
#define VT_D_CAPABILITY_PROTECTED (UINT64_C(3) << 5)	      /* low and high regions */
#define VT_D_CAPABILITY_LEVELS(cap) ((unsigned)((cap) >> 8 & 0x1f)) /* bit 1: 3 levels, bit 2: 4 */
#define VT_D_CAPABILITY_WIDTH(cap) ((unsigned)((cap) >> 16 & 0x3f) + 1)
#define VT_D_CAPABILITY_FAULTS(cap) (((cap) >> 24 & 0x3ff) * 16)     /* offset of their records */
#define VT_D_CAPABILITY_NR_FAULTS(cap) (((cap) >> 40 & 0xff) + 1)    /* of 16 bytes */
#define VT_D_CAPABILITY_2M (UINT64_C(1) << 34)
#define VT_D_CAPABILITY_1G (UINT64_C(1) << 35)
#define VT_D_EXTENDED_QUEUE (UINT64_C(1) << 1)
#define VT_D_EXTENDED_IOTLB(ecap) (((ecap) >> 8 & 0x3ff) * 16) /* offset of two registers */

/* In both, a bit of the status says what the command has come to. Commands are the status with one changed. */
#define VT_D_TRANSLATION (UINT32_C(1) << 31)
#define VT_D_SET_ROOT (UINT32_C(1) << 30)
#define VT_D_FLUSH_WRITE_BUFFER (UINT32_C(1) << 27) /* done: 0 */
#define VT_D_QUEUED (UINT32_C(1) << 26)
#define VT_D_INTERRUPT_REMAPPING (UINT32_C(1) << 25)
#define VT_D_COMPATIBILITY_FORMAT (UINT32_C(1) << 23)
#define VT_D_DONE_ONCE UINT32_C(0x61000000) /* of the status: these stay once they are set */
#define VT_D_STAYS UINT32_C(0x96ffffff) /* of the status; the others happen once */

#define VT_D_ROOT_MODE(root) ((root) >> 10 & 3) /* 0: legacy, which ours is */
#define VT_D_FAULT_MASKED (UINT32_C(1) << 31)
#define VT_D_PROTECTED_ENABLE (UINT32_C(1) << 31)
#define VT_D_PROTECTED_STATUS (UINT32_C(1) << 0)

/* Descriptors of the invalidation queue (6.5.2), two words each */
#define VT_D_INVALIDATE_CONTEXTS UINT64_C(0x11) /* all */
#define VT_D_INVALIDATE_PAGES UINT64_C(0xd2)	/* all; 7:6 what is on its way is through before */
#define VT_D_QUEUE_WAIT UINT64_C(0x25)		/* 63:32 is stored where the second word says */
#define VT_D_DESCRIPTOR_BYTES 16u

/* Root and context entries (9.1, 9.3), two words each */
#define VT_D_ENTRY_PRESENT UINT64_C(0x1)
#define VT_D_CONTEXT_NO_FAULTS UINT64_C(0x2) /* does not record them */
#define VT_D_CONTEXT_DOMAIN_SHIFT 8	     /* second word; 2:0 levels, less two */

/* Page tables (9.8) */
#define VT_D_PAGE_READ UINT64_C(0x1)
#define VT_D_PAGE_WRITE UINT64_C(0x2)
#define VT_D_PAGE_LARGE UINT64_C(0x80)

/* DMAR (8.1 to 8.4) */
#define DMAR_STRUCTURES 48
#define DMAR_STRUCTURE_LENGTH 2 /* 16 bits, as the type at 0 */
#define DMAR_TYPE_UNIT 0
#define DMAR_TYPE_RESERVED_MEMORY 1
#define DMAR_UNIT_SIZE 5 /* 3:0 pages of its registers, as a power of two */
#define DMAR_UNIT_BASE 8
#define DMAR_UNIT_BYTES 16
#define DMAR_MEMORY_FIRST 8
#define DMAR_MEMORY_LAST 16
#define DMAR_MEMORY_BYTES 24

#endif
