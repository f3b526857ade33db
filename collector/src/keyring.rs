//! The command `keys`: what it does to the keys of a database, and what it prints.

use std::io::{self, Write};

use audit_layer_collector::keys::{self, KeyEntry};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::MainError;
use crate::cli::{CreateArgs, Format, KeysCommand};

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
    let access = arguments.access();
    let created = keys::create(&database, &access).await?;
    if let Err(source) = write(&format!("{}\n", created.key.reveal())) {
        let id = created.id;
        // Nobody knows it, and nobody should.
        return Err(match keys::revoke(&database, &id).await {
            Ok(_) => MainError::KeyUnseen { id, source },
            Err(_) => MainError::KeyLeft { id, source },
        });
    }
    let (id, role, scope) = (created.id, access.role.name(), access.scope);
    eprintln!(
        "audit-layer: added {id} ({role}, {scope}) to {database}: keep the key, it is not shown again"
    );
    Ok(())
}

fn human(keys: &[KeyEntry]) -> String {
    if keys.is_empty() {
        return "there are no keys: `audit-layer keys create` makes one\n".to_owned();
    }
    keys.iter().map(line).collect()
}

fn line(key: &KeyEntry) -> String {
    let (id, role, scope) = (&key.id, key.access.role.name(), &key.access.scope);
    let created_at = seconds(key.created_at);
    let state = match key.revoked_at {
        None => "good".to_owned(),
        Some(revoked_at) => format!("revoked {}", seconds(revoked_at)),
    };
    format!("{id}  {role:<6}  {scope}, created {created_at}, {state}\n")
}

fn json(keys: &[KeyEntry]) -> String {
    let entries: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "id": key.id,
                "role": key.access.role.name(),
                "organization_id": key.access.scope.id(),
                "created_at": seconds(key.created_at),
                "revoked_at": key.revoked_at.map(seconds),
            })
        })
        .collect();
    format!("{}\n", Value::Array(entries))
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
