#if SQLite
import Glibc
public import Holdfast

extension StoreURL {
    /// The store that is meant where none is named: `$HOLDFAST_STORE`, else a file in `$XDG_STATE_HOME/holdfast`, else
    /// in `~/.local/state/holdfast`. The folder is made, for its owner alone.
    ///
    /// - Parameter variable: reads the environment; this process's own by default.
    /// - Throws: ``LockError/Code/invalidArgument`` for a bad URL; ``LockError/Code/storeUnusable`` where the folder
    ///   cannot be made.
    public static func preferred(
        variable: ((String) -> String?)? = nil
    ) throws(LockError) -> StoreURL {
        let variable = variable ?? { getenv($0).map { String(cString: $0) } }
        if let url = variable("HOLDFAST_STORE"), !url.isEmpty { return try StoreURL(url) }
        let folder: String
        if let state = variable("XDG_STATE_HOME"), state.hasPrefix("/") {
            folder = state + "/holdfast"
        } else if let home = variable("HOME"), home.hasPrefix("/") {
            folder = home + "/.local/state/holdfast"
        } else {
            throw LockError(
                .invalidArgument, "no store is named, and there is no HOME: set HOLDFAST_STORE or use --store")
        }
        try make(folder)
        return StoreURL(kind: .sqlite, path: folder + "/locks.db")
    }

    /// Makes a folder and those above it; mode 0700 where it makes one.
    private static func make(_ folder: String) throws(LockError) {
        var path = ""
        for component in folder.split(separator: "/") {
            path += "/" + component
            guard mkdir(path, 0o700) != 0, errno != EEXIST, access(path, F_OK) != 0 else { continue }
            throw LockError(
                .storeUnusable, "cannot make \(path): \(String(cString: strerror(errno))); name a store by --store")
        }
    }
}
#endif
