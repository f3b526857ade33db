//! The command `keys`: what it does to the keys of a database, and what it prints.

use audit_layer_collector::keys::{self, KeyEntry, KeyLabel, KeysError, NewKey};
use audit_layer_collector::{Access, Kind, Role, Scope, limits};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::database::DatabaseArgs;
use crate::cli::dates::expiry;
use crate::cli::error::CliError;
use crate::cli::output::{Format, number, print, seconds, write};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a key and print it once. A running collector accepts it immediately.
    ///
    /// Only the key is written to stdout.
    #[command(after_help = CREATE_HELP)]
    Create(CreateArgs),

    /// List keys, active and revoked. The keys themselves are not stored.
    List {
        #[command(flatten)]
        database: DatabaseArgs,

        /// Output format.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },

    /// Set whether a gateway or an application uses a key and its successors. A running collector
    /// applies it within a second.
    SetKind {
        /// The key's id, which begins with `key_`: see `audit-layer keys list`.
        id: String,

        /// `gateway` or `application`: see `audit-layer keys create --help`.
        kind: Kind,

        #[command(flatten)]
        database: DatabaseArgs,
    },

    /// Permanently revoke a key. A running collector rejects it within a second.
    Revoke {
        /// The key's id, which begins with `key_`: see `audit-layer keys list`.
        id: String,

        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Args)]
#[group(
    id = "whose",
    required = true,
    multiple = false,
    args = ["organization", "all_organizations", "successor_of"]
)]
pub(crate) struct CreateArgs {
    /// What the key may do.
    ///
    /// ingest: only record events. read: only read events. auditor: read events and access records.
    /// admin: everything.
    #[arg(
        long,
        required_unless_present = "successor_of",
        conflicts_with = "successor_of"
    )]
    role: Option<Role>,

    /// Who uses a key with the role ingest. The default is application.
    ///
    /// gateway: its sequence numbers show which events are missing, and it completes the prompt records
    /// that it started. application: its events never change what a gateway recorded, nor the state of
    /// a gateway's sequence.
    #[arg(long, conflicts_with = "successor_of")]
    kind: Option<Kind>,

    /// The organization that the key belongs to. The key cannot access other organizations' events, and
    /// events without an organization are assigned to this one.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// The key can access the events of every organization.
    #[arg(long)]
    all_organizations: bool,

    /// Replaces the key with this id, with the same permissions. Each of the two can complete records
    /// that the other started: revoke the old key once the new one is in use.
    #[arg(long, value_name = "ID")]
    successor_of: Option<String>,

    /// Name shown in lists and in the access history, such as the key's owner.
    #[arg(long, value_name = "NAME", value_parser = key_name)]
    name: Option<String>,

    /// When the key expires: a number of days from now, a day such as 2026-12-31 (at its end, UTC), or an
    /// RFC 3339 time. Without it, the key does not expire.
    #[arg(long, value_name = "DATE|DAYS", value_parser = expiry)]
    expires: Option<DateTime<Utc>>,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

fn key_name(text: &str) -> Result<String, String> {
    let max = limits::KEY_NAME_BYTES_MAX;
    match (1..=max).contains(&text.len()) && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "must be from 1 to {max} bytes long, without controls"
        )),
    }
}

/// What a key is to be like.
pub(crate) enum Wanted {
    New(NewKey),
    /// The same as the one with this id.
    SuccessorOf(String),
}

impl CreateArgs {
    pub(crate) fn label(&self) -> KeyLabel {
        KeyLabel {
            name: self.name.clone(),
            expires_at: self.expires,
        }
    }

    pub(crate) fn wanted(self) -> Result<Wanted, KeysError> {
        match (self.role, self.successor_of) {
            (Some(role), _) => {
                let scope = self.organization.unwrap_or(Scope::All);
                NewKey::of(Access { role, scope }, self.kind).map(Wanted::New)
            }
            // The command line has been checked: without a role there is one.
            (None, first) => Ok(Wanted::SuccessorOf(first.unwrap_or_default())),
        }
    }
}

/// Does one of the things that can be done with keys.
pub(crate) async fn run(command: KeysCommand) -> Result<(), CliError> {
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
                    ", and so is {}",
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
            eprintln!("audit-layer: {id} is now {article} {kind} key{others}");
            Ok(())
        }
        KeysCommand::Revoke { id, database } => {
            let revoked_at = keys::revoke(&database.database()?, &id).await?;
            eprintln!(
                "audit-layer: {id} has been revoked since {}",
                seconds(revoked_at)
            );
            Ok(())
        }
    }
}

/// The key alone goes to stdout, for scripts; what to do with it to stderr, for people.
async fn create(arguments: CreateArgs) -> Result<(), CliError> {
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
            Ok(_) => CliError::KeyUnseen { id, source },
            Err(_) => CliError::KeyLeft { id, source },
        });
    }
    let (id, what) = (created.id, described(&wanted));
    eprintln!(
        "audit-layer: added {id} ({what}) to {database}. Save the key now: it will not be shown again"
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
        (None, Some(end)) => format!("valid until {}", seconds(end)),
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

/// What stands below the options of `keys create`.
const CREATE_HELP: &str = "\
Examples:
  audit-layer keys create --role ingest --kind gateway --organization org_1
  audit-layer keys create --role ingest --kind application --organization org_1
  audit-layer keys create --role admin --all-organizations
  audit-layer keys create --successor-of key_01999b5d3f0a7c21a4c1f2b3c4d5e6f7";
