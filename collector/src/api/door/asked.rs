//! What a request asks for, and who sends it: as much of it as is recorded.

use std::net::SocketAddr;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method};
use form_urlencoded::parse;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::api::connections::Peer;
use crate::event::Field;
use crate::limits;
use crate::store::{Action, Who};

/// What a request of a path that reads does; `None` if the path is not known to read.
pub(super) fn action(request: &Request) -> Option<Action> {
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    of_path(request.method(), path)
}

/// Every path that reads has a line here.
pub(crate) fn of_path(method: &Method, path: &str) -> Option<Action> {
    let action = match path {
        "/v1/audit/completeness" => Action::CompletenessRead,
        "/v1/audit/history" => Action::HistoryRead,
        "/v1/audit/logs" => Action::EventsListed,
        "/v1/audit/logs/{id}" => Action::EventRead,
        "/v1/audit/values" => Action::ValuesListed,
        "/v1/reports" => Action::ReportsListed,
        "/v1/reports/generate" if method == Method::POST => return Some(Action::ReportMade),
        "/v1/reports/{id}" => Action::ReportRead,
        _ => return None,
    };
    matches!(*method, Method::GET | Method::HEAD).then_some(action)
}

/// The parameters and the id in the path, as a JSON object. What is longer than a limit is cut, which a
/// `…` at its end says. A name that comes several times has a list.
pub(super) fn query(request: &Request) -> Value {
    let mut members = Map::new();
    let path = request.extensions().get::<MatchedPath>();
    if path.is_some_and(|path| path.as_str().ends_with("/{id}")) {
        let (_, id) = request.uri().path().rsplit_once('/').unwrap_or_default();
        let id = percent_decode_str(id).decode_utf8_lossy();
        members.insert("id".to_owned(), cut(&id).into());
    }
    let query = request.uri().query().unwrap_or_default();
    let mut bytes: usize = 0;
    for (name, value) in parse(query.as_bytes()).take(limits::RECORD_PARAMETERS_MAX) {
        let value = match UNRECORDED.contains(&&*name) {
            true => OPAQUE.into(),
            false => cut(&value),
        };
        bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
        if bytes > limits::RECORD_QUERY_BYTES_MAX {
            members.insert(OPAQUE.to_owned(), OPAQUE.into());
            break;
        }
        let (name, value) = (cut(&name), Value::from(value));
        match members.get_mut(&name) {
            None => {
                members.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(members)
}

/// Parameters whose values are not recorded. That with which a list is followed says what the client knows,
/// which is nothing that is asked for, and each time it is another. The hash of a short content would give
/// it back after it was erased.
const UNRECORDED: [&str; 2] = ["after", Field::PromptHash.name()];

const OPAQUE: &str = "…";

/// Where a request comes from. Who sends it, its key tells.
pub(crate) fn client(request: &Request) -> Who {
    let peer = request.extensions().get::<Peer>();
    Who {
        address: peer.map(|Peer(address)| shown(*address)),
        forwarded_for: forwarded_for(request.headers()),
        ..Who::default()
    }
}

/// Without the port, which says nothing of who it is.
fn shown(address: SocketAddr) -> String {
    address.ip().to_canonical().to_string()
}

fn forwarded_for(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all("x-forwarded-for").into_iter();
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| end(&values.join(", ")))
}

/// The end of a text that is too long to be recorded: proxies add to it what they see.
fn end(text: &str) -> String {
    match text.len().checked_sub(limits::RECORD_TEXT_BYTES_MAX) {
        None | Some(0) => text.to_owned(),
        Some(over) => {
            let begin = text.ceil_char_boundary(over);
            format!("…{}", text.get(begin..).unwrap_or_default())
        }
    }
}

/// The beginning of a text that is too long to be recorded.
pub(super) fn cut(text: &str) -> String {
    match text.len() > limits::RECORD_TEXT_BYTES_MAX {
        false => text.to_owned(),
        true => {
            let end = text.floor_char_boundary(limits::RECORD_TEXT_BYTES_MAX);
            format!("{}…", text.get(..end).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderValue;

    use super::*;

    fn asked(query_: &str) -> Value {
        let uri = format!("/audit/logs?{query_}");
        query(&Request::get(uri).body(Body::empty()).unwrap())
    }

    #[test]
    fn what_was_asked_for_is_recorded_as_it_was_meant() {
        assert_eq!(
            asked("text=a+%22b%22&user_id=%C3%A9&user_id=x&user_id="),
            serde_json::json!({"text": "a \"b\"", "user_id": ["é", "x", ""]})
        );
        assert_eq!(asked(""), serde_json::json!({}));
    }

    #[test]
    fn texts_and_parameters_are_bounded() {
        for (bytes, is_cut) in [(0, false), (1, true)] {
            let text = "x".repeat(limits::RECORD_TEXT_BYTES_MAX + bytes);
            let recorded = asked(&format!("text={text}"))["text"]
                .as_str()
                .unwrap()
                .to_owned();
            assert_eq!(recorded.ends_with('…'), is_cut);
            assert!(recorded.trim_end_matches('…').len() <= limits::RECORD_TEXT_BYTES_MAX);
        }
        let long = "x".repeat(1000);
        let much: String = (0..10).map(|number| format!("p{number}={long}&")).collect();
        let much = asked(&much);
        assert_eq!(much["…"], "…");
        assert!(much.to_string().len() < limits::RECORD_QUERY_BYTES_MAX + 100);
        assert_eq!(asked("prompt_hash=0a1b")["prompt_hash"], "…");
        let many: String = (0..=limits::RECORD_PARAMETERS_MAX)
            .map(|number| format!("p{number}=&"))
            .collect();
        assert_eq!(
            asked(&many).as_object().unwrap().len(),
            limits::RECORD_PARAMETERS_MAX
        );
    }

    #[test]
    fn what_a_proxy_claims_is_kept_and_bounded() {
        let mut headers = HeaderMap::new();
        assert_eq!(forwarded_for(&headers), None);
        headers.append("x-forwarded-for", "10.0.0.1".parse().unwrap());
        headers.append("x-forwarded-for", "10.0.0.2, 10.0.0.3".parse().unwrap());
        let all = "10.0.0.1, 10.0.0.2, 10.0.0.3";
        assert_eq!(forwarded_for(&headers).as_deref(), Some(all));
        let long = "9".repeat(limits::RECORD_TEXT_BYTES_MAX + 1);
        let long = format!("{long}, 203.0.113.7").parse().unwrap();
        headers.insert("x-forwarded-for", long);
        let kept = forwarded_for(&headers).unwrap();
        assert!(kept.starts_with("…9") && kept.ends_with(", 203.0.113.7"));
        let odd = HeaderValue::from_bytes(b"\xff, 203.0.113.7").unwrap();
        headers.insert("x-forwarded-for", odd);
        let kept = forwarded_for(&headers).unwrap();
        assert_eq!(kept, "\u{fffd}, 203.0.113.7");
    }
}
