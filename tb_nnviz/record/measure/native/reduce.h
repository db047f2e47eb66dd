/* What is made of one block of values. Once for each instruction set, for float and for double (REAL).
 *
 * SIMD(reduction(...)) allows the compiler to sum in another order, and so to vectorise, here and nowhere
 * else. Counts are as wide as the values (COUNT), so that they share vectors' lanes. */

#define NAME_SUM(name, term) , name
#define DECLARE_SUM(name, term) double name = 0;
#define ADD_TERM(name, term) name += term;
#define STORE_SUM(name, term) s->name = name;

/* Reduce a block on the assumption that all is finite. If that is wrong, sum_sq is not finite. */
TARGET static void R(reduce_finite)(const REAL *restrict x, int n, State *s) {
    REAL low = INFINITY, high = -INFINITY;
    COUNT nonzero = 0;
    FIELDS(SKIP_FIELD, DECLARE_SUM)
    SIMD(reduction(min : low) reduction(max : high) reduction(+ : nonzero FIELDS(SKIP_FIELD, NAME_SUM)))
    for (int i = 0; i < n; i++) {
        REAL y = x[i];
        double v = y;
        low = y < low ? y : low;
        high = y > high ? y : high;
        nonzero += y != 0;
        FIELDS(SKIP_FIELD, ADD_TERM)
    }
    *s = (State){.min = low, .max = high, .ieee_sum = sum};
    s->nonzero = (double)nonzero;
    s->finite_absmax = fmax(fabs(s->min), fabs(s->max));
    FIELDS(SKIP_FIELD, STORE_SUM)
}

/* Reduce a block of any values. */
TARGET static void R(reduce_any)(const REAL *restrict x, int n, State *s) {
    REAL low = INFINITY, high = -INFINITY, absmax = 0;
    double ieee_sum = 0;
    COUNT nonzero = 0, finites = 0, nans = 0;
    FIELDS(SKIP_FIELD, DECLARE_SUM)
    SIMD(reduction(min : low) reduction(max : high, absmax)
             reduction(+ : ieee_sum, nonzero, finites, nans FIELDS(SKIP_FIELD, NAME_SUM)))
    for (int i = 0; i < n; i++) {
        REAL any = x[i], magnitude = any < 0 ? -any : any;
        COUNT finite = magnitude <= LARGEST;
        REAL y = finite ? any : 0;
        double v = y;
        magnitude = finite ? magnitude : 0;
        low = any < low ? any : low;
        high = any > high ? any : high;
        absmax = magnitude > absmax ? magnitude : absmax;
        ieee_sum += any;
        nonzero += y != 0;
        finites += finite;
        nans += any != any;
        FIELDS(SKIP_FIELD, ADD_TERM)
    }
    *s = (State){.min = nans ? NAN : low, .max = nans ? NAN : high, .ieee_sum = ieee_sum};
    s->nonzero = (double)nonzero;
    s->nonfinite = (double)(n - finites);
    s->finite_absmax = absmax;
    FIELDS(SKIP_FIELD, STORE_SUM)
}

#undef NAME_SUM
#undef DECLARE_SUM
#undef ADD_TERM
#undef STORE_SUM

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
                              double *restrict sum_sq, int finite) {
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
                sum_sq[i] += da * da + db * db + (dc * dc + de * de);
            }
        }
        for (; r < rows; r++, x += width) {
            SIMD()
            for (int i = 0; i < width; i++) {
                REAL v = x[i];
                double d = v;
                low[i] = v < low[i] ? v : low[i];
                high[i] = v > high[i] ? v : high[i];
                sum_sq[i] += d * d;
            }
        }
        return;
    }
    for (int r = 0; r < rows; r++, x += width) {
        for (int i = 0; i < width; i++) {
            REAL v = x[i];
            low[i] = v < low[i] || v != v ? v : low[i];
            high[i] = v > high[i] || v != v ? v : high[i];
            sum_sq[i] += v - v == 0 ? (double)v * v : 0;
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
