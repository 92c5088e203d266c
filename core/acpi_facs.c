/*
 * core/acpi_facs.c: owns the taking over of the FACS's waking vectors (ACPI 6.4, 5.2.10). What is remembered is written
 * at boot only.
 *
 * The FACS lies in the guest's memory, and so do the tables that name it. Firmware may read them anew when the machine
 * wakes: where one of them was changed it would find another vector than ours.
 */
#include "core/acpi_facs.h"

#include "core/acpi_tables.h"
#include "core/fingerprint.h"
#include "core/memory.h"
#include "core/string.h"

#define FADT_FACS 36
#define FADT_X_FACS 132 /* 64 bits; 0 in old tables */

#define FACS_LENGTH 4
#define FACS_VECTOR 12
#define FACS_FLAGS 20
#define FACS_FLAG_WIDE 0x2u /* firmware enters the 64-bit vector in long mode, if the system asks for it */
#define FACS_X_VECTOR 24
#define FACS_VERSION 32
#define FACS_SYSTEM_FLAGS 36
#define FACS_SYSTEM_FLAG_WIDE 0x1u
#define FACS_BYTES_OLD 24 /* without the 64-bit vector */
#define FACS_BYTES 64
#define FACS_ALIGNMENT 64u

#define FIRMWARE_TEXT UINT64_C(0xf0000)
#define FIRMWARE_TEXT_BYTES UINT64_C(0x10000)

static struct {
	hpa_t at;
	bool has_flat; /* the 64-bit vector */
	bool has_text;
	uint64_t fingerprint; /* of what leads there */
} facs;

static bool facs_add_table(hpa_t hpa, void *fingerprint)
{
	uint64_t *sum = fingerprint, length_bytes;
	const uint8_t *table = acpi_table(hpa, &length_bytes);

	*sum = fingerprint_word(*sum, hpa);
	if (table != NULL && memcmp(table, "FACP", 4) == 0)
		*sum = fingerprint_add(*sum, table, length_bytes);
	return false;
}

/* The root tables by the addresses that they have, and the FADT by its bytes. */
static uint64_t facs_way(void)
{
	uint64_t sum = 0;

	(void)acpi_visit(false, facs_add_table, &sum);
	if (facs.has_text)
		sum = fingerprint_add(sum, memory_direct(FIRMWARE_TEXT), FIRMWARE_TEXT_BYTES);
	return sum;
}

static uint8_t *facs_at(void)
{
	return memory_direct(facs.at);
}

static bool facs_is_there(void)
{
	uint64_t length_bytes = acpi_get(facs_at() + FACS_LENGTH, 4);

	return memcmp(facs_at(), "FACS", 4) == 0 &&
	       length_bytes >= (facs.has_flat ? FACS_BYTES : FACS_BYTES_OLD);
}

static void facs_put(const struct acpi_waking *waking)
{
	memcpy(facs_at() + FACS_VECTOR, &waking->real_mode, sizeof(waking->real_mode));
	if (facs.has_flat)
		memcpy(facs_at() + FACS_X_VECTOR, &waking->flat, sizeof(waking->flat));
}

static struct acpi_waking facs_get(void)
{
	struct acpi_waking waking = { .real_mode = (uint32_t)acpi_get(facs_at() + FACS_VECTOR, 4) };

	if (facs.has_flat)
		waking.flat = acpi_get(facs_at() + FACS_X_VECTOR, 8);
	return waking;
}

/* It is no ROM. */
static bool facs_keeps_vectors(void)
{
	struct acpi_waking before = facs_get(), other = { ~before.real_mode, ~before.flat }, now;

	facs_put(&other);
	__asm__ volatile("" ::: "memory");
	now = facs_get();
	facs_put(&before);
	return now.real_mode == other.real_mode && (!facs.has_flat || now.flat == other.flat);
}

const char *acpi_facs_find(bool firmware_text)
{
	uint64_t length_bytes, old, wide;
	const uint8_t *fadt = acpi_find("FACP", false, &length_bytes);

	if (fadt == NULL || length_bytes < FADT_FACS + 4u)
		return "the firmware has no ACPI";
	old = acpi_get(fadt + FADT_FACS, 4);
	wide = length_bytes >= FADT_X_FACS + 8u ? acpi_get(fadt + FADT_X_FACS, 8) : 0;
	if (old != 0 && wide != 0 && old != wide)
		return "the firmware's tables name two FACSs";
	facs.at = old != 0 ? old : wide;
	/* Firmware's map may call its memory reserved, so that one does not say whether it is any. */
	if (facs.at % FACS_ALIGNMENT != 0 || acpi_table(facs.at, &length_bytes) == NULL)
		return "the firmware's tables name no FACS";
	facs.has_flat = acpi_get(facs_at() + FACS_LENGTH, 4) >= FACS_BYTES && facs_at()[FACS_VERSION] >= 1;
	if (!facs_is_there())
		return "what the firmware's tables call the FACS is none";
	if (!facs_keeps_vectors())
		return "the FACS cannot be written";
	/* We go on in real mode or without paging, and no system is to expect more. */
	facs_at()[FACS_FLAGS] &= (uint8_t)~FACS_FLAG_WIDE;
	facs.has_text = firmware_text;
	facs.fingerprint = facs_way();
	return NULL;
}

const char *acpi_facs_take(uint32_t vector, struct acpi_waking *system)
{
	const struct acpi_waking ours = { .real_mode = vector };

	if (!facs_is_there() || facs_way() != facs.fingerprint)
		return "the firmware's tables, or its code, are not as they were at boot";
	*system = facs_get();
	if (facs.has_flat && system->flat != 0 && (facs_at()[FACS_SYSTEM_FLAGS] & FACS_SYSTEM_FLAG_WIDE) != 0)
		return "the guest's waking vector is for long mode, which the firmware does not offer";
	if (system->flat > UINT32_MAX || (system->flat == 0 && (system->real_mode == 0 || system->real_mode >= MIB(1))))
		return "the guest has no waking vector";
	facs_put(&ours);
	return NULL;
}

bool acpi_facs_is_taken(uint32_t vector)
{
	struct acpi_waking now = facs_get();

	return facs_is_there() && now.real_mode == vector && now.flat == 0;
}

void acpi_facs_give_back(const struct acpi_waking *system)
{
	facs_put(system);
}
