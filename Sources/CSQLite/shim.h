#include <sqlite3.h>

/* What the store's thread needs of Linux, and Swift's Glibc does not export. */
#include <sys/eventfd.h>
#include <sys/vfs.h>

/* The magic number of the file system that path is on; -1 with errno where that fails. */
static inline long hf_file_system(const char *path) {
    struct statfs system;
    return statfs(path, &system) == 0 ? (long)system.f_type : -1;
}

/* Whether closing the last connection leaves the write-ahead log as it is. (Swift cannot call variadic functions.) */
static inline int hf_leave_log(sqlite3 *database, int leaves) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leaves, (int *)0);
}
