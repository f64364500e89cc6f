// What Swift's Glibc module does not export, or cannot do safely: forks, parent death, signals as input, /proc.

#ifndef HOLDFAST_PROCESS_H
#define HOLDFAST_PROCESS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// fork(2), but fails with EBUSY where this process has more than one thread: a runtime's locks do not survive it.
pid_t hf_fork(void);

/// Has `signal` sent to this process when the thread that forked it ends. Fails where `parent` is gone already.
int hf_die_with_parent(pid_t parent, int signal);

/// Takes that back.
void hf_outlive_parent(void);

/// Makes orphaned descendants children of this process.
int hf_become_subreaper(void);

/// Closes every descriptor above standard error but these two.
void hf_close_others(int first, int second);

/// A file in memory, without a name, closed on exec; -1 with errno.
int hf_memory_file(void);

/// Locks one byte of a file for writing, for all copies of this descriptor (an OFD lock). `waits`: for as long as
/// another opening of the file has it. 0, or -1 with errno.
int hf_lock_byte(int descriptor, int64_t byte, int waits);

/// A non-blocking descriptor, closed on exec, that reads the (blocked) signals.
int hf_signal_descriptor(const sigset_t *signals);

/// The next signal, or 0. `is_from_process`: sent by kill(2) and its kin, not by the terminal or the kernel.
int hf_next_signal(int descriptor, int *is_from_process);

/// Whether this process ignores the signal.
int hf_is_ignored(int signal);

/// Reaps one child that has ended: its pid, or 0 where none has. `status` is 0…255, or 128 + the signal.
pid_t hf_reap(int *status);

/// A descriptor, closed on exec, that becomes readable at a boot-time instant, also right after a suspend.
int hf_timer(void);
int hf_timer_set(int descriptor, int64_t at_ns);

/// Nanoseconds since boot, with the time that the machine slept.
int64_t hf_boot_time_ns(void);

/// Fills `out` with the children of one process, or with all processes. Returns how many, or -1 without /proc.
int hf_children(pid_t parent, pid_t *out, int capacity);
int hf_processes(pid_t *out, int capacity);

/// The process group of a process that runs (zombies do not), or -1.
pid_t hf_running_group(pid_t process);

/// Whether the environment that a process was started with has the entry `KEY=VALUE`.
int hf_environment_has(pid_t process, const char *entry);

/// Zeroed memory that forked processes share; NULL where there is none to be had.
int64_t *hf_shared_words(size_t count);
int64_t hf_load(const int64_t *word);
void hf_store(int64_t *word, int64_t value);
int64_t hf_add(int64_t *word, int64_t value);

#endif
