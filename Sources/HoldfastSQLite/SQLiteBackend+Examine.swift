#if SQLite
public import Holdfast

extension SQLiteBackend {
    /// Looks at the file, its folder, and the processes that use it.
    ///
    /// On a connection of its own that only reads: nobody who takes locks waits for it.
    public func examine() async throws(LockError) -> [Finding] {
        try StoreExamination(path: path, process: processID).findings()
    }
}
#endif
