/* Measurement of a tensor in parts, whose results are merged in their order. */

typedef struct {
    Job job;
    State state;
    double lost[LOST];
    int failed;
} MeasurePart;

static void measure_part(void *data, int i) {
    MeasurePart *part = (MeasurePart *)data + i;
    part->failed = kernels.measure(&part->job, &part->state);
}

/* Set the units' fields to their values without elements. */
static void begin_units(double *units, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
#define EMPTY(name, how) units[UNIT_##name * count + i] = empty_##how;
        UNIT_FIELDS(EMPTY)
#undef EMPTY
    }
}

static void merge_units(double *all, const double *part, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
#define MERGE(name, how) \
    all[UNIT_##name * count + i] = merge_##how(all[UNIT_##name * count + i], part[UNIT_##name * count + i]);
        UNIT_FIELDS(MERGE)
#undef MERGE
    }
}

/* Returns -1 if memory runs out. */
static int measure_in_parts(Job *job, State *all, int threads) {
    job->scattered = job->units && is_scattered(job);
    int64_t count = job->units ? job->unit_count : 0;
    int64_t grain = !job->units ? BLOCK : job->scattered ? count * job->inner : job->inner;
    int parts = count_parts(job->numel, grain), tables = job->codes && job->numel >= BLOCK ? TABLES : 0;
    size_t size = ITEM_SIZE[job->dtype], codes = (CODES + 1) * sizeof(int32_t);
    if (job->codes)
        memset(job->codes, 0, codes);
    if (job->units)
        begin_units(job->units, count);

    size_t each = sizeof(MeasurePart) + UNIT_count * count * sizeof(double) + tables * codes;
    MeasurePart alone, *part = parts > 1 || tables ? calloc(parts, each) : &alone;
    if (!part)
        return -1;
    double *units = (double *)(part + parts);
    int32_t *table = (int32_t *)(units + UNIT_count * count * parts);
    for (int i = 0; i < parts; i++) {
        Job *own = &part[i].job;
        int64_t start = part_start(job->numel, grain, parts, i);
        *own = *job;
        own->x = job->x + start * size;
        own->minus = job->minus ? job->minus + start * size : NULL;
        own->gradient = job->gradient ? job->gradient + start * size : NULL;
        own->lost = memset(part[i].lost, 0, sizeof part[i].lost);
        own->copy = job->copy ? job->copy + start * size : NULL;
        own->numel = part_start(job->numel, grain, parts, i + 1) - start;
        own->first_unit = job->units ? start / job->inner % count : 0;
        for (int j = 0; j < TABLES; j++)
            own->tables[j] = tables ? table + (size_t)(i * TABLES + j) * (CODES + 1) : job->codes;
        if (job->units && parts > 1) {
            own->units = units + UNIT_count * count * i;
            begin_units(own->units, count);
        }
    }
    in_parts(measure_part, part, parts, threads);

    int failed = 0;
    *all = empty_state();
    for (int i = 0; i < parts; i++) {
        failed |= part[i].failed;
        merge(all, &part[i].state);
        for (int j = 0; j < LOST && job->gradient; j++)
            job->lost[j] += part[i].lost[j];
        if (job->units && parts > 1)
            merge_units(job->units, part[i].job.units, count);
    }
    for (int i = 0; i < parts * tables; i++)
        for (int code = 0; code <= CODES; code++)
            job->codes[code] += table[(size_t)i * (CODES + 1) + code];
    for (int64_t i = 0; i < count; i++)
        job->units[UNIT_count * count + i] = (double)(job->numel / count);
    if (part != &alone)
        free(part);
    return failed;
}

typedef struct {
    const char *x;
    int64_t numel;
    int dtype;
    Py_ssize_t tensor;
    double found[3];
} NormPart;

static void norm_part(void *data, int i) {
    NormPart *part = (NormPart *)data + i;
    kernels.norm(part->x, part->numel, part->dtype, part->found);
}

typedef struct {
    Moments state;
    double found[3];
} MomentsPart;

static void moments_part(void *data, int i) {
    MomentsPart *part = (MomentsPart *)data + i;
    kernels.moments(&part->state, part->found);
}

static void moments_in_parts(const Moments *state, double *found, int threads) {
    MomentsPart part[MOST_PARTS];
    int parts = count_parts(state->numel, BLOCK);
    size_t size = ITEM_SIZE[state->dtype];
    for (int i = 0; i < parts; i++) {
        int64_t start = part_start(state->numel, BLOCK, parts, i);
        part[i] = (MomentsPart){.state = *state};
        part[i].state.first += start * size;
        part[i].state.second += start * size;
        part[i].state.denominator += start * size;
        part[i].state.numel = part_start(state->numel, BLOCK, parts, i + 1) - start;
    }
    in_parts(moments_part, part, parts, threads);
    for (int i = 0; i < parts; i++)
        for (int j = 0; j < 3; j++)
            found[j] += part[i].found[j];
}

typedef struct {
    GradientRatio state;
    double found;
} GradientRatioPart;

static void gradient_ratio_part(void *data, int i) {
    GradientRatioPart *part = (GradientRatioPart *)data + i;
    kernels.gradient_ratio(&part->state, &part->found);
}

static double gradient_ratio_in_parts(const GradientRatio *state, int threads) {
    GradientRatioPart part[MOST_PARTS];
    int parts = count_parts(state->numel, BLOCK);
    size_t size = ITEM_SIZE[state->dtype];
    for (int i = 0; i < parts; i++) {
        int64_t start = part_start(state->numel, BLOCK, parts, i);
        part[i] = (GradientRatioPart){.state = *state};
        part[i].state.gradient += start * size;
        part[i].state.second += start * size;
        part[i].state.numel = part_start(state->numel, BLOCK, parts, i + 1) - start;
    }
    in_parts(gradient_ratio_part, part, parts, threads);
    double sum = 0;
    for (int i = 0; i < parts; i++)
        sum += part[i].found;
    return sum;
}
