/*
 * service/tpm_wire.c: see the header.
 */
#include "service/tpm_wire.h"

#include "core/string.h"

void tpm_put(struct tpm_out *out, uint64_t value, unsigned nr_bytes)
{
	uint8_t bytes[sizeof(value)];

	for (unsigned i = 0; i < nr_bytes; i++)
		bytes[i] = (uint8_t)(value >> 8 * (nr_bytes - 1 - i));
	tpm_put_bytes(out, bytes, nr_bytes);
}

void tpm_put_bytes(struct tpm_out *out, const void *bytes, size_t nr_bytes)
{
	if (out->over || nr_bytes > out->room_bytes - out->nr_bytes) {
		out->over = true;
		return;
	}
	if (nr_bytes != 0)
		memcpy(out->bytes + out->nr_bytes, bytes, nr_bytes);
	out->nr_bytes += nr_bytes;
}

void tpm_put_sized(struct tpm_out *out, const void *bytes, size_t nr_bytes)
{
	out->over |= nr_bytes > UINT16_MAX;
	tpm_put(out, nr_bytes, 2);
	tpm_put_bytes(out, bytes, nr_bytes);
}

const uint8_t *tpm_get_bytes(struct tpm_in *in, size_t nr_bytes)
{
	const uint8_t *bytes = in->bytes;

	if (in->bad || nr_bytes > in->left_bytes) {
		in->bad = true;
		return NULL;
	}
	in->bytes += nr_bytes;
	in->left_bytes -= nr_bytes;
	return bytes;
}

uint64_t tpm_get(struct tpm_in *in, unsigned nr_bytes)
{
	const uint8_t *bytes = tpm_get_bytes(in, nr_bytes);
	uint64_t value = 0;

	for (unsigned i = 0; bytes != NULL && i < nr_bytes; i++)
		value = value << 8 | bytes[i];
	return value;
}

const uint8_t *tpm_get_sized(struct tpm_in *in, size_t *nr_bytes)
{
	const uint8_t *bytes;

	*nr_bytes = tpm_get(in, 2);
	bytes = tpm_get_bytes(in, *nr_bytes);
	if (bytes == NULL)
		*nr_bytes = 0;
	return bytes;
}
