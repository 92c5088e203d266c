/*
 * control/control_internal.h: what the files of control/ share.
 */
#ifndef CONTROL_CONTROL_INTERNAL_H
#define CONTROL_CONTROL_INTERNAL_H

#include "control/control.h"

struct vcpu;

/* control.c; written at boot only */
extern enum control_level control_level;
extern enum control_auth control_auth;

/* control_command.c: what all transports call. Does what a message of so many bytes says, a copy, which nobody else
 * changes, and makes the answer of it, whose data_bytes are within `data`. `space` is whose it is: a CR3, or
 * WIRE_SPACE. Returns what the caller gets in RAX. Context: exit; without locks. */
int64_t control_perform(struct control_message *message, size_t bytes, uint64_t space, struct vcpu *vcpu);

/* The answer that is an error with a text, which is shorter than data. */
int64_t control_refuse_text(struct control_message *message, const char *why);

/* A CPU is stopped for the wire's sake; CONTROL_CONTINUE says that it may go on. */
extern bool control_is_stopped, control_goes_on;

/* control_session.c: who may talk. Each has a lock of its own, innermost. */
/* A new token, for CONTROL_TOKEN_SECONDS. */
uint64_t control_token_make(void);
/* A number that nobody guesses. */
uint64_t control_random(void);
/* The number of a new session of that address space; 0: the token is no good (RV_EACCES). The wire needs none, nor does
 * auth=key. */
int control_session_open(uint64_t token, uint64_t cr3, uint64_t *session);
/* Have as many seconds gone by since then? Without locks. */
bool control_is_over(uint64_t since_tsc, uint64_t seconds);
/* Is it a session of that address space? It has said something, then. */
bool control_session_is(uint64_t session, uint64_t cr3);
void control_session_close(uint64_t session);

/* control_key.c: auth=key. */
extern struct control_keys control_keys;
/* A nonce for that address space, of VERIFY_NONCE_BYTES; 0, -RV_EIO, -RV_ENOSPC. Context: exit; without locks. */
int64_t control_key_challenge(uint64_t space, uint8_t *nonce);
/* Does the proof answer its nonce? 0; -RV_EAGAIN: come again with the same; -RV_EACCES, and the nonce is none any more;
 * -RV_ENOMEM, -RV_ENOTSUP. Context: exit; without locks. */
int64_t control_key_check(uint64_t space, const uint8_t *proof, size_t bytes, struct vcpu *vcpu);

/* control_script.c: the scripts that sessions load. Handles are numbers of a session's. */
int64_t control_script_begin(uint64_t session, const char *name, uint64_t bytes, uint64_t flags);
int64_t control_script_text(uint64_t session, uint64_t handle, uint64_t offset, const void *text, size_t bytes);
int64_t control_script_sign(uint64_t session, uint64_t handle, const void *signature, size_t bytes);
/* Of a script that is refused for its signature, the message's data says why. */
int64_t control_script_start(uint64_t session, struct control_message *message, struct vcpu *vcpu);
int64_t control_script_poll(uint64_t session, struct control_message *message, struct vcpu *vcpu);
int64_t control_script_input(uint64_t session, uint64_t handle, const void *text, size_t bytes, struct vcpu *vcpu);
int64_t control_script_unload(uint64_t session, uint64_t handle, struct vcpu *vcpu);
int64_t control_script_forget(uint64_t session, uint64_t handle, struct vcpu *vcpu);
/* All of a session's. */
void control_script_forget_all(uint64_t session, struct vcpu *vcpu);

/* control_record.c: the recording, if there is one, of a session's. What it says is in the message. */
int64_t control_record_perform(struct control_message *message, struct vcpu *vcpu);
void control_record_forget(uint64_t session);

#endif
