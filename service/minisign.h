/*
 * service/minisign.h: minisign's files, read: public keys, signatures, and what a trusted comment says. Pure; none of
 * it is trusted. Errors are texts; NULL: none.
 */
#ifndef SERVICE_MINISIGN_H
#define SERVICE_MINISIGN_H

#include "rv/types.h"

#define MINISIGN_ID_BYTES 8
#define MINISIGN_SIGNATURE_BYTES 64
#define MINISIGN_PUBLIC_BYTES 32

struct minisign_key {
	uint8_t id[MINISIGN_ID_BYTES];
	uint8_t key[MINISIGN_PUBLIC_BYTES];
};

struct minisign_signature {
	bool prehashed; /* "ED": of the BLAKE2b-512; "Ed": of the file itself */
	uint8_t id[MINISIGN_ID_BYTES];
	uint8_t signature[MINISIGN_SIGNATURE_BYTES];
	const char *comment; /* the trusted one, in the text that was read */
	size_t comment_bytes;
	uint8_t global[MINISIGN_SIGNATURE_BYTES]; /* of `signature` and the comment */
};

/* What a trusted comment says to us. */
struct minisign_claims {
	const char *name; /* the script's, in the comment */
	size_t name_bytes;
	uint64_t serial; /* 0: not said */
	int64_t not_after; /* the last second, since 1970; INT64_MAX: not said */
};

/* The line of a public key file that is no comment: 56 characters. */
const char *minisign_read_key(const char *text, size_t length, struct minisign_key *key);

const char *minisign_read_signature(const char *text, size_t length, struct minisign_signature *signature);

/* Words with blanks or tabs between: `script=NAME` or minisign's own `file:NAME`, `serial=N`, `not-after=2027-12-31`
 * (UTC, that day included). Other words with `=` are errors, so that none that is mistyped says nothing; without, as
 * `timestamp:1700000000` and `hashed`, they are skipped. */
const char *minisign_read_claims(const char *comment, size_t length, struct minisign_claims *claims);

#endif
