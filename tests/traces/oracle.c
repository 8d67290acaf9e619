/* What CPython's own pymalloc does with a trace.
 *
 * Replays the calls of some domains of a .pmtr file (not compressed) on the
 * pymalloc of the libpython it is linked with, alone in a fresh process, with
 * arenas aligned to 1 MiB, and prints the expected values as JSON: the keys
 * are explained in README.md beside this file.
 *
 *   cc -O2 oracle.c $(python3-config --includes) $(python3-config --ldflags --embed) -o oracle
 *   gunzip -k NAME.pmtr.gz
 *   ./oracle NAME.pmtr 4 2048 > NAME.obj.json       4 = OBJ, 2 = MEM
 *
 * Python is never initialized: PyMem_* and PyObject_* work before that, and
 * nothing else then allocates from the pools. */

#define _GNU_SOURCE
#include <Python.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA ((size_t)1 << 20)
#define NO_PLACE 0xffffffffu
#define CHECKPOINT 4096
#define ARENAS_MAX 65536

enum { MALLOC, CALLOC, REALLOC, FREE };
enum { RAW, MEM, OBJ };

extern int _PyObject_DebugMallocStats(FILE *out);

/* Bases of all arenas in the order of their creation. */
static uintptr_t arenas[ARENAS_MAX];
static uint32_t arenas_created, arenas_live, arenas_peak;

static void *arena_alloc(void *ctx, size_t size)
{
    char *p = mmap(NULL, size + ARENA, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || arenas_created == ARENAS_MAX)
        return NULL;
    uintptr_t base = ((uintptr_t)p + ARENA - 1) & ~(ARENA - 1);
    if (base > (uintptr_t)p)
        munmap(p, base - (uintptr_t)p);
    munmap((void *)(base + size), (uintptr_t)p + ARENA - base);
    arenas[arenas_created++] = base;
    if (++arenas_live > arenas_peak)
        arenas_peak = arenas_live;
    return (void *)base;
}

static void arena_free(void *ctx, void *p, size_t size)
{
    munmap(p, size);
    arenas_live--;
}

/* Newest first: an arena that comes again at the same base counts anew. */
static uint32_t place_of(void *p, size_t size)
{
    for (uint32_t i = arenas_created; size > 0 && size <= 512 && i-- > 0;)
        if ((uintptr_t)p - arenas[i] < ARENA)
            return i << 20 | (uint32_t)((uintptr_t)p - arenas[i]);
    return NO_PLACE;
}

static void *allocate(int domain, uint32_t op, void *p, size_t size)
{
    switch (domain) {
    case RAW:
        return op == MALLOC   ? PyMem_RawMalloc(size)
               : op == CALLOC ? PyMem_RawCalloc(1, size)
                              : PyMem_RawRealloc(p, size);
    case MEM:
        return op == MALLOC   ? PyMem_Malloc(size)
               : op == CALLOC ? PyMem_Calloc(1, size)
                              : PyMem_Realloc(p, size);
    default:
        return op == MALLOC   ? PyObject_Malloc(size)
               : op == CALLOC ? PyObject_Calloc(1, size)
                              : PyObject_Realloc(p, size);
    }
}

static void release(int domain, void *p)
{
    if (domain == RAW)
        PyMem_RawFree(p);
    else if (domain == MEM)
        PyMem_Free(p);
    else
        PyObject_Free(p);
}

static uint32_t *read_words(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long bytes = ftell(file);
    uint32_t *words = malloc(bytes + 4);
    rewind(file);
    *count = fread(words, 4, bytes / 4, file);
    fclose(file);
    return words;
}

static void print_text(const char *key, const char *text)
{
    printf("\"%s\":\"", key);
    for (; *text; text++)
        if (*text == '\n')
            fputs("\\n", stdout);
        else
            putchar(*text);
    putchar('"');
}

int main(int argc, char **argv)
{
    size_t count, n_first = 0, n_checkpoints = 0;
    uint32_t *words = argc == 4 ? read_words(argv[1], &count) : NULL;
    if (words == NULL || count < 4 || words[0] != 0x52544d50
        || count != 4 + 3 * (size_t)words[2]) {
        fprintf(stderr, "usage: oracle NAME.pmtr MASK FIRST_PLACEMENTS\n");
        return 2;
    }
    unsigned mask = atoi(argv[2]), first_max = atoi(argv[3]);
    PyObjectArenaAllocator allocator = {NULL, arena_alloc, arena_free};
    PyObject_SetArenaAllocator(&allocator);

    void **blocks = calloc(words[3], sizeof *blocks);
    uint32_t *held = calloc(words[3], sizeof *held);
    uint32_t (*first)[2] = malloc(first_max * sizeof *first);
    uint32_t *checkpoints = malloc((words[2] / CHECKPOINT + 1) * 4);
    uint32_t hash = 2166136261u;
    uint64_t ops = 0, live = 0, peak = 0;

    for (uint32_t *w = words + 4; w < words + count; w += 3) {
        uint32_t op = w[0] & 255, domain = w[0] >> 8, id = w[1], size = w[2];
        if (!(mask >> domain & 1))
            continue;
        if (op == FREE) {
            release(domain, blocks[id]);
            blocks[id] = NULL;
            size = 0;
        } else {
            /* A block of 512 bytes or less that grew out of a larger one
             * stays outside the arenas; the search by address says so. */
            blocks[id] = allocate(domain, op, blocks[id], size);
            uint32_t place = place_of(blocks[id], size);
            hash = (hash ^ place) * 16777619u;
            if (n_first < first_max) {
                first[n_first][0] = size;
                first[n_first++][1] = place;
            }
        }
        live += (uint64_t)size - held[id];
        held[id] = size;
        if (live > peak)
            peak = live;
        if (++ops % CHECKPOINT == 0)
            checkpoints[n_checkpoints++] = hash;
    }

    char *report = NULL;
    size_t report_size = 0;
    FILE *out = open_memstream(&report, &report_size);
    _PyObject_DebugMallocStats(out);
    fclose(out);

    const char *name = strrchr(argv[1], '/');
    printf("{");
    print_text("trace", name ? name + 1 : argv[1]);
    printf(",\"domains\":%u,\"ops\":%llu,\"arenas_created\":%u,"
           "\"arenas_peak\":%u,\"peak_requested_bytes\":%llu,"
           "\"live_requested_bytes\":%llu,\"placement_hash\":\"%08x\",\n",
           mask, (unsigned long long)ops, arenas_created, arenas_peak,
           (unsigned long long)peak, (unsigned long long)live, hash);
    print_text("report", report);
    printf(",\n\"first_placements\":[");
    for (size_t i = 0; i < n_first; i++)
        printf("%s[%u,%u]", i ? "," : "", first[i][0], first[i][1]);
    printf("],\n\"checkpoints\":[");
    for (size_t i = 0; i < n_checkpoints; i++)
        printf("%s\"%08x\"", i ? "," : "", checkpoints[i]);
    printf("]}\n");
    return 0;
}
