//! Which format a call speaks: by its path, its host and its headers, before its body has come.

mod evidence;
mod fetched;
mod harmless;
mod protocol;
mod table;

use super::own::Own;
use super::path::{self, Path, Readings, has_readings, readings};
use super::{Format, unread};
use crate::note::Note;
use crate::opening::Opening;
use crate::provider;

pub use evidence::Evidence;
use fetched::FETCHED;
pub use fetched::fetched_id;
use protocol::Protocol;
use table::{ROUTES, Route};

/// What a call is known to be by the headers of its request.
#[derive(Debug, Clone)]
pub struct Identity {
    /// How it is read.
    pub format: &'static Format,
    /// Who serves the model.
    pub provider: String,
    /// What the body must still show.
    pub evidence: Evidence,
    /// What is unusual about how the call is written.
    pub notes: Vec<Note>,
}

/// Methods that ask for something or take it away, and have no body as a rule.
const BODILESS: [&str; 6] = ["GET", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT"];

/// Ends of the paths of sessions with a model that are held over WebSocket.
const LIVE: [&str; 4] = [
    "/realtime",
    "/realtime/translations",
    "BidiGenerateContent",
    "BidiGenerateContentConstrained",
];

/// What a call is, by the headers of its request; `None` if it is no call of a model.
///
/// Formats are known by paths, as gateways rewrite hosts and self-hosted servers have any; `own`
/// is what the configuration names.
pub fn identify(opening: &Opening<'_>, own: &[Own]) -> Option<Identity> {
    let headers = opening.headers;
    let method = headers.str(":method").unwrap_or_default();
    let protocol = Protocol::of(headers);
    let is_post = method == "POST";
    let is_fetch = method == "GET" && protocol == Protocol::Http;
    if opening.is_whole && !is_post && !is_fetch && protocol != Protocol::WebSocket {
        return None;
    }
    let Path { text, authority } = Path::of(headers.bytes(":path").unwrap_or_default());
    if opening.is_whole && is_fetch && !may_be_fetch(&text) {
        return None;
    }
    let authority = authority.or_else(|| headers.str(":authority"));
    let host = provider::host(authority.unwrap_or_default());
    let own = own.iter().find(|own| own.is_it(&host, opening.destination));
    let known = own.map_or_else(|| provider::of_host(&host), |own| Some(&*own.name));
    let found = found(ROUTES, &text, known);
    let identity = |format: &'static Format, evidence, notes| Identity {
        format,
        provider: known.unwrap_or(format.provider).to_owned(),
        evidence,
        notes,
    };
    if let Some(Found { route, is_unusual }) = is_fetch
        .then(|| self::found(FETCHED, &text, known))
        .flatten()
    {
        let notes = is_unusual.then_some(Note::PathUnusual);
        let notes = notes.into_iter().collect();
        return Some(identity(route.format, Evidence::Answer, notes));
    }
    if opening.is_whole && is_fetch {
        return None;
    }
    // A handshake has no body, by either version of HTTP.
    if protocol == Protocol::WebSocket && matches!(method, "GET" | "CONNECT") {
        let is_call = known.is_some() || found.is_some() || is_live(&text);
        return is_call.then(|| identity(&unread::WEBSOCKET, Evidence::Enough, Vec::new()));
    }
    let is_rpc = known.is_some() && protocol == Protocol::Grpc;
    let found = found.filter(|found| !is_rpc || !found.is_unusual);
    if let Some(Found { route, is_unusual }) = found {
        let evidence = route.condition.evidence(known);
        let notes = [
            (!is_post).then_some(Note::MethodUnusual),
            is_unusual.then_some(Note::PathUnusual),
        ];
        let notes = notes.into_iter().flatten().collect();
        return Some(identity(route.format, evidence.by(is_post), notes));
    }
    if known.is_some() && protocol != Protocol::Http {
        let format = protocol.format()?;
        return Some(identity(format, Evidence::Enough, Vec::new()));
    }
    if let Some(format) = own.and_then(|own| own.format) {
        let notes = (!is_post).then_some(Note::MethodUnusual);
        let evidence = Evidence::Enough.by(is_post);
        return Some(identity(format, evidence, notes.into_iter().collect()));
    }
    let is_harmless = BODILESS.contains(&method) || harmless::is_harmless(&host, &text, known?);
    (!is_harmless).then(|| identity(&unread::UNKNOWN, Evidence::Body, Vec::new()))
}

/// The route of a path.
struct Found {
    route: &'static Route,
    /// Whether no client of a model writes it so.
    is_unusual: bool,
}

fn found(table: &'static [Route], path: &str, provider: Option<&str>) -> Option<Found> {
    let bare = path.strip_suffix('/').unwrap_or(path);
    let as_written = Route::of(table, bare, provider).map(|route| Found {
        route,
        is_unusual: !route.is_exact(bare),
    });
    if !has_readings(path) {
        return as_written;
    }
    let Readings { texts, is_unusual } = readings(path);
    let found = texts.iter().enumerate().filter_map(|(number, text)| {
        let route = Route::of(table, text, provider)?;
        let is_unusual = is_unusual || number > 0 || !route.is_exact(text);
        Some(Found { route, is_unusual })
    });
    // Of several, the one that asks for the most; of equals, the first.
    let found = found.reduce(|best, next| {
        if next.weight() > best.weight() {
            next
        } else {
            best
        }
    });
    found.or(as_written)
}

impl Found {
    fn weight(&self) -> usize {
        let Route { end, within, .. } = self.route;
        end.len().saturating_add(within.len())
    }
}

/// Whether a path may be one of [`FETCHED`], as most that are asked for by GET are not.
fn may_be_fetch(path: &str) -> bool {
    let holds = |text: &str| {
        let mut routes = FETCHED.iter();
        routes.any(|route| path::find(text, route.within).is_some())
    };
    holds(path) || (has_readings(path) && readings(path).texts.iter().any(|text| holds(text)))
}

/// Whether a path is one of [`LIVE`].
fn is_live(path: &str) -> bool {
    let ends = |text: &str| LIVE.iter().any(|end| path::ends_with(text, end));
    ends(path) || readings(path).texts.iter().any(|text| ends(text))
}

#[cfg(test)]
mod tests;
