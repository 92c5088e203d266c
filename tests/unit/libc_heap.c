/*
 * libc_heap.c - the engine's allocator, compiled for the host under the sanitizers.
 *
 * Usage: libc_heap [STEPS]. A model remembers what each block holds; mistakes of the program
 * are tried in child processes, which must end by abort() with a message.
 */
#include "unit.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/libc/memory/heap.h"

/* libc_heap_names.h renames the allocator's functions: the host's stay in place. */
void *heap_malloc(size_t);
void *heap_calloc(size_t, size_t);
void *heap_realloc(void *, size_t);
void *heap_aligned_alloc(size_t, size_t);
void heap_free(void *);
size_t heap_usable_size(void *);
void engine_write(int stream, const char *text, size_t len_bytes);
void *engine_heap_grow(size_t bytes);

#define QUOTA_MAX	(64UL << 20)

static char *arena;
static size_t arena_used;
static size_t arena_quota;
/* when set, memory comes in pieces that do not touch */
static bool arena_gaps;

static void arena_reset(size_t quota, bool gaps);

void engine_write(int stream, const char *text, size_t len_bytes)
{
	(void)!write(stream, text, len_bytes);
}

void *engine_heap_grow(size_t bytes)
{
	void *memory;

	if (arena_gaps)
		arena_used += 4096;
	if (bytes > arena_quota || arena_used > arena_quota - bytes)
		return NULL;
	memory = arena + arena_used;
	arena_used += bytes;
	return memory;
}

/*
 * The allocator's state cannot be reset, so each case runs in a child of its own. The child's
 * exit status is 0 when the case passed; its reason goes through the pipe.
 */
static int in_child(void (*body)(void), char *message, size_t size)
{
	int ends[2];
	int status;
	ssize_t length;
	pid_t child;

	if (pipe(ends) != 0)
		return -1;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		dup2(ends[1], 2);
		arena_reset(QUOTA_MAX, false);
		unit_why[0] = '\0';
		body();
		if (unit_why[0] != '\0')
			fprintf(stderr, "%s", unit_why);
		fflush(stderr);
		_exit(unit_why[0] != '\0');
	}
	close(ends[1]);
	length = read(ends[0], message, size - 1);
	message[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	return status;
}

static void arena_reset(size_t quota, bool gaps)
{
	arena = mmap(NULL, QUOTA_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	arena_used = 0;
	arena_quota = quota;
	arena_gaps = gaps;
}

static void (*case_body)(void);

static void run_case(void)
{
	char message[400];
	int status = in_child(case_body, message, sizeof(message));

	if (status != 0)
		unit_fail("status %#x: %s", (unsigned int)status, message);
}

static void run(const char *name, void (*body)(void))
{
	case_body = body;
	unit_run(name, run_case);
}

/* The model ------------------------------------------------------------------------------------ */

#define SLOTS 2000

static struct {
	unsigned char *pointer;
	size_t size;
	unsigned char fill;
} slot[SLOTS];

static size_t model_live;

static void slot_fill(size_t index, size_t from)
{
	for (size_t i = from; i < slot[index].size; i++)
		slot[index].pointer[i] = (unsigned char)(slot[index].fill + i);
}

static void slot_check(size_t index, size_t up_to)
{
	for (size_t i = 0; i < up_to; i++) {
		if (slot[index].pointer[i] != (unsigned char)(slot[index].fill + i)) {
			unit_fail("byte %zu of %zu changed", i, slot[index].size);
			return;
		}
	}
}

static size_t random_size(void)
{
	unsigned long long random = unit_random();

	switch (random % 16) {
	case 0: return 0;
	case 1: return (random >> 8) % 100000;
	case 2:
	case 3: return (random >> 8) % 5000;
	default: return (random >> 8) % 300;
	}
}

static void model_allocate(size_t index)
{
	size_t size = random_size();
	void *pointer;

	switch (unit_random() % 8) {
	case 0:
		pointer = heap_calloc(1, size);
		for (size_t i = 0; pointer != NULL && i < size; i++)
			UNIT_EQUAL(((unsigned char *)pointer)[i], 0);
		break;
	case 1:
		pointer = heap_aligned_alloc(1UL << unit_random() % 13, size);
		break;
	default:
		pointer = heap_malloc(size);
		break;
	}
	if (pointer == NULL)
		return;
	UNIT_EQUAL((uintptr_t)pointer % 16, 0);
	UNIT_CHECK(heap_usable_size(pointer) >= size);
	slot[index].pointer = pointer;
	slot[index].size = size;
	slot[index].fill = (unsigned char)unit_random();
	slot_fill(index, 0);
	model_live += size;
}

static void model_release(size_t index)
{
	slot_check(index, slot[index].size);
	heap_free(slot[index].pointer);
	slot[index].pointer = NULL;
	model_live -= slot[index].size;
}

static void model_resize(size_t index)
{
	size_t size = random_size();
	size_t kept = size < slot[index].size ? size : slot[index].size;
	void *pointer = heap_realloc(slot[index].pointer, size);

	if (pointer == NULL)
		return;
	slot[index].pointer = pointer;
	slot_check(index, kept);
	model_live = model_live - slot[index].size + size;
	slot[index].size = size;
	slot_fill(index, kept);
}

static size_t steps = 400000;

static void model_run(void)
{
	struct heap_statistics statistics;

	for (size_t step = 0; step < steps && unit_why[0] == '\0'; step++) {
		size_t index = unit_random() % SLOTS;

		if (slot[index].pointer == NULL)
			model_allocate(index);
		else if (unit_random() % 3 == 0)
			model_resize(index);
		else
			model_release(index);
		if (step % 1000 == 0) {
			engine_heap_measure(&statistics);
			UNIT_CHECK(statistics.used_bytes >= model_live);
		}
	}
	for (size_t i = 0; i < SLOTS; i++) {
		if (slot[i].pointer != NULL)
			model_release(i);
	}
	engine_heap_measure(&statistics);
	UNIT_EQUAL(statistics.used_blocks, 0);
}

static void test_random(void)
{
	model_run();
}

static void test_random_with_gaps(void)
{
	arena_reset(QUOTA_MAX, true);
	model_run();
}

/* A quota far below what the model wants: NULL is an answer, nothing else may break. */
static void test_random_at_quota(void)
{
	arena_reset(600000, false);
	model_run();
}

static void test_quota(void)
{
	size_t count = 0;
	void *last = NULL;
	void *pointer;

	arena_reset(1UL << 20, false);
	UNIT_CHECK(heap_malloc(2UL << 20) == NULL);
	while ((pointer = heap_malloc(1000)) != NULL) {
		*(void **)pointer = last;
		last = pointer;
		count++;
	}
	/* 1008 bytes a block with its header; nearly all of the quota is usable */
	UNIT_CHECK(count >= (1UL << 20) / 1008 - 2);
	for (; last != NULL; last = pointer) {
		pointer = *(void **)last;
		heap_free(last);
	}
	UNIT_CHECK(heap_malloc((1UL << 20) - 64) != NULL);
}

static void test_absurd_sizes(void)
{
	void *pointer = heap_malloc(10);

	UNIT_CHECK(heap_malloc(SIZE_MAX) == NULL);
	UNIT_CHECK(heap_malloc(SIZE_MAX - 7) == NULL);
	UNIT_CHECK(heap_malloc(SIZE_MAX - 8) == NULL);
	UNIT_CHECK(heap_malloc(1UL << 62) == NULL);
	UNIT_CHECK(heap_malloc(HEAP_REQUEST_MAX) == NULL);
	UNIT_CHECK(heap_malloc(HEAP_REQUEST_MAX + 1) == NULL);
	UNIT_CHECK(heap_calloc(SIZE_MAX, 2) == NULL);
	UNIT_CHECK(heap_calloc(1UL << 33, 1UL << 33) == NULL);
	UNIT_CHECK(heap_realloc(pointer, SIZE_MAX) == NULL);
	UNIT_CHECK(heap_realloc(pointer, SIZE_MAX - 15) == NULL);
	UNIT_CHECK(heap_aligned_alloc(16, SIZE_MAX) == NULL);
	UNIT_CHECK(heap_aligned_alloc(4096, SIZE_MAX) == NULL);
	UNIT_CHECK(heap_aligned_alloc(1UL << 63, 10) == NULL);
	UNIT_CHECK(heap_aligned_alloc(24, 10) == NULL);
	heap_free(pointer);
	heap_free(NULL);
}

/* A block growing at the end of the heap must not be copied, nor leave holes behind. */
static void test_grow_in_place(void)
{
	struct heap_statistics statistics;
	char *pointer = heap_malloc(100);
	char *first = pointer;

	for (size_t size = 200; size < 50000; size += 100)
		pointer = heap_realloc(pointer, size);
	UNIT_CHECK(pointer == first);
	engine_heap_measure(&statistics);
	UNIT_EQUAL(statistics.used_blocks, 1);
}

/* Interleaved sizes, every second freed, then larger requests: little more memory is needed. */
static void test_fragmentation(void)
{
	static void *pointers[20000];
	struct heap_statistics before;
	struct heap_statistics after;

	for (size_t i = 0; i < 20000; i++)
		pointers[i] = heap_malloc(16 + unit_random() % 200);
	engine_heap_measure(&before);
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < 20000; i++) {
			if (unit_random() % 2 == 0) {
				heap_free(pointers[i]);
				pointers[i] = heap_malloc(16 + unit_random() % 200);
			}
		}
	}
	engine_heap_measure(&after);
	UNIT_CHECK(after.arena_bytes < before.arena_bytes + before.arena_bytes / 5);
	for (size_t i = 0; i < 20000; i++)
		heap_free(pointers[i]);
	engine_heap_measure(&after);
	UNIT_EQUAL(after.used_blocks, 0);
}

/* Mistakes of the program -------------------------------------------------------------------- */

static void mistake_double_free(void)
{
	void *pointer = heap_malloc(40);

	heap_free(pointer);
	heap_free(pointer);
}

static void mistake_double_free_large(void)
{
	void *pointer = heap_malloc(5000);

	heap_malloc(10);
	heap_free(pointer);
	heap_free(pointer);
}

static void mistake_wild_free(void)
{
	char *pointer = heap_malloc(400);

	memset(pointer, 0x41, 400);
	heap_free(pointer + 64);
}

static void mistake_misaligned_free(void)
{
	heap_free((char *)heap_malloc(400) + 8);
}

static void mistake_overrun(void)
{
	char *pointer = heap_malloc(600);

	heap_malloc(600);
	memset(pointer, 0x41, 600 + 16);
	heap_free(pointer);
}

static void mistake_overrun_small(void)
{
	char *pointer = heap_malloc(24);
	char *behind = heap_malloc(24);

	memset(pointer, 0x41, 24 + 8);
	heap_free(pointer);
	heap_free(behind);
}

static void mistake_use_after_free(void)
{
	char *pointer = heap_malloc(600);

	heap_malloc(600);
	heap_free(pointer);
	memset(pointer, 0x41, 600);
	heap_malloc(600);
}

static void mistake_use_after_free_small(void)
{
	char *pointer = heap_malloc(24);

	heap_free(pointer);
	memset(pointer, 0x41, 24);
	heap_malloc(24);
	heap_malloc(24);
}

static void mistake_realloc_freed(void)
{
	void *pointer = heap_malloc(600);

	heap_free(pointer);
	pointer = heap_realloc(pointer, 1000);
}

static void expect_death(void)
{
	char message[400];
	int status = in_child(case_body, message, sizeof(message));

	UNIT_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	if (strncmp(message, "heap: ", 6) != 0)
		unit_fail("says \"%s\"", message);
}

static void dies(const char *name, void (*body)(void))
{
	case_body = body;
	unit_run(name, expect_death);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		steps = strtoull(argv[1], NULL, 0);
	run("libc_heap random", test_random);
	run("libc_heap random_with_gaps", test_random_with_gaps);
	run("libc_heap random_at_quota", test_random_at_quota);
	run("libc_heap quota", test_quota);
	run("libc_heap absurd_sizes", test_absurd_sizes);
	run("libc_heap grow_in_place", test_grow_in_place);
	run("libc_heap fragmentation", test_fragmentation);
	dies("libc_heap double_free_stops", mistake_double_free);
	dies("libc_heap double_free_large_stops", mistake_double_free_large);
	dies("libc_heap wild_free_stops", mistake_wild_free);
	dies("libc_heap misaligned_free_stops", mistake_misaligned_free);
	dies("libc_heap overrun_stops", mistake_overrun);
	dies("libc_heap overrun_small_stops", mistake_overrun_small);
	dies("libc_heap use_after_free_stops", mistake_use_after_free);
	dies("libc_heap use_after_free_small_stops", mistake_use_after_free_small);
	dies("libc_heap realloc_freed_stops", mistake_realloc_freed);
	return unit_failed;
}
