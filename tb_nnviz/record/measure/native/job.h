/* What is to be done, and how memory is walked through. */

enum { FLOAT64, FLOAT32, BFLOAT16, FLOAT16, DTYPES }; /* as in native/__init__.py */

static const size_t ITEM_SIZE[DTYPES] = {8, 4, 2, 2};

enum {
    BLOCK = 2048,    /* elements that are worked on at a time: with their units they stay in the first cache */
    CODES = 1 << 11, /* codes of float32's top bits (histogram.py); one more counts exact zeros */
    TABLES = 4,      /* counting into several tables, equal codes in a row need not wait for each other */
    RUN = 128,       /* a unit's elements that lie together are reduced alone if there are so many */
    SHORT_RUN = 16,  /* or so many, and few such runs */
    FEW = 8,
    WIDTH = 1024,    /* columns that are worked on at a time: their units' state stays in the cache */
    BOUNDS = 2,
};

typedef struct {
    const char *x, *minus; /* minus, copy, codes and units may be missing */
    char *copy;
    int64_t numel;
    int dtype;
    int32_t *codes;            /* [CODES + 1], and where they differ from it TABLES of them */
    int32_t *tables[TABLES];
    double *units;             /* [4, count of units] */
    int64_t unit_count, inner; /* elements lie as [outer, units, inner] */
    int64_t first_unit;        /* of the first element: another than 0 in a part of a tensor */
    int scattered;             /* too few elements of a unit lie together to be reduced alone */
    int has_bounds;
    double bounds[BOUNDS]; /* NaN where there are fewer */
} Job;

/* Adam's state, three tensors of one dtype and size. */
typedef struct {
    const char *first, *second, *denominator;
    int64_t numel;
    int dtype;
    double step_scale, correction, epsilon;
} Moments;

typedef struct {
    int (*measure)(const Job *, State *); /* -1 where there is no memory */
    void (*norm)(const char *, int64_t, int, double *);
    void (*moments)(const Moments *, double *);
} Kernels;

static inline int is_scattered(const Job *job) {
    int few = job->numel / (job->unit_count * job->inner) < FEW;
    return job->inner < (few ? SHORT_RUN : RUN);
}

static inline int64_t at_most(int64_t n, int64_t most) { return n < most ? n : most; }
