/// Where passwords may not stand.
enum Secrets {
    /// The arguments of a process can be read by everybody on the machine.
    ///
    /// A URL holds a password between the `:` after its user and the `@` before its host.
    static func refuse(inArgument url: String) throws(Failure) {
        guard let slashes = url.firstRange(of: "://") else { return }
        let authority = url[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") else { return }
        throw Failure(
            .usage,
            "--store holds a password, which every user of this machine could read in the list of processes: "
                + "put the URL into HOLDFAST_STORE or a configuration file")
    }
}
