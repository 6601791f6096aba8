//! People are told that a service is due, and that a car is silent. Both depend on the clock, which the fold has none of: a car that
//! stands comes nearer to its inspection, too. So they are looked at by time, and not when mileage comes.

use std::time::Duration;

use domain::reminder::Stage;
use metrics::counter;
use runtime::clock;
use store::reminders;
use store::silence;

use crate::Scheduler;

/// Each reminder is looked at once a day, some of them each time.
pub(crate) const EVERY: Duration = Duration::from_mins(10);
/// Silences are of hours.
pub(crate) const SILENCES_EVERY: Duration = Duration::from_mins(15);

const AT_ONCE: i64 = 200;
const STEPS: usize = 50;

/// Looks at reminders that nobody has looked at for a day.
pub(crate) async fn look(scheduler: Scheduler) -> anyhow::Result<()> {
    for _ in 0..STEPS {
        let mut tx = scheduler.pool.begin().await?;
        let now = clock::now();
        let looked = reminders::look(&mut tx, now, AT_ONCE).await?;
        let is_last = looked.is_empty();
        for row in looked {
            let outlook = reminders::outlook(&mut tx, row.car_id, now).await?;
            let due = row.due(&outlook, now);
            if is_news(due.stage, row.told_stage.as_deref()) {
                reminders::tell(&mut tx, &row, &due, now).await?;
                counter!("scheduler_reminders_told_total", "stage" => due.stage.name()).increment(1);
            }
        }
        tx.commit().await?;
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Looks for cars that have become silent, and for silences that are over.
pub(crate) async fn silences(scheduler: Scheduler) -> anyhow::Result<()> {
    let mut tx = scheduler.pool.begin().await?;
    if let Some(silent) = silence::notice(&mut tx, clock::now()).await? {
        counter!("scheduler_silences_told_total").increment(silent);
    }
    tx.commit().await?;
    Ok(())
}

/// Each stage is told once, and none that is behind: a date that moves to and fro wakes nobody twice.
fn is_news(stage: Stage, told: Option<&str>) -> bool {
    let all = [Stage::Planned, Stage::Soon, Stage::Urgent, Stage::Due, Stage::Overdue];
    let told = all.into_iter().find(|stage| told == Some(stage.name())).unwrap_or(Stage::Planned);
    stage > told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_is_told_once_and_none_that_is_behind() {
        assert!(!is_news(Stage::Planned, None));
        assert!(is_news(Stage::Soon, None));
        assert!(!is_news(Stage::Soon, Some("soon")));
        assert!(is_news(Stage::Due, Some("soon")));
        assert!(!is_news(Stage::Urgent, Some("due")));
    }
}
