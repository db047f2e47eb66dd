/* All of it for one instruction set: TARGET is what the compiler may use, ISA(name) names a function. */

#include "convert.h"

#define R(name) ISA(name##_float)
#define REAL float
#define COUNT int32_t
#define LARGEST FLT_MAX
#define ROOT sqrtf

TARGET static inline uint32_t R(code)(float v) {
    uint32_t bits;
    memcpy(&bits, &v, 4);
    return bits >> 21;
}

/* Values from the start-th on: where they lie, or made in scratch. A difference is rounded as float32 has it. */
TARGET static const float *R(load)(const char *x, const char *minus, int dtype, int64_t start, int n,
                                   float *restrict scratch) {
    if (!minus)
        return dtype == FLOAT32 ? (const float *)x + start : ISA(widen)(x, dtype, start, n, scratch);
    float left[BLOCK], right[BLOCK];
    const float *restrict a = (const float *)x + start, *restrict b = (const float *)minus + start;
    if (dtype != FLOAT32) {
        a = ISA(widen)(x, dtype, start, n, left);
        b = ISA(widen)(minus, dtype, start, n, right);
    }
    SIMD()
    for (int i = 0; i < n; i++)
        scratch[i] = a[i] - b[i];
    return scratch;
}

#include "reduce.h"
#include "pass.h"
#undef R
#undef REAL
#undef COUNT
#undef LARGEST
#undef ROOT

#define R(name) ISA(name##_double)
#define REAL double
#define COUNT int64_t
#define LARGEST DBL_MAX
#define ROOT sqrt

/* What is beyond float32 has the codes of its smallest and its largest numbers, which lie beyond the bins too. */
TARGET static inline uint32_t R(code)(double v) {
    uint64_t bits;
    memcpy(&bits, &v, 8);
    int32_t top = (int32_t)(bits >> 50), sign = top >> 13, magnitude = top & 0x1fff;
    int32_t special = magnitude >= 0x7ff << 2, moved = magnitude - ((1023 - 127) << 2);
    moved = moved < 0 ? 0 : moved;
    moved = special ? magnitude & 0x3ff : moved > 0xfe * 4 + 3 ? 0xfe * 4 + 3 : moved;
    return (uint32_t)(sign << 10 | moved);
}

TARGET static const double *R(load)(const char *x, const char *minus, int dtype, int64_t start, int n,
                                    double *restrict scratch) {
    (void)dtype; /* float64 */
    if (!minus)
        return (const double *)x + start;
    const double *restrict a = (const double *)x + start, *restrict b = (const double *)minus + start;
    SIMD()
    for (int i = 0; i < n; i++)
        scratch[i] = a[i] - b[i];
    return scratch;
}

#include "reduce.h"
#include "pass.h"
#undef R
#undef REAL
#undef COUNT
#undef LARGEST
#undef ROOT

TARGET static int ISA(measure)(const Job *job, State *all) {
    return job->dtype == FLOAT64 ? ISA(measure_double)(job, all) : ISA(measure_float)(job, all);
}

TARGET static void ISA(norm)(const char *x, int64_t numel, int dtype, double *found) {
    if (dtype == FLOAT64)
        ISA(norm_double)(x, numel, dtype, found);
    else
        ISA(norm_float)(x, numel, dtype, found);
}

TARGET static void ISA(moments)(const Moments *state, double *found) {
    if (state->dtype == FLOAT64)
        ISA(moments_double)(state, found);
    else
        ISA(moments_float)(state, found);
}

static const Kernels ISA(kernels) = {ISA(measure), ISA(norm), ISA(moments)};
