//! What is known of who makes a call: by its headers when it begins, by its body and the host when it ends.

use std::collections::BTreeSet;

use super::{Attribute, IdentityPolicy, Source, fingerprint, token};
use crate::event::{Claimed, Identity, IdentitySource, Provenance};
use crate::headers::Headers;
use crate::limits::NAME_BYTES_MAX;
use crate::names::name_within;
use crate::note::Note;
use crate::wanted::{Pointer, in_header};

/// What the headers say, for each source in its order; nothing where a source is no header.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    user_id: Vec<Option<String>>,
    session_id: Vec<Option<String>>,
    organization_id: Vec<Option<String>>,
}

/// Who a call belongs to.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) ids: Ids,
    /// The organization, if a source names one.
    pub(crate) organization_id: Option<String>,
    /// Where all of it comes from.
    pub(crate) identity: Identity,
}

/// The two ids, as something states them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) user_id: Option<String>,
    pub(crate) session_id: Option<String>,
}

/// What is known when the call ends, beside its headers.
#[derive(Debug, Default)]
pub(crate) struct Late<'a> {
    /// What the caller's own headers say, and whether they are believed.
    pub(crate) caller: Ids,
    /// What the body says.
    pub(crate) body: Ids,
    /// The members of the body that the configuration points at,
    pub(crate) members: &'a [Option<String>],
    /// and by which pointers.
    pub(crate) pointers: &'a [Pointer],
    /// What the host says of each attribute.
    pub(crate) attributes: &'a [Option<String>],
    /// The address of the client's connection.
    pub(crate) peer: Option<&'a str>,
}

impl Known {
    /// Reads what the headers say; `format` is the name of the call's wire format.
    pub(crate) fn read(
        policy: &IdentityPolicy,
        headers: Headers<'_>,
        format: &str,
        notes: &mut BTreeSet<Note>,
    ) -> Self {
        let mut all = |sources: &[Source]| {
            let values = sources.iter();
            let values = values.map(|source| early(source, policy, headers, format, notes));
            values.collect()
        };
        Self {
            user_id: all(&policy.user_id),
            session_id: all(&policy.session_id),
            organization_id: all(&policy.organization_id),
        }
    }

    /// The ids of the first source that has one, and where they come from. What the caller claims beside
    /// them goes to `claimed`.
    pub(crate) fn resolve(
        self,
        policy: &IdentityPolicy,
        late: &Late<'_>,
        claimed: &mut Claimed,
        notes: &mut BTreeSet<Note>,
    ) -> Resolved {
        let mut is_cut = false;
        let mut pick =
            |sources: &[Source], early: Vec<Option<String>>, of: fn(&Ids) -> &Option<String>| {
                let mut all = sources.iter().zip(early);
                all.find_map(|(source, early)| {
                    let value = early.or_else(|| found_late(source, late, of))?;
                    let value = name_within(value.trim(), NAME_BYTES_MAX, &mut is_cut).to_owned();
                    (!value.is_empty()).then(|| (value, provenance(source, policy, late)))
                })
            };
        let user = pick(&policy.user_id, self.user_id, |ids| &ids.user_id);
        let session = pick(&policy.session_id, self.session_id, |ids| &ids.session_id);
        let organization = pick(&policy.organization_id, self.organization_id, |_| &None);
        let (organization_id, of_organization) = organization.unzip();
        let (user_id, of_user) = user.unzip();
        let (session_id, of_session) = session.unzip();
        let (of_caller, of_body) = (&late.caller, &late.body);
        let users = [&of_caller.user_id, &of_body.user_id];
        let sessions = [&of_caller.session_id, &of_body.session_id];
        claim(&mut claimed.user_id, &user_id, users, &mut is_cut);
        claim(&mut claimed.session_id, &session_id, sessions, &mut is_cut);
        if is_cut {
            notes.insert(Note::NameTruncated);
        }
        let identity = Identity {
            user_id: of_user,
            session_id: of_session,
            organization_id: of_organization,
            claimed: None,
        };
        Resolved {
            ids: Ids {
                user_id,
                session_id,
            },
            organization_id,
            identity,
        }
    }
}

fn early(
    source: &Source,
    policy: &IdentityPolicy,
    headers: Headers<'_>,
    format: &str,
    notes: &mut BTreeSet<Note>,
) -> Option<String> {
    match source {
        Source::Header(name) => in_header(name, headers, notes),
        Source::UnverifiedClaim(path) => token::claim(headers, path),
        Source::ApiKey => fingerprint::of(headers, format, policy.fingerprint_key.as_ref()?),
        Source::Caller
        | Source::Attribute(_)
        | Source::PeerAddress
        | Source::Body
        | Source::BodyMember(_)
        | Source::Constant(_) => None,
    }
}

fn found_late(source: &Source, late: &Late<'_>, of: fn(&Ids) -> &Option<String>) -> Option<String> {
    match source {
        Source::Caller => of(&late.caller).clone(),
        Source::Body => of(&late.body).clone(),
        Source::BodyMember(place) => late.members.get(*place)?.clone(),
        Source::Attribute(place) => late.attributes.get(*place)?.clone(),
        Source::PeerAddress => late.peer.map(|peer| without_port(peer).to_owned()),
        Source::Constant(text) => Some(text.clone()),
        Source::Header(_) | Source::UnverifiedClaim(_) | Source::ApiKey => None,
    }
}

/// The first of what the caller says by a header that is not believed, by one that is, and by the body, and that is
/// not the fact, is claimed.
fn claim(
    claimed: &mut Option<String>,
    fact: &Option<String>,
    said: [&Option<String>; 2],
    is_cut: &mut bool,
) {
    let disbelieved = claimed.take();
    let said = disbelieved.iter().chain(said.into_iter().flatten());
    let mut said = said.map(|said| name_within(said.trim(), NAME_BYTES_MAX, is_cut).to_owned());
    *claimed = said.find(|said| !said.is_empty() && Some(said) != fact.as_ref());
}

fn provenance(source: &Source, policy: &IdentityPolicy, late: &Late<'_>) -> Provenance {
    let (source, name) = match source {
        Source::Caller => (IdentitySource::Caller, None),
        Source::Header(name) => (IdentitySource::Header, Some(name.clone())),
        Source::UnverifiedClaim(path) => (IdentitySource::UnverifiedJwtClaim, Some(path.join("."))),
        Source::PeerAddress => (IdentitySource::PeerAddress, None),
        Source::Body => (IdentitySource::Body, None),
        Source::BodyMember(place) => {
            let pointer = late.pointers.get(*place);
            (IdentitySource::Body, pointer.map(ToString::to_string))
        }
        Source::ApiKey => (IdentitySource::ApiKey, None),
        Source::Constant(_) => (IdentitySource::Constant, None),
        Source::Attribute(place) => match policy.attributes.get(*place) {
            Some(Attribute::Claim { path, .. }) => (IdentitySource::JwtClaim, Some(path.join("."))),
            Some(Attribute::Principal { .. }) | None => (IdentitySource::JwtPrincipal, None),
            Some(Attribute::Certificate(field)) => {
                (IdentitySource::Certificate, Some(field.name().to_owned()))
            }
        },
    };
    Provenance { source, name }
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `127.0.0.1:80` and `[::1]:80` without the port; what has none stays.
fn without_port(address: &str) -> &str {
    if let Some((host, _)) = address
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        return host;
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && is_port(port) => host,
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HmacKey;
    use crate::identity::{Certificate, Trust};

    fn ids(user_id: &str, session_id: &str) -> Ids {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ids {
            user_id: text(user_id),
            session_id: text(session_id),
        }
    }

    fn policy(user_id: Vec<Source>) -> IdentityPolicy {
        IdentityPolicy {
            trust: Trust::All,
            user_id,
            session_id: vec![Source::Caller, Source::Body],
            organization_id: Vec::new(),
            attributes: vec![
                Attribute::Certificate(Certificate::UriSan),
                Attribute::Claim {
                    payload: "payload".to_owned(),
                    path: vec!["realm".to_owned(), "user".to_owned()],
                },
            ],
            fingerprint_key: HmacKey::new(b"secret"),
        }
    }

    fn resolve(policy: &IdentityPolicy, late: &Late<'_>) -> (Ids, Identity, Claimed) {
        let headers = [
            (b"X-Forwarded-User".to_vec(), b" forwarded ".to_vec()),
            (b"x-api-key".to_vec(), b"sk-1234".to_vec()),
        ];
        let mut claimed = Claimed::default();
        let mut notes = BTreeSet::new();
        let known = Known::read(policy, Headers(&headers), "anthropic.messages", &mut notes);
        let Resolved { ids, identity, .. } = known.resolve(policy, late, &mut claimed, &mut notes);
        (ids, identity, claimed)
    }

    #[test]
    fn the_first_source_that_has_a_value_counts_and_is_named() {
        use IdentitySource as Named;
        let attributes = [
            Some("spiffe://mesh/app".to_owned()),
            Some("claim".to_owned()),
        ];
        let late = Late {
            caller: ids("caller", ""),
            body: ids("body", "s-1"),
            members: &[None, Some("member".to_owned())],
            pointers: &["/a", "/b"].map(|text| Pointer::parse(text).unwrap()),
            attributes: &attributes,
            peer: Some("10.0.0.7:4711"),
        };
        let header = |name: &str| Source::Header(name.to_owned());
        let nobody = || header("x-nobody");
        for (sources, value, source, name) in [
            (vec![Source::Caller], "caller", Named::Caller, None),
            (vec![nobody(), Source::Body], "body", Named::Body, None),
            (
                vec![Source::BodyMember(0), Source::BodyMember(1)],
                "member",
                Named::Body,
                Some("/b"),
            ),
            (
                vec![header("x-forwarded-user"), Source::Caller],
                "forwarded",
                Named::Header,
                Some("x-forwarded-user"),
            ),
            (
                vec![Source::Attribute(0)],
                "spiffe://mesh/app",
                Named::Certificate,
                Some("uri_san"),
            ),
            (
                vec![Source::Attribute(9), Source::Attribute(1)],
                "claim",
                Named::JwtClaim,
                Some("realm.user"),
            ),
            (
                vec![Source::PeerAddress],
                "10.0.0.7",
                Named::PeerAddress,
                None,
            ),
            (
                vec![nobody(), Source::Constant("batch".to_owned())],
                "batch",
                Named::Constant,
                None,
            ),
        ] {
            let (ids, identity, _) = resolve(&policy(sources), &late);
            assert_eq!(ids.user_id.as_deref(), Some(value));
            let found = identity.user_id.unwrap();
            assert_eq!((found.source, found.name.as_deref()), (source, name));
            assert_eq!(ids.session_id.as_deref(), Some("s-1"));
        }
        let (found, _, _) = resolve(&policy(vec![Source::ApiKey]), &late);
        assert!(found.user_id.is_some_and(|id| id.starts_with("key:")));
        let (found, identity, claimed) = resolve(&policy(vec![nobody()]), &Late::default());
        assert_eq!(found, Ids::default());
        assert!(identity.is_empty() && claimed.is_empty());
    }

    #[test]
    fn what_a_caller_says_beside_the_fact_is_a_claim() {
        for (caller, body, claim) in [
            ("mallory", "body", Some("mallory")),
            ("", "body", Some("body")),
            ("fact", "", None),
            ("fact", "body", Some("body")),
            (" ", "body", Some("body")),
            ("", "fact", None),
            ("", "", None),
        ] {
            let late = Late {
                caller: ids(caller, ""),
                body: ids(body, ""),
                attributes: &[Some("fact".to_owned())],
                ..Late::default()
            };
            let (_, _, claimed) = resolve(&policy(vec![Source::Attribute(0)]), &late);
            assert_eq!(claimed.user_id.as_deref(), claim, "{caller} {body}");
        }
    }

    #[test]
    fn an_address_loses_its_port() {
        for (address, host) in [
            ("127.0.0.1:80", "127.0.0.1"),
            ("[::1]:80", "::1"),
            ("::1", "::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("/run/socket", "/run/socket"),
            ("envoy://waypoint/connect", "envoy://waypoint/connect"),
        ] {
            assert_eq!(without_port(address), host);
        }
    }
}
