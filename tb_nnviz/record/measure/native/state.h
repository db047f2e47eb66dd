/* The table of fields to which a tensor is reduced, the same as in measure/fields.py, and code generated from it.
 *
 * FIELD(name, merge) is computed by its own code in reduce.inc. SUM(name, term) is the sum of a term over
 * the finite elements, each of which is a double v: to add such a sum, add a line here. */

#define FIELDS(FIELD, SUM)    \
    FIELD(min, min)           \
    FIELD(max, max)           \
    FIELD(ieee_sum, sum)      \
    SUM(sum, v)               \
    SUM(sum_sq, v * v)        \
    FIELD(nonzero, sum)       \
    FIELD(nonfinite, sum)     \
    FIELD(finite_absmax, max) \
    FIELD(saturated, sum)

/* The fields of a unit. One more, the count of its elements, is known without reading them. */
#define UNIT_FIELDS(FIELD) FIELD(min, min) FIELD(max, max) FIELD(sum_sq, sum)

#define SKIP_FIELD(name, merge)

typedef struct {
#define MEMBER(name, how) double name;
    FIELDS(MEMBER, MEMBER)
#undef MEMBER
} State;

enum {
#define MEMBER(name, merge) UNIT_##name,
    UNIT_FIELDS(MEMBER)
#undef MEMBER
    UNIT_count
};

/* The value without elements, and the merge of two values. A minimum or maximum is NaN if either value is. */
static const double empty_min = INFINITY, empty_max = -INFINITY, empty_sum = 0;
static inline double merge_min(double a, double b) { return b < a || b != b ? b : a; }
static inline double merge_max(double a, double b) { return b > a || b != b ? b : a; }
static inline double merge_sum(double a, double b) { return a + b; }

static inline State empty_state(void) {
    State state;
#define EMPTY(name, merge) state.name = empty_##merge;
#define EMPTY_SUM(name, term) state.name = 0;
    FIELDS(EMPTY, EMPTY_SUM)
#undef EMPTY
#undef EMPTY_SUM
    return state;
}

/* Merge the state of other elements into one. */
static inline void merge(State *all, const State *part) {
#define MERGE(name, how) all->name = merge_##how(all->name, part->name);
#define MERGE_SUM(name, term) all->name += part->name;
    FIELDS(MERGE, MERGE_SUM)
#undef MERGE
#undef MERGE_SUM
}
