//! What a host call answers.

/// The status of a host call, by its number in the ABI.
///
/// Source: the `WasmResult` of proxy-wasm-cpp-host; the specification's `proxy_status_t` names
/// fewer of them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u32)]
pub enum Status {
    /// The call did what it says.
    Ok = 0,
    /// What was asked for does not exist.
    NotFound = 1,
    /// An argument is not acceptable here; also a header map that cannot be read at this moment.
    BadArgument = 2,
    /// A value could not be written as bytes.
    SerializationFailure = 3,
    /// Bytes could not be read as a value.
    ParseFailure = 4,
    /// An expression could not be read.
    BadExpression = 5,
    /// An address lies outside the guest's memory, or the guest gave no memory.
    InvalidMemoryAccess = 6,
    /// The queue has nothing in it.
    Empty = 7,
    /// The value has changed since it was read.
    CasMismatch = 8,
    /// The result is not of the expected kind.
    ResultMismatch = 9,
    /// The host could not do it; also a capability that is denied.
    InternalFailure = 10,
    /// The connection is broken.
    BrokenConnection = 11,
    /// This host has no such call.
    Unimplemented = 12,
}

impl Status {
    /// The number that the guest sees.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "a fieldless enum is its number")]
    pub const fn number(self) -> u32 {
        self as u32
    }
}
