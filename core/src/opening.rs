//! What is known of a request when its headers have come.

use crate::headers::Headers;

/// A request whose body is still to come.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Its headers.
    pub headers: Headers<'a>,
    /// Where the gateway sends it.
    pub destination: Destination<'a>,
    /// Whether it has no body.
    pub is_whole: bool,
}

/// Where a gateway sends a request, by the gateway's own names; absent where it did not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Destination<'a> {
    /// The group of servers.
    pub cluster: Option<&'a str>,
    /// The rule that chose it.
    pub route: Option<&'a str>,
}

impl<'a> From<Headers<'a>> for Opening<'a> {
    /// A request that may have a body, to nobody knows where.
    fn from(headers: Headers<'a>) -> Self {
        Self {
            headers,
            destination: Destination::default(),
            is_whole: false,
        }
    }
}
