//! `carvetka demo`: the whole pipeline in one process, with virtual cars at its door, and at the end a comparison of
//! the book that it wrote with what the cars really did.

mod car;
mod doings;
mod expected;
mod fleet;
mod household;
mod journey;
mod lag;
mod options;
mod page;
mod programs;
mod silence;
mod site;
mod stage;
mod stored;
mod verdict;
mod watch;
mod words;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use simulator::Simulator;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::log;

pub use options::Options;

use page::Page;
use programs::Programs;
use silence::Silence;
use site::Site;
use stage::Stage;
use verdict::Verdict;
use watch::Watch;

/// How often the figures are read. They are shown less often.
const LOOK: Duration = Duration::from_millis(250);

/// How long the pipeline may take, once the cars are silent, to store what it accepted.
const CATCH_UP: Duration = Duration::from_mins(2);

/// Runs the demo to its end. The exit code is 0 only if the book agrees with the cars.
///
/// # Errors
///
/// If the servers cannot be reached, if a program ends early, or if nobody reads the output.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    // Two ears: the first time means to come to an end, the second time to leave.
    let (mut interruption, mut impatience) = (Interruption::listen()?, Interruption::listen()?);
    tokio::select! {
        finished = play(options, out, &mut interruption) => finished,
        () = impatience.twice() => bail!("interrupted twice, leaving at once"),
    }
}

async fn play(
    options: &Options,
    out: &mut (dyn Write + Send),
    interruption: &mut Interruption,
) -> anyhow::Result<ExitCode> {
    log::to_file(&options.log)?;
    let mut page = Page::new(out, options);
    let mut stage = Stage::build(options).await?;
    page.open(&stage)?;
    let site = Site::choose(options)?;
    let programs = Programs::start(&stage, &site).await?;
    page.note(&format!("webhooks are taken at {}, requests at {}", programs.webhook_url, programs.api_url))?;
    let simulator =
        Simulator::start(fleet::simulation(options, &site)).await.context("cannot start the simulator")?;
    page.links(&stage, &site)?;
    let connecting = Instant::now();
    journey::connect(&stage.owners, &site).await?;
    let (people, took) = (stage.owners.len(), connecting.elapsed().as_secs_f64());
    page.note(&format!("{people} people connected their cars through Smartcar's own pages in {took:.1} s"))?;
    let mut watch = Watch::new(&stage, simulator.ledger());
    let mut silence = Silence::new(stage.pool.clone(), options);

    let scene = Scene { simulator: &simulator, programs: &programs };
    show(options, &mut page, &mut watch, &mut silence, scene, interruption).await?;

    silence.until_all_answered().await?;
    page.note("the cars are silent; storing what was accepted")?;
    let ledger = simulator.stop().await;
    catch_up(&mut watch).await?;
    page.close(&watch.look().await?)?;
    programs.stop().await;
    let verdict = Verdict::reach(&stage, &ledger, options.seed).await?;
    stage.clear().await?;
    page.summary(&verdict, &stage)?;
    Ok(if verdict.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What moves while the figures are shown.
#[derive(Clone, Copy)]
struct Scene<'a> {
    simulator: &'a Simulator,
    programs: &'a Programs,
}

/// Shows the figures until the time is over or somebody interrupts.
async fn show(
    options: &Options,
    page: &mut Page<'_>,
    watch: &mut Watch,
    silence: &mut Silence,
    Scene { simulator, programs }: Scene<'_>,
    interruption: &mut Interruption,
) -> anyhow::Result<()> {
    let end = options.length.seconds().map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let over = async || match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    };
    let mut over = std::pin::pin!(over());
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {
                if let Some(news) = silence.look(simulator).await? {
                    page.note(news)?;
                }
                page.show(&watch.look().await?)?;
            }
            () = &mut over => break,
            () = interruption.once() => return Ok(()),
            () = programs.one_ended() => {
                bail!("a program ended early: the log {} says why", options.log.display())
            }
        }
    }
    // On a slow machine the time is over before the last looks were taken.
    while let Some(news) = silence.look(simulator).await? {
        page.note(news)?;
    }
    Ok(())
}

/// Waits until what was accepted is stored. That it never comes to that is for the verdict to say.
async fn catch_up(watch: &mut Watch) -> anyhow::Result<()> {
    let deadline = Instant::now() + CATCH_UP;
    while !watch.look().await?.is_settled() && Instant::now() < deadline {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Ctrl-C, or SIGTERM.
struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
        })
    }

    async fn once(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    async fn twice(&mut self) {
        self.once().await;
        self.once().await;
    }
}
