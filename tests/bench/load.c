/*
 * tests/bench/load.c: work of a fixed amount for the Linux guest, between marks that the counting
 * plugin sees. Runs as root in the initramfs of the bench.
 *
 *   load mark N             marks
 *   load fork N ROUNDS      fork, exec, memory that is touched for the first time, wait
 *   load disk N DEVICE MIB  reads MIB past the page cache, writes what it read back
 *   load net N A B FRAMES   sends frames out of interface A that arrive at B
 *   load requests N DEVICE COUNT DEPTH
 *                           reads COUNT times 4 KiB past the page cache, DEPTH at a time
 *   load stream N DEVICE MIB    reads MIB past the page cache, 128 KiB at a time, and writes it again
 *   load random N DEVICE COUNT  4 KiB, COUNT times, here and there: reads one, writes one
 *   load map DEVICE SECTORS     no load: /dev/dm-0 is DEVICE through dm-crypt, as cryptsetup makes it
 *   load true               does nothing; what `fork` executes
 *
 * Marks are N before the work and N + 1 after it; each load warms up before its first mark. Prints
 * `load: NAME CHECKSUM`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/dm-ioctl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK_BYTES 65536
#define TOUCHED_BYTES (1 << 20)
#define PAGE_BYTES 4096
#define REQUEST_BYTES 4096
#define STREAM_BYTES (128 << 10)
#define RANDOM_SPAN 4096 /* of 4 KiB */
#define REQUESTS_SPAN 1024
#define DEPTH_MAXIMUM 64
#define FRAME_BYTES 1024
#define FRAME_TYPE 0x88b5 /* for local experiments, IEEE 802 */
#define WARM_UP_DIVISOR 4

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

/*
 * Entry N is a NOP whose displacement is 0x52560000 + N, by which plugin.c knows it, and a RET: 8
 * bytes.
 */
__asm__(".text\n"
	".balign 8\n"
	"mark_table:\n"
	"	.set number, 0\n"
	"	.rept 256\n"
	"	.byte 0x0f, 0x1f, 0x80\n"
	"	.long 0x52560000 + number\n"
	"	ret\n"
	"	.set number, number + 1\n"
	"	.endr\n");
extern const uint8_t mark_table[];

static void mark(uint64_t number)
{
	((void (*)(void))(uintptr_t)(mark_table + 8 * (number & 0xff)))();
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 0);
}

static uint64_t checksum(uint64_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i += 64)
		sum = (sum ^ bytes[i]) * 0x100000001b3u;
	return sum;
}

/* Each round: a child that touches fresh memory, then becomes another program. */
static uint64_t load_fork(uint64_t rounds)
{
	uint64_t sum = 0;

	for (uint64_t round = 0; round < rounds; round++) {
		uint8_t *memory = mmap(NULL, TOUCHED_BYTES, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t child;
		int status;

		if (memory == MAP_FAILED)
			fail("mmap");
		for (size_t at = 0; at < TOUCHED_BYTES; at += PAGE_BYTES)
			memory[at] = (uint8_t)(at >> 12);
		child = fork();
		if (child == 0) {
			for (size_t at = 0; at < TOUCHED_BYTES; at += 2 * PAGE_BYTES)
				memory[at]++;
			execl("/proc/self/exe", "load", "true", NULL);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			fail("fork");
		sum = checksum(sum, memory, TOUCHED_BYTES);
		munmap(memory, TOUCHED_BYTES);
	}
	return sum;
}

static uint64_t load_disk(const char *device, uint64_t blocks)
{
	int file = open(device, O_RDWR | O_DIRECT);
	uint8_t *buffer = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t sum = 0;

	if (file < 0 || buffer == MAP_FAILED)
		fail(device);
	for (uint64_t block = 0; block < blocks; block++) {
		off_t at = (off_t)(block * BLOCK_BYTES);

		if (pread(file, buffer, BLOCK_BYTES, at) != BLOCK_BYTES)
			fail("read");
		sum = checksum(sum, buffer, BLOCK_BYTES);
		if (pwrite(file, buffer, BLOCK_BYTES, at) != BLOCK_BYTES)
			fail("write");
	}
	close(file);
	munmap(buffer, BLOCK_BYTES);
	return sum;
}

static void request_submit(aio_context_t context, struct iocb *control, uint64_t request)
{
	control->aio_offset = (int64_t)(request % REQUESTS_SPAN * REQUEST_BYTES);
	if (syscall(SYS_io_submit, context, 1, &control) != 1)
		fail("io_submit");
}

/* Each that ends is followed by another, so that as many as asked for are on the way. */
static uint64_t load_requests(const char *device, uint64_t count, uint64_t depth)
{
	int file = open(device, O_RDONLY | O_DIRECT);
	uint8_t *buffers = mmap(NULL, DEPTH_MAXIMUM * REQUEST_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct iocb controls[DEPTH_MAXIMUM] = {0};
	struct io_event event;
	aio_context_t context = 0;
	uint64_t sum = 0, begun = 0;

	if (file < 0 || buffers == MAP_FAILED || depth == 0 || depth > DEPTH_MAXIMUM ||
	    syscall(SYS_io_setup, DEPTH_MAXIMUM, &context) != 0)
		fail(device);
	for (; begun < depth && begun < count; begun++) {
		controls[begun].aio_lio_opcode = IOCB_CMD_PREAD;
		controls[begun].aio_fildes = (uint32_t)file;
		controls[begun].aio_buf = (uintptr_t)(buffers + begun * REQUEST_BYTES);
		controls[begun].aio_nbytes = REQUEST_BYTES;
		request_submit(context, &controls[begun], begun);
	}
	for (uint64_t ended = 0; ended < count; ended++) {
		struct iocb *control;

		if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1 || event.res != REQUEST_BYTES)
			fail("io_getevents");
		control = (struct iocb *)(uintptr_t)event.obj;
		sum += checksum(0, (const uint8_t *)(uintptr_t)control->aio_buf, REQUEST_BYTES);
		if (begun < count)
			request_submit(context, control, begun++);
	}
	syscall(SYS_io_destroy, context);
	close(file);
	munmap(buffers, DEPTH_MAXIMUM * REQUEST_BYTES);
	return sum;
}

/* Reads and writes pieces of a device past the page cache, one after the other or here and there. */
static uint64_t load_pieces(const char *device, uint64_t count, size_t bytes, int is_random)
{
	int file = open(device, O_RDWR | O_DIRECT);
	uint8_t *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t sum = 0, place = 1;

	if (file < 0 || buffer == MAP_FAILED)
		fail(device);
	for (uint64_t i = 0; i < count; i++) {
		off_t at;

		place = place * 6364136223846793005 + 1442695040888963407;
		at = (off_t)((is_random ? (place >> 33) % RANDOM_SPAN : i) * bytes);
		if ((!is_random || i % 2 == 0) && pread(file, buffer, bytes, at) != (ssize_t)bytes)
			fail("read");
		sum = sum * 31 + buffer[i % bytes];
		if ((!is_random || i % 2 != 0) && pwrite(file, buffer, bytes, at) != (ssize_t)bytes)
			fail("write");
	}
	close(file);
	munmap(buffer, bytes);
	return sum;
}

static void map_command(int control, unsigned long what, struct dm_ioctl *command, size_t bytes)
{
	memset(command, 0, sizeof(*command));
	command->version[0] = DM_VERSION_MAJOR;
	command->data_size = (uint32_t)bytes;
	command->data_start = sizeof(*command);
	strcpy(command->name, "clear");
	if (what == DM_TABLE_LOAD)
		command->target_count = 1;
	if (ioctl(control, what, command) != 0)
		fail("device mapper");
}

static int map(const char *device, const char *sectors)
{
	struct {
		struct dm_ioctl command;
		struct dm_target_spec target;
		char words[512];
	} request = {0};
	int control = open("/dev/mapper/control", O_RDWR);

	if (control < 0)
		fail("/dev/mapper/control");
	map_command(control, DM_DEV_CREATE, &request.command, sizeof(request.command));
	request.target.length = strtoull(sectors, NULL, 0);
	strcpy(request.target.target_type, "crypt");
	strcpy(request.words, "aes-xts-plain64 ");
	for (unsigned i = 0; i < 64; i++)
		sprintf(request.words + strlen(request.words), "%02x", (i * 73 + 41) & 255);
	sprintf(request.words + strlen(request.words), " 0 %s 0", device);
	map_command(control, DM_TABLE_LOAD, &request.command, sizeof(request));
	map_command(control, DM_DEV_SUSPEND, &request.command, sizeof(request.command)); /* no flag: it resumes */
	return 0;
}

static int interface_open(const char *name, struct sockaddr_ll *address)
{
	int file = socket(AF_PACKET, SOCK_RAW, htons(FRAME_TYPE));
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (file < 0 || ioctl(file, SIOCGIFINDEX, &request) != 0)
		fail(name);
	*address = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(FRAME_TYPE),
		.sll_ifindex = request.ifr_ifindex,
	};
	if (bind(file, (struct sockaddr *)address, sizeof(*address)) != 0)
		fail(name);
	return file;
}

/* Broadcast, so that the other interface takes them. */
static uint64_t load_net(const char *from, const char *to, uint64_t frames)
{
	struct sockaddr_ll from_address, to_address;
	int sender = interface_open(from, &from_address), receiver = interface_open(to, &to_address);
	struct ether_header header = {.ether_type = htons(FRAME_TYPE)};
	uint8_t frame[FRAME_BYTES] = {0};
	uint64_t sum = 0;

	memset(header.ether_dhost, 0xff, sizeof(header.ether_dhost));
	memset(header.ether_shost, 0x02, sizeof(header.ether_shost));
	memcpy(frame, &header, sizeof(header));
	for (uint64_t i = 0; i < frames; i++) {
		memset(frame + sizeof(header), (int)i, sizeof(frame) - sizeof(header));
		if (sendto(sender, frame, sizeof(frame), 0, (struct sockaddr *)&from_address,
			   sizeof(from_address)) != (ssize_t)sizeof(frame))
			fail("send");
		if (recv(receiver, frame, sizeof(frame), 0) != (ssize_t)sizeof(frame))
			fail("receive");
		sum = checksum(sum, frame, sizeof(frame));
	}
	close(sender);
	close(receiver);
	return sum;
}

static uint64_t load_run(const char *name, char **arguments, uint64_t divisor)
{
	if (!strcmp(name, "fork"))
		return load_fork(number(arguments[0]) / divisor);
	if (!strcmp(name, "disk"))
		return load_disk(arguments[0], number(arguments[1]) * 16 / divisor);
	if (!strcmp(name, "requests"))
		return load_requests(arguments[0], number(arguments[1]) / divisor, number(arguments[2]));
	if (!strcmp(name, "stream"))
		return load_pieces(arguments[0], number(arguments[1]) * 8 / divisor, STREAM_BYTES, 0);
	if (!strcmp(name, "random"))
		return load_pieces(arguments[0], number(arguments[1]) / divisor, REQUEST_BYTES, 1);
	return load_net(arguments[0], arguments[1], number(arguments[2]) / divisor);
}

/* The number of words behind the mark's number, -1 for what is no load. */
static int load_arguments(const char *name)
{
	return !strcmp(name, "fork") ? 1 : !strcmp(name, "disk") ? 2 : !strcmp(name, "net") ? 3 :
	       !strcmp(name, "requests") ? 3 : !strcmp(name, "stream") || !strcmp(name, "random") ? 2 : -1;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	uint64_t sum;

	if (!strcmp(name, "true"))
		return 0;
	if (!strcmp(name, "mark") && argc == 3) {
		mark(number(argv[2]));
		return 0;
	}
	if (!strcmp(name, "map") && argc == 4)
		return map(argv[2], argv[3]);
	if (argc != 3 + load_arguments(name) || argc < 4) {
		fputs("usage: load mark N | fork N ROUNDS | disk N DEVICE MIB | net N A B FRAMES |\n"
		      "       requests N DEVICE COUNT DEPTH | stream N DEVICE MIB | random N DEVICE COUNT |\n"
		      "       map DEVICE SECTORS\n",
		      stderr);
		return 2;
	}
	load_run(name, argv + 3, WARM_UP_DIVISOR);
	mark(number(argv[2]));
	sum = load_run(name, argv + 3, 1);
	mark(number(argv[2]) + 1);
	printf("load: %s %016lx\n", name, (unsigned long)sum);
	return 0;
}
