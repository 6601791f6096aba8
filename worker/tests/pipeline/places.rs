//! A marked place tells its person what happens there: from when they wanted to know, until they want to know no more, once.

use chrono::TimeDelta;
use runtime::clock;
use sqlx::AssertSqlSafe;

use crate::story::household;
use crate::support::{Car, Pipeline, start};

/// Lines of a story whose moments are minutes from now.
fn about_now(story: &[(i64, &str)]) -> String {
    about(this_minute(), story)
}

fn this_minute() -> i64 {
    (clock::now() - start()).num_minutes()
}

fn about(now: i64, story: &[(i64, &str)]) -> String {
    let line = |(minutes, said): &(i64, &str)| {
        let at = now + minutes;
        format!("{}d {:02}:{:02} {said}", at / 1440, at % 1440 / 60, at % 60)
    };
    story.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Pipeline {
    /// What was told of places, and to how many it is new.
    async fn told(&self) -> (Vec<String>, i64) {
        let alerts = sqlx::query_scalar(
            "SELECT concat_ws(' ', kind, details ->> 'place') FROM alerts ORDER BY at, id",
        );
        let unread = self.count("SELECT count(*) FROM notifications WHERE read_at IS NULL").await;
        (alerts.fetch_all(self.pool()).await.unwrap(), unread)
    }
}

#[tokio::test]
async fn a_drawn_place_tells_who_comes_and_goes_once_and_from_when_nobody_wants_to_know_no_more() {
    let car = Car::new();
    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    // Drawn an hour ago.
    pipeline.person("UPDATE geofence_tellings SET told_from = now() - interval '1 hour'").await;
    pipeline.worker(200).await;
    let before = [(-90, "at 3000"), (-80, "at 0"), (-70, "at 3000"), (-69, "at 4000")];
    pipeline.tell(&car, &about_now(&before)).await;
    assert_eq!(pipeline.told().await, (vec![], 0), "that was before");
    pipeline.tell(&car, &about_now(&[(-40, "at 100"), (-20, "at 900"), (-19, "at 1500")])).await;
    let told = ["place_entered home", "place_left home"].map(str::to_owned);
    assert_eq!(pipeline.told().await, (told.to_vec(), 2));
    pipeline.replay_in_vain(&car).await;
    assert_eq!(pipeline.told().await, (told.to_vec(), 2), "a replay tells nobody twice");

    pipeline.person("UPDATE geofences SET tells = '{exit}' WHERE name = 'home'").await;
    pipeline.replay(&car).await;
    assert_eq!(pipeline.told().await, (told.to_vec(), 2), "what was told stays");
    pipeline.tell(&car, &about_now(&[(3, "at 100"), (5, "at 900"), (6, "at 1500")])).await;
    assert_eq!(
        pipeline
            .count("SELECT count(*) FROM geofence_events WHERE passage = 'enter' AND name = 'home'")
            .await,
        3
    );
    let told = [told.as_slice(), &["place_left home".to_owned()]].concat();
    assert_eq!(pipeline.told().await, (told, 3), "only who leaves");

    // What is drawn elsewhere was never there: what the machine told goes with it, and is not told again.
    pipeline.person("UPDATE geofences SET latitude = 1 WHERE name = 'home'").await;
    pipeline.replay(&car).await;
    assert_eq!(pipeline.told().await, (vec![], 3));
    pipeline.person("UPDATE geofences SET latitude = 0 WHERE name = 'home'").await;
    pipeline.replay(&car).await;
    assert_eq!(pipeline.told().await.1, 3, "whoever was told is not told again");
    pipeline.stop().await;
}

#[tokio::test]
async fn what_is_told_late_of_a_place_is_told_as_found_late() {
    let car = Car::new();
    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    pipeline.person("UPDATE geofence_tellings SET told_from = 'epoch'").await;
    pipeline.worker(200).await;
    pipeline.tell(&car, &about_now(&[(-300, "at 3000"), (-40, "at 3000")])).await;
    // Two fixes that were long on their way.
    pipeline.tell_at_once(&car, &about_now(&[(-200, "at 100"), (-190, "at 1500")])).await;
    let late = "SELECT count(*) FROM alerts WHERE created_at - at > interval '1 hour'";
    assert_eq!(pipeline.told().await.0, ["place_entered home", "place_left home"]);
    assert_eq!(pipeline.count(late).await, 2);
    pipeline.stop().await;
}

impl Pipeline {
    /// Decides of all that is to be told: a program has it, and a letter of it waits.
    async fn tell_people(&self) {
        self.person(
            "WITH planned AS (
               UPDATE notifications SET planned_at = now() WHERE planned_at IS NULL RETURNING *
             )
             INSERT INTO outgoing_messages (id, user_id, channel, about, alert_ids, gathers, due_at, created_at)
             SELECT gen_random_uuid(), user_id, 'email', 'alerts', ARRAY[alert_id], true, now(), now() FROM planned",
        )
        .await;
    }

    /// What is still to be told, and what the waiting letters tell, each with its minute from then on.
    async fn news(&self, now: i64) -> (Vec<String>, Vec<String>) {
        let said = "SELECT kind || ' ' || extract(epoch FROM alert.at - $1)::bigint / 60";
        let untold =
            "FROM notifications JOIN alerts AS alert ON alert.id = alert_id WHERE planned_at IS NULL";
        let waits =
            "FROM outgoing_messages JOIN alerts AS alert ON alert.id = ANY (alert_ids) WHERE state = 'waits'";
        let strings = async |of: &str| -> Vec<String> {
            let sql = format!("{said} {of} ORDER BY alert.at");
            let rows = sqlx::query_scalar(AssertSqlSafe(sql)).bind(start() + TimeDelta::minutes(now));
            rows.fetch_all(self.pool()).await.unwrap()
        };
        (strings(untold).await, strings(waits).await)
    }
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn who_comes_and_goes_is_told_once_also_where_late_fixes_move_the_moment_and_who_comes_again_is_told_again()
 {
    let (car, now) = (Car::new(), this_minute());
    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    pipeline.person("UPDATE geofence_tellings SET told_from = 'epoch'").await;
    pipeline.worker(200).await;
    pipeline.tell(&car, &about(now, &[(-90, "at 3000"), (-50, "at 100")])).await;
    assert_eq!(pipeline.news(now).await.0, words(&["place_entered -50"]));
    pipeline.tell_people().await;
    pipeline.person("UPDATE alerts SET seen_at = now()").await;
    // It was there ten minutes before.
    pipeline.tell(&car, &about(now, &[(-60, "at 50")])).await;
    assert_eq!(
        pipeline.news(now).await,
        (vec![], words(&["place_entered -60"])),
        "the letter tells the moment"
    );
    assert_eq!(pipeline.count("SELECT count(*) FROM alerts WHERE seen_at IS NULL").await, 0);

    pipeline.tell(&car, &about(now, &[(-30, "at 3000"), (-29, "at 4000")])).await;
    assert_eq!(pipeline.news(now).await.0, words(&["place_left -30"]));
    pipeline.tell_people().await;
    pipeline.tell(&car, &about(now, &[(-40, "at 3000")])).await;
    assert_eq!(pipeline.news(now).await, (vec![], words(&["place_entered -60", "place_left -40"])));

    pipeline.tell(&car, &about(now, &[(-5, "at 100")])).await;
    assert_eq!(pipeline.news(now).await.0, words(&["place_entered -5"]), "it came again");
    pipeline.tell_people().await;
    // What was one stay is two: who came last is known, who was there before and left again is not.
    pipeline.tell_at_once(&car, &about(now, &[(-25, "at 100"), (-15, "at 3000"), (-14, "at 4000")])).await;
    let untold = words(&["place_entered -25", "place_left -15"]);
    let letters = words(&["place_entered -60", "place_left -40", "place_entered -5"]);
    assert_eq!(pipeline.news(now).await, (untold.clone(), letters.clone()));
    pipeline.replay_in_vain(&car).await;
    assert_eq!(pipeline.news(now).await, (untold, letters));
    pipeline.stop().await;
}
