/// A value in the store with a version, kept apart from the claims.
public struct Record: Sendable, Hashable {
    /// The longest value, in bytes.
    public static let valueBytesLimit = 64 * 1024
    /// The longest key of a record, in bytes of UTF-8: less than a lock's, since its name also says what it is of.
    public static let keyBytesLimit = 480
    /// The shortest and the longest life of a record that has one.
    public static let timeToLiveRange: ClosedRange<Duration> = .seconds(1) ... .seconds(10 * 365 * 24 * 3600)

    /// Which of the values that a key has had: never used again for a key, also after a deletion or the end of a life.
    public struct Version: Sendable, Hashable, CustomStringConvertible {
        /// The longest, in bytes.
        public static let bytesLimit = 64
        /// As the store writes it: to be compared, not to be read.
        public let description: String

        public init(_ description: String) { self.description = description }
    }

    public var value: [UInt8]
    public var version: Version

    public init(value: [UInt8], version: Version) {
        self.value = value
        self.version = version
    }
}

/// What became of a conditional write.
public enum RecordWrite: Sendable, Hashable {
    case written(Record.Version)
    /// Another version stands there than was expected, or none. Nothing was changed.
    case conflict
}
