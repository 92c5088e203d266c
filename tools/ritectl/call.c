/*
 * call.c: the hypercall, the session, and the errors of both in words.
 */
#include "ritectl.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define TRIES_OF_FAULTS 16
#define BUSY_NANOSECONDS 1000000

static uint8_t page[CONTROL_BYTES_MAXIMUM] __attribute__((aligned(CONTROL_BYTES_MAXIMUM)));
struct control_message *message = (struct control_message *)(void *)page;
uint64_t tsc_hz = 1000000000;

static sigjmp_buf illegal;
static bool is_vmcall; /* Intel's instruction, not AMD's */
static uint64_t session;

static void call_illegal(int signal)
{
	(void)signal;
	siglongjmp(illegal, 1);
}

static int64_t call_once(uint64_t *fault)
{
	int64_t result = (int64_t)CONTROL_MAGIC;
	uint64_t bytes = sizeof(page);

	if (is_vmcall)
		__asm__ volatile("vmcall" : "+a"(result), "=d"(*fault) : "D"(page), "S"(bytes) : "memory");
	else
		__asm__ volatile("vmmcall" : "+a"(result), "=d"(*fault) : "D"(page), "S"(bytes) : "memory");
	return result;
}

/* The page may have been swapped out, or be about to be copied. */
static int64_t call_present(void)
{
	int64_t result = -EFAULT;

	if (wire_is_open())
		return wire_call();

	for (unsigned i = 0; i < TRIES_OF_FAULTS && result == -EFAULT; i++) {
		uint64_t fault;

		for (size_t at = 0; at < sizeof(page); at += 64)
			*(volatile uint8_t *)&page[at] = page[at];
		result = call_once(&fault);
	}
	return result;
}

int64_t call(uint32_t command, uint32_t data_bytes)
{
	const struct timespec pause = { .tv_nsec = BUSY_NANOSECONDS };
	struct control_message sent;
	struct timespec begin, now;
	int64_t result;

	message->version = CONTROL_VERSION;
	message->command = command;
	message->session = session;
	message->data_bytes = data_bytes;
	message->reserved = 0;
	message->reserved2 = 0;
	memcpy(&sent, message, sizeof(sent));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while ((result = call_present()) == -EAGAIN) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - begin.tv_sec > (time_t)settings.timeout_s)
			fail(STATUS_TIMEOUT, "the script is busy elsewhere, and has been for %u seconds", settings.timeout_s);
		nanosleep(&pause, NULL);
		memcpy(message, &sent, sizeof(sent));
	}
	return result;
}

static bool call_is_amd(void)
{
	unsigned a, b, c, d;

	__cpuid(0, a, b, c, d);
	return c == 0x444d4163 || c == 0x656e6975; /* AuthenticAMD, HygonGenuine */
}

/*
 * Does this instruction reach a Ritevisor? The other vendor's is illegal; KVM writes this vendor's in its place,
 * and what comes of that in the text of a program is SIGSEGV.
 */
static bool call_greet(bool vmcall)
{
	struct sigaction action = { .sa_handler = call_illegal, .sa_flags = SA_NODEFER }, before, segv_before;
	bool answered = false;

	is_vmcall = vmcall;
	sigaction(SIGILL, &action, &before);
	sigaction(SIGSEGV, &action, &segv_before);
	if (sigsetjmp(illegal, 1) == 0)
		answered = call(CONTROL_HELLO, 0) == 0;
	sigaction(SIGILL, &before, NULL);
	sigaction(SIGSEGV, &segv_before, NULL);
	return answered;
}

static bool call_find(void)
{
	bool amd = call_is_amd();

	if (wire_is_open() ? call(CONTROL_HELLO, 0) != 0 : !call_greet(!amd) && !call_greet(amd))
		return false;
	if (message->argument[2] != 0)
		tsc_hz = message->argument[2];
	return true;
}

const char *call_version(void)
{
	static char text[64];
	size_t length;

	if (!call_find())
		return NULL;
	length = message->data_bytes < sizeof(text) ? message->data_bytes : sizeof(text) - 1;
	memcpy(text, message->data, length);
	text[length] = '\0';
	return text;
}

static uint64_t call_token(void)
{
	uint64_t token;
	int file = open("/dev/cpu/0/msr", O_RDONLY | O_CLOEXEC);

	if (file < 0 && errno == ENOENT)
		fail(STATUS_NONE, "/dev/cpu/0/msr is missing: modprobe msr");
	if (file < 0)
		fail(STATUS_NONE, "not allowed: /dev/cpu/0/msr: %s (be root, with CAP_SYS_RAWIO)", strerror(errno));
	if (pread(file, &token, sizeof(token), CONTROL_MSR) != sizeof(token))
		fail(STATUS_NONE, "not allowed: the token cannot be read: %s", strerror(errno));
	close(file);
	return token;
}

void call_open(void)
{
	int64_t result;

	(void)mlock(page, sizeof(page));
	if (!call_find())
		fail(STATUS_NONE, "no Ritevisor answers: is it there, with the boot option control=load?");
	if (message->argument[1] == CONTROL_AUTH_KEY) {
		result = key_answer();
	} else {
		message->argument[0] = message->argument[1] == CONTROL_AUTH_ROOT && !wire_is_open() ? call_token() : 0;
		result = call(CONTROL_OPEN, 0);
	}
	if (result != 0)
		fail(STATUS_NONE, "not allowed: %s", call_error(result));
	session = message->session;
}

void call_close(void)
{
	(void)call(CONTROL_CLOSE, 0);
}

const char *call_error(int64_t result)
{
	switch (-result) {
	case EIO:
		return "that CPU gives no random numbers, without which no key is asked for";
	case EACCES:
		return "not allowed (boot options control=, auth= and control_key=)";
	case EINVAL:
		return "it takes no such name: letters, digits and . _ + - only (-n NAME)";
	case EPERM:
		return "a policy stays (control=policy may take it away), and needs `load`, not `run`";
	case ENOMEM:
		return "the hypervisor's memory does not suffice (boot options memory= and live_heap=)";
	case ENOSPC:
		return "there are too many scripts";
	case EEXIST:
		return "a script of that name is in force: unload it first";
	case E2BIG:
		return "the script is too long";
	case ENOENT:
		return "there is no such script";
	case EBUSY:
		return "it belongs to a `ritectl run`, is being replaced, or a CPU stopped amid it";
	case ECANCELED:
		return "the script failed in it";
	case EOPNOTSUPP:
		return "there is no script engine: Ritevisor was booted without, or with the option rescue";
	default:
		return strerror((int)-result);
	}
}
