/* What is made of one block of values. Once for each instruction set, for float and for double (REAL).
 *
 * SIMD(reduction(...)) allows the compiler to sum in another order, and so to vectorise, here and nowhere
 * else. Counts are as wide as the values (COUNT), so that they share vectors' lanes. */

/* Takes it that all is finite; second is not if that is wrong. */
TARGET static void R(reduce_finite)(const REAL *restrict x, int n, State *s) {
    REAL low = INFINITY, high = -INFINITY;
    double first = 0, second = 0;
    COUNT nonzero = 0;
    SIMD(reduction(min : low) reduction(max : high) reduction(+ : first, second, nonzero))
    for (int i = 0; i < n; i++) {
        REAL v = x[i];
        double d = v;
        low = v < low ? v : low;
        high = v > high ? v : high;
        first += d;
        second += d * d;
        nonzero += v != 0;
    }
    *s = (State){.low = low, .high = high, .total = first, .first = first, .second = second};
    s->nonzero = (double)nonzero;
    s->finite_absmax = fmax(fabs(s->low), fabs(s->high));
}

/* Takes nothing for granted. */
TARGET static void R(reduce_any)(const REAL *restrict x, int n, State *s) {
    REAL low = INFINITY, high = -INFINITY, absmax = 0;
    double total = 0, first = 0, second = 0;
    COUNT nonzero = 0, finites = 0, nans = 0;
    SIMD(reduction(min : low) reduction(max : high, absmax) reduction(+ : total, first, second, nonzero, finites, nans))
    for (int i = 0; i < n; i++) {
        REAL v = x[i], magnitude = v < 0 ? -v : v;
        COUNT finite = magnitude <= LARGEST;
        REAL y = finite ? v : 0;
        magnitude = finite ? magnitude : 0;
        double d = y;
        low = v < low ? v : low;
        high = v > high ? v : high;
        absmax = magnitude > absmax ? magnitude : absmax;
        total += v;
        first += d;
        second += d * d;
        nonzero += y != 0;
        finites += finite;
        nans += v != v;
    }
    *s = (State){.low = nans ? NAN : low, .high = nans ? NAN : high, .total = total, .first = first, .second = second};
    s->nonzero = (double)nonzero;
    s->nonfinite = (double)(n - finites);
    s->finite_absmax = absmax;
}

/* How many lie near a bound. */
TARGET static double R(near)(const REAL *restrict x, int n, const double *bounds) {
    double low = bounds[0], high = bounds[1];
    int64_t near = 0;
    SIMD(reduction(+ : near))
    for (int i = 0; i < n; i++) {
        double d = x[i];
        near += (fabs(d - low) <= SATURATION) | (fabs(d - high) <= SATURATION);
    }
    return (double)near;
}

/* Each column's minimum, maximum and sum of squares over some rows of values. */
TARGET static void R(columns)(const REAL *restrict x, int rows, int width, REAL *restrict low, REAL *restrict high,
                              double *restrict second, int finite) {
    if (finite) {
        int r = 0;
        for (; r + 4 <= rows; r += 4, x += 4 * width) { /* less often loaded and stored */
            SIMD()
            for (int i = 0; i < width; i++) {
                REAL a = x[i], b = x[i + width], c = x[i + 2 * width], e = x[i + 3 * width];
                REAL low_a = a < b ? a : b, low_c = c < e ? c : e, high_a = a > b ? a : b, high_c = c > e ? c : e;
                double da = a, db = b, dc = c, de = e;
                low_a = low_a < low_c ? low_a : low_c;
                high_a = high_a > high_c ? high_a : high_c;
                low[i] = low_a < low[i] ? low_a : low[i];
                high[i] = high_a > high[i] ? high_a : high[i];
                second[i] += da * da + db * db + (dc * dc + de * de);
            }
        }
        for (; r < rows; r++, x += width) {
            SIMD()
            for (int i = 0; i < width; i++) {
                REAL v = x[i];
                double d = v;
                low[i] = v < low[i] ? v : low[i];
                high[i] = v > high[i] ? v : high[i];
                second[i] += d * d;
            }
        }
        return;
    }
    for (int r = 0; r < rows; r++, x += width) {
        for (int i = 0; i < width; i++) {
            REAL v = x[i];
            low[i] = v < low[i] || v != v ? v : low[i];
            high[i] = v > high[i] || v != v ? v : high[i];
            second[i] += v - v == 0 ? (double)v * v : 0;
        }
    }
}

/* Count the codes: sign, exponent and two bits of mantissa as float32 would have them. */
TARGET static void R(count)(const REAL *restrict x, int n, int32_t *const *tables) {
    uint16_t codes[BLOCK];
    SIMD()
    for (int i = 0; i < n; i++)
        codes[i] = (uint16_t)(x[i] == 0 ? CODES : R(code)(x[i]));
    int i = 0;
    for (; i + TABLES <= n; i += TABLES) {
        tables[0][codes[i]]++;
        tables[1][codes[i + 1]]++;
        tables[2][codes[i + 2]]++;
        tables[3][codes[i + 3]]++;
    }
    for (; i < n; i++)
        tables[0][codes[i]]++;
}
