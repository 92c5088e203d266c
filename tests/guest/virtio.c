/*
 * tests/guest/virtio.c: commands of all sorts to virtio disks, by both interfaces, whose blocks the script virtio.rb
 * changes, refuses and moves about; and chains of descriptors and rings that no driver would make. Virtual I/O Device
 * Specification 1.2. It polls: its rings say so, but where `is_asking`: then the ISR says when to look.
 *
 * Option: unseen=1: nobody is between; some reads, and that is all.
 */
#include "guest.h"

#include "disk_data.h"
#include "instruction.h"
#include "reserved.h"

#define PAGE 4096u
#define POLLS 100000000u
#define SIZE_MAXIMUM 256u
#define QUEUES 2u

enum { COMMON = 1, NOTIFY, ISR, DEVICE, PCI_WINDOW };
enum { IN, OUT, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum { OK, IOERR, UNSUPPORTED, NEVER = 0xff };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
#define NEEDS_RESET 0x40u

/* What the script does with which block, of each disk. */
enum { XORED = 1000, WRITE_DENIED = 1200, READ_DENIED, WRITE_DROPPED = 1210, READ_DROPPED, READ_ANSWERED, MOVED_FROM = 1220, MOVED_TO,
       DONE_DENIED = 1230, RAW_OF_XORED = 1240, HALF_CHANGED = 1300, DELAYED = 1310, WRITE_REASON, WRITE_STATUS,
       PLAIN = 1400, ERASE_DENIED = 1500, LARGE = 4000 };

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct ring { /* as the legacy interface wants it, with SIZE_MAXIMUM entries */
	struct descriptor descriptors[SIZE_MAXIMUM];
	uint16_t flags, index, entries[SIZE_MAXIMUM];
	uint8_t gap[PAGE - 4 - 2 * SIZE_MAXIMUM];
	volatile uint16_t used_flags, used_index;
	struct {
		volatile uint32_t head, length;
	} used[SIZE_MAXIMUM];
	uint8_t end[2 * PAGE - 4 - 8 * SIZE_MAXIMUM];
} __attribute__((aligned(4096)));

static uint32_t function, block, window;
static uint64_t where[6]; /* of the structures */
static uint32_t multiplier, size;
static uint16_t ports;
static bool is_legacy, is_asking, is_indirect, is_first;
static bool has_tables; /* may be used */
static struct ring rings[QUEUES];
static uint16_t seen[QUEUES];
static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header;
static volatile uint8_t status;
static uint8_t out[400 * PAGE] __attribute__((aligned(4096))), in[400 * PAGE] __attribute__((aligned(4096)));
static struct descriptor pieces[SIZE_MAXIMUM], table[SIZE_MAXIMUM];
static uint32_t nr_pieces;

static uint64_t address_of(const volatile void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

/* Registers ---------------------------------------------------------------------------------------- */

static uint32_t config_read(uint32_t offset)
{
	out32(0xcf8, 0x80000000u | function << 8 | (offset & ~3u));
	return in32(0xcfc) >> 8 * (offset % 4);
}

static void config_write(uint32_t offset, uint32_t value)
{
	out32(0xcf8, 0x80000000u | function << 8 | offset);
	out32(0xcfc, value);
}

static volatile uint8_t *common(uint32_t offset)
{
	return (volatile uint8_t *)(uintptr_t)(where[COMMON] + offset);
}

static void put(uint32_t offset, uint32_t width, uint32_t value)
{
	if (width == 1)
		*common(offset) = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)(uintptr_t)common(offset) = (uint16_t)value;
	else
		*(volatile uint32_t *)(uintptr_t)common(offset) = value;
}

static uint32_t get16(uint32_t offset)
{
	return *(volatile uint16_t *)(uintptr_t)common(offset);
}

static uint32_t get32(uint32_t offset)
{
	return *(volatile uint32_t *)(uintptr_t)common(offset);
}

static uint32_t device_status(void)
{
	return is_legacy ? in8((uint16_t)(ports + 18)) : *common(20);
}

static void set_status(uint32_t value)
{
	if (is_legacy)
		out8((uint16_t)(ports + 18), (uint8_t)value);
	else
		put(20, 1, value);
}

static void notify(uint32_t queue)
{
	if (is_legacy) {
		out16((uint16_t)(ports + 16), (uint16_t)queue);
		return;
	}
	put(22, 2, queue);
	*(volatile uint16_t *)(uintptr_t)(where[NOTIFY] + get16(30) * multiplier) = (uint16_t)queue;
}

static bool is_interrupting(void)
{
	return (is_legacy ? in8((uint16_t)(ports + 19)) : *(volatile uint8_t *)(uintptr_t)where[ISR]) & 1;
}

static uint32_t device_config(uint32_t offset)
{
	return is_legacy ? in32((uint16_t)(ports + 20 + offset)) : *(volatile uint32_t *)(uintptr_t)(where[DEVICE] + offset);
}

/* Makes a queue at that place in memory; whether it is one now. */
static bool make_queue(uint32_t queue, uint64_t address)
{
	if (is_legacy) {
		out16((uint16_t)(ports + 14), (uint16_t)queue);
		size = in16((uint16_t)(ports + 12));
		out32((uint16_t)(ports + 8), (uint32_t)(address >> 12));
		return in32((uint16_t)(ports + 8)) == address >> 12;
	}
	put(22, 2, queue);
	put(24, 2, size);
	for (uint32_t i = 0; i < 3; i++) {
		put(32 + 8 * i, 4, (uint32_t)(address + (i == 0 ? 0 : i * PAGE)));
		put(36 + 8 * i, 4, (uint32_t)(address >> 32));
	}
	put(28, 2, 1);
	return get16(28) == 1;
}

static void reset(void)
{
	set_status(0);
	for (uint32_t i = 0; device_status() != 0 && i < POLLS; i++)
		;
	memset(rings, 0, sizeof(rings));
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < QUEUES; i++)
		rings[i].flags = !is_asking;
}

static void negotiate(void)
{
	uint32_t low, high = 0;

	set_status(1);
	set_status(3);
	if (is_legacy) {
		low = in32(ports);
		has_tables = false;
		out32((uint16_t)(ports + 4), low & ~(1u << 28));
	} else {
		put(0, 4, 1);
		high = get32(4);
		put(0, 4, 0);
		low = get32(4);
		put(8, 4, 0);
		put(12, 4, low);
		put(8, 4, 1);
		put(12, 4, high);
		set_status(11);
		has_tables = (low & 1u << 28) != 0;
		guest_check(device_status() == 11, "features are agreed on", "status 0x%x", device_status());
	}
	if (is_first)
		guest_check((low & 0x21000081) == 0 && (high & ~0x13u) == 0 && (is_legacy || (high & 1)),
			    "no more than we know", "0x%x, 0x%x", low, high);
}

static void start(void)
{
	bool made = true;

	size = 32;
	reset();
	negotiate();
	for (uint32_t i = 0; i < QUEUES; i++)
		made &= make_queue(i, address_of(&rings[i]));
	if (is_first)
		guest_check(made, "queues", "none");
	set_status(is_legacy ? 7 : 15);
	is_first = false;
}

/* Commands ------------------------------------------------------------------------------------------- */

static void piece(const volatile void *memory, uint64_t length, bool write)
{
	pieces[nr_pieces++] = (struct descriptor){ address_of(memory), (uint32_t)length, write ? WRITE : 0, 0 };
}

static void link(struct descriptor *descriptors)
{
	for (uint32_t i = 0; i < nr_pieces; i++) {
		descriptors[i] = pieces[i];
		descriptors[i].next = (uint16_t)(i + 1);
		descriptors[i].flags |= i + 1 < nr_pieces ? NEXT : 0;
	}
}

static void submit(uint32_t queue, uint32_t head)
{
	struct ring *ring = &rings[queue];

	ring->entries[ring->index % size] = (uint16_t)head;
	*(volatile uint16_t *)&ring->index = (uint16_t)(ring->index + 1);
	notify(queue);
}

/* Waits for a command to be given back: its status, or NEVER. */
static uint32_t complete(uint32_t queue)
{
	struct ring *ring = &rings[queue];

	for (uint32_t i = 0; ring->used_index == seen[queue]; i++) {
		if (i == POLLS || (device_status() & NEEDS_RESET))
			return NEVER;
		if (is_asking)
			(void)is_interrupting();
	}
	if (ring->used_index != (uint16_t)(seen[queue] + 1))
		return NEVER - 1;
	return ring->used[seen[queue]++ % size].head == 0 ? status : NEVER - 2;
}

/* Gives the pieces, in a table or not. */
static uint32_t give(uint32_t queue)
{
	status = 0xee;
	if (is_indirect) {
		link(table);
		rings[queue].descriptors[0] = (struct descriptor){ address_of(table), nr_pieces * 16, INDIRECT, 0 };
	} else {
		link(rings[queue].descriptors);
	}
	nr_pieces = 0;
	submit(queue, 0);
	return complete(queue);
}

static void begin(uint32_t type, uint64_t sector)
{
	header.type = type;
	header.sector = sector;
	nr_pieces = 0;
	piece(&header, 16, false);
}

static uint32_t transfer(uint32_t queue, uint32_t type, uint64_t lba, uint32_t length, uint8_t *bytes)
{
	begin(type, lba * (block / 512));
	for (uint32_t done = 0, part; done < length; done += part) {
		part = length - done < 16 * PAGE ? length - done : 16 * PAGE;
		piece(bytes + done, part, type == IN);
	}
	piece(&status, 1, true);
	return give(queue);
}

static void fill(uint8_t seed)
{
	disk_fill(out, sizeof(out), seed);
}

static bool is_zero(const uint8_t *bytes, uint32_t length)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static void check_status(const char *name, uint32_t got, uint32_t wanted)
{
	guest_check(got == wanted, name, "0x%x, not 0x%x", got, wanted);
}

static void check_transfers(uint32_t queue, uint32_t blocks, uint32_t offset, uint64_t lba)
{
	uint32_t length = blocks * block, result;

	fill((uint8_t)(block / 256 + queue + blocks));
	result = transfer(queue, OUT, lba, length, out + offset);
	memset(in, 0, sizeof(in));
	result |= transfer(queue, IN, lba + RAW_OF_XORED - XORED, length, in + offset);
	guest_check(result == 0 && is_xored(in + offset, out + offset, length, 0x5a), "written changed",
		    "%u blocks of %u: status 0x%x", blocks, block, result);
	result = transfer(queue, IN, lba, length, in + offset);
	guest_check(result == 0 && is_xored(in + offset, out + offset, length, 0), "read changed",
		    "%u blocks of %u: status 0x%x", blocks, block, result);
}

static void check_verdicts(void)
{
	fill(50);
	check_status("write refused", transfer(0, OUT, WRITE_DENIED, block, out), IOERR);
	check_status("a reason", transfer(0, OUT, WRITE_REASON, block, out), UNSUPPORTED);
	check_status("a status", transfer(0, OUT, WRITE_STATUS, block, out), 77);
	check_status("read refused", transfer(1, IN, READ_DENIED, block, in), IOERR);
	memset(in, 0xee, block);
	check_status("refused when done", transfer(0, IN, DONE_DENIED, block, in), IOERR);
	guest_check(in[0] == 0xee && in[block - 1] == 0xee, "nothing of it is there", "0x%x", in[0]);
	check_status("a block that fails", transfer(0, OUT, HALF_CHANGED, block, out), IOERR);
	check_status("write dropped", transfer(1, OUT, WRITE_DROPPED, block, out), OK);
	check_status("it is read", transfer(1, IN, WRITE_DROPPED, block, in), OK);
	guest_check(is_zero(in, block), "it is not there", "0x%x", in[0]);
	memset(in, 0xee, block);
	check_status("read dropped", transfer(0, IN, READ_DROPPED, block, in), OK);
	guest_check(is_zero(in, block), "it gives zeros", "0x%x", in[0]);
	check_status("read answered", transfer(1, IN, READ_ANSWERED, block, in), OK);
	guest_check(is_xored(in, (const uint8_t[4096]){ 0 }, block, 0xa5), "it gives the script's", "0x%x", in[0]);
	check_status("write moved", transfer(0, OUT, MOVED_FROM, block, out), OK);
	check_status("read there", transfer(1, IN, MOVED_TO, block, in), OK);
	guest_check(is_xored(in, out, block, 0), "it is elsewhere", "0x%x", in[0]);
	check_status("written for later", transfer(0, OUT, DELAYED, block, out), OK);
	check_status("read later", transfer(0, IN, DELAYED, block, in), OK);
	guest_check(is_xored(in, out, block, 0), "it is there then", "0x%x", in[0]);
	begin(FLUSH, 0);
	piece(&status, 1, true);
	check_status("flush", give(0), OK);
	check_status("beyond the end", transfer(0, IN, UINT64_C(1) << 40, block, in), IOERR);
}

static uint32_t erase(uint32_t type, uint64_t lba, uint32_t blocks, uint32_t length)
{
	struct {
		uint64_t sector;
		uint32_t sectors, flags;
	} ranges[2] = { { lba * (block / 512), blocks * (block / 512), 0 } };

	begin(type, 0);
	piece(ranges, length, false);
	piece(&status, 1, true);
	return give(0);
}

static void check_commands(void)
{
	fill(77);
	check_status("write", transfer(0, OUT, PLAIN, 4 * block, out), OK);
	check_status("write zeros", erase(WRITE_ZEROES, PLAIN + 1, 2, 16), OK);
	check_status("read", transfer(0, IN, PLAIN, 4 * block, in), OK);
	guest_check(is_xored(in, out, block, 0) && is_zero(in + block, 2 * block) &&
		    is_xored(in + 3 * block, out + 3 * block, block, 0), "those are zeros", "0x%x", in[block]);
	check_status("discard", erase(DISCARD, PLAIN, 1, 16), OK);
	check_status("zeros refused", erase(WRITE_ZEROES, ERASE_DENIED, 1, 16), IOERR);
	check_status("discard refused", erase(DISCARD, ERASE_DENIED, 1, 16), IOERR);
	check_status("two ranges", erase(DISCARD, PLAIN, 1, 32), UNSUPPORTED);
	begin(GET_ID, 0);
	piece(in, 20, true);
	piece(&status, 1, true);
	memset(in, 0xee, 20);
	check_status("identify", give(0), OK);
	guest_check(memcmp(in, "RV", 2) == 0, "its serial number", "%c%c", in[0], in[1]);
	check_status("another name of a write", transfer(0, OUT | 0x80000000u, PLAIN, block, out), UNSUPPORTED);
	check_status("a SCSI command", transfer(0, 2, PLAIN, block, out), UNSUPPORTED);
	check_status("an unknown one", transfer(0, 0x10000, PLAIN, block, out), UNSUPPORTED);
	check_status("half a block", transfer(0, IN, PLAIN, 100, in), IOERR);
}

/* The same in other pieces. */
static void check_layouts(void)
{
	static uint8_t all[16 + PAGE + 1];

	fill(99);
	begin(OUT, PLAIN * (block / 512));
	memcpy(all, &header, 16);
	memcpy(all + 16, out, block);
	nr_pieces = 0;
	piece(all, 16 + block, false);
	piece(&status, 1, true);
	check_status("header and data in one", give(1), OK);
	begin(IN, PLAIN * (block / 512));
	nr_pieces = 0;
	piece(&header, 5, false);
	piece((uint8_t *)&header + 5, 11, false);
	piece(in, 1, true);
	piece(in + 1, block - 1, true);
	piece(&status, 1, true);
	check_status("a header in two, odd data", give(0), OK);
	guest_check(is_xored(in, out, block, 0), "it is read so", "0x%x", in[0]);
	memset(all, 0xee, sizeof(all));
	begin(IN, PLAIN * (block / 512));
	piece(all, block + 1, true);
	(void)give(0);
	guest_check(all[block] == OK && is_xored(all, out, block, 0), "data and status in one", "0x%x", all[block]);
}

/* Memory that is the hypervisor's, or none. */
static void check_memory(void)
{
	uint64_t ours = reserved_find();
	uint8_t *bad = (uint8_t *)(uintptr_t)ours;

	guest_check(ours != 0, "hypervisor's memory", "none");
	check_status("ours read into", transfer(0, IN, PLAIN, block, bad), IOERR);
	check_status("ours written from", transfer(0, OUT, PLAIN, block, bad), IOERR);
	check_status("into ours", transfer(0, IN, PLAIN, 2 * PAGE, bad - PAGE), IOERR);
	check_status("no memory", transfer(0, IN, PLAIN, block, (uint8_t *)UINT64_C(0xfee00000)), IOERR);
	if (!has_tables)
		return;
	is_indirect = true;
	for (uint32_t count = 126; count <= 128; count += 2) {
		begin(IN, PLAIN * (block / 512));
		for (uint32_t i = 0; i < count; i++)
			piece(in + block * i, block, true);
		piece(&status, 1, true);
		check_status(count == 126 ? "in as many pieces as may be" : "in too many", give(0), count == 126 ? OK : IOERR);
	}
	is_indirect = false;
}

static void check_dead(const char *name, uint32_t result)
{
	guest_check(result == NEVER && (device_status() & NEEDS_RESET), name, "0x%x, status 0x%x", result, device_status());
	start();
	check_status("after a reset", transfer(0, IN, PLAIN, block, in), OK);
}

static uint32_t raw(uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
	rings[0].descriptors[0] = (struct descriptor){ address, length, flags, next };
	submit(0, 0);
	return complete(0);
}

/* Chains that no device could make sense of: the queue is dead until a reset. */
static void check_chains(void)
{
	uint64_t ours = reserved_find();

	begin(IN, 0);
	check_dead("no status", give(0));
	nr_pieces = 0;
	piece(&header, 15, false);
	piece(&status, 1, true);
	check_dead("no header", give(0));
	begin(IN, 0);
	piece(&status, 1, true);
	piece(out, 512, false);
	check_dead("read behind written", give(0));
	begin(IN, 0);
	piece(in, 0, true);
	piece(&status, 1, true);
	check_dead("nothing in a piece", give(0));
	begin(IN, 0);
	piece((uint8_t *)(uintptr_t)ours, 1, true);
	check_dead("status in ours", give(0));
	nr_pieces = 0;
	piece((uint8_t *)(uintptr_t)ours, 16, false);
	piece(&status, 1, true);
	check_dead("header in ours", give(0));
	check_dead("a loop", raw(address_of(&header), 16, NEXT, 0));
	check_dead("a descriptor that is not there", raw(address_of(&header), 16, NEXT, (uint16_t)size));
	check_dead("a table of odd size", raw(address_of(table), 17, INDIRECT, 0));
	check_dead("a table of nothing", raw(address_of(table), 0, INDIRECT, 0));
	check_dead("a table, and more", raw(address_of(table), 32, INDIRECT | NEXT, 1));
	check_dead("a table without end", raw(address_of(table), 0xfffffff0, INDIRECT, 0));
	check_dead("a table in ours", raw(ours, 32, INDIRECT, 0));
	table[0] = (struct descriptor){ address_of(table), 32, INDIRECT, 0 };
	check_dead("a table in a table", raw(address_of(table), 32, INDIRECT, 0));
	table[0] = (struct descriptor){ address_of(&header), 16, NEXT, 0 };
	check_dead("a loop in a table", raw(address_of(table), 32, INDIRECT, 0));
	submit(0, size);
	check_dead("a head that is not there", complete(0));
	rings[0].index = (uint16_t)(rings[0].index + size + 1);
	notify(0);
	check_dead("more than there is room for", complete(0));
}

static void check_queues(void)
{
	uint64_t ours = reserved_find();

	reset();
	negotiate();
	guest_check(!make_queue(0, ours), "a ring in ours", "it is one");
	guest_check(!make_queue(0, ours - PAGE), "a ring into ours", "it is one");
	guest_check(!make_queue(0, 0xfee00000), "a ring in no memory", "it is one");
	guest_check(!make_queue(200, address_of(rings)), "queue 200", "it is one");
	if (!is_legacy)
		guest_check(!make_queue(0, address_of(rings) + 8), "a ring at an odd place", "it is one");
	if (!is_legacy) {
		reset();
		set_status(3);
		put(8, 4, 1);
		put(12, 4, 5); /* with packed rings */
		set_status(11);
		guest_check(device_status() == 3, "packed rings are refused", "0x%x", device_status());
	}
	set_status(is_legacy ? 7 : 15);
	notify(0);
	start();
	notify(30);
	check_status("after it", transfer(0, IN, PLAIN, block, in), OK);
	/* Amid what was given, delayed and not. */
	for (uint32_t i = 0; i < 10; i++) {
		begin(IN, (i % 2 ? DELAYED : PLAIN) * (block / 512));
		piece(in, block, true);
		piece(&status, 1, true);
		rings[1].flags = 0; /* nobody waits */
		link(rings[1].descriptors);
		submit(1, 0);
		start();
	}
	check_transfers(1, 3, 0, XORED);
}

/* The window in configuration space, to read the device's features by. */
static void check_window(void)
{
	config_write(window + 4, config_read(window + 4) & 0xffffff00);
	config_write(window + 8, 0);
	config_write(window + 12, 4);
	guest_check(config_read(window + 16) == 0, "nothing is behind the window", "0x%x", config_read(window + 16));
}

static uint64_t bar_address(uint32_t number)
{
	uint32_t low = config_read(0x10 + 4 * number);

	return (low & ~15u) | ((low & 7) == 4 ? (uint64_t)config_read(0x14 + 4 * number) << 32 : 0);
}

static void find_structures(void)
{
	config_write(4, (config_read(4) & 0xffff) | 7);
	ports = (uint16_t)(config_read(0x10) & ~3u);
	for (uint32_t at = config_read(0x34) & 0xfc; at != 0; at = config_read(at + 1) & 0xfc) {
		uint32_t type = config_read(at + 3) & 0xff;

		if ((config_read(at) & 0xff) != 9 || type > PCI_WINDOW)
			continue;
		if (type == PCI_WINDOW)
			window = at;
		else
			where[type] = bar_address(config_read(at + 4) & 0xff) + config_read(at + 8);
		if (type == NOTIFY)
			multiplier = config_read(at + 16);
	}
}

static void check_all(void)
{
	uint32_t bytes;

	is_first = true;
	start();
	bytes = device_config(20);
	block = bytes;
	guest_print("guest: %u sectors of %u, %s\n", device_config(0), block, is_legacy ? "legacy" : "modern");
	guest_check(device_config(12) <= 126, "pieces that it takes", "%u", device_config(12));
	check_transfers(0, 1, 0, XORED);
	check_transfers(1, 3, 512, XORED);
	check_transfers(0, 25, 1024, XORED);
	is_indirect = has_tables;
	check_transfers(1, 1500 * 1024 / block, 0, LARGE);
	check_verdicts();
	check_commands();
	is_indirect = false;
	check_layouts();
	check_memory();
	check_chains();
	check_queues();
	is_asking = true;
	is_indirect = has_tables;
	start();
	check_transfers(0, 5, 0, XORED);
	check_transfers(1, 1500 * 1024 / block, 0, LARGE);
	check_verdicts();
	is_asking = is_indirect = false;
}

void guest_main(void)
{
	bool is_unseen = option_number_or("unseen", 0) != 0;
	unsigned found = 0;

	for (function = 0; function < 256; function++) {
		uint32_t ids = config_read(0);

		if (ids != 0x10011af4 && ids != 0x10421af4)
			continue;
		found++;
		find_structures();
		if (is_unseen) {
			block = 512;
			start();
			for (unsigned i = 0; i < 20; i++)
				check_status("read", transfer(0, IN, PLAIN, 8 * block, in), OK);
			continue;
		}
		is_legacy = false;
		if (where[COMMON] != 0)
			check_all();
		check_window();
		is_legacy = true;
		if (ids == 0x10011af4)
			check_all();
	}
	guest_check(found != 0, "disks", "none");
	guest_print("guest: done\n");
	guest_power_off();
}
