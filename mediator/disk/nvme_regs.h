/*
 * mediator/disk/nvme_regs.h: registers, commands and status codes of NVMe controllers (NVM Express Base
 * Specification 2.0c and NVM Command Set Specification 1.0c; the sections are of the first).
 */
#ifndef MEDIATOR_DISK_NVME_REGS_H
#define MEDIATOR_DISK_NVME_REGS_H

/* Registers of BAR 0 (3.1.3), all of 32 bits here. */
#define NVME_CAP 0x00		 /* r- capabilities, lower half */
#define NVME_CAP_CQR (1u << 16)	 /* queues must be contiguous */
#define NVME_CAP_HIGH 0x04	 /* r- */
#define NVME_CAP_HIGH_DSTRD(cap) ((cap) & 15) /* doorbells are 4 << DSTRD bytes apart */
#define NVME_CAP_HIGH_MPSMIN(cap) ((cap) >> 16 & 15) /* pages have 4096 << this bytes at least */
#define NVME_CAP_HIGH_MPSMAX (15u << 20)
#define NVME_CAP_HIGH_PMRS (1u << 24) /* has persistent memory */
#define NVME_CAP_HIGH_CMBS (1u << 25) /* has memory of its own for queues and data */
#define NVME_CC 0x14		 /* rw configuration */
#define NVME_CC_EN (1u << 0)
#define NVME_CC_MPS (15u << 7)	 /* pages have 4096 << this bytes */
#define NVME_CC_SHN (3u << 14)	 /* it is to be shut down */
#define NVME_CC_ENTRIES (255u << 16) /* IOSQES, IOCQES: entries have 1 << this bytes */
#define NVME_CC_ENTRIES_64_16 (6u << 16 | 4u << 20)
#define NVME_CSTS 0x1c		 /* r- status */
#define NVME_CSTS_RDY (1u << 0)
#define NVME_CSTS_CFS (1u << 1)	 /* it has failed, and wants a reset */
#define NVME_AQA 0x24		 /* rw sizes - 1 of the admin queues: submission, completion << 16 */
#define NVME_AQA_SIZE 0xfffu
#define NVME_ASQ 0x28		 /* rw where the admin submission queue is, 64 bits */
#define NVME_ACQ 0x30		 /* rw the same of its completions */
#define NVME_CMBLOC 0x38	 /* r- */
#define NVME_CMBSZ 0x3c		 /* r- */
#define NVME_CMBMSC 0x50	 /* rw 64 bits */
#define NVME_PMR 0xe00		 /* and behind: persistent memory */
#define NVME_DOORBELLS 0x1000	 /* -w submission tail, completion head of each queue */

/* Admin commands (5). */
enum {
	NVME_DELETE_SQ = 0x00,
	NVME_CREATE_SQ = 0x01,
	NVME_DELETE_CQ = 0x04,
	NVME_CREATE_CQ = 0x05,
	NVME_IDENTIFY = 0x06,
	NVME_ABORT = 0x08,
	NVME_SET_FEATURES = 0x09,
	NVME_GET_FEATURES = 0x0a,
	NVME_EVENT_REQUEST = 0x0c, /* asynchronous: it ends when something happens */
	NVME_KEEP_ALIVE = 0x18,
	NVME_DOORBELL_BUFFER = 0x7c,
	NVME_FORMAT = 0x80,
};
#define NVME_FEATURE_RANGES 0x03 /* names for ranges of blocks */
#define NVME_FEATURE_QUEUES 0x07
#define NVME_FEATURE_HOST_MEMORY 0x0d /* a buffer of the host's for the controller itself */
#define NVME_QUEUE_CONTIGUOUS 0x1u /* of CREATE_SQ and CREATE_CQ */
#define NVME_QUEUE_INTERRUPTS 0x2u /* of CREATE_CQ */
#define NVME_IDENTIFY_NAMESPACE 0x00
#define NVME_IDENTIFY_CONTROLLER 0x01
#define NVME_IDENTIFY_ALLOCATED 0x11 /* a namespace, also one that is not attached */

/* Commands of a namespace (NVM command set, 3). */
enum {
	NVME_FLUSH = 0x00,
	NVME_WRITE = 0x01,
	NVME_READ = 0x02,
	NVME_WRITE_UNCORRECTABLE = 0x04,
	NVME_COMPARE = 0x05,
	NVME_WRITE_ZEROES = 0x08,
	NVME_DATASET_MANAGEMENT = 0x09,
	NVME_VERIFY = 0x0c,
};
#define NVME_DATASET_RANGE_BYTES 16

/* Words of a command (3.3.3.1). */
enum { NVME_WORD_CODE = 0, NVME_WORD_NAMESPACE = 1, NVME_WORD_PRP1 = 6, NVME_WORD_PRP2 = 8 };
#define NVME_CODE_FLAGS 0xff00u /* fused commands, and lists that are no PRPs */

/* Status: code, type << 8, "do not retry" << 14 (3.3.3.2.1). */
#define NVME_STATUS_RETRY_NOT (1u << 14)
#define NVME_STATUS_CODE 0x7ffu
#define NVME_STATUS_OPCODE (0x001 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_FIELD (0x002 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_TRANSFER 0x004 /* of data */
#define NVME_STATUS_NAMESPACE (0x00b | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_PRP_OFFSET (0x013 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_CQ (0x100 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_QUEUE (0x101 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_QUEUE_SIZE (0x102 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_WRITE_FAULT (0x280 | NVME_STATUS_RETRY_NOT)
#define NVME_STATUS_READ_ERROR (0x281 | NVME_STATUS_RETRY_NOT)

#endif
