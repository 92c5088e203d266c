/*
 * tests/unit/ring.c: rings between two that do not trust each other (rv/ring.h), and the arithmetic of shares
 * (process/share.h).
 */
#include "process/share.h"
#include "rv/ring.h"
#include "unit.h"

#define SIZE 4096u

static struct rv_ring_indices indices;
static uint8_t *bytes; /* with nothing beside them: ASan sees what goes beyond */
static struct rv_ring writer, reader;

static void begin(uint32_t at)
{
	free(bytes);
	bytes = malloc(SIZE);
	memset(&indices, 0, sizeof(indices));
	rv_ring_begin(&writer, &indices, bytes, SIZE);
	rv_ring_begin(&reader, &indices, bytes, SIZE);
	indices.written = indices.read = writer.at = reader.at = at;
}

static void pass(uint32_t tag, const void *text, uint32_t length)
{
	uint8_t got[SIZE];
	uint32_t got_tag;

	UNIT_EQUAL(rv_ring_write(&writer, tag, text, length), 0);
	UNIT_CHECK(rv_ring_has_records(&reader));
	UNIT_EQUAL(rv_ring_read(&reader, &got_tag, got, sizeof(got)), length);
	UNIT_EQUAL(got_tag, tag);
	UNIT_CHECK(memcmp(got, text, length) == 0);
	UNIT_EQUAL(rv_ring_read(&reader, &got_tag, got, sizeof(got)), -RV_EAGAIN);
}

/* Around the end of the bytes, and of the indices. */
static void test_wrap(void)
{
	uint8_t text[SIZE];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)unit_random();
	begin(UINT32_MAX - 3 * SIZE + 1);
	for (uint32_t length = 0; length <= SIZE - 8; length += length < 80 ? 1 : 501)
		pass(length * 3, text, length);
	pass(1, text, SIZE - 8);
	UNIT_EQUAL(rv_ring_write(&writer, 1, text, SIZE - 7), -RV_E2BIG);
	UNIT_EQUAL(rv_ring_open(&writer, 1, UINT32_MAX), -RV_E2BIG);
}

static void test_parts(void)
{
	uint8_t got[16];
	uint32_t tag;

	begin(SIZE - 8);
	UNIT_EQUAL(rv_ring_open(&writer, 9, 7), 0);
	rv_ring_put(&writer, "abc", 3);
	UNIT_EQUAL(rv_ring_read(&reader, &tag, got, sizeof(got)), -RV_EAGAIN); /* not closed */
	UNIT_EQUAL(rv_ring_open(&writer, 10, 7), 0);			    /* the first never was */
	rv_ring_put(&writer, "de", 2);
	rv_ring_put(&writer, "fghij", 5);
	rv_ring_close(&writer);
	UNIT_EQUAL(rv_ring_read(&reader, &tag, got, sizeof(got)), 7);
	UNIT_CHECK(tag == 10 && memcmp(got, "defghij", 7) == 0);
}

static void test_full(void)
{
	uint8_t text[1000] = { 0 }, got[SIZE];
	uint32_t tag;

	begin(0);
	for (uint32_t i = 0; i < 4; i++)
		UNIT_EQUAL(rv_ring_write(&writer, i, text, sizeof(text)), 0);
	UNIT_EQUAL(rv_ring_read(&reader, &tag, got, sizeof(got)), 1000);
	UNIT_CHECK(!rv_ring_is_awaited(&reader));
	UNIT_EQUAL(rv_ring_write(&writer, 4, text, sizeof(text)), 0);
	UNIT_EQUAL(rv_ring_write(&writer, 5, text, sizeof(text)), -RV_EAGAIN);
	for (uint32_t i = 1; i < 5; i++) {
		UNIT_EQUAL(rv_ring_read(&reader, &tag, got, i == 2 ? 999 : sizeof(got)), i == 2 ? (uint64_t)-RV_E2BIG : 1000);
		UNIT_EQUAL(tag, i);
		UNIT_EQUAL(rv_ring_is_awaited(&reader), i == 1);
	}
	UNIT_EQUAL(rv_ring_read(&reader, &tag, got, sizeof(got)), -RV_EAGAIN);
}

/* Each index and length that cannot be. */
static void test_broken(void)
{
	static const uint32_t written[] = { 8 + SIZE, 4, 12, 7, 0x80000000, UINT32_MAX };
	static const uint32_t lengths[] = { SIZE, SIZE - 7, 9, UINT32_MAX, UINT32_MAX - 7, 0x80000000 };
	uint8_t got[SIZE];
	uint32_t tag;

	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		begin(0);
		memset(bytes, 0, SIZE);
		indices.written = written[i];
		UNIT_EQUAL(rv_ring_read(&reader, &tag, got, sizeof(got)), -RV_EIO);
		begin(0);
		indices.read = written[i];
		UNIT_EQUAL(rv_ring_write(&writer, 0, got, 0), -RV_EIO);
		UNIT_EQUAL(indices.written, 0);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		begin(0);
		memcpy(bytes, &lengths[i], sizeof(lengths[i]));
		indices.written = 16;
		UNIT_EQUAL(rv_ring_read(&reader, &tag, got, sizeof(got)), -RV_EIO);
		UNIT_EQUAL(indices.read, 0);
	}
}

/* The other end writes what it likes, wherever it can: nothing is read or written beyond, and no index of this end
 * comes from there. */
static void test_scribbles(void)
{
	uint8_t got[256], text[256] = { 1 };
	uint32_t tag;
	unsigned good = 0;

	begin(0);
	for (unsigned round = 0; round < 200000; round++) {
		uint32_t at = writer.at, length = (uint32_t)(unit_random() % 256);
		int64_t result;

		if (unit_random() % 4 == 0)
			memset(&indices, (int)unit_random(), sizeof(indices) / 2);
		indices.written = unit_random() % 3 ? reader.at + (uint32_t)(unit_random() % 70) * 8 : (uint32_t)unit_random();
		indices.read = unit_random() % 3 ? writer.at - (uint32_t)(unit_random() % 520) * 8 : (uint32_t)unit_random();
		for (unsigned i = 0; i < 4; i++)
			bytes[(reader.at + i) % SIZE] = (uint8_t)(unit_random() % 3 ? 0 : unit_random());
		result = rv_ring_read(&reader, &tag, got, sizeof(got));
		UNIT_CHECK(result <= (int64_t)sizeof(got));
		good += result >= 0;
		if (rv_ring_write(&writer, tag, text, length) != 0)
			UNIT_EQUAL(writer.at, at);
	}
	UNIT_CHECK(good > 1000);
}

static void test_share(void)
{
	struct share share;
	uint64_t now = 1000000, spent = 0, start = now;

	share_begin(&share, 10, 5000, now);
	UNIT_EQUAL(share_when(&share), 0);
	/* As much as it can get, in stretches of any length. */
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t stretch = 1 + unit_random() % 20000;

		share_earn(&share, now);
		if (!share_is_there(&share)) {
			UNIT_CHECK(share_when(&share) > now);
			now = share_when(&share);
			share_earn(&share, now);
			UNIT_CHECK(share_is_there(&share));
		}
		now += stretch;
		spent += stretch;
		share_spend(&share, now, stretch);
	}
	UNIT_CHECK(spent <= (now - start) / 10 + 5000 + 20000);
	UNIT_CHECK(spent >= (now - start) / 10 - (now - start) / 500);
	/* What is not spent does not pile up. */
	share_earn(&share, now + 1000000000);
	UNIT_EQUAL(share.left_tsc, 5000);
	/* Another CPU's clock may be behind. */
	share_earn(&share, now);
	UNIT_EQUAL(share.seen_tsc, now + 1000000000);
	share_spend(&share, now, 5001);
	UNIT_EQUAL(share.debt_tsc, 1);
	UNIT_CHECK(share_when(&share) > share.seen_tsc);
}

int main(void)
{
	unit_run("records wrap around", test_wrap);
	unit_run("a record in parts", test_parts);
	unit_run("a full ring", test_full);
	unit_run("what cannot be", test_broken);
	unit_run("the other end scribbles", test_scribbles);
	unit_run("a share of the time", test_share);
	free(bytes);
	return unit_failed;
}
