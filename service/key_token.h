/*
 * service/key_token.h: keys as something beside a person gives them, in a LUKS2 header: a token whose text has a mark, and
 * behind it hexadecimal digits. Found by the mark, without reading the JSON around it: where it stands proves nothing,
 * since whoever can write a header can write a token. All of it is of a hostile hand. Pure code.
 */
#ifndef SERVICE_KEY_TOKEN_H
#define SERVICE_KEY_TOKEN_H

#include "service/tpm_wire.h"

/* Where to look: of a LUKS2 header its first copy, so that what stands in both is tried once; of another file all. */
size_t key_token_searched_bytes(const uint8_t *header, size_t header_bytes);

/* The bytes of the next token with this mark from *at on, which goes behind it, and how many: up to what is no digit, or as
 * many as have room. False: there is none. */
bool key_token_next(const uint8_t *header, size_t header_bytes, size_t *at, const char *mark, uint8_t *bytes, size_t room_bytes,
		    size_t *nr_bytes);

/* A text with its size before it, which may be shown. False: it has other characters than the printable ones of ASCII, or
 * no room. */
bool key_token_take_text(struct tpm_in *in, char *text, size_t room_bytes);

#endif
