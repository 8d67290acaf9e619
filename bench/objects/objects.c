/*
 * The loops of bench/objects/loops.ts in C, through the API of CPython.
 *
 *     cc -O2 objects.c $(python3-config --includes --embed --ldflags) -o objects
 *     objects ROUNDS
 *
 * Each round runs a slice of every loop; of each the fastest slice counts. It
 * prints a JSON object: nanoseconds of each loop by name, and the version.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Turns of a loop in a slice. */
#define TURNS 20000
/* Keys of the dict that is read and written. */
#define KEYS 1024
/* Objects of the heap that is collected. */
#define LIVE 1000000

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static PyObject *keys[KEYS];
static PyObject *dict, *list, *kept;

static void check(int is_good, const char *what) {
    if (is_good) return;
    PyErr_Print();
    fprintf(stderr, "Cannot %s\n", what);
    exit(1);
}

static void pairs(void) {
    for (int k = 0; k < TURNS; k++) {
        void *p = PyObject_Malloc(16);
        /* Or the compiler would leave both out. */
        __asm__ volatile("" : : "r"(p) : "memory");
        PyObject_Free(p);
    }
}

static void counts(void) {
    for (int k = 0; k < TURNS; k++) {
        Py_INCREF(kept);
        __asm__ volatile("" : : "r"(kept) : "memory");
        Py_DECREF(kept);
        __asm__ volatile("" : : "r"(kept) : "memory");
    }
}

static void floats(void) {
    for (int k = 0; k < TURNS; k++) {
        PyObject *op = PyFloat_FromDouble(k + 0.5);
        Py_DECREF(op);
    }
}

static void ints(void) {
    for (int k = 0; k < TURNS; k++) {
        PyObject *op = PyLong_FromLong(k + 1000);
        Py_DECREF(op);
    }
}

static void tuples(void) {
    for (int k = 0; k < TURNS; k++) {
        PyObject *op = PyTuple_Pack(2, Py_None, Py_True);
        Py_DECREF(op);
    }
}

static void appends(void) {
    PyObject *op = PyList_New(0);
    for (int k = 0; k < TURNS; k++) check(PyList_Append(op, kept) == 0, "append");
    Py_DECREF(op);
}

static void items(void) {
    for (int k = 0; k < TURNS; k++) {
        PyObject *op = PyList_GetItem(list, k & (KEYS - 1));
        Py_INCREF(op);
        Py_DECREF(op);
    }
}

static void gets(void) {
    for (int k = 0; k < TURNS; k++) {
        PyObject *op = PyDict_GetItemWithError(dict, keys[k & (KEYS - 1)]);
        Py_INCREF(op);
        Py_DECREF(op);
    }
}

static void sets(void) {
    for (int k = 0; k < TURNS; k++) {
        check(PyDict_SetItem(dict, keys[k & (KEYS - 1)], kept) == 0, "set");
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} LOOPS[] = {
    {"malloc and free, 16 bytes", pairs},
    {"incref and decref", counts},
    {"a float", floats},
    {"an int", ints},
    {"a tuple of two", tuples},
    {"an append to a list", appends},
    {"an item of a list", items},
    {"a get of a dict", gets},
    {"a set of a dict", sets},
};
#define COUNT (int)(sizeof LOOPS / sizeof LOOPS[0])

/* Lists of one float each, in one list: a full collection, in milliseconds. */
static double collection(void) {
    PyGC_Disable();
    PyObject *all = PyList_New(0);
    for (int k = 0; k < LIVE / 2; k++) {
        PyObject *one = PyList_New(1);
        PyList_SET_ITEM(one, 0, Py_NewRef(kept));
        PyObject *two = PyTuple_Pack(1, one);
        check(PyList_Append(all, two) == 0, "append");
        Py_DECREF(one);
        Py_DECREF(two);
    }
    double least = 1e18;
    PyGC_Enable(); /* or nothing is collected */
    for (int k = 0; k < 3; k++) {
        double start = now();
        PyGC_Collect();
        double took = now() - start;
        if (took < least) least = took;
    }
    Py_DECREF(all);
    return least / 1e6;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 300;
    Py_Initialize();
    PyGC_Disable();
    kept = PyFloat_FromDouble(1.5);
    dict = PyDict_New();
    list = PyList_New(0);
    for (int k = 0; k < KEYS; k++) {
        char text[16];
        snprintf(text, sizeof text, "key%d", k);
        keys[k] = PyUnicode_InternFromString(text);
        check(PyDict_SetItem(dict, keys[k], kept) == 0, "fill the dict");
        check(PyList_Append(list, kept) == 0, "fill the list");
    }
    double least[COUNT];
    for (int k = 0; k < COUNT; k++) least[k] = 1e18;
    for (int round = 0; round < rounds; round++) {
        for (int k = 0; k < COUNT; k++) {
            double start = now();
            LOOPS[k].run();
            double took = (now() - start) / TURNS;
            if (took < least[k]) least[k] = took;
        }
    }
    printf("{");
    for (int k = 0; k < COUNT; k++) {
        printf("\"%s\": %.3f, ", LOOPS[k].name, least[k]);
    }
    printf("\"a collection of 1,000,000, ms\": %.1f, ", collection());
    printf("\"version\": \"%.6s\"}\n", Py_GetVersion());
    return 0;
}
