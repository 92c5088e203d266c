/*
 * mediator/disk/nvme_purpose.c: NVMe's commands (NVM Express 2.0c, figures 138 and 139; NVM command set 1.0c, 3) and
 * status codes.
 */
#include "mediator/disk/purpose.h"

#include "mediator/disk/nvme_regs.h"

#define NVME_VENDOR_ADMIN 0xc0 /* from here on */
#define NVME_VENDOR 0x80

static const uint8_t nvme_admin_purposes[] = {
	[0x02] = RV_DISK_COMMAND_LOG_PAGE,
	[0x06] = RV_DISK_COMMAND_IDENTIFY,
	[0x09] = RV_DISK_COMMAND_SET_FEATURES,
	[0x0a] = RV_DISK_COMMAND_GET_FEATURES,
	[0x0d] = RV_DISK_COMMAND_NAMESPACES, /* management */
	[0x10] = RV_DISK_COMMAND_FIRMWARE,   /* commit */
	[0x11] = RV_DISK_COMMAND_FIRMWARE,   /* download */
	[0x14] = RV_DISK_COMMAND_SELF_TEST,
	[0x15] = RV_DISK_COMMAND_NAMESPACES, /* attachment */
	[0x80] = RV_DISK_COMMAND_FORMAT,
	[0x81] = RV_DISK_COMMAND_SECURITY,   /* send */
	[0x82] = RV_DISK_COMMAND_SECURITY,   /* receive */
	[0x84] = RV_DISK_COMMAND_SANITIZE,
};

static const uint8_t nvme_purposes[] = {
	[0x00] = RV_DISK_COMMAND_FLUSH,
	[0x01] = RV_DISK_COMMAND_WRITE,
	[0x02] = RV_DISK_COMMAND_READ,
	[0x04] = RV_DISK_COMMAND_WRITE_UNCORRECTABLE,
	[0x05] = RV_DISK_COMMAND_COMPARE,
	[0x08] = RV_DISK_COMMAND_WRITE_ZEROES,
	[0x09] = RV_DISK_COMMAND_DISCARD, /* dataset management */
	[0x0c] = RV_DISK_COMMAND_VERIFY,
	[0x0d] = RV_DISK_COMMAND_RESERVATION,
	[0x0e] = RV_DISK_COMMAND_RESERVATION,
	[0x11] = RV_DISK_COMMAND_RESERVATION,
	[0x15] = RV_DISK_COMMAND_RESERVATION,
	[0x19] = RV_DISK_COMMAND_COPY,
};

enum rv_disk_command nvme_purpose(uint8_t opcode, bool is_admin)
{
	if (opcode >= (is_admin ? NVME_VENDOR_ADMIN : NVME_VENDOR))
		return RV_DISK_COMMAND_VENDOR;
	if (is_admin)
		return opcode < sizeof(nvme_admin_purposes) ? (enum rv_disk_command)nvme_admin_purposes[opcode]
							    : RV_DISK_COMMAND_UNKNOWN;
	return opcode < sizeof(nvme_purposes) ? (enum rv_disk_command)nvme_purposes[opcode] : RV_DISK_COMMAND_UNKNOWN;
}

static uint16_t nvme_refused_usual(enum rv_disk_command purpose)
{
	return purpose == RV_DISK_COMMAND_READ	  ? NVME_STATUS_READ_ERROR
	       : purpose == RV_DISK_COMMAND_WRITE ? NVME_STATUS_WRITE_FAULT
						  : NVME_STATUS_OPCODE;
}

/* NVM Express 2.0c, 3.3.3.2.1: code, and type << 8. */
uint16_t nvme_refused(uint32_t refusal, enum rv_disk_command purpose)
{
	static const uint16_t statuses[RV_DISK_REASON_COUNT] = {
		[RV_DISK_REASON_WRITE_PROTECTED] = 0x020, /* namespace is write protected */
		[RV_DISK_REASON_ABORTED] = 0x007,	  /* command abort requested */
		[RV_DISK_REASON_UNSUPPORTED] = NVME_STATUS_OPCODE,
		[RV_DISK_REASON_OUT_OF_RANGE] = 0x080,	  /* LBA out of range */
		[RV_DISK_REASON_NO_ACCESS] = 0x286,	  /* access denied */
		[RV_DISK_REASON_INTERNAL] = 0x006,	  /* internal error */
	};
	uint32_t low = refusal & RV_REFUSAL_LOW;
	uint16_t status = 0;

	if (refusal & RV_REFUSAL_STATUS)
		status = (uint16_t)low;
	else if (low == RV_DISK_REASON_MEDIA_ERROR)
		status = purpose == RV_DISK_COMMAND_READ ? NVME_STATUS_READ_ERROR : NVME_STATUS_WRITE_FAULT;
	else if (low < RV_DISK_REASON_COUNT)
		status = statuses[low];
	status &= NVME_STATUS_CODE;
	return status != 0 ? status : nvme_refused_usual(purpose) & NVME_STATUS_CODE;
}
