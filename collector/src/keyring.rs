//! The command `keys`: what it does to the keys of a database, and what it prints.

use std::io::{self, Write};

use audit_layer_collector::Kind;
use audit_layer_collector::keys::{self, KeyEntry, NewKey};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::MainError;
use crate::cli::{CreateArgs, Format, KeysCommand, Wanted};
use crate::eraser::number;

/// Does one of the things that can be done with keys.
pub(crate) async fn run(command: KeysCommand) -> Result<(), MainError> {
    match command {
        KeysCommand::Create(arguments) => create(arguments).await,
        KeysCommand::List { database, format } => {
            let keys = keys::list(&database.database()?).await?;
            let text = match format {
                Format::Human => human(&keys),
                Format::Json => json(&keys),
            };
            print(&text)
        }
        KeysCommand::SetKind { id, kind, database } => {
            let keys = keys::set_kind(&database.database()?, &id, kind).await?;
            let others = match keys.saturating_sub(1) {
                0 => String::new(),
                others => format!(
                    ", and so does {}",
                    number(
                        others,
                        "other key of its family",
                        "other keys of its family"
                    )
                ),
            };
            let article = match kind {
                Kind::Application => "an",
                Kind::Gateway => "a",
            };
            let kind = kind.name();
            eprintln!("audit-layer: {id} records as {article} {kind}{others}");
            Ok(())
        }
        KeysCommand::Revoke { id, database } => {
            let revoked_at = keys::revoke(&database.database()?, &id).await?;
            eprintln!("audit-layer: {id} is revoked since {}", seconds(revoked_at));
            Ok(())
        }
    }
}

/// The key alone goes to stdout, for scripts; what to do with it to stderr, for people.
async fn create(arguments: CreateArgs) -> Result<(), MainError> {
    let database = arguments.database.database()?;
    let label = arguments.label();
    let wanted = arguments.wanted()?;
    let created = match &wanted {
        Wanted::New(new) => keys::create(&database, new, &label).await?,
        Wanted::SuccessorOf(first) => keys::create_successor(&database, first, &label).await?,
    };
    if let Err(source) = write(&format!("{}\n", created.key.reveal())) {
        let id = created.id;
        // Nobody knows it, and nobody should.
        return Err(match keys::revoke(&database, &id).await {
            Ok(_) => MainError::KeyUnseen { id, source },
            Err(_) => MainError::KeyLeft { id, source },
        });
    }
    let (id, what) = (created.id, described(&wanted));
    eprintln!(
        "audit-layer: added {id} ({what}) to {database}: keep the key, it is not shown again"
    );
    Ok(())
}

fn described(wanted: &Wanted) -> String {
    match wanted {
        Wanted::New(NewKey { access, kind }) => {
            let role = role(access.role.name(), *kind);
            format!("{role}, {}", access.scope)
        }
        Wanted::SuccessorOf(first) => format!("successor of {first}"),
    }
}

/// The role, and the kind if there is one.
fn role(role: &str, kind: Option<Kind>) -> String {
    match kind {
        None => role.to_owned(),
        Some(kind) => format!("{role} {}", kind.name()),
    }
}

fn human(keys: &[KeyEntry]) -> String {
    if keys.is_empty() {
        return "there are no keys: `audit-layer keys create` makes one\n".to_owned();
    }
    keys.iter().map(line).collect()
}

fn line(key: &KeyEntry) -> String {
    let (id, scope) = (&key.id, &key.access.scope);
    let role = role(key.access.role.name(), key.kind);
    let doubt = if key.lacks_kind {
        ", of before there were kinds"
    } else {
        ""
    };
    let family = match key.family == key.id {
        true => String::new(),
        false => format!(", successor of {}", key.family),
    };
    let name = key.name.as_ref();
    let name = name.map_or(String::new(), |name| format!(" {name:?},"));
    let created_at = seconds(key.created_at);
    let used = key.last_used_at.map_or("never used".to_owned(), |at| {
        format!("last used {}", seconds(at))
    });
    let state = match (key.revoked_at, key.expires_at) {
        (Some(revoked_at), _) => format!("revoked {}", seconds(revoked_at)),
        (None, Some(end)) if end <= Utc::now() => format!("expired {}", seconds(end)),
        (None, Some(end)) => format!("good until {}", seconds(end)),
        (None, None) => "good".to_owned(),
    };
    format!(
        "{id}  {role:<18} {name} {scope}{family}{doubt}, created {created_at}, {used}, {state}\n"
    )
}

fn json(keys: &[KeyEntry]) -> String {
    let entries: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "id": key.id,
                "role": key.access.role.name(),
                "kind": key.kind.map(Kind::name),
                "is_kind_chosen": key.kind.map(|_| !key.lacks_kind),
                "family": key.family,
                "organization_id": key.access.scope.id(),
                "created_at": seconds(key.created_at),
                "revoked_at": key.revoked_at.map(seconds),
                "name": key.name,
                "expires_at": key.expires_at.map(seconds),
                "last_used_at": key.last_used_at.map(seconds),
                "state": state(key),
            })
        })
        .collect();
    format!("{}\n", Value::Array(entries))
}

/// Whether it opens anything now, and why not.
fn state(key: &KeyEntry) -> &'static str {
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end <= Utc::now() => "expired",
        (None, _) => "good",
    }
}

pub(crate) fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(crate) fn print(text: &str) -> Result<(), MainError> {
    write(text).map_err(MainError::Output)
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
