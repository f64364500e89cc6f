import CHoldfastProcess
import Glibc

/// A terminal that shows the newest text from its top.
///
/// Nothing is left to restore: whenever the process ends, the screen is as after any output.
struct LiveScreen {
    private static let usualSize = (columns: 80, rows: 24)
    private static let home = "\u{1B}[H", clear = "\u{1B}[2J", clearLine = "\u{1B}[K", clearBelow = "\u{1B}[J"
    private var isFirst = true

    /// - Parameter lines: escaped; cut to what there is room for.
    mutating func show(_ lines: [String]) {
        let (columns, rows) = Self.size
        // The last row stays free for the cursor.
        let room = max(1, rows - 1)
        var shown = lines
        if lines.count > room { shown = lines.prefix(room - 1) + ["… and \(lines.count - room + 1) more"] }
        let text = shown.map { Self.cut($0, to: columns) + Self.clearLine + "\n" }.joined()
        Terminal.print((isFirst ? Self.clear : "") + Self.home + text + Self.clearBelow)
        isFirst = false
    }

    private static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return usualSize
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    static func cut(_ line: String, to columns: Int) -> String {
        var used = 0
        var result = ""
        for character in line {
            used += width(character)
            guard used <= columns else { break }
            result.append(character)
        }
        return result
    }

    /// East Asian characters and pictures take two columns.
    private static func width(_ character: Character) -> Int {
        switch character.unicodeScalars.first?.value ?? 0 {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            2
        default: 1
        }
    }
}
