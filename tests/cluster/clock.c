/* Clocks that can be set for some processes alone: LD_PRELOAD this, and write two numbers into the file CLOCK_AHEAD.
 *
 * 1. Seconds by which the wall clock is ahead; the monotonic clock is left as it is, as when an operator or NTP sets it.
 * 2. Nanoseconds that the host has slept: the monotonic clock stood still meanwhile, and only that. Who writes it has
 *    stopped the processes for as long, so none of them sees the clock go back.
 *
 * The kernel knows nothing of the second: a wait until a moment of the monotonic clock is told the kernel's moment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define NANOS 1000000000LL
/* glibc keeps in a bit of the condition which clock its waits are measured by. */
#define COND_IS_MONOTONIC 2

static volatile const int64_t *shared;

__attribute__((constructor)) static void map_file(void) {
    const char *path = getenv("CLOCK_AHEAD");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *memory = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED)
        shared = memory;
}

static int64_t ahead_seconds(void) { return shared ? shared[0] : 0; }
static int64_t slept_nanos(void) { return shared ? shared[1] : 0; }

static int is_monotonic(clockid_t clock) {
    return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE;
}

static struct timespec later(const struct timespec *moment, int64_t nanos) {
    int64_t all = moment->tv_nsec + nanos;
    struct timespec moved = {moment->tv_sec + all / NANOS, all % NANOS};
    if (moved.tv_nsec < 0) {
        moved.tv_nsec += NANOS;
        moved.tv_sec--;
    }
    return moved;
}

static struct timespec kernels(clockid_t clock, const struct timespec *moment) {
    return is_monotonic(clock) ? later(moment, slept_nanos()) : *moment;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime)
    int status = real(clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += ahead_seconds();
    if (status == 0 && is_monotonic(clock))
        *now = later(now, -slept_nanos());
    return status;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *until, struct timespec *left) {
    REAL(clock_nanosleep)
    struct timespec moment = flags & TIMER_ABSTIME ? kernels(clock, until) : *until;
    return real(clock, flags, &moment, left);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until) {
    static __typeof__(&pthread_cond_timedwait) real;
    /* On x86-64 there is an older one of the same name, for another kind of conditions. */
    if (!real)
        real = (__typeof__(real))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!real)
        real = (__typeof__(real))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec moment = cond->__data.__wrefs & COND_IS_MONOTONIC ? kernels(CLOCK_MONOTONIC, until) : *until;
    return real(cond, mutex, &moment);
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    REAL(pthread_cond_clockwait)
    struct timespec moment = kernels(clock, until);
    return real(cond, mutex, clock, &moment);
}

int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until) {
    REAL(sem_clockwait)
    struct timespec moment = kernels(clock, until);
    return real(semaphore, clock, &moment);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where)
        *where = now.tv_sec;
    return now.tv_sec;
}
