/* 16-bit floats to float32, by their bits. Once for each instruction set. */

TARGET static void ISA(from_bfloat16)(const uint16_t *restrict x, float *restrict y, int n) {
    SIMD()
    for (int i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)x[i] << 16;
        memcpy(&y[i], &bits, 4);
    }
}

TARGET static void ISA(from_float16)(const uint16_t *restrict x, float *restrict y, int n) {
    SIMD()
    for (int i = 0; i < n; i++) {
        uint32_t bits = ((uint32_t)x[i] & 0x7fff) << 13, sign = ((uint32_t)x[i] & 0x8000) << 16;
        float magnitude;
        memcpy(&magnitude, &bits, 4);
        magnitude *= 0x1p112f; /* the exponents' offsets are 127 and 15; denormals become normal */
        uint32_t scaled;
        memcpy(&scaled, &magnitude, 4);
        scaled |= bits >= 0x0f800000u ? 0x7f800000u : 0; /* Inf and NaN */
        scaled |= sign;
        memcpy(&y[i], &scaled, 4);
    }
}

/* 16-bit elements as float32. */
TARGET static const float *ISA(widen)(const char *x, int dtype, int64_t start, int n, float *scratch) {
    const uint16_t *half = (const uint16_t *)x + start;
    if (dtype == BFLOAT16)
        ISA(from_bfloat16)(half, scratch, n);
    else
        ISA(from_float16)(half, scratch, n);
    return scratch;
}
