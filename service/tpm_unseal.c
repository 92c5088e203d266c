/*
 * service/tpm_unseal.c: see the header. Numbers are of the TPM 2.0 Library specification, part 2; commands of part 3.
 */
#include "service/tpm_unseal.h"

#include "core/log.h"
#include "core/string.h"
#include "service/tpm_wire.h"

#define TPM_ST_NO_SESSIONS 0x8001u /* 6.9 */
#define TPM_ST_SESSIONS 0x8002u

#define TPM_CC_CREATE_PRIMARY 0x131u /* 6.5.2 */
#define TPM_CC_LOAD 0x157u
#define TPM_CC_UNSEAL 0x15eu
#define TPM_CC_FLUSH_CONTEXT 0x165u
#define TPM_CC_POLICY_AUTH_VALUE 0x16bu
#define TPM_CC_START_AUTH_SESSION 0x176u
#define TPM_CC_PCR_READ 0x17eu
#define TPM_CC_POLICY_PCR 0x17fu

#define TPM_RC_ERROR 0xbfu /* 6.6.2: what of a code says which error it is, not of which parameter */
#define TPM_RC_INTEGRITY 0x9fu /* 6.6.3 */
#define TPM_RC_AUTH_FAIL 0x8eu
#define TPM_RC_POLICY_FAIL 0x9du
#define TPM_RC_LOCKOUT 0x921u
#define TPM_RC_RETRY 0x922u
#define SENT_AGAIN 5

#define TPM_RH_OWNER 0x40000001u /* 7.4 */
#define TPM_RH_NULL 0x40000007u
#define TPM_RS_PASSWORD 0x40000009u

#define TPM_ALG_AES 0x6u /* 6.3 */
#define TPM_ALG_SHA256 0xbu
#define TPM_ALG_NULL 0x10u
#define TPM_ALG_ECC 0x23u
#define TPM_ALG_CFB 0x43u
#define TPM_ECC_NIST_P256 3u /* 6.4 */

/* 8.3: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, decrypt: a storage key as the
 * TCG's provisioning guidance has it (TCG TPM v2.0 Provisioning Guidance, 7.5.1). */
#define PARENT_ATTRIBUTES 0x30472u

#define TPM_SE_POLICY 1u /* 6.11 */
#define SESSION_CONTINUE 0x1u /* 8.4 */
#define SESSION_ENCRYPT 0x40u /* the answer */

#define HEADER_BYTES 10 /* tag, size, code */
#define PCR_SELECT_BYTES 3

struct talk {
	const struct tpm_link *link;
	uint8_t command[TPM_COMMAND_BYTES], answer[TPM_COMMAND_BYTES];
	struct tpm_out out;
	struct tpm_in in; /* what is behind the answer's header */
	uint32_t code;	  /* of the answer; 0: success */
	uint32_t parent, object, session; /* handles; 0: none */
	struct tpm_point parent_point;
	uint8_t object_name[TPM_NAME_BYTES];
	uint8_t nonce_ours[TPM_HASH_BYTES], nonce_tpm[TPM_HASH_BYTES];
	/* The session's key, and the PIN behind it if there is one. */
	uint8_t session_key[TPM_HASH_BYTES + TPM_PIN_BYTES];
	size_t session_key_bytes;
};

static enum tpm_result talk_fail(enum tpm_result result, char *why, const char *what, uint32_t code)
{
	if (code != 0)
		print_format(why, TPM_WHY_BYTES, "%s (code %x)", what, code);
	else
		string_copy(why, what, TPM_WHY_BYTES);
	return result;
}

static void talk_begin(struct talk *talk, uint32_t tag, uint32_t command)
{
	talk->out = (struct tpm_out){ talk->command, sizeof(talk->command), 0, false };
	tpm_put(&talk->out, tag, 2);
	tpm_put(&talk->out, 0, 4); /* the size, which comes last */
	tpm_put(&talk->out, command, 4);
}

/* An authorization with a password that is empty. */
static void talk_put_no_password(struct tpm_out *out)
{
	tpm_put(out, 9, 4);
	tpm_put(out, TPM_RS_PASSWORD, 4);
	tpm_put(out, 0, 2);
	tpm_put(out, SESSION_CONTINUE, 1);
	tpm_put(out, 0, 2);
}

/* False: no answer that can be. */
static bool talk_send_once(struct talk *talk)
{
	size_t bytes = sizeof(talk->answer);
	uint32_t tag, wanted_tag = (uint32_t)talk->command[0] << 8 | talk->command[1];

	talk->code = 0;
	if (!talk->link->submit(talk->link->context, talk->command, talk->out.nr_bytes, talk->answer, &bytes) ||
	    bytes > sizeof(talk->answer))
		return false;
	talk->in = (struct tpm_in){ talk->answer, bytes, false };
	tag = (uint32_t)tpm_get(&talk->in, 2);
	if (tpm_get(&talk->in, 4) != bytes)
		return false;
	talk->code = (uint32_t)tpm_get(&talk->in, 4);
	if (talk->in.bad)
		return false;
	return talk->code == 0 ? tag == wanted_tag : talk->in.left_bytes == 0;
}

/* Sends it, again if the TPM has to write down first that somebody tries PINs, and the like. False: no answer that can be;
 * then, and if talk->code says so, there is nothing to be read. */
static bool talk_send(struct talk *talk)
{
	struct tpm_out size = { talk->command + 2, 4, 0, false };
	bool good;

	tpm_put(&size, talk->out.nr_bytes, 4);
	if (talk->out.over)
		return false;
	good = talk_send_once(talk);
	for (unsigned i = 0; i < SENT_AGAIN && good && talk->code == TPM_RC_RETRY; i++)
		good = talk_send_once(talk);
	return good;
}

static bool talk_is_done(struct talk *talk)
{
	return talk_send(talk) && talk->code == 0;
}

/* The same, and the answer has nothing behind its header. */
static bool talk_is_done_alone(struct talk *talk)
{
	return talk_is_done(talk) && talk->in.left_bytes == 0;
}

/* Of an answer to an authorization by a password: a handle, parameters, and an acknowledgement, which says nothing. */
static bool talk_take_loaded(struct talk *talk, uint32_t *handle, struct tpm_in *parameters)
{
	size_t bytes;

	*handle = (uint32_t)tpm_get(&talk->in, 4);
	bytes = tpm_get(&talk->in, 4);
	*parameters = (struct tpm_in){ tpm_get_bytes(&talk->in, bytes), bytes, false };
	return !talk->in.bad && tpm_get(&talk->in, 2) == 0 && tpm_get(&talk->in, 1) == SESSION_CONTINUE &&
	       tpm_get(&talk->in, 2) == 0 && !talk->in.bad && talk->in.left_bytes == 0;
}

static void talk_flush(struct talk *talk, uint32_t handle)
{
	if (handle == 0)
		return;
	talk_begin(talk, TPM_ST_NO_SESSIONS, TPM_CC_FLUSH_CONTEXT);
	tpm_put(&talk->out, handle, 4);
	(void)talk_send(talk);
}

/* TPML_PCR_SELECTION of one bank: 10.9.7. */
static void talk_put_selection(struct tpm_out *out, uint32_t pcrs)
{
	tpm_put(out, 1, 4);
	tpm_put(out, TPM_ALG_SHA256, 2);
	tpm_put(out, PCR_SELECT_BYTES, 1);
	for (unsigned i = 0; i < PCR_SELECT_BYTES; i++)
		tpm_put(out, pcrs >> 8 * i & 0xff, 1);
}

static bool talk_read_pcr(struct talk *talk, unsigned number, uint8_t value[TPM_HASH_BYTES])
{
	uint8_t wanted[HEADER_BYTES];
	struct tpm_out selection = { wanted, sizeof(wanted), 0, false };
	const uint8_t *got;
	size_t bytes;

	talk_put_selection(&selection, 1u << number);
	talk_begin(talk, TPM_ST_NO_SESSIONS, TPM_CC_PCR_READ);
	tpm_put_bytes(&talk->out, wanted, selection.nr_bytes);
	if (!talk_is_done(talk))
		return false;
	(void)tpm_get(&talk->in, 4); /* how often they have changed */
	got = tpm_get_bytes(&talk->in, selection.nr_bytes);
	if (got == NULL || memcmp(got, wanted, selection.nr_bytes) != 0 || tpm_get(&talk->in, 4) != 1)
		return false;
	got = tpm_get_sized(&talk->in, &bytes);
	if (got == NULL || bytes != TPM_HASH_BYTES || talk->in.left_bytes != 0)
		return false;
	memcpy(value, got, TPM_HASH_BYTES);
	return true;
}

bool tpm_read_pcr(const struct tpm_link *link, unsigned number, uint8_t value[TPM_HASH_BYTES])
{
	struct talk talk = { .link = link };

	return number < TPM_PCRS && talk_read_pcr(&talk, number, value);
}

static const char *talk_pcr_name(unsigned number)
{
	static const char *const names[TPM_PCRS] = {
		[0] = ", the firmware", [1] = ", the firmware's settings", [2] = ", drivers and cards' firmware",
		[4] = ", the program that was started", [7] = ", Secure Boot", [12] = ", Ritevisor, its configuration or scripts",
	};

	return names[number] != NULL ? names[number] : "";
}

/* Which PCRs are not what they were. */
static enum tpm_result talk_compare_pcrs(struct talk *talk, const struct tpm_sealed *sealed, char *why)
{
	uint8_t value[TPM_HASH_BYTES];
	size_t used = 0;

	for (unsigned i = 0; i < sealed->nr_pcrs; i++) {
		unsigned number = sealed->pcrs[i].number;

		if (!talk_read_pcr(talk, number, value))
			return talk_fail(TPM_BAD_ANSWER, why, "the TPM does not tell its PCRs of SHA-256", talk->code);
		if (memcmp(value, sealed->pcrs[i].value, sizeof(value)) != 0 && used < TPM_WHY_BYTES)
			used += (size_t)print_format(why + used, TPM_WHY_BYTES - used, "%s PCR %u%s", used != 0 ? ";" : "changed since:",
						     number, talk_pcr_name(number));
	}
	return used != 0 ? TPM_CHANGED : TPM_GOOD;
}

/* The public area (12.2.4) of a storage key of P-256, as the TPM gives it: its point. */
static bool talk_take_point(const uint8_t *area, size_t area_bytes, struct tpm_point *point)
{
	struct tpm_in in = { area, area_bytes, false };
	const uint8_t *x, *y;
	size_t x_bytes, y_bytes, policy_bytes;

	if (tpm_get(&in, 2) != TPM_ALG_ECC || tpm_get(&in, 2) != TPM_ALG_SHA256)
		return false;
	(void)tpm_get(&in, 4); /* attributes: the name vouches for all of it */
	(void)tpm_get_sized(&in, &policy_bytes);
	(void)tpm_get_bytes(&in, 6); /* AES, 128, CFB */
	(void)tpm_get(&in, 2);	     /* no scheme */
	if (tpm_get(&in, 2) != TPM_ECC_NIST_P256)
		return false;
	(void)tpm_get(&in, 2); /* no KDF */
	x = tpm_get_sized(&in, &x_bytes);
	y = tpm_get_sized(&in, &y_bytes);
	if (in.bad || in.left_bytes != 0 || x_bytes > TPM_POINT_BYTES || y_bytes > TPM_POINT_BYTES)
		return false;
	memset(point, 0, sizeof(*point));
	memcpy(point->x + TPM_POINT_BYTES - x_bytes, x, x_bytes);
	memcpy(point->y + TPM_POINT_BYTES - y_bytes, y, y_bytes);
	return true;
}

static void talk_put_parent(struct tpm_out *out)
{
	uint8_t area[64];
	struct tpm_out public = { area, sizeof(area), 0, false };

	tpm_put(&public, TPM_ALG_ECC, 2);
	tpm_put(&public, TPM_ALG_SHA256, 2);
	tpm_put(&public, PARENT_ATTRIBUTES, 4);
	tpm_put(&public, 0, 2); /* no policy */
	tpm_put(&public, TPM_ALG_AES, 2);
	tpm_put(&public, 8 * TPM_AES_BYTES, 2);
	tpm_put(&public, TPM_ALG_CFB, 2);
	tpm_put(&public, TPM_ALG_NULL, 2); /* scheme */
	tpm_put(&public, TPM_ECC_NIST_P256, 2);
	tpm_put(&public, TPM_ALG_NULL, 2); /* KDF */
	tpm_put(&public, 0, 2); /* x */
	tpm_put(&public, 0, 2); /* y */
	tpm_put_sized(out, area, public.nr_bytes);
}

/* A name (part 1, 16): the hash's number, and the hash of the public area. */
static void talk_make_name(const uint8_t *area, size_t area_bytes, uint8_t name[TPM_NAME_BYTES])
{
	const struct tpm_piece piece = { area, area_bytes };

	name[0] = 0;
	name[1] = TPM_ALG_SHA256;
	tpm_hash(&piece, 1, name + 2);
}

/* The TPM makes the key that it is sealed under anew, each time the same. */
static enum tpm_result talk_make_parent(struct talk *talk, const struct tpm_sealed *sealed, char *why)
{
	uint8_t name[TPM_NAME_BYTES];
	struct tpm_in parameters;
	const uint8_t *area;
	size_t area_bytes;

	talk_begin(talk, TPM_ST_SESSIONS, TPM_CC_CREATE_PRIMARY);
	tpm_put(&talk->out, TPM_RH_OWNER, 4);
	talk_put_no_password(&talk->out);
	tpm_put(&talk->out, 4, 2); /* TPM2B_SENSITIVE_CREATE: neither a password nor data */
	tpm_put(&talk->out, 0, 4);
	talk_put_parent(&talk->out);
	tpm_put(&talk->out, 0, 2); /* nothing from outside */
	tpm_put(&talk->out, 0, 4); /* no PCR at its making */
	if (!talk_send(talk))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM gives no answer that can be", talk->code);
	if (talk->code != 0)
		return talk_fail(TPM_REFUSED, why, "the TPM does not make its storage key: has its owner a password?", talk->code);
	if (!talk_take_loaded(talk, &talk->parent, &parameters))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM gives no answer that can be", 0);
	area = tpm_get_sized(&parameters, &area_bytes);
	if (area == NULL)
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM's storage key is cut", 0);
	talk_make_name(area, area_bytes, name);
	if (memcmp(name, sealed->parent_name, sizeof(name)) != 0)
		return talk_fail(TPM_REFUSED, why, "it is another TPM, or one that was cleared", 0);
	if (!talk_take_point(area, area_bytes, &talk->parent_point))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM's storage key is none of P-256", 0);
	return TPM_GOOD;
}

/* Part 1, 19.6: the session's key is made of a salt that only the holder of the parent's key can know. */
static enum tpm_result talk_begin_session(struct talk *talk, const uint8_t *entropy, char *why)
{
	uint8_t salt[TPM_HASH_BYTES], point[4 + sizeof(struct tpm_point)];
	struct tpm_out secret = { point, sizeof(point), 0, false };
	struct tpm_point mine;
	const uint8_t *nonce;
	size_t nonce_bytes;

	memcpy(talk->nonce_ours, entropy + TPM_POINT_BYTES, sizeof(talk->nonce_ours));
	if (!tpm_share_salt(&talk->parent_point, entropy, &mine, salt))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM's storage key is no point of the curve", 0);
	tpm_put_sized(&secret, mine.x, sizeof(mine.x));
	tpm_put_sized(&secret, mine.y, sizeof(mine.y));
	talk_begin(talk, TPM_ST_NO_SESSIONS, TPM_CC_START_AUTH_SESSION);
	tpm_put(&talk->out, talk->parent, 4);
	tpm_put(&talk->out, TPM_RH_NULL, 4);
	tpm_put_sized(&talk->out, talk->nonce_ours, sizeof(talk->nonce_ours));
	tpm_put_sized(&talk->out, point, secret.nr_bytes);
	tpm_put(&talk->out, TPM_SE_POLICY, 1);
	tpm_put(&talk->out, TPM_ALG_AES, 2);
	tpm_put(&talk->out, 8 * TPM_AES_BYTES, 2);
	tpm_put(&talk->out, TPM_ALG_CFB, 2);
	tpm_put(&talk->out, TPM_ALG_SHA256, 2);
	if (talk_is_done(talk)) {
		talk->session = (uint32_t)tpm_get(&talk->in, 4);
		nonce = tpm_get_sized(&talk->in, &nonce_bytes);
		if (nonce != NULL && nonce_bytes == TPM_HASH_BYTES && talk->in.left_bytes == 0) {
			memcpy(talk->nonce_tpm, nonce, TPM_HASH_BYTES);
			tpm_kdfa(salt, sizeof(salt), "ATH", (struct tpm_piece){ talk->nonce_tpm, TPM_HASH_BYTES },
				 (struct tpm_piece){ talk->nonce_ours, TPM_HASH_BYTES }, talk->session_key, TPM_HASH_BYTES);
			talk->session_key_bytes = TPM_HASH_BYTES;
		}
	}
	memory_wipe(salt, sizeof(salt));
	return talk->session_key_bytes != 0 ? TPM_GOOD : talk_fail(TPM_BAD_ANSWER, why, "the TPM begins no session", talk->code);
}

static enum tpm_result talk_follow_policy(struct talk *talk, const struct tpm_question *question, char *why)
{
	uint32_t pcrs = 0;

	for (unsigned i = 0; i < question->sealed->nr_pcrs; i++)
		pcrs |= 1u << question->sealed->pcrs[i].number;
	talk_begin(talk, TPM_ST_NO_SESSIONS, TPM_CC_POLICY_PCR);
	tpm_put(&talk->out, talk->session, 4);
	tpm_put(&talk->out, 0, 2); /* as they are now */
	talk_put_selection(&talk->out, pcrs);
	if (!talk_is_done_alone(talk))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM does not take the PCRs into a policy", talk->code);
	if (!question->sealed->needs_pin)
		return TPM_GOOD;
	talk_begin(talk, TPM_ST_NO_SESSIONS, TPM_CC_POLICY_AUTH_VALUE);
	tpm_put(&talk->out, talk->session, 4);
	if (!talk_is_done_alone(talk))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM does not take a PIN into a policy", talk->code);
	memcpy(talk->session_key + TPM_HASH_BYTES, question->pin, TPM_PIN_BYTES);
	talk->session_key_bytes = TPM_HASH_BYTES + TPM_PIN_BYTES;
	return TPM_GOOD;
}

static enum tpm_result talk_load(struct talk *talk, const struct tpm_sealed *sealed, char *why)
{
	struct tpm_in parameters;
	const uint8_t *name;
	size_t name_bytes;

	talk_begin(talk, TPM_ST_SESSIONS, TPM_CC_LOAD);
	tpm_put(&talk->out, talk->parent, 4);
	talk_put_no_password(&talk->out);
	tpm_put_sized(&talk->out, sealed->private_part, sealed->private_bytes);
	tpm_put_sized(&talk->out, sealed->public_part, sealed->public_bytes);
	if (!talk_send(talk))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM gives no answer that can be", talk->code);
	if (talk->code != 0)
		return talk_fail(TPM_REFUSED, why,
				 (talk->code & TPM_RC_ERROR) == TPM_RC_INTEGRITY ? "the sealed key was changed" : "the TPM does not load the sealed key",
				 talk->code);
	talk_make_name(sealed->public_part, sealed->public_bytes, talk->object_name);
	if (talk_take_loaded(talk, &talk->object, &parameters)) {
		name = tpm_get_sized(&parameters, &name_bytes);
		if (name_bytes == TPM_NAME_BYTES && parameters.left_bytes == 0 && memcmp(name, talk->object_name, TPM_NAME_BYTES) == 0)
			return TPM_GOOD;
	}
	return talk_fail(TPM_BAD_ANSWER, why, "the TPM gives no answer that can be", 0);
}

/* Part 1, 19.6.5: of a hash of what is said, the nonces, the newer before the older, and the session's attributes. */
static void talk_authenticate(const struct talk *talk, const uint8_t *digest, const uint8_t *newer, const uint8_t *older,
			      uint8_t attributes, uint8_t mac[TPM_HASH_BYTES])
{
	const struct tpm_piece pieces[] = { { digest, TPM_HASH_BYTES }, { newer, TPM_HASH_BYTES }, { older, TPM_HASH_BYTES },
					    { &attributes, 1 } };

	tpm_hmac(talk->session_key, talk->session_key_bytes, pieces, ARRAY_LENGTH(pieces), mac);
}

static void talk_ask_for_secret(struct talk *talk)
{
	const uint8_t command[] = { 0, 0, TPM_CC_UNSEAL >> 8, TPM_CC_UNSEAL & 0xff };
	const struct tpm_piece said[] = { { command, sizeof(command) }, { talk->object_name, TPM_NAME_BYTES } };
	uint8_t digest[TPM_HASH_BYTES], mac[TPM_HASH_BYTES];

	/* A nonce of this command's own, of the one before. */
	tpm_hash(&(struct tpm_piece){ talk->nonce_ours, TPM_HASH_BYTES }, 1, talk->nonce_ours);
	tpm_hash(said, ARRAY_LENGTH(said), digest);
	talk_authenticate(talk, digest, talk->nonce_ours, talk->nonce_tpm, SESSION_CONTINUE | SESSION_ENCRYPT, mac);
	talk_begin(talk, TPM_ST_SESSIONS, TPM_CC_UNSEAL);
	tpm_put(&talk->out, talk->object, 4);
	tpm_put(&talk->out, 4 + 2 + TPM_HASH_BYTES + 1 + 2 + TPM_HASH_BYTES, 4);
	tpm_put(&talk->out, talk->session, 4);
	tpm_put_sized(&talk->out, talk->nonce_ours, TPM_HASH_BYTES);
	tpm_put(&talk->out, SESSION_CONTINUE | SESSION_ENCRYPT, 1);
	tpm_put_sized(&talk->out, mac, sizeof(mac));
}

/* The answer: authentic, and then decrypted. */
static bool talk_take_secret(struct talk *talk, struct tpm_secret *secret)
{
	const uint8_t good_unseal[] = { 0, 0, 0, 0, 0, 0, TPM_CC_UNSEAL >> 8, TPM_CC_UNSEAL & 0xff };
	size_t parameters_bytes = tpm_get(&talk->in, 4), secret_bytes, nonce_bytes, mac_bytes;
	const uint8_t *parameters = tpm_get_bytes(&talk->in, parameters_bytes), *nonce, *mac, *data;
	const struct tpm_piece said[] = { { good_unseal, sizeof(good_unseal) }, { parameters, parameters_bytes } };
	struct tpm_in in = { parameters, parameters_bytes, false };
	uint8_t digest[TPM_HASH_BYTES], wanted[TPM_HASH_BYTES], key[2 * TPM_AES_BYTES], attributes;

	nonce = tpm_get_sized(&talk->in, &nonce_bytes);
	attributes = (uint8_t)tpm_get(&talk->in, 1);
	mac = tpm_get_sized(&talk->in, &mac_bytes);
	if (talk->in.bad || talk->in.left_bytes != 0 || nonce_bytes != TPM_HASH_BYTES || mac_bytes != TPM_HASH_BYTES ||
	    attributes != (SESSION_CONTINUE | SESSION_ENCRYPT))
		return false;
	data = tpm_get_sized(&in, &secret_bytes);
	if (data == NULL || in.left_bytes != 0 || secret_bytes == 0 || secret_bytes > sizeof(secret->bytes))
		return false;
	tpm_hash(said, ARRAY_LENGTH(said), digest);
	talk_authenticate(talk, digest, nonce, talk->nonce_ours, attributes, wanted);
	if (!tpm_is_same(mac, wanted, sizeof(wanted)))
		return false;
	/* Part 1, 21.3 */
	tpm_kdfa(talk->session_key, talk->session_key_bytes, "CFB", (struct tpm_piece){ nonce, TPM_HASH_BYTES },
		 (struct tpm_piece){ talk->nonce_ours, TPM_HASH_BYTES }, key, sizeof(key));
	memcpy(secret->bytes, data, secret_bytes);
	secret->nr_bytes = secret_bytes;
	tpm_cfb_decrypt(key, key + TPM_AES_BYTES, secret->bytes, secret_bytes);
	memory_wipe(key, sizeof(key));
	return true;
}

static enum tpm_result talk_unseal(struct talk *talk, const struct tpm_question *question, struct tpm_secret *secret, char *why)
{
	enum tpm_result result = talk_compare_pcrs(talk, question->sealed, why);

	if (result == TPM_GOOD && question->sealed->needs_pin && question->pin == NULL)
		return talk_fail(TPM_NEEDS_PIN, why, "it needs a PIN", 0);
	if (result == TPM_GOOD)
		result = talk_make_parent(talk, question->sealed, why);
	if (result == TPM_GOOD)
		result = talk_begin_session(talk, question->entropy, why);
	if (result == TPM_GOOD)
		result = talk_load(talk, question->sealed, why);
	if (result == TPM_GOOD)
		result = talk_follow_policy(talk, question, why);
	if (result != TPM_GOOD)
		return result;
	talk_ask_for_secret(talk);
	if (!talk_send(talk))
		return talk_fail(TPM_BAD_ANSWER, why, "the TPM gives no answer that can be", talk->code);
	if (talk->code == TPM_RC_LOCKOUT)
		return talk_fail(TPM_REFUSED, why, "the TPM takes no PIN for a while, since there were too many wrong ones", talk->code);
	if ((talk->code & TPM_RC_ERROR) == TPM_RC_AUTH_FAIL && question->pin != NULL)
		return talk_fail(TPM_WRONG_PIN, why, "the PIN is wrong", 0);
	if (talk->code != 0)
		return talk_fail(TPM_REFUSED, why,
				 (talk->code & TPM_RC_ERROR) == TPM_RC_POLICY_FAIL ? "the key is sealed to other PCRs than its token says"
									   : "the TPM does not unseal the key",
				 talk->code);
	return talk_take_secret(talk, secret) ? TPM_GOOD
					      : talk_fail(TPM_BAD_ANSWER, why, "the TPM's answer was changed on its way, or cut", 0);
}

void tpm_make_pin(const struct tpm_sealed *sealed, const void *typed, size_t typed_bytes, uint8_t pin[TPM_PIN_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	const struct tpm_piece piece = { typed, typed_bytes };
	uint8_t mac[TPM_HASH_BYTES];

	tpm_hmac(sealed->salt, sealed->salt_bytes, &piece, 1, mac);
	for (unsigned i = 0; i < TPM_PIN_BYTES; i++)
		pin[i] = (uint8_t)digits[mac[i / 2] >> (i % 2 ? 0 : 4) & 0xf];
	memory_wipe(mac, sizeof(mac));
}

enum tpm_result tpm_unseal(const struct tpm_link *link, const struct tpm_question *question, struct tpm_secret *secret, char *why)
{
	struct talk talk = { .link = link };
	enum tpm_result result;

	why[0] = '\0';
	memset(secret, 0, sizeof(*secret));
	result = talk_unseal(&talk, question, secret, why);
	talk_flush(&talk, talk.object);
	talk_flush(&talk, talk.session);
	talk_flush(&talk, talk.parent);
	memory_wipe(&talk, sizeof(talk));
	return result;
}
