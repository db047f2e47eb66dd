/* Measurement of tensors in a single pass. native/__init__.py calls this module and documents the arguments.
 *
 * Tensors come as addresses, so the build needs neither torch nor numpy, and one build serves every Python
 * from 3.10 on. The arithmetic is in the .inc files, which are compiled once per instruction set. */

#define Py_LIMITED_API 0x030a0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "job.h"

#define SATURATION 1e-2
#define INTERFACE 6 /* as in native/__init__.py: increment it when the arguments or the module's constants change */
#define HOLD (1 << 18) /* least number of elements for which it pays to release the GIL */

#if defined(__GNUC__) || defined(__clang__)
#define PRAGMA(text) _Pragma(#text)
#define SIMD(...) PRAGMA(omp simd __VA_ARGS__)
#else
#define SIMD(...)
#endif
#ifdef _MSC_VER
#define restrict __restrict
#endif

#define TARGET
#define ISA(name) name##_any
#include "kernels.inc"
#undef TARGET
#undef ISA

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define TARGET __attribute__((target("avx2,fma")))
#define ISA(name) name##_avx2
#include "kernels.inc"
#undef TARGET
#undef ISA
#endif

static Kernels kernels;

#include "team.h"
#include "parts.h"

static void *address(PyObject *number) { return PyLong_AsVoidPtr(number); }

/* measure(x, numel, dtype, values, threads[, minus, copy, codes, units, unit_count, inner, bound, bound, gradient,
 * lost]) */
static PyObject *measure(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 5 && count != 15)
        return PyErr_Format(PyExc_TypeError, "invalid number of arguments: %zd", count);
    Job job = {.x = address(args[0]), .numel = PyLong_AsLongLong(args[1]), .dtype = (int)PyLong_AsLong(args[2])};
    double *values = address(args[3]);
    int threads = (int)PyLong_AsLong(args[4]);
    if (count == 15) {
        job.minus = address(args[5]);
        job.copy = address(args[6]);
        job.codes = address(args[7]);
        job.units = address(args[8]);
        job.unit_count = PyLong_AsLongLong(args[9]);
        job.inner = PyLong_AsLongLong(args[10]);
        job.bounds[0] = PyFloat_AsDouble(args[11]);
        job.bounds[1] = PyFloat_AsDouble(args[12]);
        job.has_bounds = job.bounds[0] == job.bounds[0];
        job.gradient = address(args[13]);
        job.lost = address(args[14]);
    }
    if (PyErr_Occurred())
        return NULL;
    if (!job.x || !values || job.dtype < 0 || job.dtype >= DTYPES || job.numel < 1 || (job.gradient && !job.lost))
        return PyErr_Format(PyExc_ValueError, "invalid tensor: at %p, %lld elements", job.x, (long long)job.numel);
    PyThreadState *lock = job.numel < HOLD ? NULL : PyEval_SaveThread();
    State state = empty_state();
    if (job.gradient)
        memset(job.lost, 0, LOST * sizeof *job.lost);
    int failed = measure_in_parts(&job, &state, threads);
    if (!job.has_bounds)
        state.saturated = NAN;
    memcpy(values, &state, sizeof state);
    if (lock)
        PyEval_RestoreThread(lock);
    if (failed)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* norms([x, numel, dtype, x, numel, dtype, ...], values, threads, each): three sums over all tensors, or over each */
static PyObject *norms(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 4)
        return PyErr_Format(PyExc_TypeError, "invalid number of arguments: %zd", count);
    if (!PyList_Check(args[0]))
        return PyErr_Format(PyExc_TypeError, "invalid list: %R", args[0]);
    Py_ssize_t tensors = PyList_Size(args[0]) / 3, parts = 0;
    double *values = address(args[1]);
    int threads = (int)PyLong_AsLong(args[2]), each = PyObject_IsTrue(args[3]);
    int64_t total = 0;
    NormPart *part = NULL;
    for (Py_ssize_t i = 0; i < tensors && !PyErr_Occurred(); i++) {
        const char *x = address(PyList_GetItem(args[0], 3 * i));
        int64_t numel = PyLong_AsLongLong(PyList_GetItem(args[0], 3 * i + 1));
        int dtype = (int)PyLong_AsLong(PyList_GetItem(args[0], 3 * i + 2)), own = count_parts(numel, BLOCK);
        if (PyErr_Occurred())
            break;
        NormPart *more = realloc(part, (parts + own) * sizeof *part);
        if (!more) {
            PyErr_NoMemory();
            break;
        }
        part = more;
        for (int j = 0; j < own; j++) {
            int64_t start = part_start(numel, BLOCK, own, j), end = part_start(numel, BLOCK, own, j + 1);
            part[parts++] = (NormPart){x + start * ITEM_SIZE[dtype], end - start, dtype, each ? i : 0, {0, 0, 0}};
        }
        total += numel;
    }
    if (PyErr_Occurred()) {
        free(part);
        return NULL;
    }
    PyThreadState *lock = total < HOLD ? NULL : PyEval_SaveThread();
    memset(values, 0, 3 * (each ? tensors : 1) * sizeof *values);
    in_parts(norm_part, part, (int)parts, total < PART ? 1 : threads);
    for (Py_ssize_t i = 0; i < parts; i++) {
        for (int j = 0; j < 3; j++)
            values[3 * part[i].tensor + j] += part[i].found[j];
    }
    free(part);
    if (lock)
        PyEval_RestoreThread(lock);
    Py_RETURN_NONE;
}

/* moments(first, second, denominator, numel, dtype, step_scale, correction, epsilon, values, threads) */
static PyObject *moments(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 10)
        return PyErr_Format(PyExc_TypeError, "invalid number of arguments: %zd", count);
    Moments state = {.first = address(args[0]),
                     .second = address(args[1]),
                     .denominator = address(args[2]),
                     .numel = PyLong_AsLongLong(args[3]),
                     .dtype = (int)PyLong_AsLong(args[4]),
                     .step_scale = PyFloat_AsDouble(args[5]),
                     .correction = PyFloat_AsDouble(args[6]),
                     .epsilon = PyFloat_AsDouble(args[7])};
    double *values = address(args[8]), found[3] = {0, 0, 0};
    int threads = (int)PyLong_AsLong(args[9]);
    if (PyErr_Occurred())
        return NULL;
    PyThreadState *lock = state.numel < HOLD ? NULL : PyEval_SaveThread();
    moments_in_parts(&state, found, threads);
    memcpy(values, found, sizeof found);
    if (lock)
        PyEval_RestoreThread(lock);
    Py_RETURN_NONE;
}

/* gradient_ratio(gradient, second, numel, dtype, correction, epsilon, values, threads) */
static PyObject *gradient_ratio(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 8)
        return PyErr_Format(PyExc_TypeError, "invalid number of arguments: %zd", count);
    GradientRatio state = {.gradient = address(args[0]),
                           .second = address(args[1]),
                           .numel = PyLong_AsLongLong(args[2]),
                           .dtype = (int)PyLong_AsLong(args[3]),
                           .correction = PyFloat_AsDouble(args[4]),
                           .epsilon = PyFloat_AsDouble(args[5])};
    double *value = address(args[6]);
    int threads = (int)PyLong_AsLong(args[7]);
    if (PyErr_Occurred())
        return NULL;
    PyThreadState *lock = state.numel < HOLD ? NULL : PyEval_SaveThread();
    *value = gradient_ratio_in_parts(&state, threads);
    if (lock)
        PyEval_RestoreThread(lock);
    Py_RETURN_NONE;
}

/* use_team(GOMP_parallel, omp_get_thread_num, omp_get_num_threads): their addresses */
static PyObject *use_team(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "invalid number of arguments: %zd", count);
    void *found[] = {address(args[0]), address(args[1]), address(args[2])};
    if (PyErr_Occurred())
        return NULL;
    memcpy(&team, found, sizeof team);
    Py_RETURN_NONE;
}

static int execute(PyObject *module) {
    kernels = kernels_any;
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        kernels = kernels_avx2;
#endif
#define STATE(name, merge) #name ":" #merge " "
#define STATE_SUM(name, term) #name ":sum "
    return PyModule_AddStringConstant(module, "FIELDS", FIELDS(STATE, STATE_SUM)) |
           PyModule_AddStringConstant(module, "UNIT_FIELDS", UNIT_FIELDS(STATE) "count:sum") |
           PyModule_AddIntConstant(module, "INTERFACE", INTERFACE);
#undef STATE
#undef STATE_SUM
}

static PyMethodDef methods[] = {
    {"measure", (PyCFunction)(void (*)(void))measure, METH_FASTCALL, "Statistics of a tensor."},
    {"norms", (PyCFunction)(void (*)(void))norms, METH_FASTCALL, "Sums of squares of many tensors."},
    {"moments", (PyCFunction)(void (*)(void))moments, METH_FASTCALL, "Sums of squares of Adam's state."},
    {"gradient_ratio", (PyCFunction)(void (*)(void))gradient_ratio, METH_FASTCALL, "Gradient over its usual size."},
    {"use_team", (PyCFunction)(void (*)(void))use_team, METH_FASTCALL, "Threads to share the work."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_kernels", .m_size = 0, .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModuleDef_Init(&definition); }
