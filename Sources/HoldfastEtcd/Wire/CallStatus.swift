#if Etcd
import NIOHPACK

/// How a call ended, by its trailers, or by headers that have nothing behind them.
enum CallStatus {
    /// `nil` where all went well.
    static func fault(in headers: HPACKHeaders) -> EtcdFault.Stated? {
        guard let text = headers.first(name: "grpc-status"), let status = Int(text) else {
            let http = headers.first(name: ":status") ?? "none"
            return EtcdFault.Stated(
                status: EtcdFault.unavailable, text: "no gRPC here: HTTP status \(http), and none of gRPC")
        }
        guard status != 0 else { return nil }
        return EtcdFault.Stated(status: status, text: decoded(headers.first(name: "grpc-message") ?? ""))
    }

    /// `%` and two hexadecimal digits stand for a byte; what is malformed stands for itself.
    static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            guard byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
#endif
