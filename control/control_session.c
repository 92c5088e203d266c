/*
 * control/control_session.c: tokens, each good for one session, and sessions, each of one address space.
 * control_session_lock guards both.
 */
#include "control/control_internal.h"
#include "control/wire_internal.h"
#include "core/entropy.h"
#include "core/instructions.h"
#include "core/spinlock.h"
#include "core/time.h"
#include "rv/errno.h"

#define CONTROL_TOKENS 8
#define CONTROL_SESSIONS 32

struct control_token {
	uint64_t value; /* 0: none */
	uint64_t made_tsc;
};

struct control_session {
	uint64_t number; /* 0: none */
	uint64_t cr3;
	uint64_t heard_tsc;
};

static struct spinlock control_session_lock;
static struct control_token control_tokens[CONTROL_TOKENS];
static unsigned control_next_token;
static struct control_session control_sessions[CONTROL_SESSIONS];

static uint64_t random_by_cpu(void)
{
	uint64_t value;

	return entropy_draw(&value) ? value : 0;
}

/* Without RDRAND it is what the times of exits leave open. The steps are splitmix64's. */
uint64_t control_random(void)
{
	static uint64_t state;
	uint64_t mixed = __atomic_add_fetch(&state, tsc_read() * UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);

	mixed ^= random_by_cpu();
	mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
	mixed ^= mixed >> 31;
	return mixed != 0 ? mixed : 1;
}

bool control_is_over(uint64_t since_tsc, uint64_t seconds)
{
	return tsc_read() - since_tsc > time_tsc_of_us(seconds * 1000000);
}

uint64_t control_token_make(void)
{
	struct control_token token = { .value = control_random(), .made_tsc = tsc_read() };

	spinlock_acquire(&control_session_lock);
	control_tokens[control_next_token++ % CONTROL_TOKENS] = token;
	spinlock_release(&control_session_lock);
	return token.value;
}

/* It is none any more then. Under the lock. */
static bool token_take(uint64_t value)
{
	for (unsigned i = 0; i < CONTROL_TOKENS && value != 0; i++) {
		struct control_token *token = &control_tokens[i];

		if (token->value != value)
			continue;
		token->value = 0;
		return !control_is_over(token->made_tsc, CONTROL_TOKEN_SECONDS);
	}
	return false;
}

/* A free place, or that of a session that has said nothing for long. Under the lock. */
static struct control_session *session_find_place(void)
{
	for (unsigned i = 0; i < CONTROL_SESSIONS; i++) {
		struct control_session *session = &control_sessions[i];

		if (session->number == 0 || control_is_over(session->heard_tsc, CONTROL_LEASE_SECONDS))
			return session;
	}
	return NULL;
}

int control_session_open(uint64_t token, uint64_t cr3, uint64_t *session)
{
	struct control_session new = { .number = control_random(), .cr3 = cr3, .heard_tsc = tsc_read() };
	struct control_session *place = NULL;
	int error = 0;

	spinlock_acquire(&control_session_lock);
	if (control_auth == CONTROL_AUTH_ROOT && cr3 != WIRE_SPACE && !token_take(token))
		error = -RV_EACCES;
	else if ((place = session_find_place()) == NULL)
		error = -RV_ENOSPC;
	else
		*place = new;
	spinlock_release(&control_session_lock);
	*session = error == 0 ? new.number : 0;
	return error;
}

/* Under the lock. */
static struct control_session *session_of(uint64_t number)
{
	for (unsigned i = 0; i < CONTROL_SESSIONS && number != 0; i++) {
		if (control_sessions[i].number == number)
			return &control_sessions[i];
	}
	return NULL;
}

bool control_session_is(uint64_t number, uint64_t cr3)
{
	struct control_session *session;
	bool is_one;

	spinlock_acquire(&control_session_lock);
	session = session_of(number);
	is_one = session != NULL && session->cr3 == cr3 &&
		 !control_is_over(session->heard_tsc, CONTROL_LEASE_SECONDS);
	if (is_one)
		session->heard_tsc = tsc_read();
	spinlock_release(&control_session_lock);
	return is_one;
}

void control_session_close(uint64_t number)
{
	struct control_session *session;

	spinlock_acquire(&control_session_lock);
	session = session_of(number);
	if (session != NULL)
		*session = (struct control_session){ .number = 0 };
	spinlock_release(&control_session_lock);
}
