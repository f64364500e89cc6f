#if SQLite
import CSQLite
import Glibc
import Holdfast

/// Where a store's file lies, as a doctor sees it.
struct StorePlace {
    private static let scarceBytes: Int64 = 256 << 20
    private static let perilousBytes: Int64 = 16 << 20

    let path: String

    private var folder: String { StoreFile.folder(of: path) }

    var bytes: Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    // MARK: The file system

    private static let localSystems: [UInt64: String] = [
        0xEF53: "ext4", 0x5846_5342: "xfs", 0x9123_683E: "btrfs", 0x2FC1_2FC1: "zfs", 0xF2F5_2010: "f2fs",
        0xCA45_1A4E: "bcachefs", 0x3153_464A: "jfs",
    ]
    private static let memorySystems: [UInt64: String] = [0x0102_1994: "tmpfs", 0x8584_58F6: "ramfs"]
    private static let overlay: UInt64 = 0x794C_7630

    func fileSystem() -> Finding {
        let kind = UInt64(truncatingIfNeeded: hf_file_system(folder)) & 0xFFFF_FFFF
        if let name = Self.localSystems[kind] { return Finding(.fine, "file system", "\(path) on \(name)") }
        if let name = Self.memorySystems[kind] {
            return Finding(
                .notice, "file system", "\(path) on \(name): gone with the next boot, which frees all locks anyway",
                remedy: "tokens go on rising as long as the clock is not set back; else use a disk")
        }
        if kind == Self.overlay {
            return Finding(
                .notice, "file system", "\(path) on overlayfs, a container's own layer: other containers do not see it",
                remedy: "keep the store on a volume, where all that share it see one file")
        }
        return Finding(
            .notice, "file system", "\(path) on an unknown file system, 0x\(String(kind, radix: 16))",
            remedy: "make sure that it is local: locks of files must hold for all who share it")
    }

    func space() -> Finding {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            return Finding(.notice, "space", "cannot be told: \(String(cString: strerror(errno)))")
        }
        let (free, overflow) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: status.f_frsize))
        let bytes = overflow ? Int64.max : free
        let text = "\(ByteText.of(bytes)) free"
        guard bytes < Self.scarceBytes else { return Finding(.fine, "space", text) }
        return Finding(
            bytes < Self.perilousBytes ? .danger : .notice, "space", text,
            remedy: "free some: on a full disk no lock can be renewed, and what is held is lost")
    }

    // MARK: Who may write

    /// Whoever may write the file may take away any lock; whoever may write the folder may replace the file.
    func permissions() -> [Finding] {
        var findings: [Finding] = []
        for path in [path, path + "-turn", path + ".d", folder] {
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            let mode = status.st_mode
            if mode & S_IWOTH != 0 {
                findings.append(open(path, mode, isFolderOfAll: mode & S_IFMT == S_IFDIR && mode & S_ISVTX != 0))
            } else if mode & S_IWGRP != 0 {
                findings.append(
                    Finding(
                        .notice, "permissions", "\(path) may be written by its group, \(Self.octal(mode))",
                        remedy: "make sure that all of group \(status.st_gid) may break locks; else: chmod g-w \(path)")
                )
            }
        }
        guard findings.isEmpty else { return findings }
        return [Finding(.fine, "permissions", "only the owner may write the file and its folder")]
    }

    private func open(_ path: String, _ mode: mode_t, isFolderOfAll: Bool) -> Finding {
        guard isFolderOfAll else {
            return Finding(
                .danger, "permissions", "\(path) may be written by everybody, \(Self.octal(mode))",
                remedy: "chmod o-w \(path)")
        }
        return Finding(
            .notice, "permissions", "\(path) is a folder of all, \(Self.octal(mode)): others may make files beside it",
            remedy: "keep the store in a folder of its own")
    }

    private static func octal(_ mode: mode_t) -> String { "mode " + String(mode & 0o7777, radix: 8) }
}
#endif
