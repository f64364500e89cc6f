import CHoldfastProcess
import Glibc

extension SignalGuard {
    /// Blocks until a signal comes that is to end this process.
    func next() -> Int32 {
        while true {
            var isFromProcess: Int32 = 0
            while case let signal = hf_next_signal(descriptor, &isFromProcess), signal != 0 {
                if signal != SIGCHLD { return signal }
            }
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&event, 1, -1)
        }
    }
}
