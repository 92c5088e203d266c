/*
 * service/verify.h: what the hypervisor and the program that checks signatures agree on, beside service/program.h:
 * struct verify_request is asked, struct verify_answer the answer; anything but a good one is a no.
 */
#ifndef SERVICE_VERIFY_H
#define SERVICE_VERIFY_H

#include "service/program.h"

#define VERIFY_KEYS_MAXIMUM 4
#define VERIFY_KEY_BYTES 64	    /* a public key as text, NUL-terminated */
#define VERIFY_SIGNATURE_BYTES 2048 /* a signature file, at most */
#define VERIFY_NONCE_BYTES 32
/* Of an answer to a nonce: the key's number, then Ed25519 over VERIFY_SESSION_TEXT, without its NUL, and the nonce. */
#define VERIFY_SESSION_TEXT "Ritevisor session 1\n"
#define VERIFY_KEY_ID_BYTES 8
#define VERIFY_PROOF_BYTES (VERIFY_KEY_ID_BYTES + 64)

enum verify_work {
	VERIFY_SCRIPT = 1, /* a script by its signature file */
	VERIFY_SESSION,	   /* who knows a key, by an answer to a nonce */
};

struct verify_request {
	uint32_t work;
	uint32_t nr_keys;
	char keys[VERIFY_KEYS_MAXIMUM][VERIFY_KEY_BYTES];
	char name[RV_SCRIPT_NAME_BYTES]; /* the script's */
	int64_t now;			 /* seconds since 1970 */
	uint64_t text_bytes;		 /* of the script, at VERIFY_TEXT_ADDRESS */
	uint32_t signature_bytes;
	uint8_t nonce[VERIFY_NONCE_BYTES];
	uint8_t signature[VERIFY_SIGNATURE_BYTES];
};
_Static_assert(sizeof(struct verify_request) <= 4096, "a page");

#define VERIFY_GOOD UINT64_C(0x676f6f642e736967) /* "good.sig": nothing that memory holds by chance */

struct verify_answer {
	uint64_t verdict; /* VERIFY_GOOD, or anything else */
	uint64_t serial;  /* of a script that is good */
	char why[160];	  /* of one that is not; NUL-terminated */
};

#endif
