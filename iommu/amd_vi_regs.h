/*
 * iommu/amd_vi_regs.h: AMD-Vi as its manual has it: AMD I/O Virtualization Technology (IOMMU) Specification,
 * 48882.
 */
#ifndef IOMMU_AMD_VI_REGS_H
#define IOMMU_AMD_VI_REGS_H

/* Registers in memory (3.4), 64 bits each */
#define AMD_VI_DEVICE_TABLE 0x0000u  /* rw base; 8:0 pages of 4 KiB, less one */
#define AMD_VI_COMMAND_BASE 0x0008u  /* rw base; 59:56 entries, as a power of two */
#define AMD_VI_CONTROL 0x0018u	     /* rw */
#define AMD_VI_EXCLUSION_BASE 0x0020u  /* rw */
#define AMD_VI_EXCLUSION_LIMIT 0x0028u /* rw */
#define AMD_VI_FEATURES 0x0030u	     /* r- extended features */
#define AMD_VI_COMMAND_HEAD 0x2000u  /* rw */
#define AMD_VI_COMMAND_TAIL 0x2008u  /* rw */
#define AMD_VI_STATUS 0x2020u	     /* r- and rw1c */

#define AMD_VI_BYTES UINT64_C(0x4000)
#define AMD_VI_BYTES_COUNTERS UINT64_C(0x80000) /* with performance counters */

#define AMD_VI_CONTROL_ENABLE UINT64_C(0x1)
#define AMD_VI_CONTROL_HT_TUNNEL UINT64_C(0x2)
#define AMD_VI_CONTROL_PASS_PW UINT64_C(0x100)
#define AMD_VI_CONTROL_RESPONSE_PASS_PW UINT64_C(0x200)
#define AMD_VI_CONTROL_COHERENT UINT64_C(0x400)
#define AMD_VI_CONTROL_ISOCHRONOUS UINT64_C(0x800)
#define AMD_VI_CONTROL_COMMANDS UINT64_C(0x1000)

#define AMD_VI_FEATURE_INVALIDATE_ALL UINT64_C(0x40)
#define AMD_VI_FEATURE_COUNTERS UINT64_C(0x200)

#define AMD_VI_STATUS_COMMANDS_RUN UINT64_C(0x10)

/* Commands (2.4): bits 63:60 of the first of two words */
#define AMD_VI_COMMAND_WAIT (UINT64_C(1) << 60) /* bit 0: store the second word at 51:3 */
#define AMD_VI_COMMAND_WAIT_STORE UINT64_C(0x1)
#define AMD_VI_COMMAND_INVALIDATE_DEVICE (UINT64_C(2) << 60) /* 15:0 device ID */
#define AMD_VI_COMMAND_INVALIDATE_PAGES (UINT64_C(3) << 60)  /* 47:32 domain; second: address, 1 PDE, 0 S */
#define AMD_VI_COMMAND_ALL_PAGES UINT64_C(0x7ffffffffffff003)
#define AMD_VI_COMMAND_INVALIDATE_ALL (UINT64_C(8) << 60)
#define AMD_VI_COMMAND_INVALIDATE_INTERRUPTS (UINT64_C(5) << 60) /* 15:0 device ID */
#define AMD_VI_COMMAND_BYTES 16u

/* Device table (2.2.2): one entry of 256 bits a device ID */
#define AMD_VI_DEVICES 65536u
#define AMD_VI_DEVICE_VALID UINT64_C(0x1)		/* first word */
#define AMD_VI_DEVICE_TRANSLATES UINT64_C(0x2)
#define AMD_VI_DEVICE_LEVELS_SHIFT 9
#define AMD_VI_DEVICE_SYSTEM_MANAGEMENT_SHIFT 40	/* second: 41:40 */
#define AMD_VI_DEVICE_INTERRUPTS UINT64_C(0x1) /* third: IV; 51:6 their table. 58:56 what else passes: none */
#define AMD_VI_DEVICE_TABLE_LENGTH_SHIFT 1     /* 4:1, as a power of two */
#define AMD_VI_DEVICE_LOOK_UP (UINT64_C(2) << 60) /* IntCtl; 0: abort */

/* Interrupt table (2.2.5): 32 bits an index */
#define AMD_VI_INTERRUPT_VALID UINT32_C(0x1)
#define AMD_VI_INTERRUPT_LOWEST UINT32_C(0x4) /* 4:2, as a message's */
#define AMD_VI_INTERRUPT_LOGICAL UINT32_C(0x40)
#define AMD_VI_INTERRUPT_DESTINATION_SHIFT 8
#define AMD_VI_INTERRUPT_VECTOR_SHIFT 16

/* Page tables (2.2.3) */
#define AMD_VI_PAGE_PRESENT UINT64_C(0x1)
#define AMD_VI_PAGE_NEXT_SHIFT 9 /* 11:9: levels of tables below; 0: this is a page */
#define AMD_VI_PAGE_READ (UINT64_C(1) << 61)
#define AMD_VI_PAGE_WRITE (UINT64_C(1) << 62)

/* IVRS (5.2) */
#define IVRS_BLOCKS 48
#define IVRS_BLOCK_LENGTH 2 /* in each block, 16 bits; its type is byte 0 */
#define IVHD_TYPE_10 0x10
#define IVHD_TYPE_11 0x11
#define IVHD_TYPE_40 0x40
#define IVHD_FLAGS 1
#define IVHD_FLAG_HT_TUNNEL 0x01
#define IVHD_FLAG_PASS_PW 0x02
#define IVHD_FLAG_RESPONSE_PASS_PW 0x04
#define IVHD_FLAG_ISOCHRONOUS 0x08
#define IVHD_DEVICE_ID 4
#define IVHD_BASE 8
#define IVHD_SEGMENT 16
#define IVHD_BYTES_10 24 /* of a block before its device entries */
#define IVHD_BYTES 40	 /* of the other types */
#define IVHD_ENTRY_ALL 1
#define IVHD_ENTRY_ONE 2
#define IVHD_ENTRY_FIRST 3
#define IVHD_ENTRY_LAST 4
#define IVHD_ENTRY_ALIAS 0x42
#define IVHD_ENTRY_ALIAS_FIRST 0x43
#define IVHD_ENTRY_EXTENDED 0x46
#define IVHD_ENTRY_EXTENDED_FIRST 0x47
#define IVHD_ENTRY_SPECIAL 0x48
#define IVHD_SPECIAL_VARIETY 7
#define IVHD_SPECIAL_IO_APIC 1
#define IVHD_ENTRY_VARIABLE 0xf0 /* and above: byte 21 is what follows */
#define IVHD_ENTRY_VARIABLE_LENGTH 21
#define IVHD_SETTING_SYSTEM_MANAGEMENT(setting) ((setting) >> 4 & 3u)
#define IVMD_TYPE_FIRST 0x20 /* for all devices, one, a range */
#define IVMD_TYPE_LAST 0x22
#define IVMD_BASE 8
#define IVMD_LENGTH 16
#define IVMD_BYTES 24

#endif
