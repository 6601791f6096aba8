//! For a while Smartcar sends no webhook: what the cars do then is known by asking alone.

use std::time::Duration;

use anyhow::ensure;
use simulator::{Outage, Simulator};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::options::{Length, Options};

/// When the webhooks stay away, in the life of a demo: from, asking, until.
#[derive(Debug, Clone, Copy)]
struct Hours {
    from: Duration,
    ask: Duration,
    until: Duration,
}

/// How long asking everybody may take.
const ASKED_WITHIN: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Silent,
    Asked,
    After,
}

/// The webhooks stay away once in each demo.
pub struct Silence {
    pool: PgPool,
    began: Instant,
    hours: Hours,
    phase: Phase,
}

impl Silence {
    pub fn new(pool: PgPool, options: &Options) -> Self {
        let hours = match options.length {
            Length::Seconds(seconds) => {
                let part = |tenths: u32| Duration::from_secs(seconds) * tenths / 10;
                Hours { from: part(4), ask: part(5), until: part(7) }
            }
            Length::UntilInterrupted => Hours {
                from: Duration::from_secs(20),
                ask: Duration::from_secs(25),
                until: Duration::from_secs(35),
            },
        };
        Self { pool, began: Instant::now(), hours, phase: Phase::Before }
    }

    /// Does what is due, and says it.
    pub async fn look(&mut self, simulator: &Simulator) -> anyhow::Result<Option<&'static str>> {
        let passed = self.began.elapsed();
        match self.phase {
            Phase::Before if passed >= self.hours.from => {
                self.phase = Phase::Silent;
                simulator.faults().change(|faults| faults.outage = Outage::Lose);
                Ok(Some("Smartcar's webhooks are lost from here on"))
            }
            Phase::Silent if passed >= self.hours.ask => {
                self.phase = Phase::Asked;
                let_a_day_pass(&self.pool).await?;
                Ok(Some("a day passes at the scheduler: it asks for the cars that were silent"))
            }
            Phase::Asked if passed >= self.hours.until => {
                self.phase = Phase::After;
                simulator.faults().change(|faults| faults.outage = Outage::None);
                Ok(Some("webhooks come again"))
            }
            Phase::Before | Phase::Silent | Phase::Asked | Phase::After => Ok(None),
        }
    }

    /// Waits until every car that was to be asked has answered.
    ///
    /// # Errors
    ///
    /// If one does not.
    pub async fn until_all_answered(&self) -> anyhow::Result<()> {
        if !matches!(self.phase, Phase::Asked | Phase::After) {
            return Ok(());
        }
        let deadline = Instant::now() + ASKED_WITHIN;
        loop {
            let silent = unanswered(&self.pool).await?;
            if silent == 0 {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{silent} cars were to be asked for their mileage, and were not"
            );
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The scheduler plans in real time, in which a demo is over too soon. So everything that it plans by becomes older: long
/// enough that each car's time of the day has passed.
async fn let_a_day_pass(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::raw_sql(
        "UPDATE poll_plans SET created_at = created_at - interval '37 hours', next_poll_at = now(),
           asked_at = asked_at - interval '37 hours', last_polled_at = last_polled_at - interval '37 hours';
         UPDATE vehicle_cadences SET heard_at = heard_at - interval '37 hours', learning_since = learning_since - interval '37 hours';",
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Cars whose last answer is older than the day that passed. One that was out of reach meanwhile has a new plan, and is
/// not waited for.
async fn unanswered(pool: &PgPool) -> anyhow::Result<i64> {
    let silent = sqlx::query_scalar(
        "SELECT count(*) FROM poll_plans WHERE created_at < now() - interval '1 day'
           AND (last_polled_at IS NULL OR last_polled_at < now() - interval '1 day')",
    );
    Ok(silent.fetch_one(pool).await?)
}
