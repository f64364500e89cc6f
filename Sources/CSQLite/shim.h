#include <sqlite3.h>

/* What the store's thread needs of Linux, and Swift's Glibc does not export. */
#include <linux/futex.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* The magic number of the file system that path is on; -1 with errno where that fails. */
static inline long hf_file_system(const char *path) {
    struct statfs system;
    return statfs(path, &system) == 0 ? (long)system.f_type : -1;
}

/* Whether a file is mounted by itself; 0 where the kernel cannot tell (before 5.8). The kernel's numbers and its struct
   statx as plain words, since its headers would make this module the owner of Glibc's struct stat. */
static inline int hf_is_mounted(const char *path) {
    enum { at_fdcwd = -100, at_symlink_nofollow = 0x100, statx_type = 1, attributes = 1, mount_root = 0x2000 };
    uint64_t status[32] = {0};
    long outcome = syscall(SYS_statx, at_fdcwd, path, at_symlink_nofollow, statx_type, status);
    return outcome == 0 && (status[attributes] & mount_root) != 0;
}

/* Whether closing the last connection leaves the write-ahead log as it is. (Swift cannot call variadic functions.) */
static inline int hf_leave_log(sqlite3 *database, int leaves) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leaves, (int *)0);
}

/* A word that processes share, changed with the end of each turn; one of those that sleep on it is woken. */
static inline int32_t hf_turns_ended(int32_t *ends) { return __atomic_load_n(ends, __ATOMIC_SEQ_CST); }
static inline void hf_end_turn(int32_t *ends, int wakes) {
    __atomic_add_fetch(ends, 1, __ATOMIC_SEQ_CST);
    if (wakes) syscall(SYS_futex, ends, FUTEX_WAKE, 1, (void *)0, (void *)0, 0);
}

/* Returns at once where a turn has ended since `seen` was read. */
static inline void hf_sleep_until_turn_ends(int32_t *ends, int32_t seen, int64_t nanoseconds) {
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    syscall(SYS_futex, ends, FUTEX_WAIT, seen, &limit, (void *)0, 0);
}
