#include <sqlite3.h>

/* What the store's thread needs of Linux, and Swift's Glibc does not export. */
#include <sys/eventfd.h>
#include <sys/vfs.h>

/* The magic number of the file system that path is on; -1 with errno where that fails. */
static inline long hf_file_system(const char *path) {
    struct statfs system;
    return statfs(path, &system) == 0 ? (long)system.f_type : -1;
}
