#if Postgres
import Crypto
import Holdfast

extension PostgresConfiguration {
    /// How a key becomes the number of an advisory lock. Clients share a lock where they share the function.
    ///
    /// Each but the first is another library's. What they do not tell apart, such as two names with one checksum, is
    /// locked together: that costs waiting, never exclusion.
    public enum KeyFunction: String, Sendable, Hashable, CaseIterable {
        /// The first 8 bytes of SHA-256, of the prefix and the key.
        case holdfast
        /// `PostgresAdvisoryLockKey` of DistributedLock for .NET, with hashing allowed.
        case medallion
        case djangoPglock = "django-pglock"
        /// A key is `<table>-<primary key>`.
        case goodJob = "goodjob"
        /// `PgAdvisoryLock` of sqlx.
        case sqlx
        case symfony
        /// Of the Ruby library, without its prefix.
        case withAdvisoryLock = "with-advisory-lock"
        case tooz
        /// A key is the database's name.
        case railsMigrations = "rails-migrations"
        /// A key is the database's name.
        case sqlxMigrate = "sqlx-migrate"
        /// A key is `database/schema/table`.
        case golangMigrate = "golang-migrate"
        /// A key is `"schema"."table"`, with the quotes.
        case flyway
        /// A key is the number itself, in decimal.
        case number
    }
}

extension PostgresConfiguration.KeyFunction {
    /// - Throws: ``LockError/Code/invalidKey`` for a key that the function is not for.
    func id(of name: String) throws(LockError) -> AdvisoryID {
        let bytes = Array(name.utf8)
        switch self {
        case .holdfast: return .one(Self.bigEndian(SHA256.hash(data: bytes)))
        case .medallion: return Self.medallion(name, bytes)
        case .djangoPglock: return .one(Self.littleEndian(SHA256.hash(data: bytes)))
        case .goodJob: return .one(Self.bigEndian(Insecure.MD5.hash(data: bytes)))
        case .sqlx:
            let key = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: bytes), info: Array("SQLx (Rust) Postgres advisory lock".utf8),
                outputByteCount: 8)
            return .one(key.withUnsafeBytes { Self.littleEndian($0) })
        case .symfony: return .one(Int64(Checksum.crc32(bytes)))
        case .withAdvisoryLock: return .pair(Int32(Checksum.crc32(bytes) & 0x7FFF_FFFF), 0)
        case .tooz:
            let digest = Array(Insecure.MD5.hash(data: bytes).prefix(2))
            return .pair(Int32(digest[0]), Int32(digest[1]))
        case .railsMigrations: return .one(2_053_462_845 * Int64(Checksum.crc32(bytes)))
        case .sqlxMigrate: return .one(0x3D32_AD9E * Int64(Checksum.crc32(bytes)))
        case .golangMigrate:
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3 else {
                throw LockError(.invalidKey, "keys=golang-migrate: write database/schema/table")
            }
            let checksum = Checksum.crc32(Array(parts.joined(separator: "\0").utf8))
            return .one(Int64(checksum &* 1_486_364_155))
        case .flyway: return .one(0x466C_7977_6179 + Int64(Checksum.java(name)))
        case .number:
            guard let number = Int64(name) else {
                throw LockError(.invalidKey, "keys=number: write a whole number of 64 bits")
            }
            return .one(number)
        }
    }

    private static func bigEndian(_ bytes: some Sequence<UInt8>) -> Int64 {
        Int64(bitPattern: bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
    }

    private static func littleEndian(_ bytes: some Sequence<UInt8>) -> Int64 {
        bigEndian(Array(bytes.prefix(8)).reversed())
    }

    /// Up to 9 characters of ASCII stand for themselves, so do hexadecimal numbers; others are hashed.
    private static func medallion(_ name: String, _ bytes: [UInt8]) -> AdvisoryID {
        if bytes.count <= 9, bytes.allSatisfy({ $0 < 0x80 }) {
            // Seven bits each, then a zero, then ones.
            var number = bytes.reduce(0 as UInt64) { $0 << 7 | UInt64($1) } << 1
            for _ in bytes.count..<9 { number = number << 7 | 0x7F }
            return .one(Int64(bitPattern: number))
        }
        if bytes.count == 16, let number = hexadecimal(bytes[...]) { return .one(Int64(bitPattern: number)) }
        if bytes.count == 17, bytes[8] == UInt8(ascii: ","), let first = hexadecimal(bytes[..<8]),
            let second = hexadecimal(bytes[9...])
        {
            return .pair(Int32(bitPattern: UInt32(first)), Int32(bitPattern: UInt32(second)))
        }
        return .one(littleEndian(Insecure.SHA1.hash(data: bytes)))
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        // UInt64's own reading would take a sign.
        guard digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
#endif
