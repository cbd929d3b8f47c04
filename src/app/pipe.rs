//! `hotline explain | head` ends quietly, as other programs do.

/// Lets a closed pipe end the program. Rust ignores the signal, and printing would then panic. Not for the server,
/// whose sockets must not end it.
#[expect(unsafe_code, reason = "the standard library has no way to set a signal's default; no handler of ours is run")]
pub(super) fn let_a_closed_pipe_end_us() {
    // SAFETY: called before any other thread exists; SIG_DFL is a valid disposition of SIGPIPE.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}
