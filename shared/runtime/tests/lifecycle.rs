//! How programs end: inside another program, and as processes that are sent signals.
#![expect(clippy::unwrap_used, reason = "in a test every failure is an answer")]

use std::future::pending;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use runtime::lifecycle::Lifecycle;

const GENEROUS: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(100);

/// Notes that it was dropped.
struct Witness(Arc<AtomicBool>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn shutting_down_waits_until_work_in_hand_is_finished() {
    let life = Lifecycle::new(GENEROUS);
    let (stop, finished) = (life.stopping(), Arc::new(AtomicBool::new(false)));
    let done = Arc::clone(&finished);
    life.spawn("task", async move {
        stop.cancelled().await;
        tokio::time::sleep(SHORT).await;
        done.store(true, Ordering::SeqCst);
        Ok(())
    });
    life.shut_down().await;
    assert!(finished.load(Ordering::SeqCst));
}

#[tokio::test]
async fn when_the_grace_is_over_what_still_runs_is_left_and_cleared_away() {
    let life = Lifecycle::new(SHORT);
    let left = Arc::new(AtomicBool::new(false));
    let witness = Witness(Arc::clone(&left));
    life.spawn("task", async move {
        let _witness = witness;
        pending().await
    });
    life.shut_down().await;
    assert!(left.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_task_that_ends_early_stops_all_others() {
    let ends: [fn() -> anyhow::Result<()>; 3] =
        [|| Ok(()), || Err(anyhow::anyhow!("no luck")), || panic!("the roof is on fire")];
    for end in ends {
        let life = Lifecycle::new(GENEROUS);
        let stop = life.stopping();
        life.spawn("patient", async move {
            stop.cancelled().await;
            Ok(())
        });
        life.spawn("hasty", async move { end() });
        life.stopping().cancelled().await;
        life.shut_down().await;
    }
}

#[tokio::test]
async fn tasks_start_tasks_that_are_waited_for_as_well() {
    let life = Lifecycle::new(GENEROUS);
    let (tasks, finished) = (life.tasks(), Arc::new(AtomicBool::new(false)));
    let done = Arc::clone(&finished);
    life.spawn("mother", async move {
        let stop = tasks.stopping();
        tasks.spawn("child", {
            let stop = stop.clone();
            async move {
                stop.cancelled().await;
                tokio::time::sleep(SHORT).await;
                done.store(true, Ordering::SeqCst);
                Ok(())
            }
        });
        stop.cancelled().await;
        Ok(())
    });
    // As soon as the child is there; it would be waited for also if it came later.
    tokio::task::yield_now().await;
    life.shut_down().await;
    assert!(finished.load(Ordering::SeqCst));
}

/// The example `mannered`, as a process.
struct Process {
    child: Child,
    log: BufReader<ChildStderr>,
    said: String,
}

impl Process {
    /// Starts it, and waits until it listens for signals.
    fn start(arguments: &[&str]) -> Self {
        // Examples are built beside the folder of the tests.
        let mut path = std::env::current_exe().unwrap();
        path.pop();
        path.set_file_name("examples");
        path.push("mannered");
        let mut command = Command::new(&path);
        command.args(arguments).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE").stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("no {} ({error}): run `cargo build -p runtime --examples`", path.display())
        });
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut process = Self { child, log, said: String::new() };
        process.says("started");
        process
    }

    fn says(&mut self, words: &str) {
        while !self.said.contains(words) {
            let read = self.log.read_line(&mut self.said).unwrap();
            assert!(read > 0, "it never said {words:?}, but {}", self.said);
        }
    }

    fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &process]).status().unwrap().success());
    }

    /// Its exit code, and all that it said.
    fn ends(mut self) -> (Option<i32>, String) {
        while self.log.read_line(&mut self.said).unwrap() > 0 {}
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.said))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn the_first_signal_lets_work_in_hand_finish() {
    for signal in ["-TERM", "-INT"] {
        let process = Process::start(&["finishes"]);
        process.signal(signal);
        let (code, said) = process.ends();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("finished the work in hand"), "{said}");
    }
}

#[test]
fn the_second_signal_ends_it_at_once_and_says_what_was_left() {
    let mut process = Process::start(&["hangs", "--shutdown-grace", "60"]);
    process.signal("-TERM");
    process.says("SIGTERM");
    process.signal("-TERM");
    let (code, said) = process.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("received a second signal, leaving task"), "{said}");
}

#[test]
fn when_the_grace_is_over_it_ends_and_says_what_was_left() {
    let process = Process::start(&["hangs", "--shutdown-grace", "1"]);
    process.signal("-TERM");
    let (code, said) = process.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the time to finish is over, leaving task"), "{said}");
}

#[test]
fn a_blocked_thread_does_not_hold_the_process() {
    let process = Process::start(&["blocks", "--shutdown-grace", "0"]);
    process.signal("-TERM");
    assert_eq!(process.ends().0, Some(1));
}

#[test]
fn an_early_end_takes_the_process_with_it_and_says_why_once() {
    let ways = [
        ("ends-early", "task ended early"),
        ("fails", "task failed: cannot read the mail: connection reset"),
        ("panics", "the roof is on fire"),
        ("panics", "task panicked"),
    ];
    for (way, why) in ways {
        let (code, said) = Process::start(&[way]).ends();
        assert_eq!(code, Some(1), "{way}: {said}");
        assert_eq!(said.matches(why).count(), 1, "{way}: {said}");
    }
}

#[test]
fn a_failure_at_the_end_is_told_and_shows_in_the_exit_code() {
    let process = Process::start(&["fails-at-the-end"]);
    process.signal("-TERM");
    let (code, said) = process.ends();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("task failed: the last page is missing"), "{said}");
}

#[test]
fn a_collector_that_is_away_keeps_no_program_from_its_work() {
    // A port at which nobody listens: it was bound, and closed again.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let process = Process::start(&["finishes", "--otel-exporter-otlp-endpoint", &format!("http://{nobody}")]);
    process.signal("-TERM");
    let (code, said) = process.ends();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("finished the work in hand"), "{said}");
}

#[test]
fn json_lines_are_json_also_when_it_panics() {
    let (_, said) = Process::start(&["panics", "--log-format", "json"]).ends();
    for line in said.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(
            line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }
    assert!(said.contains(r#""panic.place":"#), "{said}");
}
