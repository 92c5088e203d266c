/*
 * tests/fuzz/wire.c: whatever comes on a wire, and whoever does not read: no answer is longer than it may be, nothing
 * is waited for, and who speaks clearly at last is answered. tests/unit/wire.c includes it.
 */
#include "control/control_internal.h"
#include "control/wire_internal.h"

#include "core/time.h"
#include "input.h"

/* No time passes; and all of it has. */
#define SLOW_HZ UINT64_C(1000000000000)
#define OPERATIONS_MAXIMUM 200
#define TURNS_MAXIMUM 20000

enum control_auth control_auth;
uint64_t time_tsc_hz = SLOW_HZ;
uint64_t wire_uart_overruns;

static uint8_t line[65536]; /* on its way to the UART */
static size_t line_begin, line_end;
static bool reader_is_away;
static uint64_t nr_performed, last_number;
static struct wire_parser reader;
static uint64_t answered; /* the number of the last answer that arrived */
static int64_t answered_result;
static uint64_t nr_answers;

bool wire_uart_read(uint8_t *byte)
{
	if (line_begin == line_end)
		return false;
	*byte = line[line_begin++];
	return true;
}

unsigned wire_uart_room(void)
{
	return reader_is_away ? 0 : 16;
}

void wire_uart_write(uint8_t byte)
{
	struct wire_head head;
	enum wire_event event = wire_parse(&reader, byte);

	FUZZ_MUST(!reader_is_away);
	if (event != WIRE_FRAME)
		return;
	memcpy(&head, reader.bytes, sizeof(head));
	answered = head.number;
	answered_result = head.result;
	nr_answers++;
}

int64_t control_perform(struct control_message *message, size_t bytes, uint64_t space, struct vcpu *vcpu)
{
	(void)vcpu;
	FUZZ_MUST(space == WIRE_SPACE && bytes >= CONTROL_HEADER_BYTES && bytes <= sizeof(*message));
	nr_performed++;
	/* As long as can be, of all kinds of bytes; a list has an end. */
	message->data_bytes = message->command == CONTROL_LIST && nr_performed % 3 == 0
				      ? 0 : (uint32_t)(message->argument[0] % (CONTROL_DATA_BYTES + 1));
	memset(message->data, (int)message->argument[1], message->data_bytes);
	message->argument[0] += message->command == CONTROL_LOG;
	if (message->command == CONTROL_LIST)
		return message->data_bytes / sizeof(struct control_entry);
	if (message->command == CONTROL_LOG && nr_performed % 3 == 0)
		message->data_bytes = 0;
	return message->command == CONTROL_OPEN || message->command == CONTROL_LOG ? 0 : (int64_t)nr_performed;
}

static void put(const void *bytes, size_t length_bytes)
{
	if (line_begin == line_end)
		line_begin = line_end = 0;
	if (length_bytes > sizeof(line) - line_end)
		return;
	memcpy(line + line_end, bytes, length_bytes);
	line_end += length_bytes;
}

static void turns(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		(void)wire_turn(NULL);
}

/* Behind a pause. */
static void pause_line(void)
{
	turns(1);
	time_tsc_hz = 0;
	turns(2);
	time_tsc_hz = SLOW_HZ;
}

static size_t make_frame(uint8_t *frame, uint64_t number, uint32_t command, uint64_t bytes, uint64_t fill)
{
	struct {
		struct wire_head head;
		struct control_message message;
	} question = { .head.number = number, .message = { .version = CONTROL_VERSION, .command = command } };

	question.message.argument[0] = bytes;
	question.message.argument[1] = fill;
	question.message.data_bytes = (uint32_t)(bytes % (CONTROL_DATA_BYTES + 1));
	memset(question.message.data, (int)fill, question.message.data_bytes);
	return wire_encode(&question, WIRE_PAYLOAD_MINIMUM + question.message.data_bytes, frame);
}

static void operate(struct input *input)
{
	static const char *const lines[] = { "help\r", "list\n", "log\r\n", "stats\r", "unload x\r", "continue\r", "version\r" };
	static uint8_t frame[WIRE_FRAME_MAXIMUM];
	static size_t frame_bytes;
	uint8_t kind = (uint8_t)input_number(input, 1), raw[16];
	size_t at = (size_t)input_number(input, 2);

	switch (kind % 9) {
	case 0:
	case 1:
		frame_bytes = make_frame(frame, ++last_number, (uint32_t)input_number(input, 1), at, input_number(input, 1));
		put(frame, frame_bytes);
		break;
	case 2: /* again */
		put(frame, frame_bytes);
		break;
	case 3: /* cut off */
		put(frame, frame_bytes != 0 ? at % frame_bytes : 0);
		break;
	case 4: /* without its beginning */
		if (frame_bytes != 0)
			put(frame + at % frame_bytes, frame_bytes - at % frame_bytes);
		break;
	case 5: /* a wrong bit */
		if (frame_bytes != 0)
			frame[at % frame_bytes] ^= (uint8_t)(1 << kind / 9 % 8);
		put(frame, frame_bytes);
		break;
	case 6:
		input_take(input, raw, sizeof(raw));
		for (size_t i = 0; i < 1 + at % 64; i++)
			put(raw, sizeof(raw));
		break;
	case 7:
		put(lines[at % 7], strlen(lines[at % 7]));
		break;
	default:
		reader_is_away = at % 2;
		break;
	}
	if (kind & 0x80)
		pause_line();
	turns(kind >> 5 & 3);
}

/* Everything that is under way gets there. */
static void settle(void)
{
	unsigned count = 0;

	reader_is_away = false;
	while (wire_turn(NULL))
		FUZZ_MUST(++count < TURNS_MAXIMUM);
	FUZZ_MUST(line_begin == line_end);
}

/* Who has not been understood begins with a zero, and is. */
static void speak_clearly(void)
{
	static uint8_t frame[WIRE_FRAME_MAXIMUM];
	const uint8_t zero = 0;
	uint64_t before = nr_performed;
	size_t bytes = make_frame(frame, ++last_number, CONTROL_HELLO, 4000, 0x55);

	put(&zero, 1);
	put(frame, bytes);
	settle();
	FUZZ_MUST(answered == last_number && nr_performed > before && answered_result == (int64_t)nr_performed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct input input = { data, length_bytes };

	for (unsigned i = 0; i < OPERATIONS_MAXIMUM && input.left != 0; i++)
		operate(&input);
	settle();
	speak_clearly();
	return 0;
}
