//! Why bodies are not decoded.

/// Why a body cannot be decoded any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not of the encoding.
    #[error("the body is not of its content-encoding")]
    Corrupt,
    /// The bytes are of an encoding that is not known.
    #[error("the body's content-encoding is not known")]
    Unknown,
    /// Decoding it would take too much memory.
    #[error("the body's window is larger than the limit")]
    Window,
    /// The body grows beyond any honest ratio.
    #[error("the body grows beyond the limit when decoded")]
    TooLarge,
}
