/* The arguments of a measurement, and the sizes in which memory is traversed. */

enum { FLOAT64, FLOAT32, BFLOAT16, FLOAT16, DTYPES }; /* the codes of native/__init__.py */

static const size_t ITEM_SIZE[DTYPES] = {8, 4, 2, 2};

enum {
    BLOCK = 2048,    /* elements that are processed at a time: with their units they fit the L1 cache */
    CODES = 1 << 11, /* codes of float32's top bits (histogram.py); code CODES is exact zero */
    TABLES = 4,      /* with several tables, an increment need not wait for the last one of the same code */
    RUN = 128,       /* least number of adjacent elements of a unit that are reduced on their own */
    SHORT_RUN = 16,  /* the same if a unit has fewer than FEW such runs */
    FEW = 8,
    WIDTH = 1024,    /* columns that are processed at a time: the state of their units fits the cache */
    BOUNDS = 2,
};

typedef struct {
    const char *x, *minus; /* minus, copy, codes, units and gradient may be NULL */
    char *copy;
    int64_t numel;
    int dtype;
    int32_t *codes;            /* [CODES + 1] */
    int32_t *tables[TABLES];   /* each like codes; in a small job all of them are codes itself */
    double *units;             /* [UNIT_count + 1, unit_count] */
    int64_t unit_count, inner; /* elements lie as [outer, units, inner] */
    int64_t first_unit;        /* the unit of the first element: not 0 in a later part of a tensor */
    int scattered;             /* too few elements of a unit are adjacent to reduce them on their own */
    int has_bounds;
    double bounds[BOUNDS]; /* NaN for a bound that is missing */
    const char *gradient;  /* of the same dtype and size as x */
    double *lost;          /* [LOST], to which the counts of elements with a gradient are added */
} Job;

/* Counts of elements whose gradient is not 0: all, and those whose value is 0 although. */
enum { WITH_GRADIENT, ZERO_DESPITE, LOST };

/* A gradient and the running mean of its squares: two tensors of the same dtype and size. */
typedef struct {
    const char *gradient, *second;
    int64_t numel;
    int dtype;
    double correction, epsilon;
} GradientRatio;

/* The state of Adam: three tensors of the same dtype and size. */
typedef struct {
    const char *first, *second, *denominator;
    int64_t numel;
    int dtype;
    double step_scale, correction, epsilon;
} Moments;

typedef struct {
    int (*measure)(const Job *, State *); /* returns -1 if memory runs out */
    void (*norm)(const char *, int64_t, int, double *);
    void (*moments)(const Moments *, double *);
    void (*gradient_ratio)(const GradientRatio *, double *);
} Kernels;

static inline int is_scattered(const Job *job) {
    int few = job->numel / (job->unit_count * job->inner) < FEW;
    return job->inner < (few ? SHORT_RUN : RUN);
}

static inline int64_t at_most(int64_t n, int64_t most) { return n < most ? n : most; }
