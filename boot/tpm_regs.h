/*
 * boot/tpm_regs.h: registers of a TPM 2.0 in a locality's page (TCG PC Client Platform TPM Profile 1.05, 6.5.2, 6.5.3).
 */
#ifndef BOOT_TPM_REGS_H
#define BOOT_TPM_REGS_H

#define TPM_INTERFACE_ID 0x30u /* r--, 32 bits, of both kinds */
#define TPM_IDENTITY 0xf00u /* r--, 32 bits: vendor and device; of CRB a part of TPM_INTERFACE_ID is that */
#define TPM_INTERFACE_TYPE 0xfu
#define TPM_INTERFACE_CRB 0x1u

#define FIFO_ACCESS 0x00u /* rw-, 8 bits */
#define FIFO_ACCESS_VALID 0x80u
#define FIFO_ACCESS_ACTIVE 0x20u /* read: the locality is ours; written: it is given back */
#define FIFO_ACCESS_REQUEST 0x02u
#define FIFO_STATUS 0x18u /* rw-, 32 bits */
#define FIFO_STATUS_VALID 0x80u
#define FIFO_STATUS_READY 0x40u
#define FIFO_STATUS_GO 0x20u
#define FIFO_STATUS_DATA 0x10u
#define FIFO_STATUS_EXPECT 0x08u
#define FIFO_BURST_SHIFT 8
#define FIFO_BURST_MASK 0xffffu
#define FIFO_DATA 0x24u /* rw-, 8 bits */

#define CRB_STATE 0x00u /* r-- */
#define CRB_STATE_VALID 0x80u
#define CRB_STATE_LOCALITY 0x1cu /* which one has it */
#define CRB_STATE_ASSIGNED 0x02u
#define CRB_CONTROL 0x08u /* -w- */
#define CRB_CONTROL_REQUEST 0x1u
#define CRB_CONTROL_RELINQUISH 0x2u
#define CRB_REQUEST 0x40u /* rw-: a bit goes when it is done */
#define CRB_REQUEST_READY 0x1u
#define CRB_REQUEST_IDLE 0x2u
#define CRB_STATUS 0x44u /* r-- */
#define CRB_STATUS_ERROR 0x1u
#define CRB_STATUS_IDLE 0x2u
#define CRB_CANCEL 0x48u /* rw- */
#define CRB_START 0x4cu /* rw- */
#define CRB_COMMAND_BYTES 0x58u /* r-- */
#define CRB_COMMAND_LOW 0x5cu
#define CRB_COMMAND_HIGH 0x60u
#define CRB_ANSWER_BYTES 0x64u
#define CRB_ANSWER_LOW 0x68u
#define CRB_ANSWER_HIGH 0x6cu
#define CRB_BUFFER 0x80u /* where commands and answers are, as a rule */

#endif
