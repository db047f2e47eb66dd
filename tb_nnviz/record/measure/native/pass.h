/* One read of a tensor, block by block. Once for each instruction set, for float and for double (REAL). */

/* Everything that is taken from a block; whether it is all finite. */
TARGET static int R(block)(const Job *job, const REAL *x, int64_t start, int n, State *s) {
    R(reduce_finite)(x, n, s);
    int finite = s->sum_sq - s->sum_sq == 0;
    if (!finite)
        R(reduce_any)(x, n, s);
    if (job->has_bounds)
        s->saturated = R(near)(x, n, job->bounds);
    if (job->codes)
        R(count)(x, n, job->tables);
    if (job->copy) {
        size_t size = ITEM_SIZE[job->dtype];
        memcpy(job->copy + start * size, job->x + start * size, n * size);
    }
    return finite;
}

/* Units of which enough elements lie together. */
TARGET static void R(runs)(const Job *job, State *all) {
    REAL scratch[BLOCK];
    int64_t units = job->unit_count, start = 0;
    for (int64_t unit = job->first_unit; start < job->numel; unit = unit + 1 < units ? unit + 1 : 0) {
        State run = empty_state(), s;
        for (int64_t end = start + job->inner; start < end;) {
            int n = (int)at_most(end - start, BLOCK);
            R(block)(job, R(load)(job->x, job->minus, job->dtype, start, n, scratch), start, n, &s);
            merge(&run, &s);
            start += n;
        }
        double *of = job->units + unit;
#define MERGE(name, how) of[UNIT_##name * units] = merge_##how(of[UNIT_##name * units], run.name);
        UNIT_FIELDS(MERGE)
#undef MERGE
        merge(all, &run);
    }
}

/* Units whose elements are scattered: memory is a matrix, and each of its columns belongs to one unit. */
TARGET static int R(scattered)(const Job *job, State *all) {
    REAL scratch[BLOCK];
    int64_t units = job->unit_count, width = units * job->inner;
    if (width < WIDTH) /* rows are joined: vectors want long ones */
        width *= at_most(WIDTH / width, job->numel / width);
    char *memory = malloc(width * (sizeof(double) + 2 * sizeof(REAL)));
    if (!memory)
        return -1;
    double *sum_sq = (double *)memory;
    REAL *low = (REAL *)(sum_sq + width), *high = low + width;
    for (int64_t i = 0; i < width; i++) {
        sum_sq[i] = 0;
        low[i] = INFINITY;
        high[i] = -INFINITY;
    }
    State s;
    if (width <= BLOCK) { /* rows lie together, several a block */
        int whole = (int)(BLOCK / width * width);
        for (int64_t start = 0; start < job->numel; start += whole) {
            int n = (int)at_most(job->numel - start, whole), rows = n / (int)width, rest = n % (int)width;
            const REAL *x = R(load)(job->x, job->minus, job->dtype, start, n, scratch);
            int finite = R(block)(job, x, start, n, &s);
            R(columns)(x, rows, (int)width, low, high, sum_sq, finite);
            R(columns)(x + n - rest, 1, rest, low, high, sum_sq, finite);
            merge(all, &s);
        }
    } else { /* down the rows, some columns at a time */
        for (int64_t column = 0; column < width; column += WIDTH) {
            int n = (int)at_most(width - column, WIDTH);
            for (int64_t start = column; start < job->numel; start += width) {
                const REAL *x = R(load)(job->x, job->minus, job->dtype, start, n, scratch);
                int finite = R(block)(job, x, start, n, &s);
                R(columns)(x, 1, n, low + column, high + column, sum_sq + column, finite);
                merge(all, &s);
            }
        }
    }
    for (int64_t unit = 0, i = 0; i < width; unit = unit + 1 < units ? unit + 1 : 0) {
        double *of = job->units + unit;
        for (int64_t end = i + job->inner; i < end; i++) {
            of[UNIT_min * units] = merge_min(of[UNIT_min * units], low[i]);
            of[UNIT_max * units] = merge_max(of[UNIT_max * units], high[i]);
            of[UNIT_sum_sq * units] += sum_sq[i];
        }
    }
    free(memory);
    return 0;
}

TARGET static int R(measure)(const Job *job, State *all) {
    *all = empty_state();
    if (job->units && job->scattered)
        return R(scattered)(job, all);
    if (job->units) {
        R(runs)(job, all);
        return 0;
    }
    REAL scratch[BLOCK];
    State s;
    for (int64_t start = 0; start < job->numel; start += BLOCK) {
        int n = (int)at_most(job->numel - start, BLOCK);
        R(block)(job, R(load)(job->x, job->minus, job->dtype, start, n, scratch), start, n, &s);
        merge(all, &s);
    }
    return 0;
}

/* Adds the sum of squares of the finite elements, the number of the others, and how many of them are NaN. */
TARGET static void R(norm)(const char *x, int64_t numel, int dtype, double *found) {
    REAL scratch[BLOCK];
    for (int64_t start = 0; start < numel; start += BLOCK) {
        int n = (int)at_most(numel - start, BLOCK);
        const REAL *restrict block = R(load)(x, NULL, dtype, start, n, scratch);
        double sum_sq = 0, other = 0; /* two, since a sum waits for the last */
        int half = n / 2;
        SIMD(reduction(+ : sum_sq, other))
        for (int i = 0; i < half; i++) {
            double d = block[i], e = block[i + half];
            sum_sq += d * d;
            other += e * e;
        }
        if (n % 2)
            sum_sq += (double)block[n - 1] * block[n - 1];
        sum_sq += other;
        if (sum_sq - sum_sq != 0) {
            State s;
            R(reduce_any)(block, n, &s);
            sum_sq = s.sum_sq;
            found[1] += s.nonfinite;
            for (int i = 0; i < n; i++)
                found[2] += block[i] != block[i];
        }
        found[0] += sum_sq;
    }
}

TARGET static void R(moments)(const Moments *state, double *found) {
    REAL scratch[3][BLOCK];
    /* of float32 a step is as precise as the optimizer's own; only sums want more */
    double scale = state->step_scale;
    REAL correction = (REAL)state->correction, epsilon = (REAL)state->epsilon;
    for (int64_t start = 0; start < state->numel; start += BLOCK) {
        int n = (int)at_most(state->numel - start, BLOCK);
        const REAL *restrict m = R(load)(state->first, NULL, state->dtype, start, n, scratch[0]);
        const REAL *restrict v = R(load)(state->second, NULL, state->dtype, start, n, scratch[1]);
        const REAL *restrict w = R(load)(state->denominator, NULL, state->dtype, start, n, scratch[2]);
        double first = 0, second = 0, step = 0;
        SIMD(reduction(+ : first, second, step))
        for (int i = 0; i < n; i++) {
            REAL quotient = m[i] / (ROOT(w[i]) * correction + epsilon);
            double a = m[i], b = v[i], c = scale * quotient;
            first += a * a;
            second += b * b;
            step += c * c;
        }
        found[0] += first;
        found[1] += second;
        found[2] += step;
    }
}
