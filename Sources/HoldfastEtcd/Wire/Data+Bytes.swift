#if Etcd
// What the generated messages keep their bytes in; imported here and in them alone.
internal import FoundationEssentials

extension Data {
    /// As plain bytes.
    var bytes: [UInt8] { Array(self) }
}

extension [UInt8] {
    /// As a field of a message.
    var data: Data { Data(self) }
}
#endif
