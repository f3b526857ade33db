//! A real PostgreSQL server, for tests and measurements.
//!
//! It has a folder of its own and listens on a socket in it, so that any number of servers run side
//! by side. It ends, and its folder goes, when the process that started it does, however that ends.

use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::debian;

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    databases: AtomicU32,
    /// Ends the server when its standard input does.
    _keeper: Child,
}

impl Postgres {
    /// Starts a server with `settings` such as `max_connections=200`, and waits until it answers.
    ///
    /// The programs are those in the folder `POSTGRES_BIN`, or else this machine's. On Debian and
    /// Ubuntu, root installs them where they are missing.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir()?;
        let folder = folder.keep();
        let account = Account::for_server(&folder)?;
        let data = folder.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8"]);
        initdb
            .args(["--locale=C", "--no-sync", "--pgdata"])
            .arg(&data);
        run(account.of(&mut initdb))?;
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "sh"])
            .args([&folder, &programs.join("postgres"), &data])
            .args(["-c", "listen_addresses="])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.display()));
        for setting in settings {
            keeper.args(["-c", setting]);
        }
        let log = std::fs::File::create(folder.join("log"))?;
        account.of(&mut keeper).stdin(Stdio::piped());
        keeper.stdout(log.try_clone()?).stderr(log);
        // A signal of the terminal is for us: the keeper sees our end.
        keeper.process_group(0);
        let server = Self {
            _keeper: keeper.spawn().context("sh could not be started")?,
            programs,
            folder,
            databases: AtomicU32::new(0),
        };
        server.until_it_answers()?;
        Ok(server)
    }

    /// Waits until the server answers, as after its start or a crash.
    pub fn until_it_answers(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = self.sql("SELECT 1") {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("log"));
                bail!("{error:#}\n{}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The address of a place for tables that nobody else has: a schema of its own.
    pub fn new_database(&self) -> Result<String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        self.sql(&format!("CREATE SCHEMA s{number}"))?;
        let folder = self.folder.display().to_string().replace('/', "%2F");
        Ok(format!(
            "postgres://postgres@{folder}/postgres?options=-csearch_path%3Ds{number}&application_name=s{number}"
        ))
    }

    /// Kills one of the server's processes, upon which it drops every connection and recovers as
    /// after a power cut.
    pub fn crash(&self) -> Result<()> {
        let process = self.sql(A_PROCESS)?;
        ensure!(!process.is_empty(), "no client is connected");
        run(Command::new("kill").args(["-s", "KILL", process.trim()]))?;
        Ok(())
    }

    /// Runs a statement and returns what it gave.
    pub fn sql(&self, statement: &str) -> Result<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql.args(["--username=postgres", "--dbname=postgres", "--host"]);
        run(psql.arg(&self.folder).args(["--command", statement]))
    }
}

/// Runs the server until standard input ends, and removes the folder.
const KEEPER: &str = r#"
folder=$1; shift
server=$1; data=$2; shift 2
"$server" -D "$data" "$@" < /dev/null &
cat > /dev/null
kill -s QUIT $!
wait
rm -rf "$folder"
"#;

const A_PROCESS: &str = "
    SELECT pid FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1";

/// Far beyond what a start takes, even on a machine that is busy with other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// Who the server runs as. It refuses to be root.
struct Account(Option<(u32, u32)>);

impl Account {
    /// Us, or if we are root somebody who may do nothing else, to whom the folder is given.
    fn for_server(folder: &Path) -> Result<Self> {
        if std::fs::metadata(folder)?.uid() != 0 {
            return Ok(Self(None));
        }
        let [user, group] = ["-u", "-g"].map(|which| -> Result<u32> {
            let id = run(Command::new("id").args([which, "nobody"]))?;
            Ok(id.trim().parse()?)
        });
        let (user, group) = (user?, group?);
        chown(folder, Some(user), Some(group))?;
        Ok(Self(Some((user, group))))
    }

    fn of<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self.0 {
            None => command,
            Some((user, group)) => command.uid(user).gid(group).current_dir("/"),
        }
    }
}

/// The folder of `postgres`, `initdb` and `psql`.
fn programs() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("POSTGRES_BIN").filter(|path| !path.is_empty()) {
        return Ok(folder.into());
    }
    debian::installed(&["postgresql"], newest)
        .context("PostgreSQL, unless POSTGRES_BIN names the folder of its programs")
}

/// Where Debian and Ubuntu have the newest version that is installed.
fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders
        .filter(|folder| folder.join("initdb").exists())
        .max()
}

/// Runs a program to its end and returns what it printed.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output();
    let output = output.with_context(|| format!("{command:?} could not be run"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {stderr}");
    Ok(String::from_utf8(output.stdout)?)
}
