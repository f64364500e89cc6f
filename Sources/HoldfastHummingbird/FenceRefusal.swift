#if Hummingbird
import Holdfast
import Hummingbird

/// Why a request was not let pass, and what its sender is told.
struct FenceRefusal {
    let status: HTTPResponse.Status
    let advice: String

    static let missing = FenceRefusal(
        status: .preconditionRequired,
        advice: "This write needs the fencing token of the lock that protects the resource: "
            + "take the lock, and send its token as Fencing-Token.")

    static let malformed = FenceRefusal(
        status: .badRequest,
        advice: "Fencing-Token is one positive number below 2^63 in decimal digits, without a sign or zeros in front: "
            + "send the token of the lease as it is, once.")

    /// - Returns: `nil` for what is no refusal of a fence.
    init?(_ error: LockError) {
        switch error.code {
        case .staleToken:
            self.init(
                status: .preconditionFailed,
                advice: "Nothing was written: \(error.message). "
                    + "Take the lock again, read the resource anew, and write with the new token.")
        case .limitExceeded: self.init(status: .serviceUnavailable, advice: "Nothing was written: \(error.message).")
        default: return nil
        }
    }

    private init(status: HTTPResponse.Status, advice: String) {
        self.status = status
        self.advice = advice
    }

    var response: Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: advice + "\n")))
    }
}
#endif
