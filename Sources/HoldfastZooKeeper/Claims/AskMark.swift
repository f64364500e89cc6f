#if ZooKeeper
/// A last line in a claim's data, which says that its owner is asked to let go.
enum AskMark {
    private static let line = Array("\n!".utf8)

    static func isOn(_ data: [UInt8]) -> Bool { data.suffix(line.count).elementsEqual(line) }

    static func put(on data: [UInt8]) -> [UInt8] { isOn(data) ? data : data + line }
}
#endif
