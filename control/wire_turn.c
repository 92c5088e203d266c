/*
 * control/wire_turn.c: a turn of the wire: bytes come, a question is answered, bytes go. There is one question at a
 * time: what comes behind it stays in the UART until its answer has gone. Whoever has wire_turn() to himself owns all
 * of this.
 */
#include "control/control_internal.h"
#include "control/wire_internal.h"
#include "core/instructions.h"
#include "core/string.h"
#include "core/time.h"

#define WIRE_SILENCE_US 1000000 /* what has begun is not waited for longer */
#define WIRE_STUCK_US 10000000	/* an answer that nobody takes is thrown away */

static struct wire_parser wire_parser;

/* An answer on its way, or gone: kept, for the question may come again. */
static uint8_t wire_answer[WIRE_FRAME_MAXIMUM];
static size_t wire_answer_bytes, wire_answer_sent;
static uint64_t wire_answered; /* the number of its question; 0: it was a line */
static uint64_t wire_heard_tsc, wire_moved_tsc; /* a byte came; went */
static uint64_t wire_losses;

static struct {
	struct wire_head head;
	struct control_message message;
} wire_question;

uint64_t wire_count_losses(void)
{
	return wire_losses + wire_uart_overruns;
}

static bool wire_is_sending(void)
{
	return wire_answer_sent != wire_answer_bytes;
}

static bool wire_send(void)
{
	size_t before = wire_answer_sent;

	while (wire_is_sending() && wire_answer_sent - before < WIRE_TURN_BYTES) {
		unsigned room = wire_uart_room();

		if (room == 0)
			break;
		for (; room != 0 && wire_is_sending(); room--)
			wire_uart_write(wire_answer[wire_answer_sent++]);
	}
	if (wire_answer_sent != before)
		wire_moved_tsc = tsc_read();
	else if (wire_is_sending() && wire_is_past(wire_moved_tsc, WIRE_STUCK_US)) {
		wire_answer_bytes = wire_answer_sent = 0;
		wire_answered = 0;
		wire_losses++;
	}
	return wire_answer_sent != before;
}

/* From its beginning. */
static void wire_begin_answer(size_t length_bytes, uint64_t number)
{
	wire_answer_bytes = length_bytes;
	wire_answer_sent = 0;
	wire_answered = number;
	wire_moved_tsc = tsc_read();
}

static void wire_answer_frame(struct vcpu *vcpu)
{
	struct control_message *message = &wire_question.message;
	size_t bytes = wire_parser.used - sizeof(wire_question.head);

	memset(&wire_question, 0, sizeof(wire_question));
	memcpy(&wire_question, wire_parser.bytes, wire_parser.used);
	if (wire_question.head.number != 0 && wire_question.head.number == wire_answered) {
		wire_answer_sent = 0;
		return;
	}
	wire_question.head.result = control_perform(message, bytes, WIRE_SPACE, vcpu);
	wire_begin_answer(wire_encode(&wire_question, WIRE_PAYLOAD_MINIMUM + message->data_bytes, wire_answer),
			  wire_question.head.number);
}

static void wire_take(enum wire_event event, struct vcpu *vcpu)
{
	if (event == WIRE_FRAME)
		wire_answer_frame(vcpu);
	else if (event == WIRE_LINE)
		wire_begin_answer(wire_answer_line((const char *)wire_parser.bytes, (char *)wire_answer,
						   sizeof(wire_answer), vcpu), 0);
	else if (event == WIRE_LOST)
		wire_losses++;
}

/* Up to one question. */
static bool wire_receive(struct vcpu *vcpu)
{
	enum wire_event event = WIRE_NOTHING;
	unsigned count = 0;
	uint8_t byte;

	for (; count < WIRE_TURN_BYTES && !wire_is_sending() && wire_uart_read(&byte); count++) {
		event = wire_parse(&wire_parser, byte);
		wire_take(event, vcpu);
	}
	if (count != 0)
		wire_heard_tsc = tsc_read();
	else if (wire_is_past(wire_heard_tsc, WIRE_SILENCE_US))
		wire_take(wire_parse_silence(&wire_parser), vcpu);
	return count != 0;
}

bool wire_turn(struct vcpu *vcpu)
{
	bool moved = wire_send();

	if (!wire_is_sending())
		moved |= wire_receive(vcpu);
	return wire_send() || moved;
}
