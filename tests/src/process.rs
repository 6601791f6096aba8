//! Our programs as processes, for tests about starting, stopping and being killed.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::eventually;

/// One HTTP answer to the question "are you ready".
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);

/// A command that runs one of the workspace's programs, for example `worker`, from where this test itself was built.
///
/// # Panics
/// When the program was not built: cargo builds another package's programs for a test only when asked to.
pub fn program(name: &str) -> Command {
    let path = program_path(name);
    assert!(path.is_file(), "there is no program {}: run `cargo build --bins`", path.display());
    Command::new(path)
}

/// Tests are in `target/<profile>/deps/`, programs in `target/<profile>/`.
fn program_path(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running program knows where it is");
    let profile = test.ancestors().nth(2).expect("tests run in target/<profile>/deps");
    profile.join(name)
}

/// A running program that ends with this value. A test that fails prints what the program wrote.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: Lines,
}

impl Process {
    /// Starts `command` with nothing on its standard input.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let lines = Lines::default();
        lines.follow(child.stdout.take().expect("it was piped"));
        lines.follow(child.stderr.take().expect("it was piped"));
        Self { name, child, lines }
    }

    /// The system's number of this process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote so far, to standard output and standard error.
    pub fn output(&self) -> String {
        self.lines.all().join("\n")
    }

    /// Waits until it writes a line that contains `text`, and gives the first such line.
    ///
    /// # Panics
    /// When it ends before, or does not do so within `deadline`.
    pub async fn line(&mut self, deadline: Duration, text: &str) -> String {
        let mut found = None;
        eventually(deadline, &format!("{} writes `{text}`", self.name), async || {
            // Asked before its lines are read: what it wrote last counts too.
            let silent = self.is_silent();
            found = self.lines.all().into_iter().find(|line| line.contains(text));
            found.is_some() || silent
        })
        .await;
        found.unwrap_or_else(|| panic!("{} ended before it wrote `{text}`", self.name))
    }

    /// The first address `http://host:port` that it writes on a line with `text`; for programs that choose a port.
    ///
    /// # Panics
    /// As [`Process::line`].
    pub async fn address(&mut self, deadline: Duration, text: &str) -> String {
        let line = self.line(deadline, text).await;
        let start = line.find("http://").unwrap_or_else(|| panic!("no address in `{line}`"));
        let authority = &line[start + "http://".len()..];
        let end = authority.find(|c: char| c != ':' && c != '.' && !c.is_ascii_alphanumeric());
        format!("http://{}", &authority[..end.unwrap_or(authority.len())])
    }

    /// Waits until `GET url` (`http://host:port/path`) is answered with a 2xx.
    ///
    /// # Panics
    /// When it ends before, or is not ready within `deadline`.
    pub async fn ready(&mut self, deadline: Duration, url: &str) {
        eventually(deadline, &format!("{} is ready on {url}", self.name), async || {
            assert!(!self.has_ended(), "{} ended before it was ready on {url}", self.name);
            is_ok(url).await
        })
        .await;
    }

    /// SIGTERM: asks it to finish what it has in hand and leave.
    ///
    /// # Panics
    /// When the process has ended.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// SIGKILL: it gets no chance to finish anything. Gone when this returns.
    ///
    /// # Panics
    /// When the system refuses, which it does not for a process of our own.
    pub fn kill_9(&mut self) {
        self.child.kill().expect("cannot kill a process of our own");
        self.child.wait().expect("cannot wait for a process of our own");
    }

    /// Any signal by its name, such as `"STOP"` and `"CONT"`.
    ///
    /// # Panics
    /// When the process has ended.
    pub fn signal(&self, name: &str) {
        // The number cannot have become somebody else's: that takes a wait, which needs `&mut self`.
        let sent =
            Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot send SIG{name} to {}", self.name);
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it does not within `deadline`.
    pub async fn wait(&mut self, deadline: Duration) -> ExitStatus {
        eventually(deadline, &format!("{} ends", self.name), async || self.has_ended()).await;
        self.child.wait().expect("cannot wait for a process of our own")
    }

    fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("cannot wait for a process of our own").is_some()
    }

    /// Nothing will be written any more, and all that was written has been read.
    fn is_silent(&mut self) -> bool {
        self.has_ended() && self.lines.are_complete()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("--- what {} wrote ---\n{}", self.name, self.output());
        }
    }
}

/// The lines that a process wrote, in the order in which they came.
#[derive(Debug, Default, Clone)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// Reads until the other side closes. A thread, so that the program never waits for a reader, whatever the test does.
    fn follow(&self, stream: impl Read + Send + 'static) {
        let lines = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
    }

    /// Both readers have seen the end, and dropped their share of this.
    fn are_complete(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether `GET url` is answered with a 2xx now.
async fn is_ok(url: &str) -> bool {
    let ask = async {
        let (authority, path) = url.strip_prefix("http://")?.split_once('/')?;
        let mut stream = TcpStream::connect(authority).await.ok()?;
        let request = format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut status = [0; 10];
        stream.read_exact(&mut status).await.ok()?;
        Some(status.starts_with(b"HTTP/1.1 2"))
    };
    tokio::time::timeout(ANSWER_DEADLINE, ask).await.is_ok_and(|answer| answer == Some(true))
}
