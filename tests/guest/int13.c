/*
 * tests/guest/int13.c: firmware's own driver of the disk that this was loaded from, by INT 13h: what it reads again is the
 * same, and what it writes is read as it was written. So often that its rings begin anew several times.
 *
 * Options: sector=N, of eight that nobody needs; rounds=N.
 */
#include "guest.h"

#define DRIVE 0x80u
#define SECTOR_BYTES 512u
#define SECTORS 8u
#define READ 0x4200u
#define WRITE 0x4300u
#define READ_BY_PLACE 0x0208u /* eight */
#define PACKET_ADDRESS (BIOS_BUFFER_ADDRESS - 0x100)
#define BUFFER_ADDRESS 0x20000u

struct packet {
	uint8_t length_bytes, unused;
	uint16_t sectors, offset, segment;
	uint64_t lba;
} __attribute__((packed));

static uint8_t *const buffer = (uint8_t *)BUFFER_ADDRESS;
static uint8_t first[SECTORS * SECTOR_BYTES];

static bool transfer(uint32_t function, uint64_t lba, uint32_t at)
{
	struct packet *packet = (struct packet *)PACKET_ADDRESS;
	struct bios_registers r = { .eax = function, .edx = DRIVE, .esi = PACKET_ADDRESS };

	*packet = (struct packet){ .length_bytes = sizeof(*packet), .sectors = SECTORS, .offset = (uint16_t)at,
				   .segment = BUFFER_ADDRESS >> 4, .lba = lba };
	bios_call(0x13, &r);
	return !(r.eflags & BIOS_CARRY);
}

static void fill(uint8_t *to, uint64_t round)
{
	static const char text[] = "written by int 13h, round ";

	for (unsigned i = 0; i < sizeof(first); i++)
		to[i] = (uint8_t)text[i % (sizeof(text) - 1)];
	for (unsigned i = sizeof(text) - 2; i < sizeof(first); i += sizeof(text) - 1)
		to[i] = (uint8_t)round;
}

static void read_by_place(void)
{
	struct bios_registers r = { .eax = READ_BY_PLACE, .ecx = 1, .edx = DRIVE, .ebx = 0, .es = BUFFER_ADDRESS >> 4 };

	memset(buffer, 0, sizeof(first));
	bios_call(0x13, &r);
	guest_check(!(r.eflags & BIOS_CARRY) && memcmp(buffer, first, sizeof(first)) == 0, "read by cylinder, head and sector",
		    "eax 0x%x", r.eax);
}

static void read_odd(void)
{
	memset(buffer, 0, sizeof(first) + 8);
	guest_check(transfer(READ, 0, 6) && memcmp(buffer + 6, first, sizeof(first)) == 0, "read to an odd address", "it is not");
}

void guest_main(void)
{
	uint64_t sector = option_number_or("sector", 64), rounds = option_number_or("rounds", 160), failed = 0;

	guest_check(transfer(READ, 0, 0) && buffer[510] == 0x55 && buffer[511] == 0xaa, "the first sector", "it is none to start from");
	memcpy(first, buffer, sizeof(first));
	read_by_place();
	read_odd();
	for (uint64_t round = 0; failed == 0 && round < rounds; round++) {
		uint8_t *other = buffer + sizeof(first);

		fill(buffer, round);
		memset(other, 0, sizeof(first));
		if (!transfer(WRITE, sector, 0) || !transfer(READ, sector, sizeof(first)) || memcmp(buffer, other, sizeof(first)) != 0)
			failed = round + 1;
	}
	guest_check(failed == 0, "what was written is read", "round %lu", failed);
	guest_check(transfer(READ, 0, 0) && memcmp(buffer, first, sizeof(first)) == 0, "the first sectors stay", "they do not");
	guest_check(!transfer(READ, UINT64_C(1) << 40, 0), "nothing is beyond the end", "it was read");
}
