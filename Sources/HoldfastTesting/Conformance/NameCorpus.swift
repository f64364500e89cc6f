/// Names that backends trip over: two of them never meet, unless their bytes are equal.
public enum NameCorpus {
    /// Valid keys, no two with the same bytes.
    public static let names: [String] =
        [
            "a", "a/b", "a/", "/a", "/", "//", "a//b", ".", "..", "../a", "a/..", "./a",
            " ", " a", "a ", "a b", "  ", "A", "ａ", "à", "a\u{300}", "é", "e\u{301}",
            "'", "\"", "`", "';--", "' OR '1'='1", "\\", "\\0", "%", "%00", "%2F", "a%2Fb", "%25", "_", "a_b", "a%b",
            "{}", "{a}", "{a}b", "a{b}", "}{", "{{a}}", "*", "?", "*?[", "[a]", "a*", "a?", "(?:a)",
            "$1", "${a}", "$(a)", ":", "a:b", "#", "@", "&", "=", ",", ";", "|", "<a>", "-", "--", "-a", "0", "00",
            "01",
            "null", "nil", "NaN", "true", "ß", "ss", "SS", "ı", "i", "I", "İ", "ﬁ", "fi", "Å", "A\u{30A}", "\u{212B}",
            "مرحبا", "שלום", "\u{202E}abc", "\u{200F}a", "\u{FEFF}a", "\u{200B}", "a\u{200B}", "\u{A0}", "\u{3000}",
            "日本", "🔒", "👩‍👩‍👧", "👩", "\u{10FFFF}", "\u{FFFD}", "\u{E000}",
        ] + lengths

    /// Names that agree in all but their ends, at the lengths where stores cut.
    private static let lengths: [String] = [63, 64, 65, 191, 192, 193, 254, 255, 256, 300].flatMap {
        [String(repeating: "n", count: $0), String(repeating: "n", count: $0 - 1) + "m"]
    }

    /// As long as keys may be, beside one that differs in its last byte.
    public static func longest(prefixBytes: Int, limit: Int) -> [String] {
        let filler = String(repeating: "é", count: (limit - prefixBytes - 2) / 2)
        let rest = limit - prefixBytes - filler.utf8.count
        return [filler + String(repeating: "x", count: rest), filler + String(repeating: "x", count: rest - 1) + "y"]
    }
}
