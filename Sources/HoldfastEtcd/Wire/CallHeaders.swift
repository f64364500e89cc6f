#if Etcd
import NIOHPACK

/// The headers of each kind of call on one connection; the same every time, so that they cost a byte each.
struct CallHeaders {
    private let sets: [EtcdMethod: HPACKHeaders]

    /// - Parameter timeout: tells the server when to stop working on a call.
    init(authority: String, isSecure: Bool, token: String?, timeout: Duration) {
        let milliseconds = max(1, Int64(timeout / .milliseconds(1)))
        var sets: [EtcdMethod: HPACKHeaders] = [:]
        for method in EtcdMethod.allCases {
            var headers: HPACKHeaders = [
                ":method": "POST", ":scheme": isSecure ? "https" : "http", ":path": method.rawValue,
                ":authority": authority, "content-type": "application/grpc", "te": "trailers", "user-agent": "holdfast",
            ]
            if !method.isStream { headers.add(name: "grpc-timeout", value: "\(milliseconds)m") }
            // A member without a leader then says so at once.
            if !method.isLocal { headers.add(name: "hasleader", value: "true") }
            if let token, method != .authenticate { headers.add(name: "token", value: token) }
            sets[method] = headers
        }
        self.sets = sets
    }

    subscript(_ method: EtcdMethod) -> HPACKHeaders { sets[method] ?? [:] }
}
#endif
