import Glibc

/// What the command writes, and what of it a terminal may see.
enum Terminal {
    /// One line on standard error.
    static func say(_ message: String) { write("holdfast: \(escaped(message))\n", to: STDERR_FILENO) }

    /// As `say`, for the guardian: a pager that nobody scrolls or a stopped terminal must not hold it up. What cannot
    /// be written soon is not written.
    static func sayWithoutWaiting(_ message: String) {
        var stream = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&stream, 1, patienceMilliseconds) == 1, stream.revents & Int16(POLLOUT) != 0 else { return }
        // A pipe that is ready takes so many bytes at once.
        write(
            String(decoding: "holdfast: \(escaped(message))".utf8.prefix(pipeBytes - 1), as: UTF8.self) + "\n",
            to: STDERR_FILENO)
    }

    private static let patienceMilliseconds: Int32 = 10
    /// Room for what a cut in a character adds is left.
    private static let pipeBytes = 4000

    static func print(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// A line on standard error that the next one overwrites.
    static func progress(_ text: String) { write("\r\u{1B}[K\(text)", to: STDERR_FILENO) }

    /// Whether somebody watches standard error.
    static var hasReader: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a person can be asked.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Asks, and takes everything but a yes as a no.
    static func confirms(_ question: String) -> Bool {
        write("holdfast: \(escaped(question)) [y/N] ", to: STDERR_FILENO)
        let answer = readLine() ?? ""
        return answer == "y" || answer == "Y" || answer == "yes"
    }

    /// Names come from anybody: what could move the cursor, ring, forge a line or turn the text round is shown as code.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control || turnsText(scalar) {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Line and paragraph separators, and the marks that set a direction.
    private static func turnsText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Whoever reads our standard streams to their end must not wait for this process.
    static func leave() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where stream != null { dup2(null, stream) }
        if null > STDERR_FILENO { close(null) }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // Nobody to tell that nobody listens.
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
            bytes = bytes.dropFirst(max(count, 0))
        }
    }
}
