#if MySQL
extension TableLayout {
    /// Room for a note, with some to spare: the longest has fewer than ten thousand bytes.
    static let noteBytesLimit = 10_240

    /// How much was added to the tables since they were first made. Clients that know less go on beside those that
    /// know more, with the procedures that they know. 1 has notes, 2 paths, 3 the
    /// upgradeable mode that lets nobody come.
    static let revision = 3

    /// What the additions make or change of the procedures.
    static let madeAnew = [advance, admits, place]

    /// What adds it where it is missing, and changes nothing where it is there: both servers know how to ask for a
    /// column, and only one how to add it where there is none.
    static let additions: [String] =
        [
            """
            SET @holdfast = IF(EXISTS (SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
                AND TABLE_NAME = 'holdfast_claims' AND COLUMN_NAME = 'note'), 'DO 0',
                'ALTER TABLE holdfast_claims ADD COLUMN note VARBINARY(\(noteBytesLimit)) NOT NULL DEFAULT ''''')
            """,
            "PREPARE holdfast FROM @holdfast",
            "EXECUTE holdfast",
            "DEALLOCATE PREPARE holdfast",
        ] + madeAnew.flatMap(\.statements) + ["REPLACE INTO holdfast_layout VALUES (2, \(revision))"]

    /// For clients that know of no notes.
    static let placeBare = Procedure("place", placeParameters, "CALL holdfast_place_noted(\(placeArguments), '');")
}
#endif
