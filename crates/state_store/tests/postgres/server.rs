//! Real servers, each in a temporary folder on a free port, ended by the test that started them.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Where Debian keeps the programs of PostgreSQL 15.
const BIN: &str = "/usr/lib/postgresql/15/bin";
/// Owner of every test database.
const OWNER: &str = "trial";
/// Its password, which nothing may ever show.
pub(crate) const PASSWORD: &str = "tr1al-s3cret";

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port()
}

/// A command as the user that servers run as: they refuse the system's administrator.
fn as_server(program: &str) -> Command {
    if rustix_is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]);
        command
    } else {
        Command::new(program)
    }
}

fn rustix_is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|done| done.stdout.trim_ascii() == b"0")
}

#[track_caller]
fn must(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        done.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).expect("text")
}

fn open_to_servers(path: &Path, mode: &str) {
    must(Command::new("chmod").arg(mode).arg(path));
    if rustix_is_root() {
        must(Command::new("chown").arg("postgres").arg(path));
    }
}

/// A PostgreSQL of the test's own.
pub(crate) struct Server {
    dir: TempDir,
    pub(crate) port: u16,
    tls: bool,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::make(false)
    }

    /// One that offers TLS with a certificate for `localhost` whose root is [`Server::root_cert`].
    #[allow(dead_code, reason = "not every test binary asks for TLS")]
    pub(crate) fn start_with_tls() -> Self {
        Self::make(true)
    }

    fn make(tls: bool) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        open_to_servers(dir.path(), "711");
        let server = Self { dir, port: free_port(), tls };
        let password = server.dir.path().join("password");
        fs::write(&password, PASSWORD).expect("written");
        open_to_servers(&password, "600");
        let data = server.data();
        must(
            as_server(&format!("{BIN}/initdb"))
                .arg("-D")
                .arg(&data)
                .args(["-U", OWNER, "--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C"])
                .arg(format!("--pwfile={}", password.display())),
        );
        if tls {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
            fs::write(server.root_cert(), made.cert.pem()).expect("written");
            fs::write(data.join("srv.crt"), made.cert.pem()).expect("written");
            fs::write(data.join("srv.key"), made.signing_key.serialize_pem()).expect("written");
            for file in ["srv.crt", "srv.key"] {
                open_to_servers(&data.join(file), "600");
            }
        }
        server.start_again();
        server
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// File with the root of the server's certificate.
    #[allow(dead_code, reason = "not every test binary asks for TLS")]
    pub(crate) fn root_cert(&self) -> PathBuf {
        self.dir.path().join("root.crt")
    }

    /// Starts it after [`Server::kill`], with everything it had.
    pub(crate) fn start_again(&self) {
        let (dir, port) = (self.dir.path().display(), self.port);
        let mut options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={dir} -c fsync=off -c max_connections=50"
        );
        if self.tls {
            options.push_str(" -c ssl=on -c ssl_cert_file=srv.crt -c ssl_key_file=srv.key");
        }
        let log = self.dir.path().join("log");
        // Its output must not hold the pipe of whoever waits for the start.
        let done = as_server(&format!("{BIN}/pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .args(["-w", "-t", "60", "-l"])
            .arg(&log)
            .args(["-o", &options, "start"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(done.is_ok_and(|s| s.success()), "{}", fs::read_to_string(&log).unwrap_or_default());
    }

    /// Ends it at once, as a machine that dies.
    #[allow(dead_code, reason = "not every test binary kills it")]
    pub(crate) fn kill(&self) {
        must(as_server(&format!("{BIN}/pg_ctl")).arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]));
    }

    /// Makes a database and gives its address.
    pub(crate) fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    pub(crate) fn url(&self, name: &str) -> String {
        let host = if self.tls { "localhost" } else { "127.0.0.1" };
        format!("postgres://{OWNER}:{PASSWORD}@{host}:{}/{name}", self.port)
    }

    /// What a statement answers, a line per row, as the owner.
    #[track_caller]
    pub(crate) fn sql(&self, database: &str, text: &str) -> String {
        let done = self.try_sql(OWNER, database, text);
        done.unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    /// The same as any role, which must have the owner's password; the server's complaint if there is one.
    pub(crate) fn try_sql(&self, role: &str, database: &str, text: &str) -> Result<String, String> {
        let done = Command::new(format!("{BIN}/psql"))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                role,
                "-d",
                database,
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                text,
            ])
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .expect("psql starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if done.status.success() { Ok(text(&done.stdout)) } else { Err(text(&done.stderr)) }
    }
}

/// A transaction that holds something until it is dropped.
#[allow(dead_code, reason = "not every test binary holds something")]
pub(crate) struct Held(std::process::Child);

impl Drop for Held {
    fn drop(&mut self) {
        // Its session ends with it, and so does what it holds.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[allow(dead_code, reason = "not every test binary holds something")]
impl Server {
    /// Performs a statement in a transaction that stays open.
    #[track_caller]
    pub(crate) fn hold(&self, database: &str, statement: &str) -> Held {
        use std::io::{BufRead, BufReader, Write};
        let mut child = Command::new(format!("{BIN}/psql"))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                OWNER,
                "-d",
                database,
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
            ])
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql starts");
        let input = child.stdin.as_mut().expect("piped");
        writeln!(input, "BEGIN; {statement}; SELECT 'held';").expect("asked");
        let mut answer = String::new();
        BufReader::new(child.stdout.as_mut().expect("piped")).read_line(&mut answer).expect("answered");
        assert_eq!(answer.trim(), "held");
        Held(child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = as_server(&format!("{BIN}/pg_ctl"));
        let stop = stop.arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]);
        // One that was killed already cannot be stopped again.
        let _ = stop.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A pgbouncer in front of a server.
#[allow(dead_code, reason = "not every test binary asks for a pooler")]
pub(crate) struct Pooler {
    dir: TempDir,
    pub(crate) port: u16,
}

#[allow(dead_code, reason = "not every test binary asks for a pooler")]
impl Pooler {
    /// `mode` is `transaction` or `session`.
    pub(crate) fn start(server: &Server, database: &str, mode: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        open_to_servers(dir.path(), "755");
        let port = free_port();
        let pooler = Self { dir, port };
        let (place, behind) = (pooler.dir.path().display(), server.port);
        let text = format!(
            "[databases]\n{database} = host=127.0.0.1 port={behind} dbname={database} user={OWNER} password={PASSWORD}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = {mode}\n\
             default_pool_size = 3\nunix_socket_dir =\nlogfile = {place}/log\npidfile = {place}/pid\n\
             ignore_startup_parameters = extra_float_digits\n"
        );
        let file = pooler.dir.path().join("pgbouncer.ini");
        fs::write(&file, text).expect("written");
        open_to_servers(&file, "600");
        let done = as_server("pgbouncer").arg("-q").arg("-d").arg(&file).stdin(Stdio::null()).status();
        assert!(done.is_ok_and(|s| s.success()), "pgbouncer starts");
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(std::time::Instant::now() < limit, "pgbouncer listens");
            std::thread::yield_now();
        }
        pooler
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{OWNER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.dir.path().join("pid")) {
            let _ = Command::new("kill").arg(pid.trim()).status(); // gone already if this fails
        }
    }
}
