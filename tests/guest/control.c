/*
 * tests/guest/control.c: a guest that means harm by the control hypercall: buffers that are not its own, are not
 * there, wrap, or change under the call; sessions of others; messages at random.
 *
 * Options: off=1: the hypervisor must not be seen at all. read=1: nothing can be loaded. root=1: sessions take a
 * token. key=1: they take a key, which it has not; cycles=N: of an instruction; loads=N: so many scripts then. signed=1: scripts need
 * a signature. second=1: another CPU changes pages and
 * calls, meanwhile. rounds=N: messages at random.
 */
#include "run.h"

#include "control/control_abi.h"
#include "service/verify.h"
#include "instruction.h"
#include "reserved.h"
#include "rv/errno.h"
#include "second.h"

#define CODE RUN_WINDOW
#define BUFFER RUN_BUFFER
#define OTHER_BUFFER (RUN_BUFFER + 0x10000u)
#define PAGE 4096u
#define SECOND_VECTOR 0x80
#define ALL (RUN_PRESENT | RUN_WRITABLE | RUN_USER)
#define SECOND_CALLS 400u

extern uint64_t pml4[512];

static struct control_message *const message = (struct control_message *)(uintptr_t)BUFFER;
static uint64_t session, ours;

static bool is_amd(void)
{
	return cpuid(0, 0).ecx == 0x444d4163;
}

/* The instruction, with a breakpoint behind: the good end. */
static void place_code(void)
{
	volatile uint8_t *code = (volatile uint8_t *)(uintptr_t)CODE;
	const uint8_t bytes[] = { 0x0f, 0x01, is_amd() ? 0xd9 : 0xc1, 0xcc };

	for (unsigned i = 0; i < sizeof(bytes); i++)
		code[i] = bytes[i];
}

static void call(struct run *run, uint64_t magic, uint64_t address, uint64_t bytes, unsigned cpl)
{
	*run = (struct run){ .rax = magic, .rdi = address, .rsi = bytes, .rdx = 0x5555, .rip = CODE };
	if (cpl == 3) {
		run->cs = RUN_USER_CODE64;
		run->ss = RUN_USER_DATA;
		run->rsp = RUN_WINDOW + 0x80000;
	}
	run_code(run);
}

static void expect_undefined(const char *name, uint64_t magic, uint64_t cs, uint64_t ss)
{
	struct run run = { .rax = magic, .rdi = BUFFER, .rsi = PAGE, .rip = CODE, .cs = cs, .ss = ss };

	if (cs == RUN_USER_CODE64)
		run.rsp = RUN_WINDOW + 0x80000;
	run_code(&run);
	guest_check(run.vector == VECTOR_UD && run.rip == CODE && run.rax == magic, name, "vector %d, rax 0x%lx",
		    run.vector, run.rax);
}

static void check_undefined(void)
{
	expect_undefined("no magic at CPL 0", 0, 0, 0);
	expect_undefined("no magic at CPL 3", CONTROL_MAGIC + 1, RUN_USER_CODE64, RUN_USER_DATA);
	expect_undefined("32-bit code", (uint32_t)CONTROL_MAGIC, RUN_CODE32, RUN_DATA);
}

static void prepare(uint32_t command)
{
	memset(message, 0, CONTROL_HEADER_BYTES);
	message->version = CONTROL_VERSION;
	message->command = command;
	message->session = session;
}

static int64_t ask(uint32_t command)
{
	struct run run;

	prepare(command);
	call(&run, CONTROL_MAGIC, BUFFER, PAGE, 0);
	return run.vector == VECTOR_BP ? (int64_t)run.rax : -1000;
}

/* Of a call that is refused for its buffer; where: the page that it names, 0: none. */
static void expect(const char *name, int64_t result, uint64_t address, uint64_t bytes, unsigned cpl, uint64_t where)
{
	struct run run;

	call(&run, CONTROL_MAGIC, address, bytes, cpl);
	guest_check(run.vector == VECTOR_BP && (int64_t)run.rax == result &&
			    (where == 0 || (run.rdx & ~(uint64_t)(PAGE - 1)) == where),
		    name, "vector %d, rax %ld, rdx 0x%lx", run.vector, (int64_t)run.rax, run.rdx);
}

static void check_sizes(void)
{
	prepare(CONTROL_HELLO);
	expect("hello", 0, BUFFER, PAGE, 0, 0);
	expect("hello at CPL 3", 0, BUFFER, PAGE, 3, 0);
	prepare(CONTROL_HELLO);
	memcpy((void *)(uintptr_t)(BUFFER + PAGE - 33), message, CONTROL_HEADER_BYTES);
	expect("across pages, not aligned", 0, BUFFER + PAGE - 33, PAGE, 3, 0);
	expect("no bytes", -RV_EINVAL, BUFFER, 0, 0, 0);
	expect("too short", -RV_EINVAL, BUFFER, CONTROL_HEADER_BYTES - 1, 0, 0);
	expect("too long", -RV_EINVAL, BUFFER, PAGE + 1, 0, 0);
	expect("a length of all ones", -RV_EINVAL, BUFFER, UINT64_MAX, 0, 0);
	expect("wraps", -RV_EINVAL, UINT64_MAX - 100, 200, 0, 0);
	expect("not canonical", -RV_EFAULT, UINT64_C(0x800000000000), 200, 0, UINT64_C(0x800000000000));
	expect("ends where it is not canonical", -RV_EFAULT, UINT64_C(0x7fffffffffc0), 200, 3, 0);
}

static void check_rights(void)
{
	prepare(CONTROL_HELLO);
	run_map(BUFFER + PAGE, 0);
	expect("the second page is not there", -RV_EFAULT, BUFFER + 0x800, PAGE, 3, BUFFER + PAGE);
	run_map(BUFFER + PAGE, RUN_PRESENT | RUN_WRITABLE);
	expect("the second page is the supervisor's", -RV_EFAULT, BUFFER + 0x800, PAGE, 3, BUFFER + PAGE);
	run_map(BUFFER + PAGE, ALL);
	run_map(BUFFER, RUN_PRESENT | RUN_WRITABLE);
	expect("a supervisor's page at CPL 3", -RV_EFAULT, BUFFER, PAGE, 3, BUFFER);
	expect("a supervisor's page at CPL 0", 0, BUFFER, PAGE, 0, 0);
	prepare(CONTROL_HELLO);
	run_map(BUFFER, RUN_PRESENT | RUN_USER);
	expect("a page that is read-only", -RV_EFAULT, BUFFER, PAGE, 3, BUFFER);
	run_map(BUFFER, 0);
	expect("a page that is not there", -RV_EFAULT, BUFFER, PAGE, 0, BUFFER);
	run_map(BUFFER, ALL);
	expect("our memory", -RV_EFAULT, ours, PAGE, 0, 0);
	expect("a device", -RV_EFAULT, APIC, PAGE, 0, 0);
}

static void check_messages(void)
{
	prepare(CONTROL_HELLO);
	message->version = CONTROL_VERSION + 1;
	expect("another version", -RV_EINVAL, BUFFER, PAGE, 0, 0);
	prepare(CONTROL_HELLO);
	message->data_bytes = CONTROL_DATA_BYTES + 1;
	expect("more data than there is", -RV_EINVAL, BUFFER, PAGE, 0, 0);
	prepare(CONTROL_HELLO);
	message->data_bytes = 1;
	expect("more data than the caller says", -RV_EINVAL, BUFFER, CONTROL_HEADER_BYTES, 0, 0);
}

static int64_t open_session(uint64_t token)
{
	int64_t result;

	prepare(CONTROL_OPEN);
	message->argument[0] = token;
	{
		struct run run;

		call(&run, CONTROL_MAGIC, BUFFER, PAGE, 0);
		result = (int64_t)run.rax;
	}
	if (result == 0)
		session = message->session;
	return result;
}

static void check_token(void)
{
	uint64_t token;
	int64_t first, second;

	guest_check(open_session(0) == -RV_EACCES, "no token", "");
	token = msr_read(CONTROL_MSR);
	first = open_session(token);
	second = open_session(token);
	guest_check(first == 0 && second == -RV_EACCES, "a token is good once", "%ld %ld", first, second);
}

static void check_session(void)
{
	static uint64_t copy[512] __attribute__((aligned(PAGE)));
	uint64_t cr3 = cr3_read();
	int64_t result;

	guest_check(ask(CONTROL_LIST) == -RV_EACCES, "no session", "");
	if (option_number_or("root", 0))
		check_token();
	else
		guest_check(open_session(0) == 0, "a session", "");
	guest_check(ask(CONTROL_LIST) >= 0, "its session", "");
	memcpy(copy, pml4, sizeof(copy));
	cr3_write((uintptr_t)copy);
	result = ask(CONTROL_LIST);
	cr3_write(cr3);
	guest_check(result == -RV_EACCES, "another address space", "%ld", result);
	session ^= 1;
	guest_check(ask(CONTROL_LIST) == -RV_EACCES, "another's number", "");
	session ^= 1;
}

/* Polls until the phase is that one, or another than loading. Copies what the first record says. */
static int64_t poll(uint64_t handle, uint64_t *position, char *text, size_t text_bytes)
{
	const struct control_record *record = (const struct control_record *)(const void *)message->data;
	int64_t phase;

	do {
		struct run run;

		prepare(CONTROL_POLL);
		message->argument[0] = handle;
		message->argument[1] = *position;
		call(&run, CONTROL_MAGIC, BUFFER, PAGE, 3);
		phase = (int64_t)run.rax;
		*position = message->argument[1];
	} while (phase == CONTROL_PHASE_LOADING);
	text[0] = '\0';
	if (message->data_bytes >= sizeof(*record) && record->length_bytes < text_bytes) {
		memcpy(text, record + 1, record->length_bytes);
		text[record->length_bytes] = '\0';
	}
	return phase;
}

static int64_t ask_with(uint32_t command, uint64_t argument0, uint64_t argument1, const char *data)
{
	struct run run;

	prepare(command);
	message->argument[0] = argument0;
	message->argument[1] = argument1;
	message->data_bytes = (uint32_t)strlen(data);
	memcpy(message->data, data, strlen(data));
	call(&run, CONTROL_MAGIC, BUFFER, PAGE, 3);
	return (int64_t)run.rax;
}

static bool text_is(const char *text, const char *wanted)
{
	return strlen(text) == strlen(wanted) && memcmp(text, wanted, strlen(wanted)) == 0;
}

/* A script from its first byte to its last. */
static void check_script(void)
{
	static const char script[] = "on(:port_read, 0x80) { |io| io.value = 0x21; puts \"read\" }; at_exit { puts \"bye\" }";
	uint64_t handle, position = 0;
	int64_t result;
	char text[32];

	handle = (uint64_t)ask_with(CONTROL_BEGIN, sizeof(script) - 1, CONTROL_LEND, "guest.rb");
	result = ask_with(CONTROL_TEXT, handle, 0, script);
	guest_check(result == 0, "text", "%ld", result);
	result = ask_with(CONTROL_TEXT, handle, 1, script);
	guest_check(result == -RV_EINVAL, "text behind the end", "%ld", result);
	result = ask_with(CONTROL_START, handle, 0, "");
	guest_check(result == 0, "started", "%ld", result);
	result = poll(handle, &position, text, sizeof(text));
	guest_check(result == CONTROL_PHASE_LIVE, "loaded", "%ld: %s", result, text);
	guest_check(in8(0x80) == 0x21, "its hook is in force", "");
	result = poll(handle, &position, text, sizeof(text));
	guest_check(text_is(text, "read\n"), "its output", "%ld: %s", result, text);
	result = ask_with(CONTROL_UNLOAD, handle, 0, "");
	guest_check(result == 0 && in8(0x80) != 0x21, "unloaded", "%ld", result);
	result = poll(handle, &position, text, sizeof(text));
	guest_check(result == CONTROL_PHASE_ENDED && text_is(text, "bye\n"), "at_exit", "%ld: %s", result, text);
	guest_check(ask_with(CONTROL_FORGET, handle, 0, "") == 0, "forgotten", "");
	guest_check(ask_with(CONTROL_FORGET, handle, 0, "") == -RV_ENOENT, "forgotten once", "");
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Small numbers, handles that there are, and anything. */
static uint64_t random_argument(uint64_t handle)
{
	switch (random_number() % 4) {
	case 0:
		return handle;
	case 1:
		return random_number() % 5000;
	case 2:
		return random_number() % 4;
	default:
		return random_number();
	}
}

/* Names, good and bad, and texts: Ruby that loops, raises, is none. */
static void random_data(void)
{
	static const char *const texts[] = { "a.rb", "b.rb", "loop { }", "raise 'x'", "on(:port_read, 0x80) { }", "policy!\n",
					     "on(:cpuid) { }; at_exit { puts 1 }", "((", "\0", "every(1.seconds) { }" };
	const char *text = texts[random_number() % 10];

	message->data_bytes = (uint32_t)strlen(text);
	memcpy(message->data, text, strlen(text));
	if (random_number() % 8 == 0)
		message->data_bytes = (uint32_t)(random_number() % CONTROL_DATA_BYTES);
}

static uint64_t free_pages(void)
{
	return ask(CONTROL_STATISTICS) > 0 ? message->argument[0] : 0;
}

static bool random_is_good(const struct run *run)
{
	return run->vector == VECTOR_BP && (int64_t)run->rax >= -RV_ENOTSUP &&
	       message->data_bytes <= CONTROL_DATA_BYTES;
}

static void random_round(unsigned rounds)
{
	uint64_t handle = 0;
	unsigned bad = 0;

	for (unsigned i = 0; i < rounds; i++) {
		uint32_t command = (uint32_t)(random_number() % (CONTROL_COMMAND_COUNT + 1));
		struct run run;

		if (command == CONTROL_CLOSE || command == CONTROL_OPEN)
			continue;
		prepare(command);
		for (unsigned j = 0; j < CONTROL_ARGUMENTS; j++)
			message->argument[j] = random_argument(handle);
		random_data();
		if (random_number() % 16 == 0)
			message->session = random_number();
		call(&run, CONTROL_MAGIC, BUFFER, PAGE, random_number() % 2 ? 3 : 0);
		if (!random_is_good(&run) && bad++ == 0)
			guest_print("control: command %u: vector %d, rax %ld, %u bytes, RIP 0x%lx, error 0x%lx\n", command,
				    run.vector, (int64_t)run.rax, message->data_bytes, run.rip, run.error_code);
		if (command == CONTROL_BEGIN && (int64_t)run.rax > 0)
			handle = run.rax;
	}
	guest_check(bad == 0, "messages at random", "%u bad answers", bad);
}

static void open_again(void)
{
	guest_check(ask(CONTROL_CLOSE) == 0, "close", "");
	(void)open_session(option_number_or("root", 0) ? msr_read(CONTROL_MSR) : 0);
}

/* What a round leaves, the next finds: all memory is back. */
static void check_random(unsigned rounds)
{
	uint64_t before;

	random_round(rounds);
	random_round(rounds);
	open_again();
	before = free_pages();
	for (unsigned i = 0; i < 3; i++) {
		random_round(rounds);
		open_again();
	}
	guest_check(free_pages() + 8 >= before, "no memory is lost", "%lu pages before, %lu after", before, free_pages());
}

/* The second CPU: takes the page away, makes it read-only, gives it back, writes into it, and calls itself. */
SHARED bool second_ends, second_has_ended;
SHARED uint32_t second_answers;

static int64_t second_call(void)
{
	struct control_message *own = (struct control_message *)(uintptr_t)OTHER_BUFFER;
	int64_t result = (int64_t)CONTROL_MAGIC;
	uint64_t fault;

	own->version = CONTROL_VERSION;
	own->command = CONTROL_LIST;
	own->session = session;
	own->argument[0] = 0;
	own->data_bytes = 0;
	if (is_amd())
		__asm__ volatile("vmmcall" : "+a"(result), "=d"(fault) : "D"(own), "S"((uint64_t)PAGE) : "memory");
	else
		__asm__ volatile("vmcall" : "+a"(result), "=d"(fault) : "D"(own), "S"((uint64_t)PAGE) : "memory");
	return result;
}

static void second_run(void)
{
	static const uint64_t rights[] = { 0, RUN_PRESENT, ALL };
	unsigned turn = 0;

	while (!second_ends) {
		run_map(BUFFER, rights[turn++ % 3]);
		if (turn % 3 == 0)
			((volatile uint32_t *)(uintptr_t)BUFFER)[turn % 24] = turn;
		if (second_call() >= 0)
			second_answers++;
		__asm__ volatile("pause");
	}
	second_has_ended = true;
}

static void check_second(void)
{
	unsigned bad = 0;

	second_ends = second_has_ended = false;
	if (!guest_check(second_start(SECOND_VECTOR, second_run), "second CPU", ""))
		return;
	for (unsigned i = 0; i < SECOND_CALLS; i++) {
		struct run run;

		call(&run, CONTROL_MAGIC, BUFFER, PAGE, i % 2 ? 3 : 0);
		bad += run.vector != VECTOR_BP || (int64_t)run.rax < -200;
	}
	second_ends = true;
	while (!second_has_ended)
		__asm__ volatile("pause");
	run_map(BUFFER, ALL);
	__asm__ volatile("invlpg (%0)" : : "r"((uint64_t)BUFFER) : "memory");
	guest_check(bad == 0 && second_answers != 0, "pages that change under the call", "%u bad answers, %u of the second",
		    bad, second_answers);
}

/* Loads a script, for good. Returns the phase behind it. */
static int64_t load(const char *script, uint64_t flags)
{
	uint64_t handle = (uint64_t)ask_with(CONTROL_BEGIN, strlen(script), flags, "reload.rb"), position = 0;
	int64_t phase;
	char text[32];

	(void)ask_with(CONTROL_TEXT, handle, 0, script);
	phase = ask_with(CONTROL_START, handle, 0, "");
	if (phase == 0)
		phase = poll(handle, &position, text, sizeof(text));
	(void)ask_with(CONTROL_FORGET, handle, 0, "");
	return phase;
}

/* Hooks of scripts, all together, and their events. */
static unsigned count_hooks(uint64_t *events)
{
	const struct control_entry *entries = (const struct control_entry *)(const void *)message->data;
	int64_t count = ask(CONTROL_LIST);
	unsigned hooks = 0;

	*events = 0;
	for (int64_t i = 0; i < count; i++) {
		hooks += entries[i].hooks;
		*events += entries[i].events;
	}
	return hooks;
}

/* A hook whose script is still loading is there, and quiet. */
static void check_staged(void)
{
	static const char script[] = "on(:port_read, 0x80) { |io| io.value = 0x21 }; 5000.times { |i| i.to_s }";
	uint64_t handle = (uint64_t)ask_with(CONTROL_BEGIN, sizeof(script) - 1, CONTROL_LEND, "staged.rb"), position = 0;
	unsigned quiet = 0;
	uint64_t events = 0;
	int64_t phase;

	(void)ask_with(CONTROL_TEXT, handle, 0, script);
	(void)ask_with(CONTROL_START, handle, 0, "");
	do {
		phase = ask_with(CONTROL_POLL, handle, position, "");
		position = message->argument[1];
		if (phase == CONTROL_PHASE_LOADING && count_hooks(&events) != 0 && events == 0)
			quiet += in8(0x80) != 0x21;
	} while (phase == CONTROL_PHASE_LOADING && events == 0);
	guest_check(phase == CONTROL_PHASE_LIVE && quiet > 1 && in8(0x80) == 0x21, "its hook waits for the rest",
		    "phase %ld, %u times quiet, then %lu events", phase, quiet, events);
	(void)ask_with(CONTROL_FORGET, handle, 0, "");
	guest_check(in8(0x80) != 0x21, "what is lent goes with its handle", "");
}

/* What loading a script of a hundred lines takes, in the emulator's instructions, of which each is `cycles` of the
 * TSC: of all calls together, and of the longest. */
static void check_stretch(uint64_t cycles)
{
	static char script[4096];
	size_t used = 0;
	uint64_t handle, position = 0, longest = 0, total = 0;
	int64_t phase = CONTROL_PHASE_LOADING;
	struct run run;

	for (unsigned line = 0; line < 99; line++) {
		static const char text[] = "def m(a) a.to_s + \"x\" end; m 1\n";

		memcpy(script + used, text, sizeof(text) - 1);
		used += sizeof(text) - 1;
	}
	memcpy(script + used, "on(:port_read, 0x80) { }", 24);
	handle = (uint64_t)ask_with(CONTROL_BEGIN, used + 24, CONTROL_LEND, "long.rb");
	(void)ask_with(CONTROL_TEXT, handle, 0, script);
	for (bool started = false; phase == CONTROL_PHASE_LOADING; started = true) {
		uint64_t begin;

		prepare(started ? CONTROL_POLL : CONTROL_START);
		message->argument[0] = handle;
		message->argument[1] = position;
		begin = tsc_read();
		call(&run, CONTROL_MAGIC, BUFFER, PAGE, 0);
		begin = (tsc_read() - begin) / cycles;
		longest = begin > longest ? begin : longest;
		total += begin;
		phase = started ? (int64_t)run.rax : run.rax == 0 ? CONTROL_PHASE_LOADING : -1;
		position = started ? message->argument[1] : 0;
	}
	guest_print("control: loading takes %lu instructions, the longest stretch %lu\n", total, longest);
	guest_check(phase == CONTROL_PHASE_LIVE && longest <= 300000, "the longest stretch", "%lu", longest);
	guest_check(total <= 3500000, "all stretches", "%lu", total);
	longest = tsc_read();
	(void)ask(CONTROL_LIST);
	guest_print("control: a list takes %lu instructions\n", (tsc_read() - longest) / cycles);
	(void)ask_with(CONTROL_FORGET, handle, 0, "");
}

/* Scripts, one after another, with hooks of several kinds. The first ones leave what is kept for the next: records,
 * and pages of small objects. */
static void check_many(uint64_t loads)
{
	static const char script[] = "on(:port_read, 0x80) { }; on(:msr_read, 0x10) { }; on(:cpuid, 0x80000002) { }; "
				     "on(:mmio_read, 0xfed00000..0xfed00fff) { }; every(1.seconds) { }; at_exit { }";
	uint64_t before = 0;

	for (uint64_t i = 0; i < loads + 20; i++) {
		if (i == 20)
			before = free_pages();
		if (load(script, 0) != CONTROL_PHASE_LIVE || ask_with(CONTROL_UNLOAD, 0, 0, "reload.rb") != 0) {
			guest_check(false, "loads", "number %lu", i);
			return;
		}
	}
	guest_check(free_pages() >= before, "loads lose no memory", "%lu pages before, %lu after", before,
		    free_pages());
}

/* Reads a port all the while: each read is what one of two scripts makes of it, and once it is the second one's
 * it stays that. */
SHARED uint32_t second_reads, second_odd;

static void second_read(void)
{
	uint8_t last = 0x21;

	while (!second_ends) {
		uint8_t value = in8(0x80);

		if (value != last && (value != 0x31 || last != 0x21))
			second_odd++;
		last = value;
		second_reads++;
		__asm__ volatile("pause");
	}
	second_has_ended = true;
}

static void check_reload(void)
{
	int64_t first, second, failed;

	first = load("on(:port_read, 0x80) { |io| io.value = 0x21 }", CONTROL_REPLACE);
	guest_check(first == -RV_ENOENT, "there is nothing to replace", "%ld", first);
	first = load("on(:port_read, 0x80) { |io| io.value = 0x21 }", 0);
	second_ends = second_has_ended = false;
	if (!guest_check(second_start(SECOND_VECTOR, second_read), "second CPU", ""))
		return;
	while (second_reads < 10)
		__asm__ volatile("pause");
	failed = load("on(:port_read, 0x80) { |io| io.value = 0x41 }; raise 'no'", CONTROL_REPLACE);
	guest_check(failed == CONTROL_PHASE_ENDED && in8(0x80) == 0x21, "one that fails replaces nothing", "%ld", failed);
	second = load("on(:port_read, 0x80) { |io| io.value = 0x31 }", CONTROL_REPLACE);
	wait_cycles(1000000);
	second_ends = true;
	while (!second_has_ended)
		__asm__ volatile("pause");
	guest_check(first == CONTROL_PHASE_LIVE && second == CONTROL_PHASE_LIVE && in8(0x80) == 0x31, "replaced",
		    "%ld %ld 0x%x", first, second, in8(0x80));
	guest_check(second_odd == 0, "in one step", "%u of %u reads", second_odd, second_reads);
	guest_check(ask_with(CONTROL_UNLOAD, 0, 0, "reload.rb") == 0 && in8(0x80) != 0x31, "one of the two was left", "");
	guest_check(ask_with(CONTROL_UNLOAD, 0, 0, "reload.rb") == -RV_ENOENT, "and no more", "");
}

static int64_t ask_challenge(uint8_t nonce[VERIFY_NONCE_BYTES])
{
	int64_t result = ask(CONTROL_CHALLENGE);

	if (result == 0 && message->data_bytes != VERIFY_NONCE_BYTES)
		return -1000;
	memcpy(nonce, message->data, VERIFY_NONCE_BYTES);
	return result;
}

/* Opens a session by a proof, of the key of control.test by its number, and of a signature that is none: the seed says
 * which. Once: what the first call gives. */
static int64_t ask_proof(uint8_t seed, bool once, uint64_t *longest)
{
	static const uint8_t id[VERIFY_KEY_ID_BYTES] = { 0x35, 0x31, 0x0d, 0xac, 0x12, 0x88, 0x2d, 0x55 };
	struct run run;

	do {
		uint64_t begin;

		prepare(CONTROL_OPEN);
		message->data_bytes = VERIFY_PROOF_BYTES;
		memset(message->data, seed, VERIFY_PROOF_BYTES);
		memcpy(message->data, id, sizeof(id));
		message->data[VERIFY_PROOF_BYTES - 1] = 0; /* a number below the curve's order, or nothing is computed */
		begin = tsc_read();
		call(&run, CONTROL_MAGIC, BUFFER, PAGE, 0);
		begin = tsc_read() - begin;
		*longest = begin > *longest ? begin : *longest;
	} while (!once && (int64_t)run.rax == -RV_EAGAIN);
	return (int64_t)run.rax;
}

/* auth=key without the key. */
static void check_key(uint64_t cycles)
{
	static uint64_t copy[512] __attribute__((aligned(PAGE)));
	uint8_t first[VERIFY_NONCE_BYTES], second[VERIFY_NONCE_BYTES];
	uint64_t cr3 = cr3_read(), longest = 0, all;
	int64_t result;

	guest_check(ask(CONTROL_LIST) == -RV_EACCES && open_session(0) == -RV_EACCES, "no proof", "");
	guest_check(ask_proof(1, true, &longest) == -RV_EACCES, "no nonce", "");
	guest_check(ask_challenge(first) == 0 && ask_challenge(second) == 0 &&
			    memcmp(first, second, sizeof(first)) != 0, "nonces differ", "");
	longest = 0;
	all = tsc_read();
	result = ask_proof(1, false, &longest);
	all = (tsc_read() - all) / cycles;
	longest /= cycles;
	guest_print("control: a proof takes %lu instructions, the longest stretch %lu\n", all, longest);
	guest_check(result == -RV_EACCES && message->session == 0, "a proof that is none", "%ld", result);
	guest_check(all > 300000 && longest <= 300000, "the longest stretch", "%lu of %lu", longest, all);
	guest_check(ask_proof(1, true, &longest) == -RV_EACCES, "a nonce is good once", "");
	(void)ask_challenge(first);
	memcpy(copy, pml4, sizeof(copy));
	cr3_write((uintptr_t)copy);
	result = ask_proof(1, true, &longest);
	cr3_write(cr3);
	guest_check(result == -RV_EACCES, "another's nonce", "%ld", result);
	result = ask_proof(1, true, &longest);
	guest_check(result == -RV_EAGAIN && ask_proof(2, true, &longest) == -RV_EACCES, "another proof amid its check",
		    "%ld", result);
	guest_check(ask_proof(1, false, &longest) == -RV_EACCES && ask(CONTROL_LIST) == -RV_EACCES, "still nobody", "");
}

/* A call that is told to come again, until it is not. */
static int64_t start(uint64_t handle)
{
	int64_t result;

	do
		result = ask_with(CONTROL_START, handle, 0, "");
	while (result == -RV_EAGAIN);
	return result;
}

/* Where signatures are required, without one. */
static void check_signed(void)
{
	uint64_t handle = (uint64_t)ask_with(CONTROL_BEGIN, 6, CONTROL_LEND, "a.rb"), before;
	int64_t text = ask_with(CONTROL_TEXT, handle, 0, "puts 1"), result, other;

	before = free_pages();
	result = ask_with(CONTROL_START, handle, 0, "");
	guest_check(text == 0 && result == -RV_EAGAIN, "its signature is being checked", "%ld %ld", text, result);
	text = ask_with(CONTROL_TEXT, handle, 0, "puts 2");
	other = ask_with(CONTROL_SIGNATURE, handle, 0, "untrusted comment: ");
	guest_check(text == -RV_EINVAL && other == -RV_EINVAL, "the text stays meanwhile", "%ld %ld", text, other);
	result = start(handle);
	message->data[message->data_bytes] = '\0';
	guest_check(result == -CONTROL_EREFUSED && text_is((char *)message->data, "it has no signature, and the "
		    "configuration requires one (require_signed)"), "refused", "%ld: %s", result, (char *)message->data);
	text = ask_with(CONTROL_TEXT, handle, 0, "puts 2");
	guest_check(text == -RV_EINVAL && start(handle) == -CONTROL_EREFUSED, "and again", "%ld", text);
	guest_check(ask_with(CONTROL_INPUT, handle, 0, "puts 1") == -CONTROL_EREFUSED, "no lines either", "");
	guest_check(free_pages() == before, "the check leaves nothing", "%lu pages before, %lu after", before, free_pages());
	(void)ask_with(CONTROL_START, handle, 0, "");
	guest_check(ask_with(CONTROL_FORGET, handle, 0, "") == 0, "forgotten amid its check", "");
	guest_check(free_pages() > before, "and its memory is free", "%lu pages before, %lu after", before, free_pages());
}

void guest_main(void)
{
	ours = reserved_find(); /* by the BIOS, which has a descriptor table of its own */
	run_init();
	place_code();
	check_undefined();
	if (option_number_or("off", 0)) {
		expect_undefined("off at CPL 0", CONTROL_MAGIC, 0, 0);
		expect_undefined("off at CPL 3", CONTROL_MAGIC, RUN_USER_CODE64, RUN_USER_DATA);
		return;
	}
	check_sizes();
	check_rights();
	check_messages();
	if (option_number_or("key", 0)) {
		check_key(option_number_or("cycles", 1));
		return;
	}
	check_session();
	if (option_number_or("read", 0)) {
		guest_check(ask_with(CONTROL_BEGIN, 1, 0, "a.rb") == -RV_EACCES, "nothing can be loaded", "");
		return;
	}
	if (option_number_or("signed", 0)) {
		check_signed();
		return;
	}
	check_script();
	check_staged();
	if (option_number_or("cycles", 0)) {
		check_stretch(option_number_or("cycles", 0));
		check_many(option_number_or("loads", 200));
		return;
	}
	if (option_number_or("second", 0)) {
		check_second();
		check_reload();
	}
	check_random((unsigned)option_number_or("rounds", 200));
}
