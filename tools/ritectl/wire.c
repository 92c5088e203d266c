/*
 * wire.c: messages by a serial line, or the socket that stands for one.
 */
#include "ritectl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "control/wire_frame.h"

#define RETRY_MS 2000 /* then a question is sent again */
#define WAKE_MS 40    /* between the first byte and the rest: a UART that is looked at now and then */

static int line = -1;
static uint64_t number;
static struct {
	struct wire_head head;
	struct control_message message;
} packet;

static int wire_open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		fail(STATUS_USAGE, "%s: the path is too long", path);
	strcpy(address.sun_path, path);
	if (file < 0 || connect(file, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail(STATUS_NONE, "%s: %s", path, strerror(errno));
	return file;
}

static int wire_open_line(const char *path)
{
	struct termios terminal;
	int file = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (file < 0 || tcgetattr(file, &terminal) != 0)
		fail(STATUS_NONE, "%s: %s", path, strerror(errno));
	cfmakeraw(&terminal);
	cfsetspeed(&terminal, B115200);
	terminal.c_cflag |= CLOCAL | CREAD;
	terminal.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB | PARENB);
	if (tcsetattr(file, TCSAFLUSH, &terminal) != 0)
		fail(STATUS_NONE, "%s: %s", path, strerror(errno));
	return file;
}

static uint64_t wire_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void wire_open(const char *path)
{
	struct timespec now;
	struct stat status;

	if (stat(path, &status) != 0)
		fail(STATUS_NONE, "%s: %s", path, strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	line = S_ISSOCK(status.st_mode) ? wire_open_socket(path) : wire_open_line(path);
	clock_gettime(CLOCK_REALTIME, &now);
	number = ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) << 16 ^ (uint64_t)getpid() << 40;
}

bool wire_is_open(void)
{
	return line >= 0;
}

/* Waits for room, or for bytes. False: the time is over. */
static bool wire_wait(short events, uint64_t until_ms)
{
	uint64_t now = wire_now_ms();
	struct pollfd wait = { .fd = line, .events = events };

	return now < until_ms && poll(&wait, 1, (int)(until_ms - now)) > 0;
}

static bool wire_write(const uint8_t *bytes, size_t length_bytes, uint64_t until_ms)
{
	while (length_bytes != 0) {
		ssize_t written;

		if (!wire_wait(POLLOUT, until_ms))
			return false;
		written = write(line, bytes, length_bytes);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			fail(STATUS_NONE, "the wire: %s", strerror(errno));
		if (written > 0) {
			bytes += written;
			length_bytes -= (size_t)written;
		}
	}
	return true;
}

/* Is this the answer to the question that is open? Answers that came twice, and text, are none. */
static bool wire_is_answer(const struct wire_parser *parser)
{
	struct wire_head head;

	memcpy(&head, parser->bytes, sizeof(head));
	if (head.number != packet.head.number)
		return false;
	memset(&packet, 0, sizeof(packet));
	memcpy(&packet, parser->bytes, parser->used);
	return packet.message.data_bytes <= parser->used - WIRE_PAYLOAD_MINIMUM;
}

static bool wire_read(uint64_t until_ms)
{
	static struct wire_parser parser;
	uint8_t bytes[1024];
	ssize_t count;

	while (wire_wait(POLLIN, until_ms)) {
		count = read(line, bytes, sizeof(bytes));
		if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN))
			fail(STATUS_NONE, "the wire: %s", count == 0 ? "the other end has gone" : strerror(errno));
		for (ssize_t i = 0; i < count; i++) {
			/* What comes behind is no answer to this question. */
			if (wire_parse(&parser, bytes[i]) == WIRE_FRAME && wire_is_answer(&parser))
				return true;
		}
	}
	return false;
}

/* The first byte of a frame, 0x00, may come alone. */
static void wire_wake(uint64_t until_ms)
{
	static uint64_t spoke_ms;
	const struct timespec pause = { .tv_nsec = WAKE_MS * 1000000 };
	const uint8_t zero = 0;

	if (wire_now_ms() - spoke_ms > 500 && wire_write(&zero, 1, until_ms))
		nanosleep(&pause, NULL);
	spoke_ms = wire_now_ms();
}

int64_t wire_call(void)
{
	static uint8_t frame[WIRE_FRAME_MAXIMUM];
	uint64_t end_ms = wire_now_ms() + (uint64_t)settings.timeout_s * 1000;
	size_t bytes;

	packet.head.number = ++number;
	packet.head.result = 0;
	memcpy(&packet.message, message, sizeof(packet.message));
	bytes = wire_encode(&packet, WIRE_PAYLOAD_MINIMUM + message->data_bytes, frame);
	while (wire_now_ms() < end_ms) {
		uint64_t until_ms = wire_now_ms() + RETRY_MS;

		wire_wake(end_ms);
		if (wire_write(frame, bytes, end_ms) && wire_read(until_ms < end_ms ? until_ms : end_ms)) {
			memcpy(message, &packet.message, sizeof(packet.message));
			return packet.head.result;
		}
	}
	fail(STATUS_TIMEOUT, "nobody answers on the wire, and has not for %u seconds", settings.timeout_s);
}
