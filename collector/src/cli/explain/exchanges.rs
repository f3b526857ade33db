//! Calls as they are saved: in HAR, or as HTTP/1.1 messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde::Deserialize;

type Head = Vec<(Vec<u8>, Vec<u8>)>;

/// A call, as a gateway would have seen it.
#[derive(Debug)]
pub(super) struct Call {
    /// What it is called: method and URL.
    pub(super) name: String,
    pub(super) began_ms: u64,
    pub(super) took_ms: u64,
    pub(super) request_head: Head,
    pub(super) request_body: Vec<u8>,
    pub(super) response: Option<Response>,
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) head: Head,
    pub(super) body: Vec<u8>,
    /// Whether its content-encoding is undone.
    pub(super) is_decoded: bool,
}

#[derive(Deserialize)]
struct Har {
    log: HarLog,
}

#[derive(Deserialize)]
struct HarLog {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default)]
    started_date_time: String,
    #[serde(default)]
    time: f64,
    request: HarRequest,
    response: Option<HarResponse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<HarHeader>,
    post_data: Option<Text>,
}

#[derive(Deserialize)]
struct HarResponse {
    status: u16,
    #[serde(default)]
    headers: Vec<HarHeader>,
    content: Option<Text>,
}

#[derive(Deserialize)]
struct HarHeader {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    text: String,
    encoding: Option<String>,
}

impl Text {
    fn bytes(self) -> Result<Vec<u8>, String> {
        match self.encoding.as_deref() {
            Some("base64") => STANDARD
                .decode(self.text)
                .map_err(|error| format!("has a body that is no base64: {error}")),
            _ => Ok(self.text.into_bytes()),
        }
    }
}

/// The calls of a HAR file.
pub(super) fn of_har(text: &str) -> Result<Vec<Call>, String> {
    let har: Har =
        serde_json::from_str(text).map_err(|error| format!("is no HAR file: {error}"))?;
    if har.log.entries.is_empty() {
        return Err("has no entries".to_owned());
    }
    har.log.entries.into_iter().map(of_entry).collect()
}

fn of_entry(entry: Entry) -> Result<Call, String> {
    let Entry {
        started_date_time,
        time,
        request,
        response,
    } = entry;
    let began = DateTime::parse_from_rfc3339(&started_date_time).ok();
    let began_ms = began.and_then(|began| u64::try_from(began.timestamp_millis()).ok());
    let (authority, target) = split(&request.url)?;
    let named = request
        .headers
        .iter()
        .map(|header| (&*header.name, &*header.value));
    let response = match response.filter(|response| response.status > 0) {
        None => None,
        Some(response) => {
            let headers = response
                .headers
                .iter()
                .map(|header| (&*header.name, &*header.value));
            let status = response.status.to_string();
            Some(Response {
                head: head(&[(":status", &status)], headers),
                body: response
                    .content
                    .map(Text::bytes)
                    .transpose()?
                    .unwrap_or_default(),
                is_decoded: true,
            })
        }
    };
    let pseudo = [
        (":method", &*request.method),
        (":path", target),
        (":authority", authority),
    ];
    Ok(Call {
        name: format!("{} {}", request.method, without_query(&request.url)),
        began_ms: began_ms.unwrap_or_default(),
        // A HAR file has milliseconds with a fraction.
        took_ms: std::time::Duration::try_from_secs_f64(time.max(0.0) / 1000.0)
            .ok()
            .and_then(|took| u64::try_from(took.as_millis()).ok())
            .unwrap_or_default(),
        request_head: head(&pseudo, named),
        request_body: request
            .post_data
            .map(Text::bytes)
            .transpose()?
            .unwrap_or_default(),
        response,
    })
}

/// The authority and the target of a URL.
fn split(url: &str) -> Result<(&str, &str), String> {
    let (_, rest) = url
        .split_once("://")
        .ok_or_else(|| format!("has {url:?}, which is no URL"))?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    Ok((authority, if target.is_empty() { "/" } else { target }))
}

/// A key may stand in the query.
fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(url, _)| url)
}

fn head<'a>(pseudo: &[(&str, &str)], headers: impl Iterator<Item = (&'a str, &'a str)>) -> Head {
    let bytes = |(name, value): (&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    // What browsers export of HTTP/2 has its own pseudo-headers.
    let headers = headers.filter(|(name, _)| !name.starts_with(':'));
    pseudo
        .iter()
        .copied()
        .map(bytes)
        .chain(headers.map(bytes))
        .collect()
}

/// The call of a saved request, and of the response to it.
pub(super) fn of_messages(request: &str, response: Option<&str>) -> Result<Call, String> {
    let message = message(request)?;
    let mut words = message.first.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err("does not begin with a method and a target".to_owned());
    };
    let host = message
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let (authority, target) = match target.starts_with('/') {
        true => (host.map_or("", |(_, value)| value), target),
        false => split(target)?,
    };
    let pseudo = [
        (":method", method),
        (":path", target),
        (":authority", authority),
    ];
    let response = response.map(answer).transpose()?;
    Ok(Call {
        name: format!("{method} {}", without_query(target)),
        began_ms: 0,
        took_ms: 0,
        request_head: head(&pseudo, message.headers.iter().copied()),
        request_body: message.body.as_bytes().to_vec(),
        response,
    })
}

fn answer(response: &str) -> Result<Response, String> {
    let message = message(response)?;
    let status = message.first.split_ascii_whitespace().nth(1);
    let status = status.filter(|status| status.parse::<u16>().is_ok());
    let status = status.ok_or("has a response that does not begin with a version and a status")?;
    Ok(Response {
        head: head(&[(":status", status)], message.headers.iter().copied()),
        body: message.body.as_bytes().to_vec(),
        is_decoded: true,
    })
}

/// An HTTP/1.1 message.
struct Message<'a> {
    first: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a str,
}

fn message(text: &str) -> Result<Message<'_>, String> {
    let ends = ["\r\n\r\n", "\n\n"];
    let parts = ends.iter().find_map(|end| text.split_once(end));
    let (head, body) = parts.unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let first = lines
        .next()
        .filter(|line| !line.is_empty())
        .ok_or("is empty")?;
    let header = |line| match str::split_once(line, ':') {
        Some((name, value)) => Ok((name.trim(), value.trim())),
        None => Err(format!("has a header without a colon: {line:?}")),
    };
    Ok(Message {
        first,
        headers: lines.map(header).collect::<Result<_, _>>()?,
        body,
    })
}
