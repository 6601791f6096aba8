//! Commands: written down, sent once, and refused in clear words.

use connections::{Ask, Command, CommandError, CommandOutcome, WaitReason};

use crate::fixture::{Owner, Stage, later, now};

async fn command(stage: &Stage, owner: Owner, command: Command, minute: i64) -> CommandOutcome {
    stage.connections.command(owner.user, owner.car, command, later(minute)).await.unwrap()
}

async fn log(stage: &Stage) -> Vec<String> {
    sqlx::query_scalar("SELECT concat_ws(' ', command, result, reason) FROM command_log ORDER BY sent_at")
        .fetch_all(stage.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_command_is_sent_once_and_stands_in_the_log_with_who_gave_it() {
    for stage in [Stage::v2().await, Stage::v3().await] {
        let (owner, ..) = stage.connected().await;
        let done = command(&stage, owner, Command::Lock, 1).await;
        assert!(matches!(done, CommandOutcome::Done { .. }), "{done:?}");
        assert_eq!(log(&stage).await, ["lock done"]);
        let by = sqlx::query_scalar::<_, uuid::Uuid>("SELECT user_id FROM command_log")
            .fetch_one(stage.pool())
            .await;
        assert_eq!(by.unwrap(), owner.user);
        assert_eq!(stage.platform.asked("/security") + stage.platform.asked("/security/lock"), 1);
        stage.close().await;
    }
}

#[tokio::test]
async fn what_was_not_agreed_to_is_not_sent() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    let refused = command(&stage, owner, Command::StartCharge, 1).await;
    assert_eq!(refused, CommandOutcome::NotConsented { scope: "control_charge" });
    assert_eq!(stage.platform.asked("/charge"), 0);
    stage.close().await;
}

#[tokio::test]
async fn each_refusal_of_the_car_has_a_word_of_its_own() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    stage.platform.refuses("/security", 409, "VEHICLE_STATE", Some("IN_MOTION"));
    let refused = command(&stage, owner, Command::Unlock, 1).await;
    assert!(
        matches!(&refused, CommandOutcome::NotNow { code, message: Some(_) } if code == "IN_MOTION"),
        "{refused:?}"
    );
    // A car in motion is no reason not to ask how it is.
    assert_eq!(stage.count("SELECT count(*) FROM vehicle_rests").await, 0);

    stage.platform.refuses("/security", 501, "COMPATIBILITY", Some("VEHICLE_NOT_CAPABLE"));
    assert_eq!(command(&stage, owner, Command::Unlock, 2).await, CommandOutcome::NotCapable);
    let asked = stage.platform.asked("/security");
    assert_eq!(command(&stage, owner, Command::Unlock, 3).await, CommandOutcome::NotCapable);
    assert_eq!(stage.platform.asked("/security"), asked, "it is known by now");

    stage.platform.refuses("/security", 409, "VEHICLE_STATE", Some("ASLEEP"));
    let asleep = command(&stage, owner, Command::Lock, 4).await;
    assert!(matches!(asleep, CommandOutcome::Wait { why: WaitReason::Asleep, .. }), "{asleep:?}");
    let asleep = command(&stage, owner, Command::Lock, 5).await;
    assert!(matches!(asleep, CommandOutcome::Wait { why: WaitReason::Asleep, .. }), "{asleep:?}");
    assert_eq!(
        log(&stage).await,
        [
            "unlock refused VEHICLE_STATE/IN_MOTION",
            "unlock refused COMPATIBILITY/VEHICLE_NOT_CAPABLE",
            "lock refused VEHICLE_STATE/ASLEEP",
        ]
    );
    stage.close().await;
}

#[tokio::test]
async fn an_answer_that_nobody_understands_leaves_open_whether_the_car_did_it() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    stage.platform.answers("/security", 302, serde_json::json!("?"));
    let outcome = command(&stage, owner, Command::Unlock, 1).await;
    assert!(matches!(outcome, CommandOutcome::Unknown { .. }), "{outcome:?}");
    assert_eq!(log(&stage).await, ["unlock unknown TRANSPORT/REDIRECT"]);
    stage.close().await;
}

#[tokio::test]
async fn nobody_commands_a_strangers_car() {
    let stage = Stage::v3().await;
    let (owner, ..) = stage.connected().await;
    let stranger = stage.owner(None).await;
    for (user, car) in [(stranger.user, owner.car), (owner.user, stranger.car), (stranger.user, stranger.car)]
    {
        let refused = stage.connections.command(user, car, Command::Unlock, now()).await.unwrap_err();
        assert!(matches!(refused, CommandError::NotConnected));
    }
    stage.connections.begin(owner.user, owner.car, Ask::default(), now()).await.unwrap();
    assert!(log(&stage).await.is_empty());
    stage.close().await;
}
