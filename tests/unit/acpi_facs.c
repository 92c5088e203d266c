/*
 * tests/unit/acpi_facs.c: the system's waking vectors are taken over and given back; and where not.
 */
#include "core/acpi_facs.h"

#include "core/acpi_tables.h"
#include "core/memory.h"
#include "unit.h"

#define OURS 0x9000u
#define FADT 0x1000u
#define FADT_BYTES 148u
#define FACS 0x2000u
#define TEXT 0xf1234u /* of the firmware's */
#define VECTOR (FACS + 12)
#define FLAGS (FACS + 20)
#define X_VECTOR (FACS + 24)
#define VERSION (FACS + 32)
#define SYSTEM_FLAGS (FACS + 36)

uint8_t *fake_memory;
static uint8_t memory[MIB(1)] __attribute__((aligned(64)));
static bool has_fadt;
static struct acpi_waking waking;

uint64_t acpi_get(const uint8_t *at, unsigned length_bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, length_bytes);
	return value;
}

uint8_t *acpi_table(hpa_t hpa, uint64_t *length_bytes)
{
	*length_bytes = hpa == FADT ? FADT_BYTES : 64;
	return hpa == 0 || hpa > sizeof(memory) - FADT_BYTES ? NULL : memory_direct(hpa);
}

bool acpi_visit(bool must_sum, bool (*visit)(hpa_t hpa, void *context), void *context)
{
	(void)must_sum;
	return visit(FADT, context);
}

uint8_t *acpi_find(const char signature[4], bool must_sum, uint64_t *length_bytes)
{
	(void)must_sum;
	UNIT_CHECK(memcmp(signature, "FACP", 4) == 0);
	return has_fadt ? acpi_table(FADT, length_bytes) : NULL;
}

static void put(uint32_t at, uint64_t value, unsigned length_bytes)
{
	memcpy(memory + at, &value, length_bytes);
}

static uint64_t get(uint32_t at, unsigned length_bytes)
{
	return acpi_get(memory + at, length_bytes);
}

/* A machine of ACPI 2.0 or later, if has_flat. */
static void build(bool has_flat)
{
	fake_memory = memory;
	memset(memory, 0, sizeof(memory));
	has_fadt = true;
	memcpy(memory + FADT, "FACP", 4);
	put(FADT + 36, FACS, 4);
	memcpy(memory + FACS, "FACS", 4);
	put(FACS + 4, has_flat ? 64 : 24, 4);
	put(VERSION, has_flat, 1);
	put(FLAGS, 3, 4);
}

static bool takes(uint32_t real_mode, uint64_t flat)
{
	const char *why;

	put(VECTOR, real_mode, 4);
	put(X_VECTOR, flat, 8);
	why = acpi_facs_take(OURS, &waking);
	UNIT_CHECK((why == NULL) == acpi_facs_is_taken(OURS));
	if (why != NULL)
		UNIT_CHECK(get(VECTOR, 4) == real_mode && get(X_VECTOR, 8) == flat);
	return why == NULL;
}

static void test_taken(void)
{
	build(true);
	UNIT_CHECK(acpi_facs_find(false) == NULL);
	UNIT_EQUAL(get(FLAGS, 4), 1); /* no more than protected mode is offered */
	UNIT_CHECK(takes(0x12345, 0));
	UNIT_CHECK(waking.real_mode == 0x12345 && waking.flat == 0);
	acpi_facs_give_back(&waking);
	UNIT_CHECK(get(VECTOR, 4) == 0x12345 && get(X_VECTOR, 8) == 0 && !acpi_facs_is_taken(OURS));
	UNIT_CHECK(takes(0x12345, 0x1234567));
	UNIT_CHECK(get(X_VECTOR, 8) == 0 && waking.real_mode == 0x12345 && waking.flat == 0x1234567);
	acpi_facs_give_back(&waking);
	UNIT_CHECK(get(VECTOR, 4) == 0x12345 && get(X_VECTOR, 8) == 0x1234567);
}

static void test_vectors(void)
{
	build(true);
	UNIT_CHECK(acpi_facs_find(false) == NULL);
	UNIT_CHECK(!takes(0, 0));
	UNIT_CHECK(!takes(MIB(1), 0) && !takes(UINT32_MAX, 0) && takes(MIB(1) - 1, 0));
	UNIT_CHECK(takes(0, 1) && takes(0, UINT32_MAX) && takes(UINT32_MAX, 0x100000));
	UNIT_CHECK(!takes(0x12345, UINT64_C(0x100000000)) && !takes(0, UINT64_MAX));
	put(SYSTEM_FLAGS, 1, 4); /* the system would be entered in long mode */
	UNIT_CHECK(!takes(0, 0x100000) && takes(0x12345, 0));
}

/* Without the wide vector its bytes are nothing. */
static void test_old(void)
{
	build(false);
	UNIT_CHECK(acpi_facs_find(false) == NULL);
	UNIT_CHECK(!takes(0, 0x100000));
	UNIT_CHECK(takes(0x12345, 0x100000) && waking.flat == 0 && get(X_VECTOR, 8) == 0x100000);
}

/* Between the look and the sleep. */
static void test_written_meanwhile(void)
{
	build(true);
	UNIT_CHECK(acpi_facs_find(false) == NULL && takes(0x12345, 0));
	put(VECTOR, 0x12345, 4);
	UNIT_CHECK(!acpi_facs_is_taken(OURS));
	put(VECTOR, OURS, 4);
	UNIT_CHECK(acpi_facs_is_taken(OURS));
	put(X_VECTOR, 0x100000, 8);
	UNIT_CHECK(!acpi_facs_is_taken(OURS));
	put(X_VECTOR, 0, 8);
	put(FACS, 0, 1);
	UNIT_CHECK(!acpi_facs_is_taken(OURS));
}

static void test_changed(void)
{
	build(true);
	memory[TEXT] = 1;
	UNIT_CHECK(acpi_facs_find(true) == NULL && takes(0x12345, 0));
	memory[TEXT] = 2;
	UNIT_CHECK(!takes(0x12345, 0));
	memory[TEXT] = 1;
	UNIT_CHECK(takes(0x12345, 0));
	put(FADT + 36, FACS + 64, 4);
	UNIT_CHECK(!takes(0x12345, 0));
	put(FADT + 36, FACS, 4);
	put(FACS + 4, 24, 4);
	UNIT_CHECK(!takes(0x12345, 0));
	put(FACS + 4, 64, 4);
	memory[FACS] = 'X';
	UNIT_CHECK(!takes(0x12345, 0));
}

static void test_absent(void)
{
	build(true);
	has_fadt = false;
	UNIT_CHECK(acpi_facs_find(false) != NULL);
	build(true);
	put(FADT + 36, 0, 4);
	UNIT_CHECK(acpi_facs_find(false) != NULL);
	put(FADT + 132, FACS, 8);
	UNIT_CHECK(acpi_facs_find(false) == NULL);
	put(FADT + 36, FACS + 64, 4); /* two of them */
	UNIT_CHECK(acpi_facs_find(false) != NULL);
	build(true);
	put(FADT + 36, FACS + 4, 4);
	UNIT_CHECK(acpi_facs_find(false) != NULL);
	build(true);
	memory[FACS] = 'X';
	UNIT_CHECK(acpi_facs_find(false) != NULL);
}

int main(void)
{
	unit_run("acpi_facs: vectors are taken over, and given back", test_taken);
	unit_run("acpi_facs: which vectors are any", test_vectors);
	unit_run("acpi_facs: a table without the wide vector", test_old);
	unit_run("acpi_facs: what is written meanwhile is seen", test_written_meanwhile);
	unit_run("acpi_facs: what leads to it was changed", test_changed);
	unit_run("acpi_facs: where there is none", test_absent);
	return unit_failed;
}
