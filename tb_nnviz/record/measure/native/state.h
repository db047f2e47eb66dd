/* What stands for a tensor while it is read: the FIELDS of part.py, in their order. */

#define FIELDS(X) \
    X(low) X(high) X(total) X(first) X(second) X(nonzero) X(nonfinite) X(finite_absmax) X(saturated)

typedef struct {
#define X(name) double name;
    FIELDS(X)
#undef X
} State;

/* The state of no element. */
static const State NOTHING = {.low = INFINITY, .high = -INFINITY};

/* NaN where one of both is. */
static inline double lower(double a, double b) { return b < a || b != b ? b : a; }
static inline double higher(double a, double b) { return b > a || b != b ? b : a; }

/* Take another block's elements in. */
static inline void merge(State *all, const State *block) {
    all->low = lower(all->low, block->low);
    all->high = higher(all->high, block->high);
    all->total += block->total;
    all->first += block->first;
    all->second += block->second;
    all->nonzero += block->nonzero;
    all->nonfinite += block->nonfinite;
    all->finite_absmax = higher(all->finite_absmax, block->finite_absmax);
    all->saturated += block->saturated;
}
