//! While the broker does not confirm, nothing is answered 200, and the door says so to whoever asks.

use harness::proxy::Proxy;

use crate::fixture::{Fixture, GENEROUS, SECRET, STATE, sign};

async fn is_put_off(door: &Fixture) {
    let answer = door.deliver(STATE).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert!(answer.text().await.unwrap().contains("cannot put the delivery into the queue"));
}

#[tokio::test]
async fn a_door_without_a_broker_stands_and_says_why_it_is_not_ready() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    proxy.refuse();
    let door = Fixture::just_opened(proxy.url(), &["--confirm-ms", "300"]).await;
    door.becomes_unready("no connection to the broker").await;
    assert_eq!(door.get("/healthz").await.status(), 200, "a restart would not help");
    is_put_off(&door).await;

    proxy.accept();
    door.becomes_ready().await;
    assert_eq!(door.deliver(STATE).await.status(), 200);
    door.take(1).await;
}

#[tokio::test]
async fn a_broker_that_goes_and_comes_back_is_noticed_both_times() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let door = Fixture::through(proxy.url(), &["--confirm-ms", "300"]).await;
    assert_eq!(door.deliver(STATE).await.status(), 200);

    proxy.refuse();
    door.becomes_unready("no connection to the broker").await;
    is_put_off(&door).await;

    proxy.accept();
    door.becomes_ready().await;
    assert_eq!(door.deliver(STATE).await.status(), 200);
    door.take(2).await;
}

#[tokio::test]
async fn without_a_confirm_in_time_it_is_503_although_it_may_have_arrived() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let door = Fixture::through(proxy.url(), &["--confirm-ms", "300"]).await;
    proxy.freeze_answers();
    is_put_off(&door).await;
    door.becomes_unready("does not confirm").await;

    proxy.thaw();
    // Nobody has to publish for that: a door that is not ready is given nothing to publish.
    door.becomes_ready().await;
    harness::eventually(GENEROUS, "deliveries are taken again", async || {
        door.deliver(STATE).await.status() == 200
    })
    .await;
    let ids: Vec<_> = door.take(2).await.iter().map(|taken| taken.delivery().unwrap().event_id).collect();
    assert_eq!(ids[0], ids[1], "the worker knows the second by its id");
}

#[tokio::test]
async fn a_forgery_is_401_also_while_the_broker_is_away() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    proxy.refuse();
    let door = Fixture::just_opened(proxy.url(), &["--confirm-ms", "300"]).await;
    assert_eq!(door.claim(STATE, &sign("another", STATE)).await, 401);
    assert_eq!(door.claim(STATE, &sign(SECRET, STATE)).await, 503);
}
