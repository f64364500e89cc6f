package import Glibc

extension posix_spawn_file_actions_t {
    /// Gives the process no file but the standard ones.
    ///
    /// NIO's sockets are not closed on exec: with one in a server's hands, who is at its other end would not hear that
    /// another test has closed it.
    package mutating func closeOthers() {
        _ = Self.closeFrom(&self, STDERR_FILENO + 1)
    }

    /// Of glibc's since 2.34, whose header shows it to nobody here.
    private static var closeFrom: @convention(c) (UnsafeMutablePointer<Self>, CInt) -> CInt {
        guard let found = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
            fatalError("the tests need glibc 2.34 or later")
        }
        return unsafeBitCast(found, to: (@convention(c) (UnsafeMutablePointer<Self>, CInt) -> CInt).self)
    }
}
