import Glibc

/// What a socket is waited for, or has to tell.
package struct SocketEvents: OptionSet, Sendable {
    package let rawValue: Int16

    package init(rawValue: Int16) { self.rawValue = rawValue }

    package static let readable = SocketEvents(rawValue: Int16(POLLIN))
    package static let writable = SocketEvents(rawValue: Int16(POLLOUT))
    /// Told without being asked for.
    package static let hungUp = SocketEvents(rawValue: Int16(POLLHUP | POLLERR | POLLNVAL))
}

/// The loop's list of sockets as poll(2) takes it: there are few, so looking at each costs less than keeping count.
struct PollList {
    private var polled: [pollfd]
    private var generations: [UInt64] = []

    /// - Parameter ear: the end of the bell that is read.
    init(ear: Int32) { polled = [pollfd(fd: ear, events: Int16(POLLIN), revents: 0)] }

    mutating func replace(_ sockets: [(socket: Int32, generation: UInt64, events: SocketEvents)]) {
        polled.removeSubrange(1...)
        generations.removeAll(keepingCapacity: true)
        for (socket, generation, events) in sockets {
            polled.append(pollfd(fd: socket, events: events.rawValue, revents: 0))
            generations.append(generation)
        }
    }

    /// - Parameter milliseconds: -1 for as long as nothing happens.
    mutating func wait(milliseconds: Int32) {
        // Interrupted is no more than a look too early, with nothing told.
        if poll(&polled, nfds_t(polled.count), milliseconds) <= 0 {
            for index in polled.indices { polled[index].revents = 0 }
        }
    }

    var isRung: Bool { polled[0].revents != 0 }

    func told(_ body: (Int32, UInt64, SocketEvents) -> Void) {
        for (entry, generation) in zip(polled.dropFirst(), generations) where entry.revents != 0 {
            body(entry.fd, generation, SocketEvents(rawValue: entry.revents))
        }
    }
}
