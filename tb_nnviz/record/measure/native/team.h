/* Parallel work on the threads of the OpenMP runtime that torch itself uses (team.py finds it and says why).
 * Without that runtime, one thread does all parts. */

enum {
    PART = 1 << 17, /* minimum elements per part: fewer are not worth a team */
    MOST_PARTS = 32,
};

typedef void (*Member)(void *);

static struct {
    void (*parallel)(Member, void *, unsigned, unsigned);
    int (*number)(void);
    int (*size)(void);
} team;

typedef struct {
    void (*work)(void *, int);
    void *data;
    int parts;
} Shared;

/* Neighbouring parts go to one thread, as in torch's operators: its cache may still hold them. */
static void member(void *data) {
    Shared *shared = data;
    int64_t me = team.number(), size = team.size();
    for (int64_t i = shared->parts * me / size; i < shared->parts * (me + 1) / size; i++)
        shared->work(shared->data, (int)i);
}

static void in_parts(void (*work)(void *, int), void *data, int parts, int threads) {
    Shared shared = {work, data, parts};
    threads = threads < parts ? threads : parts;
    if (threads > 1 && team.parallel) {
        team.parallel(member, &shared, (unsigned)threads, 0);
        return;
    }
    for (int i = 0; i < parts; i++)
        work(data, i);
}

/* Return the number of parts. It does not depend on the number of threads, so neither do the results. */
static int count_parts(int64_t numel, int64_t grain) {
    int64_t parts = numel / PART, grains = (numel + grain - 1) / grain;
    parts = parts < MOST_PARTS ? parts : MOST_PARTS;
    parts = parts < grains ? parts : grains;
    return parts < 1 ? 1 : (int)parts;
}

/* Return the first element of the i-th part. */
static int64_t part_start(int64_t numel, int64_t grain, int parts, int i) {
    int64_t grains = (numel + grain - 1) / grain, start = grains * i / parts * grain;
    return start < numel ? start : numel;
}
