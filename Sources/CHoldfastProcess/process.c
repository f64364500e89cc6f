#define _GNU_SOURCE
#include "CHoldfastProcess.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// The numeric entries of a directory under /proc.
static int numeric_entries(const char *path, pid_t *out, int capacity) {
    DIR *directory = opendir(path);
    if (!directory) return -1;
    int count = 0;
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        if (count < capacity) out[count] = atoi(entry->d_name);
        count++;
    }
    closedir(directory);
    return count < capacity ? count : capacity;
}

pid_t hf_fork(void) {
    pid_t threads[2];
    if (numeric_entries("/proc/self/task", threads, 2) != 1) {
        errno = EBUSY;
        return -1;
    }
    return fork();
}

int hf_die_with_parent(pid_t parent, int signal) {
    if (prctl(PR_SET_PDEATHSIG, signal)) return -1;
    if (getppid() == parent) return 0;
    errno = ESRCH;
    return -1;
}

void hf_outlive_parent(void) { prctl(PR_SET_PDEATHSIG, 0); }

int hf_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

int hf_signal_descriptor(const sigset_t *signals) { return signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC); }

int hf_next_signal(int descriptor, int *is_from_process) {
    struct signalfd_siginfo info;
    if (read(descriptor, &info, sizeof info) != sizeof info) return 0;
    *is_from_process = info.ssi_code <= 0;
    return (int)info.ssi_signo;
}

void hf_close_others(int first, int second) {
    int low = first < second ? first : second, high = first < second ? second : first;
    if (low > STDERR_FILENO + 1) close_range(STDERR_FILENO + 1, low - 1, 0);
    if (high > low + 1) close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0U, 0);
}

int hf_memory_file(void) { return memfd_create("holdfast-output", MFD_CLOEXEC); }

int hf_lock_byte(int descriptor, int64_t byte, int waits) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, waits ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
}

int hf_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

pid_t hf_reap(int *status) {
    int raw = 0;
    pid_t child;
    do { child = waitpid(-1, &raw, WNOHANG); } while (child < 0 && errno == EINTR);
    if (child <= 0) return 0;
    *status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    return child;
}

int hf_timer(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC); }

int hf_timer_set(int descriptor, int64_t at_ns) {
    struct itimerspec spec = {0};
    if (at_ns < 1) at_ns = 1; // zero would disarm it
    spec.it_value.tv_sec = at_ns / 1000000000;
    spec.it_value.tv_nsec = at_ns % 1000000000;
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &spec, NULL);
}

int64_t hf_boot_time_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Parent, group and state of a process, from the text after the last ')', since a name may contain anything.
static int read_stat(pid_t process, char *state, pid_t *parent, pid_t *group) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (count <= 0) return -1;
    text[count] = 0;
    const char *rest = strrchr(text, ')');
    int ppid, pgrp;
    if (!rest || sscanf(rest + 1, " %c %d %d", state, &ppid, &pgrp) != 3) return -1;
    *parent = ppid;
    *group = pgrp;
    return 0;
}

pid_t hf_running_group(pid_t process) {
    char state;
    pid_t parent, group;
    if (read_stat(process, &state, &parent, &group) || state == 'Z' || state == 'X') return -1;
    return group;
}

int hf_processes(pid_t *out, int capacity) { return numeric_entries("/proc", out, capacity); }

/// The slow way, for kernels without /proc/PID/task/TID/children.
static int children_by_scan(pid_t parent, pid_t *out, int capacity) {
    enum { limit = 65536 };
    pid_t *all = malloc(limit * sizeof *all);
    if (!all) return -1;
    int total = hf_processes(all, limit), count = 0;
    for (int i = 0; i < total; i++) {
        char state;
        pid_t its_parent, group;
        if (count < capacity && read_stat(all[i], &state, &its_parent, &group) == 0 && its_parent == parent)
            out[count++] = all[i];
    }
    free(all);
    return total < 0 ? -1 : count;
}

int hf_children(pid_t parent, pid_t *out, int capacity) {
    enum { threads_limit = 4096 };
    char path[96];
    pid_t threads[threads_limit];
    snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
    int threads_count = numeric_entries(path, threads, threads_limit), count = 0;
    if (threads_count < 0) return access("/proc/self/task", F_OK) ? -1 : 0; // the process is gone
    for (int i = 0; i < threads_count; i++) {
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)threads[i]);
        FILE *file = fopen(path, "re");
        if (!file) {
            if (errno == ENOENT && access("/proc/thread-self/children", F_OK))
                return children_by_scan(parent, out, capacity);
            continue; // the thread is gone
        }
        int child;
        while (count < capacity && fscanf(file, "%d", &child) == 1) out[count++] = child;
        fclose(file);
    }
    return count;
}

int hf_environment_has(pid_t process, const char *entry) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)process);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    char *line = NULL;
    size_t size = 0;
    int found = 0;
    while (!found && getdelim(&line, &size, 0, file) > 0) found = strcmp(line, entry) == 0;
    free(line);
    fclose(file);
    return found;
}

int64_t *hf_shared_words(size_t count) {
    void *memory = mmap(NULL, count * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

int64_t hf_load(const int64_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
void hf_store(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
int64_t hf_add(int64_t *word, int64_t value) { return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST); }
