//! One stream as the filter chain sees it at the plugin's place.

use std::collections::BTreeMap;

use crate::headers::Headers;
use crate::step::{Passed, Step};

/// The directions of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Request,
    Response,
}

/// The header maps, by their numbers in the ABI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MapKind {
    Headers(Side),
    Trailers(Side),
    CalloutHeaders,
    CalloutTrailers,
    /// Those of gRPC, which are never there.
    Other,
}

impl MapKind {
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Headers(Side::Request)),
            1 => Some(Self::Trailers(Side::Request)),
            2 => Some(Self::Headers(Side::Response)),
            3 => Some(Self::Trailers(Side::Response)),
            4 | 5 => Some(Self::Other),
            6 => Some(Self::CalloutHeaders),
            7 => Some(Self::CalloutTrailers),
            _ => None,
        }
    }
}

/// How iteration stands at the plugin, in one direction.
///
/// Source: `IterationState` of Envoy's filter manager.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Iteration {
    #[default]
    Continue,
    /// The plugin still gets callbacks, what comes behind it gets nothing.
    StopSingle,
    /// Nobody gets anything; what comes is kept, up to the limit.
    StopAllBuffer,
    /// Nobody gets anything; what comes is kept, and the sender is slowed down.
    StopAllWatermark,
}

/// One direction of a stream.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    pub(crate) headers: Option<Headers>,
    pub(crate) trailers: Option<Headers>,
    pub(crate) headers_readable: bool,
    pub(crate) trailers_readable: bool,
    /// The chunk of the body callback that runs.
    pub(crate) chunk: Option<Vec<u8>>,
    /// What is held back.
    pub(crate) held: Option<Vec<u8>>,
    /// The last body callback paused: the next one sees all that is held.
    pub(crate) buffering: bool,
    pub(crate) iteration: Iteration,
    pub(crate) headers_passed: bool,
    pub(crate) end_seen: bool,
    /// Nothing more goes through, as a local reply has taken its place.
    pub(crate) aborted: bool,
}

impl Pipe {
    /// The body that the guest can read now.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        if self.buffering {
            self.held.as_deref()
        } else {
            self.chunk.as_deref()
        }
    }

    pub(crate) fn body_mut(&mut self) -> Option<&mut Vec<u8>> {
        if self.buffering {
            self.held.as_mut()
        } else {
            self.chunk.as_mut()
        }
    }

    pub(crate) fn hold(&mut self, bytes: &[u8]) {
        self.held.get_or_insert_default().extend_from_slice(bytes);
    }

    pub(crate) fn held_size(&self) -> usize {
        self.held.as_ref().map_or(0, Vec::len)
    }

    pub(crate) fn stops_all(&self) -> bool {
        matches!(
            self.iteration,
            Iteration::StopAllBuffer | Iteration::StopAllWatermark
        )
    }
}

/// The state of one stream, shared by its handle and its context in the VM.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    pub(crate) id: u32,
    pub(crate) root: u32,
    /// The guest knows the context.
    pub(crate) created: bool,
    /// The stream is gone: reset or finished.
    pub(crate) over: bool,
    /// Its log, done and delete callbacks have been made.
    pub(crate) finished: bool,
    /// It was cut because the VM has trapped; the guest hears of it no more.
    pub(crate) failed: bool,
    /// The plugin is not in the way at all.
    pub(crate) bypassed: bool,
    /// The response comes from the proxy itself.
    pub(crate) replied: bool,
    /// `proxy_on_log` runs.
    pub(crate) logging: bool,
    /// The flag of the last headers or body callback, of either direction.
    pub(crate) end_of_stream: bool,
    pub(crate) request: Pipe,
    pub(crate) response: Pipe,
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) set_properties: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) upstream: Passed,
    pub(crate) downstream: Passed,
    pub(crate) step: Step,
}

impl StreamState {
    pub(crate) fn pipe(&self, side: Side) -> &Pipe {
        match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        }
    }

    pub(crate) fn pipe_mut(&mut self, side: Side) -> &mut Pipe {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }

    /// Whether nothing can move in this direction any more.
    pub(crate) fn blocked(&self, side: Side) -> bool {
        self.over || self.pipe(side).aborted
    }

    /// The map as a guest can read it: in its own callback, while that is paused, and, but for
    /// the request's trailers, in `proxy_on_log`.
    ///
    /// Source: `getConstMap` of Envoy.
    pub(crate) fn readable(&self, kind: MapKind) -> Option<&Headers> {
        match kind {
            MapKind::Trailers(Side::Request) if self.logging => None,
            MapKind::Headers(side) if self.logging || self.pipe(side).headers_readable => {
                self.pipe(side).headers.as_ref()
            }
            MapKind::Trailers(side) if self.logging || self.pipe(side).trailers_readable => {
                self.pipe(side).trailers.as_ref()
            }
            _ => None,
        }
    }

    /// The map as a guest can change it. At the end of a body, trailers are made if there are
    /// none.
    ///
    /// Source: `getMap` of Envoy.
    pub(crate) fn changeable(&mut self, kind: MapKind) -> Option<&mut Headers> {
        let end_of_stream = self.end_of_stream;
        match kind {
            MapKind::Headers(side) => {
                let pipe = self.pipe_mut(side);
                if pipe.headers_readable {
                    pipe.headers.as_mut()
                } else {
                    None
                }
            }
            MapKind::Trailers(side) => {
                let pipe = self.pipe_mut(side);
                if !pipe.trailers_readable && pipe.chunk.is_some() && end_of_stream {
                    pipe.trailers_readable = true;
                    pipe.trailers.get_or_insert_default();
                }
                if pipe.trailers_readable {
                    pipe.trailers.as_mut()
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// Resuming a stream in either direction closes the request's maps.
    ///
    /// Source: the end of `continueStream` of Envoy.
    pub(crate) fn forget_request(&mut self) {
        self.request.headers_readable = false;
        self.request.trailers_readable = false;
    }

    /// Records what leaves the plugin's place.
    pub(crate) fn pass(&mut self, side: Side, record: impl Fn(&mut Passed)) {
        let (total, step) = match side {
            Side::Request => (&mut self.upstream, &mut self.step.upstream),
            Side::Response => (&mut self.downstream, &mut self.step.downstream),
        };
        record(total);
        record(step);
    }
}
