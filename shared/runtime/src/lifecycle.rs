//! One way to start a task and one way to stop: the first signal lets work in hand finish, and a task that ends
//! early takes the process with it.

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::chain;

/// How long the process may linger after [`Lifecycle::run`] returned: telemetry is flushed and destructors run in
/// that time. A blocking call that nobody can interrupt (a name lookup) would otherwise hold the process for a minute.
const LINGER: Duration = Duration::from_millis(1_500);

/// A program's tasks and the token that tells them to stop.
#[derive(Debug)]
pub struct Lifecycle {
    tasks: Tasks,
    grace: Duration,
}

/// A handle for tasks that start other tasks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tasks {
    /// Take nothing new, finish what is in hand.
    stop: CancellationToken,
    /// The grace is over: leave where you stand.
    abandon: CancellationToken,
    tracker: TaskTracker,
    record: Arc<Record>,
}

/// What the tasks of a process leave behind for its end.
#[derive(Debug, Default)]
struct Record {
    running: Mutex<Vec<&'static str>>,
    failed: AtomicBool,
}

/// How a stop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Every task finished in time.
    Finished,
    /// The grace was over first.
    GraceOver,
    /// A second signal came: somebody does not want to wait.
    Hurried,
}

impl Lifecycle {
    /// A program whose tasks get `grace` to finish their work once it is told to stop.
    pub fn new(grace: Duration) -> Self {
        let tasks = Tasks {
            stop: CancellationToken::new(),
            abandon: CancellationToken::new(),
            tracker: TaskTracker::new(),
            record: Arc::new(Record::default()),
        };
        Self { tasks, grace }
    }

    /// Cancelled when the program should take no new work. Who cancels it stops the program, in good order.
    pub fn stopping(&self) -> CancellationToken {
        self.tasks.stopping()
    }

    /// A handle for tasks that start other tasks.
    pub fn tasks(&self) -> Tasks {
        self.tasks.clone()
    }

    /// Runs `task` until it ends; see [`Tasks::spawn`].
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.tasks.spawn(name, task);
    }

    /// Waits for SIGTERM, SIGINT or the early end of a task; then lets all tasks finish.
    ///
    /// The exit code is 0 if the program was told to stop and every task finished in time. It is 1 if a task ended
    /// early, if the grace was over first, or if a second signal cut it short. The process ends at the latest 1.5 s
    /// after this function returned, whatever still runs.
    ///
    /// # Errors
    ///
    /// If the process cannot listen for signals.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut signals = Signals::listen().context("cannot listen for signals")?;
        info!("started");
        let before_hurry = tokio::select! {
            signal = signals.next() => {
                info!(process.signal = signal, "received {signal}, finishing work in hand");
                1
            }
            // It stops on its own account: the first signal asks for no more than that.
            () = self.tasks.stop.cancelled() => 2,
        };
        let stop = tokio::select! {
            stop = self.tasks.stop(self.grace) => stop,
            () = signals.several(before_hurry) => Stop::Hurried,
        };
        self.tasks.report(stop);
        let good = stop == Stop::Finished && !self.tasks.record.failed.load(Ordering::SeqCst);
        end_the_process_soon(i32::from(!good));
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Tells the tasks to stop and waits for them, no longer than the grace. For programs that run inside another
    /// one: a test, a demonstration.
    pub async fn shut_down(self) {
        let stop = self.tasks.stop(self.grace).await;
        self.tasks.report(stop);
        self.tasks.tracker.wait().await;
    }
}

impl Tasks {
    /// Cancelled when the program should take no new work.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs `task` until it ends.
    ///
    /// A task that ends before the program was told to stop, in whatever way, takes the process with it: a worker
    /// that serves health checks but consumes nothing is worse than a dead one. A task that fails while stopping
    /// makes the exit code 1.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts tasks")]
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        // Made here and not in the task, so that a task that never ran is known as well.
        let departure = Departure::announce(self.clone(), name);
        let abandon = self.abandon.clone();
        tokio::spawn(self.tracker.track_future(async move {
            let end = abandon.run_until_cancelled(task).await;
            departure.note(end);
        }));
    }

    async fn stop(&self, grace: Duration) -> Stop {
        self.stop.cancel();
        self.tracker.close();
        match tokio::time::timeout(grace, self.tracker.wait()).await {
            Ok(()) => Stop::Finished,
            Err(_) => Stop::GraceOver,
        }
    }

    fn report(&self, stop: Stop) {
        let left = self.record.running().join(", ");
        self.abandon.cancel();
        match stop {
            Stop::Finished => info!("stopped"),
            Stop::GraceOver => warn!(tasks.left = left, "the time to finish is over, leaving {left}"),
            Stop::Hurried => warn!(tasks.left = left, "received a second signal, leaving {left}"),
        }
    }
}

impl Record {
    fn running(&self) -> std::sync::MutexGuard<'_, Vec<&'static str>> {
        // A list of names is whole whatever happened to the one who held it.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stands for a running task. It is dropped when the task ends, however that happens: also by a panic.
struct Departure {
    tasks: Tasks,
    name: &'static str,
    noted: bool,
}

impl Departure {
    fn announce(tasks: Tasks, name: &'static str) -> Self {
        tasks.record.running().push(name);
        Self { tasks, name, noted: false }
    }

    /// `None`: abandoned when the grace was over, which the stop itself reports.
    fn note(mut self, end: Option<anyhow::Result<()>>) {
        self.noted = true;
        let name = self.name;
        match end {
            None => {}
            Some(Ok(())) if self.tasks.stop.is_cancelled() => {}
            Some(Ok(())) => {
                self.fail(|| error!(task.name = name, "{name} ended early, stopping the program"));
            }
            Some(Err(error)) => {
                let error = chain(error.as_ref());
                self.fail(|| error!(task.name = name, error, "{name} failed: {error}"));
            }
        }
    }

    fn fail(&self, log: impl FnOnce()) {
        log();
        self.tasks.record.failed.store(true, Ordering::SeqCst);
        self.tasks.stop.cancel();
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        let name = self.name;
        if !self.noted && thread::panicking() {
            self.fail(|| error!(task.name = name, "{name} panicked, stopping the program"));
        }
        let mut running = self.tasks.record.running();
        if let Some(place) = running.iter().position(|other| *other == name) {
            running.swap_remove(place);
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    async fn several(&mut self, how_many: usize) {
        for _ in 0..how_many {
            self.next().await;
        }
    }
}

/// A thread and not a task: tasks may be what hangs.
fn end_the_process_soon(code: i32) {
    thread::spawn(move || {
        thread::sleep(LINGER);
        std::process::exit(code);
    });
}
