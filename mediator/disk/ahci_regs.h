/*
 * mediator/disk/ahci_regs.h: registers of AHCI controllers (Serial ATA AHCI 1.3.1), what they have in memory, and
 * FISes (Serial ATA 3.1, 10).
 */
#ifndef MEDIATOR_DISK_AHCI_REGS_H
#define MEDIATOR_DISK_AHCI_REGS_H

#define AHCI_CLASS 0x010601
#define AHCI_BAR 5

/* Of the controller (3.1). */
#define AHCI_CAP 0x00		/* r- capabilities */
#define AHCI_CAP_CCCS (1u << 7)	/* interrupts for several completions */
#define AHCI_CAP_SPM (1u << 17)	/* port multipliers */
#define AHCI_CAP_FBSS (1u << 16) /* commands of several devices at a time behind a port multiplier */
#define AHCI_CAP_S64A (1u << 31) /* addresses of 64 bits */
#define AHCI_GHC 0x04		/* rw */
#define AHCI_GHC_HR (1u << 0)	/* resets all of it; clears itself */
#define AHCI_GHC_IE (1u << 1)
#define AHCI_GHC_AE (1u << 31)
#define AHCI_IS 0x08		/* rw1c a port each */
#define AHCI_PI 0x0c		/* r- the ports that there are */
#define AHCI_CCC_CTL 0x14	/* rw */
#define AHCI_CCC_PORTS 0x18	/* rw */

/* Of a port (3.3). */
#define AHCI_PORTS 0x100
#define AHCI_PORT_BYTES 0x80
#define AHCI_PORTS_MAXIMUM 32
#define AHCI_PxCLB 0x00	 /* rw the command list, 1 KiB aligned */
#define AHCI_PxCLBU 0x04
#define AHCI_PxFB 0x08	 /* rw received FISes, 256 bytes */
#define AHCI_PxFBU 0x0c
#define AHCI_PxIS 0x10	 /* rw1c */
#define AHCI_PxIS_DONE 0x3fu /* FISes that tell of an end: D2H, PIO setup, DMA setup, set device bits, unknown, PRD */
#define AHCI_PxIS_TFES (1u << 30) /* a device's error */
#define AHCI_PxIE 0x14	 /* rw */
#define AHCI_PxCMD 0x18	 /* rw */
#define AHCI_PxCMD_ST (1u << 0)
#define AHCI_PxCMD_CLO (1u << 3)
#define AHCI_PxCMD_FRE (1u << 4)
#define AHCI_PxCMD_FR (1u << 14)
#define AHCI_PxCMD_CR (1u << 15)
#define AHCI_PxTFD 0x20	 /* r- status, error << 8 */
#define AHCI_PxSIG 0x24	 /* r- */
#define AHCI_SIG_ATAPI 0xeb140101u
#define AHCI_SIG_MULTIPLIER 0x96690101u
#define AHCI_PxSSTS 0x28 /* r- */
#define AHCI_PxSSTS_DET 0x0fu
#define AHCI_PxSSTS_PRESENT 3u
#define AHCI_PxSCTL 0x2c /* rw */
#define AHCI_PxSCTL_DET 0x0fu /* 1: resets the link and the device (COMRESET) */
#define AHCI_PxSCTL_RESET 1u
#define AHCI_PxSERR 0x30 /* rw1c */
#define AHCI_PxSACT 0x34 /* rw1s cleared by the device, and with ST */
#define AHCI_PxCI 0x38	 /* rw1s likewise */
#define AHCI_PxFBS 0x40	 /* rw */
#define AHCI_PxFBS_EN (1u << 0)

/* A command's header, of eight words (4.2.2). */
#define AHCI_SLOTS 32
#define AHCI_HEADER_BYTES 32
#define AHCI_LIST_BYTES (AHCI_SLOTS * AHCI_HEADER_BYTES)
#define AHCI_HEADER_CFL 0x1fu	      /* words of the FIS */
#define AHCI_HEADER_ATAPI (1u << 5)
#define AHCI_HEADER_WRITE (1u << 6)
#define AHCI_HEADER_PREFETCH (1u << 7)
#define AHCI_HEADER_RESET (1u << 8)
#define AHCI_HEADER_BIST (1u << 9)
#define AHCI_HEADER_CLEAR (1u << 10)   /* it is over once the device has it */
#define AHCI_HEADER_PMP (15u << 12)
#define AHCI_HEADER_LENGTH(flags) ((flags) >> 16) /* entries of the table of memory */

/* A command's table (4.2.3). */
#define AHCI_FIS_BYTES 64
#define AHCI_TABLE_PACKET 0x40
#define AHCI_PACKET_BYTES 16
#define AHCI_TABLE_ENTRIES 0x80
#define AHCI_ENTRY_BYTES 16
#define AHCI_ENTRY_LENGTH 0x3fffffu /* - 1, odd */

/* Received FISes (4.2.1). */
#define AHCI_RECEIVED_BYTES 256
#define AHCI_RECEIVED_PIO 0x20
#define AHCI_RECEIVED_D2H 0x40
#define AHCI_RECEIVED_FIS_BYTES 20

/* FISes. To the device: type, flags, command, feature, LBA 0 to 2, device, LBA 3 to 5, feature, count, count, ICC,
 * control. From it: type, flags, status, error, and on alike. */
#define AHCI_FIS_H2D 0x27
#define AHCI_FIS_D2H 0x34
#define AHCI_FIS_FLAGS_COMMAND 0x80 /* else it is about the control register */
#define AHCI_FIS_FLAGS_PMP 0x0f	    /* which device behind a port multiplier */
#define AHCI_FIS_FLAGS_INTERRUPT 0x40

#endif
