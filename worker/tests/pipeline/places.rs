//! A marked place tells its person what happens there: from when they wanted to know, until they want to know no more, once.

use runtime::clock;

use crate::story::household;
use crate::support::{Car, Pipeline, start};

/// Lines of a story whose moments are minutes from now.
fn about_now(story: &[(i64, &str)]) -> String {
    let now = (clock::now() - start()).num_minutes();
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
