/*
 * tests/unit/xts.c: the cipher of disks against IEEE 1619-2007's vectors, and against what OpenSSL makes of sectors
 * of each size. What is long is told by its SHA-256.
 */
#include "crypt/xts.h"

#include "rv/sha256.h"
#include "unit.h"

#define BYTES_MAXIMUM 16384
#define RUN_IV UINT64_C(0xfffffffe) /* the numbers of one run cross 32 bits */

static const char key128[] = "2718281828459045235360287471352631415926535897932384626433832795";
static const char key256[] = "27182818284590452353602874713526624977572470936999595749669676273141592653589793238462643383279502884197"
			     "169399375105820974944592";
static uint8_t data[BYTES_MAXIMUM + 1], plain[BYTES_MAXIMUM];

static size_t from_hex(const char *text, uint8_t *bytes)
{
	size_t nr = strlen(text) / 2;

	for (size_t i = 0; i < nr; i++)
		sscanf(text + 2 * i, "%2hhx", &bytes[i]);
	return nr;
}

static struct xts_key expand(const char *text)
{
	uint8_t bytes[XTS_KEY_BYTES_MAXIMUM];
	struct xts_key key;
	size_t nr = from_hex(text, bytes);

	memset(&key, 0x5a, sizeof(key));
	UNIT_CHECK(xts_expand(&key, bytes, nr));
	return key;
}

static void expect_begin(const char *text)
{
	uint8_t wanted[64];
	size_t nr = from_hex(text, wanted);

	UNIT_CHECK(memcmp(data, wanted, nr) == 0);
}

static void expect_sum(size_t bytes, const char *text)
{
	uint8_t wanted[SHA256_BYTES], got[SHA256_BYTES];

	from_hex(text, wanted);
	sha256(data, bytes, got);
	if (memcmp(wanted, got, sizeof(got)) != 0)
		unit_fail("%s:%d: not %s", __FILE__, __LINE__, text);
}

/* A unit of 32 bytes is how a longer one begins. */
static void test_short_vectors(void)
{
	struct xts_key key = expand("0000000000000000000000000000000000000000000000000000000000000000");

	memset(data, 0, 512);
	xts_sectors(&key, true, data, 512, 512, 0);
	expect_begin("917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e");
	key = expand("1111111111111111111111111111111122222222222222222222222222222222");
	memset(data, 0x44, 512);
	xts_sectors(&key, true, data, 512, 512, UINT64_C(0x3333333333));
	expect_begin("c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0");
}

/* Vectors 4 and 5: the second one's plain text is the first one's cipher text, as is the third's. */
static void test_vectors_128(void)
{
	static const char *const sums[] = {
		"ebee4d64dd2395bb2d6a2d37a0a48ecb2bf4913cfc99d27c2214f2f4144715ea",
		"bed1b9d9bf8ce83a2ae1981fbd5f2b0c40e21bba5d57df2ea16ecd0975f25215",
		"68f1e84faa401c9914a7fd6fc565eaa7b531cedbc22bd28269aa58b15ceec03f",
	};
	static const char *const begins[] = { "27a7479befa1d476489f308cd4cfa6e2", "264d3ca8512194fec312c8c9891f279f",
					      "fa762a3680b76007928ed4a4f49a9456" };
	struct xts_key key = expand(key128);

	for (size_t i = 0; i < 512; i++)
		data[i] = (uint8_t)i;
	for (uint64_t i = 0; i < 3; i++) {
		xts_sectors(&key, true, data, 512, 512, i);
		expect_begin(begins[i]);
		expect_sum(512, sums[i]);
	}
	for (uint64_t i = 3; i-- > 0;)
		xts_sectors(&key, false, data, 512, 512, i);
	for (size_t i = 0; i < 512; i++)
		UNIT_EQUAL(data[i], (uint8_t)i);
}

/* Vectors 10 to 14 */
static void test_vectors_256(void)
{
	static const struct {
		uint64_t iv;
		const char *begin, *sum;
	} vectors[] = {
		{ 0xff, "1c3b3a102f770386e4836c99e370cf9b", "e97e974fa393af794f7a4684395814cf820de60a01eaec677d87b452e316b364" },
		{ 0xffff, "77a31251618a15e6b92d1d66dffe7b50", "def4fad29e95dfe1a24b1ad4620f86d7be094cced5b19e0b121aa82d9e6baf98" },
		{ 0xffffff, "e387aaa58ba483afa7e8eb469778317e", "8bf44861a081dd660d91ce615b5cdfb4d5df9d72c3025c12e67cc0ae097fa5d5" },
		{ 0xffffffff, "bf53d2dade78e822a4d949a9bc6766b0", "c706140a11affda7402234f5e6331eacbfeb687d8e80d83962691823bb3636f0" },
		{ UINT64_C(0xffffffffff), "64497e5a831e4a932c09be3e5393376d",
		  "afba71abc4e95b186d89a63a5437c1bafcfd1a18ca273970c534aba4f8d05282" },
	};
	struct xts_key key = expand(key256);

	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		for (size_t i = 0; i < 512; i++)
			data[i] = (uint8_t)i;
		xts_sectors(&key, true, data, 512, 512, vectors[v].iv);
		expect_begin(vectors[v].begin);
		expect_sum(512, vectors[v].sum);
		xts_sectors(&key, false, data, 512, 512, vectors[v].iv);
		for (size_t i = 0; i < 512; i++)
			UNIT_EQUAL(data[i], (uint8_t)i);
	}
}

static const struct {
	uint32_t sector_bytes, nr_sectors;
	const char *sums[2]; /* AES-128 and AES-256 */
} runs[] = {
	{ 512, 9, { "b8f71baa0151d1f3e2eb90eb1e3a59e1c7c06e7d6ac0700c6349912b96152783",
		    "fbd9590d70d57bb60e3dae9a3a3f84c064ad839fadb828799bc261614f46d603" } },
	{ 1024, 5, { "acd24918b8c97450cf36f9f1fa798b02e099da212e12a92cd12cddd532f19517",
		     "98fbde5976af7ca13267c8d49998e55d84b8709f4e790a8de14bb61813e6ae8b" } },
	{ 2048, 3, { "10c7b9961d8edff2bba7cb38f3d2380bd75c0c2f1034140eb3fa0eab8bf8b5d0",
		     "f6af3ba7eed699629357be92b08b725d1fdc8ce664834e86ceb3e6bdaad02340" } },
	{ 4096, 3, { "7ca124afcd17327315d3fb71b8d19a3897e4fbe8a135a5b9b9e30744d71a6b51",
		     "565e6323a935f9fb94ce0524833f8cf441325c5f66daf9fc81634a61eee85816" } },
};

/* At an odd address, and no byte more. */
static void test_runs(void)
{
	for (size_t r = 0; r < sizeof(runs) / sizeof(runs[0]); r++) {
		size_t bytes = (size_t)runs[r].sector_bytes * runs[r].nr_sectors;

		for (unsigned k = 0; k < 2; k++) {
			struct xts_key key = expand(k == 0 ? key128 : key256);
			uint8_t *odd = malloc(bytes + 1);

			for (size_t i = 0; i < bytes; i++)
				plain[i] = odd[i + 1] = (uint8_t)((i * i + i) >> 7);
			xts_sectors(&key, true, odd + 1, bytes, runs[r].sector_bytes, RUN_IV);
			memcpy(data, odd + 1, bytes);
			expect_sum(bytes, runs[r].sums[k]);
			xts_sectors(&key, false, odd + 1, bytes, runs[r].sector_bytes, RUN_IV);
			UNIT_CHECK(memcmp(odd + 1, plain, bytes) == 0);
			free(odd);
		}
	}
}

static void test_arguments(void)
{
	static const uint8_t bytes[XTS_KEY_BYTES_MAXIMUM];
	struct xts_key key;

	for (size_t nr = 0; nr <= XTS_KEY_BYTES_MAXIMUM; nr++)
		UNIT_EQUAL(xts_expand(&key, bytes, nr), nr == 32 || nr == 64);
	UNIT_CHECK(xts_is_whole(0, 512) && xts_is_whole(4096, 512) && xts_is_whole(4096, 4096));
	UNIT_CHECK(!xts_is_whole(4096, 256) && !xts_is_whole(8192, 8192) && !xts_is_whole(4096, 0) &&
		   !xts_is_whole(3072, 1536) && !xts_is_whole(512, 4096) && !xts_is_whole(511, 512));
}

int main(void)
{
	unit_run("IEEE 1619: vectors 1 and 2", test_short_vectors);
	unit_run("IEEE 1619: vectors 4 to 6, AES-128", test_vectors_128);
	unit_run("IEEE 1619: vectors 10 to 14, AES-256", test_vectors_256);
	unit_run("runs of sectors of each size", test_runs);
	unit_run("what is no key and no sector is refused", test_arguments);
	return unit_failed;
}
