/*
 * The workloads of bench/kernels.ts in C, for allocators of a C program.
 *
 *     native MODE LIBRARY MALLOC CALLOC REALLOC FREE WORKLOAD SAMPLES [TRACE]
 *
 * The allocator is four functions, by name, of a library that is opened at run
 * time ("-" is the C library), so each call is one indirect call, as through a
 * linker's table. MODE says how two threads share it:
 *     threads  both call it as it is
 *     mutex    both call it under one pthread mutex
 *     gil      one thread does the work of both: a GIL whose hand-over is free
 *     version  prints the version of the library, nothing is measured
 * Compiled with -DFLOOR there is no allocator (what the loops cost), with
 * -DFREE_LIST the control of bench/adapters/free_list.ts.
 *
 * One thread is measured in CPU time, two in wall time. It prints the JSON
 * object that bench/result.ts describes.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SEED 0x9e3779b9u
#define SEED_2 0x85ebca6bu
#define MAX_SAMPLES 64

/* ---- the allocator ---------------------------------------------------- */

#if defined(FLOOR)

static _Thread_local char floor_memory[1 << 16];
static inline void *allocate(size_t n) { return floor_memory + (n & 0x7ff0); }
static inline void release(void *p) { __asm__ volatile("" : : "r"(p)); }
static inline void *zeroed(size_t k, size_t n) { return allocate(k * n); }
static inline void *resize(void *p, size_t n) { (void)p; return allocate(n); }

#elif defined(FREE_LIST)

/* Up to 512 bytes in 32 classes, a class to a page of 16 KiB; no realloc. */
#define PAGES (1 << 14)
static char *memory, *next_page;
static void *heads[33];
static uint8_t classes[PAGES];

static __attribute__((noinline)) void *carve(unsigned c) {
    size_t size = c == 0 ? 16 : (size_t)c << 4;
    char *page = next_page;
    next_page += 16384;
    if (next_page > memory + ((size_t)PAGES << 14)) abort();
    classes[(page - memory) >> 14] = (uint8_t)c;
    void *head = NULL;
    for (size_t k = 16384 / size - 1; k > 0; k--) {
        *(void **)(page + k * size) = head;
        head = page + k * size;
    }
    heads[c] = head;
    return page;
}
static inline void *allocate(size_t n) {
    unsigned c = (unsigned)(n + 15) >> 4;
    void *p = heads[c];
    if (p == NULL) return carve(c);
    heads[c] = *(void **)p;
    return p;
}
static inline void release(void *p) {
    unsigned c = classes[((char *)p - memory) >> 14];
    *(void **)p = heads[c];
    heads[c] = p;
}
static inline void *zeroed(size_t k, size_t n) {
    return memset(allocate(k * n), 0, k * n);
}
static inline void *resize(void *p, size_t n) { (void)p, (void)n; abort(); }

#else

static void *(*the_malloc)(size_t);
static void *(*the_calloc)(size_t, size_t);
static void *(*the_realloc)(void *, size_t);
static void (*the_free)(void *);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *(*inner_malloc)(size_t);
static void (*inner_free)(void *);
static void *locked_malloc(size_t n) {
    pthread_mutex_lock(&mutex);
    void *p = inner_malloc(n);
    pthread_mutex_unlock(&mutex);
    return p;
}
static void locked_free(void *p) {
    pthread_mutex_lock(&mutex);
    inner_free(p);
    pthread_mutex_unlock(&mutex);
}
static inline void *allocate(size_t n) { return the_malloc(n); }
static inline void release(void *p) { the_free(p); }
static inline void *zeroed(size_t k, size_t n) { return the_calloc(k, n); }
static inline void *resize(void *p, size_t n) { return the_realloc(p, n); }

#endif

static void fail(const char *what) {
    fprintf(stderr, "Cannot measure: %s\n", what);
    exit(2);
}

#if defined(FLOOR)
static void open_allocator(char **name) { (void)name; }
#elif defined(FREE_LIST)
static void open_allocator(char **name) {
    (void)name;
    memory = aligned_alloc(16384, (size_t)PAGES << 14);
    if (memory == NULL) fail("no memory");
    next_page = memory;
}
#else
/* Prints the version that the library itself names, and ends. */
static void print_version(void *library) {
    const char *(*text)(void);
    const char *(*tcmalloc)(int *, int *, const char **);
    int (*mimalloc)(void);
    int major, minor;
    const char *patch;
    if ((*(void **)&text = dlsym(library, "Py_GetVersion")) != NULL)
        printf("CPython %.*s\n", (int)strcspn(text(), " "), text());
    else if ((*(void **)&mimalloc = dlsym(library, "mi_version")) != NULL)
        printf("mimalloc %d.%d.%d\n", mimalloc() / 100, mimalloc() / 10 % 10,
               mimalloc() % 10);
    else if ((*(void **)&tcmalloc = dlsym(library, "tc_version")) != NULL)
        tcmalloc(&major, &minor, &patch),
            printf("tcmalloc %d.%d%s\n", major, minor, patch);
    else if ((*(void **)&text = dlsym(library, "gnu_get_libc_version")) != NULL)
        printf("glibc %s\n", text());
    else
        printf("the C library\n");
    exit(0);
}

static void open_allocator(char **name) {
    void *library = RTLD_DEFAULT;
    if (strcmp(name[1], "-") != 0) {
        library = dlopen(name[1], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) fail(dlerror());
    }
    if (strcmp(name[0], "version") == 0) print_version(library);
    *(void **)&the_malloc = dlsym(library, name[2]);
    *(void **)&the_calloc = dlsym(library, name[3]);
    *(void **)&the_realloc = dlsym(library, name[4]);
    *(void **)&the_free = dlsym(library, name[5]);
    if (!the_malloc || !the_calloc || !the_realloc || !the_free)
        fail("a function is not in the library");
    if (strcmp(name[0], "mutex") == 0) {
        inner_malloc = the_malloc, the_malloc = locked_malloc;
        inner_free = the_free, the_free = locked_free;
    }
}
#endif

/* ---- time -------------------------------------------------------------- */

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
#define cpu_time() now(CLOCK_PROCESS_CPUTIME_ID)
#define wall_time() now(CLOCK_MONOTONIC)
/* CPU time of the whole machine, or -1. Nanoseconds. */
static double machine_time(void) {
    FILE *file = fopen("/proc/stat", "r");
    double user, nice, system, idle, iowait, irq, softirq;
    if (file == NULL) return -1;
    int got = fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf", &user, &nice,
                     &system, &idle, &iowait, &irq, &softirq);
    fclose(file);
    if (got != 7) return -1;
    return (user + nice + system + irq + softirq) * 1e9 /
           (double)sysconf(_SC_CLK_TCK);
}

/* ---- the loops of kernels.ts ------------------------------------------- */

typedef struct {
    uint32_t x, sum, payload;
} Trace;

#define NEXT(x) ((x) ^= (x) << 13, (x) ^= (x) >> 17, (x) ^= (x) << 5)
#define SIZE(x) (1 + ((x) & 511))
#define AT_LEAST_4(n) ((n) < 4 ? 4 : (n))

static void fixed_pairs(Trace *t, long n) {
    for (long i = 0; i < n; i++) {
        void *p = allocate(48);
        if (p != NULL) t->sum++;
        release(p);
    }
}

static void random_pairs(Trace *t, long n) {
    uint32_t x = t->x, sum = t->sum;
    for (long i = 0; i < n; i++) {
        NEXT(x);
        uint32_t size = SIZE(x);
        void *p = allocate(size);
        sum += size;
        release(p);
    }
    t->x = x, t->sum = sum;
}

static void batch(void **slots, uint32_t n, Trace *t) {
    uint32_t x = t->x, sum = t->sum;
    for (uint32_t i = 0; i < n; i++) {
        NEXT(x);
        slots[i] = allocate(SIZE(x));
        sum += SIZE(x);
    }
    for (uint32_t i = n - 1; i >= 1; i--) {
        NEXT(x);
        uint32_t j = x % (i + 1);
        void *p = slots[i];
        slots[i] = slots[j];
        slots[j] = p;
        sum += j;
    }
    for (uint32_t i = 0; i < n; i++) release(slots[i]);
    t->x = x, t->sum = sum;
}

/* Count and sizes are literals at each call, so each is compiled apart. */
static inline __attribute__((always_inline)) void
steps(void **slots, uint32_t count, int mixed, Trace *t, long n) {
    uint32_t x = t->x, sum = t->sum;
    for (long i = 0; i < n; i++) {
        NEXT(x);
        uint32_t s = x % count;
        release(slots[s]);
        NEXT(x);
        uint32_t size = mixed ? 16 + x % 32753 : SIZE(x);
        void *p = allocate(AT_LEAST_4(size));
        slots[s] = p;
        *(uint32_t *)p = x;
        sum += size + s;
    }
    t->x = x, t->sum = sum;
}
static void churn(void **slots, Trace *t, long n) {
    steps(slots, 100000, 0, t, n);
}
static void exchange_steps(void **slots, Trace *t, long n) {
    steps(slots, 5000, 0, t, n);
}
static void mixed(void **slots, Trace *t, long n) {
    steps(slots, 4096, 1, t, n);
}

static void prefill(void **slots, long n, Trace *t) {
    for (long s = 0; s < n; s++) {
        NEXT(t->x);
        uint32_t size = SIZE(t->x);
        slots[s] = allocate(AT_LEAST_4(size));
        *(uint32_t *)slots[s] = t->x;
    }
}

static void grow(int buffers, Trace *t) {
    char *p[2];
    size_t length = 2, bytes = 16, end = 1 << 20;
    for (int k = 0; k < buffers; k++) p[k] = allocate(16);
    while (bytes < end) {
        size_t need = length + 1;
        length = (need + (need >> 3) + 6) & ~(size_t)3;
        bytes = length * 8 < end ? length * 8 : end;
        for (int k = 0; k < buffers; k++) {
            p[k] = resize(p[k], bytes);
            *(uint32_t *)(p[k] + bytes - 4) = (uint32_t)length;
            t->sum++;
        }
    }
    for (int k = 0; k < buffers; k++) release(p[k]);
}

static void replay(const uint32_t *calls, long n, void **blocks, Trace *t) {
    for (long i = 0; i < n; i++) {
        uint32_t id = calls[3 * i + 1], size = calls[3 * i + 2];
        switch (calls[3 * i]) {
        case 0: blocks[id] = allocate(size); break;
        case 1: blocks[id] = zeroed(1, size); break;
        case 2: blocks[id] = resize(blocks[id], size); break;
        default: release(blocks[id]), blocks[id] = NULL;
        }
        t->sum += size;
    }
}

/* ---- one thread -------------------------------------------------------- */

static double figures[2][MAX_SAMPLES];
static uint32_t sums[2][MAX_SAMPLES + 1];
static const char *workload;
static long samples;
static void *slots[100000];
static void **mailbox, **mine;
static uint32_t *calls; /* three words each */
static long call_count, id_count;
static void **blocks; /* by id */

static int is(const char *name) { return strcmp(workload, name) == 0; }

/* Two live blocks of each class, so that no pool becomes empty. */
static void seed_classes(void) {
    for (size_t size = 16; size <= 512; size += 16)
        if (allocate(size) == NULL || allocate(size) == NULL) fail("no memory");
}

static void prepare(Trace *t) {
    if (is("W1") || is("W2")) seed_classes();
    if (is("W4")) prefill(slots, 100000, t), churn(slots, t, 500000);
    if (is("MIX")) prefill(slots, 4096, t), mixed(slots, t, 100000);
    if (is("W5x1")) {
        mine = slots, mailbox = slots + 10000;
        prefill(mine, 5000, t), prefill(mailbox, 5000, t);
    }
}

/* One sample; returns its operations, puts its nanoseconds into `ns`. */
static long sample(Trace *t, double *ns) {
    long ops = 0;
    double start = cpu_time();
    if (is("W1") || is("W1e")) fixed_pairs(t, ops = 5000000);
    else if (is("W2") || is("W2e")) random_pairs(t, ops = 5000000);
    else if (is("W3")) for (; ops < 1000000; ops += 10000) batch(slots, 10000, t);
    else if (is("W4")) churn(slots, t, ops = 2000000);
    else if (is("MIX")) mixed(slots, t, ops = 1000000);
    else if (is("W7")) for (; ops < 27200; ops += 68) grow(1, t);
    else if (is("W7b")) for (; ops < 27200; ops += 136) grow(2, t);
    else if (is("W5x1")) for (; ops < 5000000; ops += 50000) {
        exchange_steps(mine, t, 50000);
        void **held = mine;
        mine = mailbox, mailbox = held;
    }
    else fail("no such workload");
    *ns = cpu_time() - start;
    return ops;
}

/* A sample is as many passes as give a million calls. */
static long replay_sample(Trace *t, double *ns) {
    long passes = (1000000 + call_count - 1) / call_count;
    *ns = 0;
    for (long pass = 0; pass < passes; pass++) {
        double start = cpu_time();
        replay(calls, call_count, blocks, t);
        *ns += cpu_time() - start;
        for (long id = 0; id < id_count; id++)
            if (blocks[id] != NULL) release(blocks[id]), blocks[id] = NULL;
    }
    return passes * call_count;
}

/* The calls of the OBJ domain of an unpacked trace file. */
static void load_trace(const char *path) {
    FILE *file = fopen(path, "rb");
    uint32_t head[4], record[3];
    if (file == NULL || fread(head, 4, 4, file) != 4) fail("no trace");
    calls = malloc((size_t)head[2] * 12);
    id_count = (long)head[3] + 1;
    blocks = calloc((size_t)id_count, sizeof *blocks);
    for (uint32_t i = 0; i < head[2]; i++) {
        if (fread(record, 4, 3, file) != 3) fail("a trace that ends early");
        if (record[0] >> 8 != 2) continue;
        record[0] &= 255;
        memcpy(calls + 3 * call_count++, record, 12);
    }
    fclose(file);
}

static void run_single(void) {
    Trace t = {SEED, 0, 0};
    int restarts = workload[1] < '4' || workload[1] == '7' || calls != NULL;
    prepare(&t);
    for (long k = 0; k <= samples; k++) {
        double ns;
        if (restarts) t.x = SEED;
        t.sum = 0;
        long ops = calls != NULL ? replay_sample(&t, &ns) : sample(&t, &ns);
        sums[0][k] = t.sum;
        if (k > 0) figures[0][k - 1] = ns / (double)ops;
    }
}

/* ---- two threads ------------------------------------------------------- */

#define STEPS 5000000L
#define ITEMS 2000000L
#define ENTRIES 1024u
#define PUBLISH 32u

static _Atomic(void **) shared_mailbox;
static _Alignas(64) atomic_uint met;
static _Alignas(64) atomic_uint ring_head;
static _Alignas(64) atomic_uint ring_tail;
static _Alignas(64) void *ring[ENTRIES];
static double elapsed[2][MAX_SAMPLES + 1];
static uint32_t payloads[2];

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void meet(unsigned meetings) {
    atomic_fetch_add(&met, 1);
    while (atomic_load(&met) < 2 * meetings) pause_briefly();
}

typedef struct {
    Trace t;
    int party;
    void **mine;
    unsigned head, tail;
} Party;

static void prepare_party(Party *p) {
    if (!is("W5x2")) return;
    p->mine = slots + 5000 * p->party;
    prefill(p->mine, 5000, &p->t);
    if (p->party == 0) {
        prefill(slots + 10000, 5000, &p->t);
        atomic_store(&shared_mailbox, slots + 10000);
    }
}

static void exchange_round(Party *p) {
    exchange_steps(p->mine, &p->t, 50000);
    p->mine = atomic_exchange(&shared_mailbox, p->mine);
}

static void produce(Party *p, long n) {
    unsigned head = p->head, tail = p->tail;
    Trace t = p->t;
    for (long i = 0; i < n; i++) {
        NEXT(t.x);
        uint32_t size = SIZE(t.x);
        uint32_t *block = allocate(AT_LEAST_4(size));
        *block = t.x;
        t.sum += size;
        t.payload ^= t.x;
        if (head - tail == ENTRIES) {
            tail = atomic_load_explicit(&ring_tail, memory_order_acquire);
            if (head - tail == ENTRIES)
                atomic_store_explicit(&ring_head, head, memory_order_release);
            while (head - tail == ENTRIES) {
                pause_briefly();
                tail = atomic_load_explicit(&ring_tail, memory_order_acquire);
            }
        }
        ring[head++ & (ENTRIES - 1)] = block;
        if ((head & (PUBLISH - 1)) == 0)
            atomic_store_explicit(&ring_head, head, memory_order_release);
    }
    atomic_store_explicit(&ring_head, head, memory_order_release);
    p->head = head, p->tail = tail, p->t = t;
}

static void consume(Party *p, long n) {
    unsigned head = p->head, tail = p->tail;
    uint32_t payload = p->t.payload;
    for (long i = 0; i < n; i++) {
        if (tail == head) {
            head = atomic_load_explicit(&ring_head, memory_order_acquire);
            if (tail == head)
                atomic_store_explicit(&ring_tail, tail, memory_order_release);
            while (tail == head) {
                pause_briefly();
                head = atomic_load_explicit(&ring_head, memory_order_acquire);
            }
        }
        uint32_t *block = ring[tail++ & (ENTRIES - 1)];
        payload ^= *block;
        release(block);
        if ((tail & (PUBLISH - 1)) == 0)
            atomic_store_explicit(&ring_tail, tail, memory_order_release);
    }
    atomic_store_explicit(&ring_tail, tail, memory_order_release);
    p->head = head, p->tail = tail, p->t.payload = payload;
}

static void *party_main(void *argument) {
    Party *p = argument;
    prepare_party(p);
    for (long k = 0; k <= samples; k++) {
        p->t.sum = 0;
        meet((unsigned)k + 1);
        double start = wall_time();
        if (is("W5x2"))
            for (long n = 0; n < STEPS; n += 50000) exchange_round(p);
        else if (p->party == 0) produce(p, ITEMS);
        else consume(p, ITEMS);
        elapsed[p->party][k] = wall_time() - start;
        sums[p->party][k] = p->t.sum;
    }
    meet((unsigned)samples + 2);
    payloads[p->party] = p->t.payload;
    return NULL;
}

/* One thread does the work of both, as if the GIL were handed on for free. */
static void run_alone(Party *p) {
    prepare_party(&p[0]), prepare_party(&p[1]);
    for (long k = 0; k <= samples; k++) {
        p[0].t.sum = p[1].t.sum = 0;
        double start = wall_time();
        if (is("W5x2")) {
            for (long n = 0; n < STEPS; n += 50000)
                exchange_round(&p[0]), exchange_round(&p[1]);
        } else {
            for (long n = 0; n < ITEMS; n += 1000)
                produce(&p[0], 1000), consume(&p[1], 1000);
        }
        elapsed[0][k] = elapsed[1][k] = wall_time() - start;
        sums[0][k] = p[0].t.sum, sums[1][k] = p[1].t.sum;
    }
    payloads[0] = p[0].t.payload, payloads[1] = p[1].t.payload;
}

static void run_shared(int gil) {
    Party p[2] = {{{SEED, 0, 0}, 0, NULL, 0, 0}, {{SEED_2, 0, 0}, 1, NULL, 0, 0}};
    if (gil) {
        run_alone(p);
    } else {
        pthread_t thread[2];
        for (int i = 0; i < 2; i++)
            if (pthread_create(&thread[i], NULL, party_main, &p[i]) != 0)
                fail("no thread");
        for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    }
    for (long k = 1; k <= samples; k++) {
        double a = elapsed[0][k], b = elapsed[1][k], last = a > b ? a : b;
        figures[0][k - 1] = is("W6") ? last / ITEMS : (a + b) / 2 / STEPS;
        figures[1][k - 1] = last / 2 / STEPS;
    }
}

/* ---- output ------------------------------------------------------------ */

static void print_figure(const char *name, const double *ns) {
    printf("\"%s\":[", name);
    for (long k = 0; k < samples; k++)
        printf("%s%.4f", k == 0 ? "" : ",", ns[k]);
    printf("]");
}

static void print_result(int shared, const char *name, double others) {
    printf("{\"figures\":{");
    print_figure(name, figures[0]);
    if (is("W5x2")) printf(","), print_figure("W5x2wall", figures[1]);
    printf("},\"sums\":[");
    for (int party = 0; party <= shared; party++)
        for (long k = 0; k <= samples; k++)
            printf("%s%u", party + k == 0 ? "" : ",", sums[party][k]);
    printf("],\"others\":");
    if (others < 0) printf("null"); else printf("%.2f", others);
    printf(",\"findings\":[");
#if !defined(FLOOR)
    if (payloads[0] != payloads[1] && is("W6"))
        printf("\"W6: sent %u, read %u\"", payloads[0], payloads[1]);
#endif
    printf("]}\n");
}

int main(int argc, char **argv) {
    if (argc < 9) fail("too few arguments");
    workload = argv[7];
    samples = atol(argv[8]);
    if (samples < 1 || samples > MAX_SAMPLES) fail("too many samples");
    open_allocator(argv + 1);
    if (argc > 9) load_trace(argv[9]);
    double machine = machine_time(), own = cpu_time(), wall = wall_time();
    int shared = is("W5x2") || is("W6");
    if (shared) run_shared(strcmp(argv[1], "gil") == 0);
    else run_single();
    wall = wall_time() - wall;
    double others = machine_time() - machine - (cpu_time() - own);
    others = others < 0 ? 0 : others / wall;
    print_result(shared, workload, machine < 0 || wall < 5e7 ? -1 : others);
    return 0;
}
