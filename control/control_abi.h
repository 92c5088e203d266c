/*
 * control/control_abi.h: what a tool in the guest and the hypervisor say to each other.
 *
 * The call is VMMCALL (AMD) or VMCALL (Intel) in 64-bit code, at any CPL: RAX holds CONTROL_MAGIC, RDI the linear
 * address of a message (struct control_message) and RSI its length in bytes, up to CONTROL_BYTES_MAXIMUM. It is
 * read and written with the caller's own rights. RAX holds the result: 0 or more, or a negative error number
 * (rv/errno.h, those of Linux). -RV_EFAULT: RDX is an address that the caller has to touch (write) before it
 * calls again, and nothing was done; 0: it was done, but the message had gone when the answer came. All other
 * registers stay.
 * Without the magic, or where control is off, the instruction is #UD.
 *
 * By a serial line the same messages go in frames: control/wire_frame.h.
 */
#ifndef CONTROL_CONTROL_ABI_H
#define CONTROL_CONTROL_ABI_H

#include "rv/metric.h"
#include "rv/tunnel.h"
#include "rv/types.h"

#define CONTROL_MAGIC UINT64_C(0x5269746576436f31) /* "RitevCo1" */
#define CONTROL_VERSION 1
#define CONTROL_BYTES_MAXIMUM 4096
/* RDMSR of it, at CPL 0, gives a token that opens one session: what auth=root asks for. */
#define CONTROL_MSR 0x52495445u
#define CONTROL_TOKEN_SECONDS 5
#define CONTROL_NONCE_SECONDS 30
/* A session that says nothing for so long is over, and what it has lent a script to goes. */
#define CONTROL_LEASE_SECONDS 10
#define CONTROL_SCRIPT_BYTES_MAXIMUM 0x40000 /* of a text */
#define CONTROL_NAME_BYTES 64
#define CONTROL_UUID_BYTES 16

/* What of it the configuration allows. */
enum control_level { CONTROL_OFF, CONTROL_READ, CONTROL_LOAD, CONTROL_POLICY };
enum control_auth { CONTROL_AUTH_ROOT, CONTROL_AUTH_OPEN, CONTROL_AUTH_KEY };

/* Beside the errors of rv/errno.h: a signature that is required is missing or not good; data: why, as text. The number is
 * Linux's EKEYREJECTED. */
#define CONTROL_EREFUSED 129

/* [n] is argument[n]; all but CONTROL_HELLO, CONTROL_OPEN and CONTROL_CHALLENGE need a session. Errors of all:
 * RV_EACCES: no such session of this address space, or not at this level; RV_EINVAL. */
enum control_command {
	/* -> [0] level, [1] auth, [2] TSC's frequency; data: the version's text */
	CONTROL_HELLO = 1,
	/* [0] token (auth=root); data: the answer to the nonce (auth=key: VERIFY_PROOF_BYTES, service/verify.h), which is
	 * checked in slices: RV_EAGAIN, ask the same again -> session. RV_ENOSPC: too many */
	CONTROL_OPEN,
	CONTROL_CLOSE,
	/* [0] bytes of the text, [1] CONTROL_LEND, CONTROL_REPLACE, CONTROL_DRY; data: its name -> a handle. RV_ENOSPC, RV_ENOMEM, RV_E2BIG */
	CONTROL_BEGIN,
	/* [0] handle, [1] offset; data: a part of the text */
	CONTROL_TEXT,
	/* [0] handle: the text is complete -> 0. CONTROL_EREFUSED. RV_EAGAIN: its signature is being checked, ask again;
	 * from the first time on the text stays as it is. RV_ENOMEM, RV_ENOSPC, RV_EEXIST (a script of that name is in
	 * force), RV_EPERM (a policy cannot be lent, and is replaced at CONTROL_POLICY only), RV_ENOENT, RV_EBUSY
	 * (there is nothing to replace, or it is lent or being replaced) */
	CONTROL_START,
	/* [0] handle, [1] as the last told, 0 at first -> enum control_phase. A script that is loading goes on
	 * loading. [1] the next, [2] records lost so far, [3] exit status; data: struct control_record, each with
	 * its text behind it */
	CONTROL_POLL,
	/* [0] handle, or 0 and data: the name -> 0. RV_ENOENT; RV_EPERM: a policy; RV_EBUSY: lent to another session.
	 * By handle, what its at_exit wrote is polled afterwards */
	CONTROL_UNLOAD,
	/* [0] handle: what was lent goes, what was loaded stays without a watcher */
	CONTROL_FORGET,
	/* [0] position, 0 at first -> how many struct control_entry in data; [0] the next; 0 entries: the end */
	CONTROL_LIST,
	/* [0] position -> 0; [0] the next, [1] bytes lost; data: text of the log */
	CONTROL_LOG,
	/* -> how many struct control_exits in data; [0] free pages, [1] exits so far of all CPUs, [2] TSC, [3] what the
	 * wire has lost */
	CONTROL_STATISTICS,
	/* A CPU that an NMI has stopped for the wire's sake goes on -> 0; RV_ENOENT: none is */
	CONTROL_CONTINUE,
	/* [0] handle; data: a text for a script that takes some (`ritectl repl`) -> 0, when it has seen to it. RV_EINVAL,
	 * RV_ECANCELED: it takes none, or failed */
	CONTROL_INPUT,
	/* [0] handle; data: the file of minisign's that signs it, before CONTROL_START. RV_E2BIG, RV_ENOMEM */
	CONTROL_SIGNATURE,
	/* Without a session -> data: VERIFY_NONCE_BYTES, for CONTROL_NONCE_SECONDS, this address space and one
	 * CONTROL_OPEN. RV_EIO: this CPU gives no random numbers; RV_ENOSPC: too many wait */
	CONTROL_CHALLENGE,
	/* [0] position -> 0; [0] the next; data: text of the log of the boot before, where it is still there */
	CONTROL_LOG_BEFORE,
	/* Begins a recording (docs/traces.md), which ends with the session, or when that fetches nothing for
	 * CONTROL_LEASE_SECONDS: [0] kinds, a bit each (hook/trace.h), [1] packets a CPU, [2] bytes of payload, [3]
	 * trace_layout_sum(); data: CONTROL_UUID_BYTES -> how many CPUs; [0] TSC. RV_EBUSY: there is one already;
	 * RV_ENOTSUP: the layout is another; RV_ENOMEM */
	CONTROL_RECORD,
	/* [0] a kind, [1] 1: of the addresses [2] to [3], 0: of all -> 0: it is recorded whoever hooks it, too. RV_E2BIG: too much
	 * device memory; as the registries (vmm/access.h) */
	CONTROL_RECORD_HOOK,
	/* [0] a CPU, [1] the number of a packet: those before are not needed any more -> 0; data: the packet, or
	 * nothing yet; [1] its number, [2] events lost, [3] events recorded, so far, of all CPUs */
	CONTROL_RECORD_FETCH,
	/* Nothing more is recorded; what was can be fetched -> 0 */
	CONTROL_RECORD_STOP,
	/* [0] the number of a metric, from 0 on, [1] position, 0 at first; data: a script's name -> how many entries; [1] the
	 * next position, [2] what it had no room for; data: struct rv_metric_spec, and struct rv_metric_entry behind it
	 * (rv/metric.h). The engine is not asked, and may be running. RV_ENOENT: no such script, or metric */
	CONTROL_METRICS,
	/* -> 0; data: struct tunnel_status (rv/tunnel.h), at most a second old. RV_ENOENT: there is no tunnel */
	CONTROL_VPN,
	/* [0] the number of a peer, or TUNNEL_ALL_PEERS -> 0: it is asked for new keys, unless it was so less than 5 seconds
	 * ago. RV_ENOENT; RV_EAGAIN: not now */
	CONTROL_VPN_REKEY,
	CONTROL_COMMAND_COUNT,
};

#define CONTROL_LEND 1u /* the script is there as long as the session polls it */
#define CONTROL_REPLACE 2u /* when it is loaded it takes the place of the one of its name, in one step; not with LEND */
#define CONTROL_DRY 4u /* when its top level is over it ends, and its hooks never come into force; with nothing else */

/* [3] of CONTROL_POLL when the script was killed. */
#define CONTROL_STATUS_KILLED 256

enum control_phase {
	CONTROL_PHASE_LOADING,
	CONTROL_PHASE_LIVE,
	CONTROL_PHASE_ENDED,
	CONTROL_PHASE_DENIES, /* ended by a failure; what its hooks with on_error: :deny were about is denied */
	CONTROL_PHASE_TEXT,   /* not started yet */
};

#define CONTROL_ARGUMENTS 4
struct control_message {
	uint32_t version; /* CONTROL_VERSION */
	uint32_t command;
	uint64_t session;
	uint64_t argument[CONTROL_ARGUMENTS];
	uint32_t data_bytes;
	uint32_t reserved; /* 0 */
	uint64_t reserved2;
	uint8_t data[CONTROL_BYTES_MAXIMUM - 64];
};
_Static_assert(sizeof(struct control_message) == CONTROL_BYTES_MAXIMUM, "ABI");
_Static_assert(offsetof(struct control_message, data) == 64, "ABI");

#define CONTROL_HEADER_BYTES 64
#define CONTROL_DATA_BYTES (CONTROL_BYTES_MAXIMUM - CONTROL_HEADER_BYTES)

struct control_record {
	uint64_t tsc;
	uint32_t sequence;
	uint16_t length_bytes; /* of the text behind it */
	uint8_t level;	       /* enum rv_log_level */
	uint8_t cpu;
};
_Static_assert(sizeof(struct control_record) == 16, "ABI");

/* Of one kind, so far, on all CPUs. */
struct control_exits {
	char name[24];
	uint64_t count;
};
_Static_assert(sizeof(struct control_exits) == 32, "ABI");

#define CONTROL_ENTRY_LIVE 1u   /* loaded while the guest lives */
#define CONTROL_ENTRY_LENT 2u
#define CONTROL_ENTRY_POLICY 4u

struct control_entry {
	char name[CONTROL_NAME_BYTES];
	uint64_t events, errors, heap_bytes;
	uint64_t cycles; /* TSC that its events took */
	uint32_t hooks, phase, flags, reserved;
};
_Static_assert(sizeof(struct control_entry) == 112, "ABI");

#endif
