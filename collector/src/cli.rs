//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use audit_layer_collector::history::{self, HistoryAction};
use audit_layer_collector::holds::Hold;
use audit_layer_collector::keys::{KeyLabel, KeysError, NewKey};
use audit_layer_collector::values;
use audit_layer_collector::{
    Access, Database, DatabaseError, Erasure, Keep, KeepOf, Kind, Retention, RetentionError, Role,
    Scope, Shortest, TlsFiles, limits,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The audit API: keeps audit events of LLM calls, and answers for them.
#[derive(Debug, Parser)]
#[command(name = "audit-layer", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// What to log to stderr. Content of events is never logged.
    ///
    /// One of off, error, warn, info, debug, trace; or a filter such as
    /// "info,audit_layer_collector=debug".
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "RUST_LOG",
        default_value = "info"
    )]
    pub(crate) log: String,

    /// How it is logged. A key that is made, and why `serve` does not start, are text either way.
    #[arg(
        long,
        global = true,
        value_enum,
        env = "AUDIT_LAYER_LOG_FORMAT",
        default_value_t = LogFormat::Text
    )]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line, with `timestamp`, `level`, `message` and others.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the audit API until SIGTERM or Ctrl-C.
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),

    /// Send the dead letters in a proxy's log to the audit API.
    ///
    /// A dead letter is an event that the gateway could not deliver and wrote to the proxy's log
    /// instead. Other lines are passed over. The audit API keeps each event once: importing a log
    /// twice, or while it is still written, does no harm.
    #[command(after_help = IMPORT_HELP)]
    Import(ImportArgs),

    /// Copy the database to a new file, while the collector may be running.
    ///
    /// The copy is whole, as of one moment, and a collector can be started on it.
    Backup {
        /// The new file. It has its name only when the copy is whole.
        #[arg(value_name = "FILE")]
        target: PathBuf,

        #[command(flatten)]
        database: DatabaseArgs,
    },

    /// Erase the content of one user's events for good.
    ///
    /// Prompt, answer, reasoning, parameters, metadata and hashes of them are overwritten. That the call
    /// took place stays. What is held stays as it is: see `audit-layer
    /// holds`. Backups and exports are not reached.
    Erase(EraseArgs),

    /// Show who looked at what is recorded, and which events were removed or erased.
    #[command(after_help = HISTORY_HELP)]
    History(HistoryArgs),

    /// Keep events from being removed, for a court or an investigation.
    #[command(subcommand)]
    Holds(HoldsCommand),

    /// Manage the API keys in a database.
    #[command(subcommand)]
    Keys(KeysCommand),

    /// List the values that events have in a member, such as models or users, with how many events have each.
    ///
    /// Counts the newest 20,000 events of the period. Reading them is recorded: see `audit-layer history`.
    #[command(after_help = VALUES_HELP)]
    Values(ValuesArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen. Port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

    /// Key that clients must send; repeat it for several.
    ///
    /// The keys in the database then do not count. Other users of the machine can see arguments:
    /// prefer the variable.
    #[arg(
        long,
        value_name = "KEY",
        env = "AUDIT_LAYER_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Vec<String>,

    /// PEM file with the certificate to speak TLS with, and those of its authorities after it.
    ///
    /// It is read again when it changes, and at SIGHUP.
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_LAYER_TLS_CERT",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_LAYER_TLS_KEY",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,

    /// Events that each key may record in a second, those of ten seconds at once. Without it, as
    /// many as can be stored.
    ///
    /// Beyond it requests get 429 with `retry-after`, and nothing of them is stored until they are
    /// sent again, as the gateway and the importer do.
    #[arg(long, value_name = "EVENTS", value_parser = number_from_1)]
    pub(crate) rate_limit: Option<NonZeroU32>,

    /// Folder with fonts for reports as PDF in scripts of Asia and others that the fonts of the
    /// program lack, such as Noto Sans CJK. Characters without a font stand as their numbers.
    ///
    /// All files .ttf, .otf, .ttc and .otc in it are read, also in folders in it.
    #[arg(long, value_name = "FOLDER", env = "AUDIT_LAYER_REPORT_FONTS")]
    pub(crate) report_fonts: Option<PathBuf>,

    /// How long events are kept: days after they happened or arrived, whichever is later; or
    /// forever. Older ones are removed, unless they are held: see `audit-layer holds`.
    #[arg(long, value_name = "DAYS", default_value_t = Keep::Days(limits::RETENTION_DAYS_DEFAULT))]
    pub(crate) retention_days: Keep,

    /// The same for one organization; repeat it for several.
    #[arg(long, value_name = "ORGANIZATION=DAYS")]
    pub(crate) retention: Vec<KeepOf>,

    /// How long access records are kept, which tell who looked: days, or forever.
    #[arg(long, value_name = "DAYS", default_value_t = Keep::Days(limits::HISTORY_DAYS_DEFAULT))]
    pub(crate) history_days: Keep,

    #[arg(long, help = format!("Allow less than {} days", limits::RETENTION_DAYS_MIN))]
    pub(crate) allow_short_retention: bool,

    /// File that gets the address listened on, once ready. For scripts that use port 0.
    #[arg(long, value_name = "FILE")]
    pub(crate) listen_address_file: Option<PathBuf>,
}

impl ServeArgs {
    /// Both or neither: the command line has been checked.
    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(TlsFiles { certificate, key })
    }

    pub(crate) fn retention(&self) -> Result<Retention, RetentionError> {
        let shortest = match self.allow_short_retention {
            true => Shortest::AnyTime,
            false => Shortest::HalfAYear,
        };
        let organizations = self.retention.clone();
        Retention::new(
            self.retention_days,
            organizations,
            self.history_days,
            shortest,
        )
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let needed = "must be an address and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every address of this machine";
    text.parse().map_err(|_| needed)
}

fn number_from_1(text: &str) -> Result<NonZeroU32, &'static str> {
    text.parse().map_err(|_| "must be a number from 1")
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Logs of a proxy, plain or gzip: text, JSON lines, or files of container runtimes, whose pieces of
    /// long lines are put together. A folder is all files below it, and in quotes `*` and `?` stand for
    /// parts of a name. Rotated files of a log are read from the oldest to the newest. `-` is standard
    /// input, and so is nothing when something is piped in.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Root of the audit API.
    #[arg(
        long,
        value_name = "URL",
        env = "AUDIT_LAYER_API_URL",
        default_value = "http://127.0.0.1:8080/v1"
    )]
    pub(crate) url: String,

    /// Key of the audit API.
    ///
    /// Other users of the machine can see arguments: prefer the variable.
    #[arg(
        long,
        value_name = "KEY",
        env = "AUDIT_LAYER_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Option<String>,

    /// Import only dead letters that a gateway with this key wrote. Several keys for several gateways, or
    /// after the key was changed.
    ///
    /// Without it, dead letters are checked by the key of `--api-key`; those that cannot be checked are
    /// named, and imported only if none is proven. The key is what the gateway has as
    /// `delivery.dead_letter.key`, or else its key of the audit API. In the variable blanks stand between
    /// keys. Other users of the machine can see arguments: prefer it.
    #[arg(
        long = "dead-letter-key",
        value_name = "KEY",
        env = "AUDIT_LAYER_DEAD_LETTER_KEY",
        hide_env_values = true
    )]
    pub(crate) dead_letter_keys: Vec<String>,

    /// Import all dead letters that cannot be checked: without a MAC, as earlier versions wrote them, by
    /// another key, or damaged. Anyone who can write a line of the log can then write an event.
    #[arg(long)]
    pub(crate) unchecked: bool,

    /// Count the dead letters and check that they are events, but send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// How long a batch is tried again while the audit API is down or busy.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) retry_for: u64,

    /// How the summary is written to stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One line for people.
    Human,
    /// One JSON object for programs.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it, once. A running collector accepts it at once.
    ///
    /// The key alone goes to stdout.
    #[command(after_help = CREATE_HELP)]
    Create(CreateArgs),

    /// Show the keys that there are, good and revoked. The keys themselves are stored nowhere.
    List {
        #[command(flatten)]
        database: DatabaseArgs,

        /// How the list is written to stdout.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },

    /// Say whether a gateway or an application records with a key, and with its successors. A running
    /// collector knows within a second.
    SetKind {
        /// The key's id, which begins with `key_`: see `audit-layer keys list`.
        id: String,

        /// `gateway` or `application`: see `audit-layer keys create --help`.
        kind: Kind,

        #[command(flatten)]
        database: DatabaseArgs,
    },

    /// Take a key back for good. A running collector refuses it within a second.
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
    /// ingest: record events and read nothing. read: read events and record nothing. auditor: read
    /// events and who looked at them, and record nothing. admin: everything.
    #[arg(
        long,
        required_unless_present = "successor_of",
        conflicts_with = "successor_of"
    )]
    role: Option<Role>,

    /// Who records with a key that has the role ingest. Without it, an application.
    ///
    /// gateway: the numbers of its events tell what is missing, and it ends the records of prompts
    /// that it began. application: what it sends never changes what a gateway recorded, nor what is
    /// known of a gateway's numbers.
    #[arg(long, conflicts_with = "successor_of")]
    kind: Option<Kind>,

    /// The organization that the key belongs to. It does not reach the events of others, and events
    /// that name none belong to it.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// The key reaches the events of every organization.
    #[arg(long)]
    all_organizations: bool,

    /// The key takes the place of the one with this id, and may do the same. What one of them began
    /// to record the other goes on with: revoke the old one when the new one is in use.
    #[arg(long, value_name = "ID")]
    successor_of: Option<String>,

    /// What the key is called in lists and in the access history, such as whose it is.
    #[arg(long, value_name = "NAME", value_parser = key_name)]
    name: Option<String>,

    /// When the key ends: a number of days from now, a day such as 2026-12-31, at whose end (UTC) it
    /// does, or an RFC 3339 time. Without it, when it is revoked.
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

fn expiry(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let now = Utc::now();
    let end = end(text, now).filter(|end| *end > now);
    end.ok_or("must be a number of days from 1, or a day such as 2026-12-31 or an RFC 3339 time that is not over")
}

fn end(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(days) = text.parse::<u32>() {
        return now.checked_add_days(Days::new(days.into()));
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let day: NaiveDate = text.parse().ok()?;
    let next = day.checked_add_days(Days::new(1))?;
    Some(next.and_time(NaiveTime::MIN).and_utc())
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

#[derive(Debug, Subcommand)]
pub(crate) enum HoldsCommand {
    /// Hold events, from now on, against retention and erasure. Prints the hold's id.
    Create(HoldArgs),

    /// Show the holds that there are, in force and released.
    List {
        #[command(flatten)]
        database: DatabaseArgs,

        /// How the list is written to stdout.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },

    /// Let go of what a hold holds. What is over is then removed within an hour.
    Release {
        /// The hold's id, which begins with `hold_`: see `audit-layer holds list`.
        id: String,

        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Args)]
#[group(id = "held", required = true, multiple = false, args = ["organization", "all_organizations"])]
pub(crate) struct HoldArgs {
    /// The organization whose events are held.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// The events of every organization are held.
    #[arg(long)]
    all_organizations: bool,

    /// The user whose events are held. Without it, every user's are.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    user: Option<String>,

    /// Why, such as the reference of a court. It stays in the list.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl HoldArgs {
    pub(crate) fn hold(self) -> Hold {
        Hold {
            scope: self.organization.unwrap_or(Scope::All),
            user_id: self.user,
            reason: self.reason,
        }
    }
}

#[derive(Debug, Args)]
#[group(id = "erased", required = true, multiple = false, args = ["organization", "all_organizations"])]
pub(crate) struct EraseArgs {
    /// The organization that knows the user by this id.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// Every organization knows the user by this id.
    #[arg(long)]
    all_organizations: bool,

    /// The user whose content is erased.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    user: String,

    /// Why, such as the reference of the user's request. It is kept.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    /// Do it. Without this, the events are only counted.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl EraseArgs {
    pub(crate) fn erasure(self) -> Erasure {
        Erasure {
            scope: self.organization.unwrap_or(Scope::All),
            user_id: self.user,
            reason: self.reason,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

    /// Only what was since this day (UTC), such as 2026-11-25, or RFC 3339 time.
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<DateTime<Utc>>,

    /// Only this action, such as event_read, removed or erased; repeat it for several.
    #[arg(long, value_name = "ACTION", value_parser = HistoryAction::read)]
    action: Vec<HistoryAction>,

    /// Only what was done with the key that has this id.
    #[arg(long, value_name = "ID")]
    key: Option<String>,

    /// How the list is written to stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

impl HistoryArgs {
    pub(crate) fn wanted(&self) -> history::Wanted {
        history::Wanted {
            since: self.since,
            actions: self.action.clone(),
            key_id: self.key.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ValuesArgs {
    /// The member of the events.
    #[arg(value_name = "FIELD", value_parser = PossibleValuesParser::new(values::MEMBERS))]
    field: String,

    /// Only events from this day (UTC), such as 2026-11-25, or RFC 3339 time on.
    #[arg(long, value_name = "DATE", value_parser = since)]
    from: Option<DateTime<Utc>>,

    /// Only events up to this day or time, which is included.
    #[arg(long, value_name = "DATE", value_parser = until)]
    to: Option<DateTime<Utc>>,

    /// Only events of this organization. Without it, of all.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// How many values, at most: those of most events.
    #[arg(long, value_name = "NUMBER", default_value_t = limits::VALUES_DEFAULT, value_parser = values_limit)]
    limit: usize,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

    /// How the values are written to stdout.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

impl ValuesArgs {
    pub(crate) fn wanted(&self) -> values::Wanted {
        values::Wanted {
            member: self.field.clone(),
            from: self.from,
            until: self.to,
            scope: self.organization.clone().unwrap_or(Scope::All),
            limit: self.limit,
        }
    }
}

fn values_limit(text: &str) -> Result<usize, String> {
    let max = limits::VALUES_MAX;
    let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
    limit.ok_or_else(|| format!("must be a number from 1 to {max}"))
}

/// The first microsecond after a day or a time.
fn until(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let after = match text.parse::<NaiveDate>() {
        Ok(day) => day
            .checked_add_days(Days::new(1))
            .map(|next| next.and_time(NaiveTime::MIN).and_utc()),
        Err(_) => since(text)?.checked_add_signed(TimeDelta::microseconds(1)),
    };
    after.ok_or("is too late: give an earlier day")
}

fn since(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let day = || {
        text.parse()
            .map(|day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc())
    };
    let since = time.or_else(|_| day());
    since.map_err(|_| "must be a day such as 2026-11-25, or an RFC 3339 time")
}

#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// Where the events are: an SQLite file, or postgres://USER@HOST/DATABASE.
    ///
    /// `serve` and `keys create` create a file that is not there, and bring one of an older version up
    /// to date. Other users of the machine can see
    /// arguments: a password belongs in the variable, or in PGPASSWORD.
    // Not parsed by clap, whose message would repeat the address with its password.
    #[arg(
        long = "database",
        value_name = "FILE|URL",
        env = "AUDIT_LAYER_DATABASE",
        hide_env_values = true,
        default_value = "audit.db"
    )]
    address: String,
}

impl DatabaseArgs {
    pub(crate) fn database(&self) -> Result<Database, DatabaseError> {
        self.address.parse()
    }
}

const CREATE_HELP: &str = "\
Examples:
  audit-layer keys create --role ingest --kind gateway --organization org_1
  audit-layer keys create --role ingest --kind application --organization org_1
  audit-layer keys create --role admin --all-organizations
  audit-layer keys create --successor-of key_01999b5d3f0a7c21a4c1f2b3c4d5e6f7";

const HISTORY_HELP: &str = "\
Examples:
  audit-layer history --since 2026-11-25
  audit-layer history --action event_read --action events_exported --key key_01999b5d3f0a7c21a4c1f2b3c4d5e6f7
  audit-layer history --action removed --action erased --format json

Reading it is recorded as well. OPERATING.md names all actions.";

const VALUES_HELP: &str = "\
Examples:
  audit-layer values model_name --from 2026-11-01 --to 2026-11-30
  audit-layer values user_id --organization org_1 --limit 100 --format json";

const SERVE_HELP: &str = "\
Without a key on the command line or in the environment, the keys in the database count. If there \
are none, one is made that may do everything, and printed, once. `audit-layer keys` makes others.

Record an event:   POST /v1/audit/log, or many as NDJSON: POST /v1/audit/log/batch
Read them back:    GET /v1/audit/logs?start_date=2025-01-01&limit=50, GET /v1/audit/logs/ID
All of them:       GET /v1/audit/logs?format=ndjson, or format=csv
What is missing:   GET /v1/audit/completeness
Look at them:      open / in a browser
All of the API:    GET /v1/openapi.json
Is it up:          GET /healthz, GET /readyz, GET /metrics";

const IMPORT_HELP: &str = "\
Examples:
  kubectl logs deploy/gateway | audit-layer import -
  audit-layer import --dry-run envoy.log envoy.log.1.gz
  audit-layer import '/var/log/pods/*gateway*/envoy'
  audit-layer import --url https://audit.example.com/v1 --format json envoy.log

The summary counts events that are new to the audit API, those it knew, and broken ones, whose lines \
are named on stderr. A dead letter whose MAC is wrong is forged, and is never imported. One that cannot be \
checked is imported only if no key was given and none of the import is proven, or with --unchecked. Both are \
counted and named too. The exit status is 1 if any was broken, \
forged, not imported or could not be sent, otherwise 0.

Where dead letters cannot be checked, import the log of the proxy itself, without access logs: those \
quote callers, who could otherwise forge dead letters.";
