//! A broker that is away, silent, cut off or short of memory, seen through a wire that can do all of that.

use std::time::Duration;

use broker::{Consumer, Destination, PublishError, Publisher, Queue, Session, SessionError, Settled};
use harness::proxy::Proxy;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::fixture::{Fixture, GENEROUS, delivery, next, soon};

const WEBHOOK: Destination<'static> = Destination::Webhook { version: "4.0" };

/// `connection.blocked` and `connection.unblocked` as RabbitMQ sends them: frame type 1, channel 0, length, class 10,
/// method 60 or 61, a reason, frame end.
const BLOCKED: &[u8] = b"\x01\x00\x00\x00\x00\x00\x0f\x00\x0a\x00\x3c\x0alow memory\xce";
const UNBLOCKED: &[u8] = b"\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x3d\xce";

fn in_a_moment() -> Instant {
    Instant::now() + Duration::from_millis(500)
}

async fn connected(fixture: &Fixture) -> Publisher {
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery("first"), soon()).await.unwrap();
    publisher
}

async fn recovers(publisher: &Publisher) {
    harness::eventually(GENEROUS, "publishing works again", async || {
        publisher.deliver(WEBHOOK, &delivery("again"), Instant::now() + Duration::from_secs(2)).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_publisher_starts_without_a_broker_and_connects_when_it_comes() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    proxy.refuse();
    let fixture = Fixture::through(proxy.url());
    let publisher = fixture.publisher();
    let deadline = in_a_moment();
    assert_eq!(publisher.deliver(WEBHOOK, &delivery(1), deadline).await, Err(PublishError::Unavailable));
    assert!(Instant::now() >= deadline, "it waited for the broker as long as it was told to");
    assert!(!publisher.health().connected);

    proxy.accept();
    publisher.deliver(WEBHOOK, &delivery(2), soon()).await.unwrap();
    let health = publisher.health();
    assert!(health.connected && !health.blocked && health.last_confirm.is_some());
    assert_eq!(fixture.depth(Queue::Events).await, 1, "what was unavailable was not sent");
}

#[tokio::test]
async fn a_cut_connection_is_made_again() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    for _ in 0..3 {
        proxy.cut();
        recovers(&publisher).await;
    }
}

#[tokio::test]
async fn what_is_under_way_when_the_connection_ends_is_unknown() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    proxy.freeze_answers();
    let sent = delivery("in flight");
    let cut = async {
        fixture.becomes(Queue::Events, 2).await;
        proxy.cut();
    };
    let (answer, ()) = tokio::join!(publisher.deliver(WEBHOOK, &sent, soon()), cut);
    assert_eq!(answer, Err(PublishError::Unknown), "and here it had arrived");
}

#[tokio::test]
async fn without_an_answer_by_the_deadline_it_is_unknown_and_the_channel_is_replaced() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    proxy.freeze_answers();
    let deadline = in_a_moment();
    assert_eq!(publisher.deliver(WEBHOOK, &delivery("late"), deadline).await, Err(PublishError::Unknown));
    assert!(Instant::now() < deadline + GENEROUS);
    // The new channel cannot be opened either, so nothing is sent any more.
    assert_eq!(
        publisher.deliver(WEBHOOK, &delivery("later"), in_a_moment()).await,
        Err(PublishError::Unavailable)
    );

    proxy.thaw();
    publisher.deliver(WEBHOOK, &delivery("last"), soon()).await.unwrap();
    assert_eq!(publisher.health().in_flight, 0);
    assert_eq!(proxy.accepted(), 1, "a new channel, not a new connection");
    assert_eq!(
        fixture.depth(Queue::Events).await,
        3,
        "the unknown one had arrived, the unavailable one had not"
    );
}

#[tokio::test]
async fn no_more_than_a_window_is_under_way_and_the_rest_is_full() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    proxy.freeze();
    let window = u32::try_from(Publisher::WINDOW).unwrap();
    let long = Instant::now() + Duration::from_secs(4);
    let mut publishing = JoinSet::new();
    for number in 0..window {
        let publisher = publisher.clone();
        publishing.spawn(async move { publisher.deliver(WEBHOOK, &delivery(number), long).await });
    }
    harness::eventually(GENEROUS, "the window is full", async || {
        publisher.health().in_flight == Publisher::WINDOW
    })
    .await;

    assert_eq!(publisher.deliver(WEBHOOK, &delivery("more"), in_a_moment()).await, Err(PublishError::Full));
    assert_eq!(publisher.health().in_flight, Publisher::WINDOW);

    for answer in publishing.join_all().await {
        assert_eq!(answer, Err(PublishError::Unknown));
    }
    assert_eq!(publisher.health().in_flight, 0);
    proxy.thaw();
    recovers(&publisher).await;
}

#[tokio::test]
async fn a_silent_broker_is_left_for_a_new_connection() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    // Two heartbeats of silence, and the connection is over.
    let fixture = Fixture::through(&format!("{}?heartbeat=1", proxy.url()));
    let publisher = connected(&fixture).await;
    proxy.freeze();
    harness::eventually(GENEROUS, "the silence was noticed", async || !publisher.health().connected).await;
    proxy.thaw();
    recovers(&publisher).await;
    assert!(proxy.accepted() >= 2);
}

#[tokio::test]
async fn connecting_to_a_silent_broker_is_given_up_and_leaves_no_thread_behind() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    proxy.freeze();
    let opening = timeout(broker::PATIENCE + GENEROUS, Session::open(&fixture.options)).await.unwrap();
    assert!(matches!(opening, Err(SessionError::Silent)), "{opening:?}");
    harness::eventually(GENEROUS, "lapin's thread ended", async || connection_threads() == 0).await;
}

#[tokio::test]
async fn a_session_that_is_dropped_before_a_silent_broker_leaves_no_thread_behind() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let session = Session::open(&fixture.options).await.unwrap();
    assert_eq!(connection_threads(), 1);
    proxy.freeze();
    session.close().await;
    harness::eventually(GENEROUS, "lapin's thread ended", async || connection_threads() == 0).await;
}

/// Each connection of lapin has a thread of this name. Tests run in a process each.
fn connection_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("lapin")).count()
}

#[tokio::test]
async fn a_blocked_connection_shows_and_nothing_is_sent_over_it() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    proxy.forge_answer(BLOCKED);
    harness::eventually(GENEROUS, "readiness shows it", async || publisher.health().blocked).await;
    assert!(publisher.health().connected);
    assert_eq!(
        publisher.deliver(WEBHOOK, &delivery("held"), in_a_moment()).await,
        Err(PublishError::Unavailable)
    );

    proxy.forge_answer(UNBLOCKED);
    publisher.deliver(WEBHOOK, &delivery("free"), soon()).await.unwrap();
    assert!(!publisher.health().blocked);
    assert_eq!(fixture.depth(Queue::Events).await, 2, "what was held back was not sent later");
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn what_was_under_way_when_the_broker_blocked_is_unknown_and_publishing_goes_on_after() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    proxy.freeze_answers();
    let sent = delivery("under way");
    let publishing = publisher.deliver(WEBHOOK, &sent, in_a_moment());
    assert_eq!(publishing.await, Err(PublishError::Unknown));
    proxy.forge_answer(BLOCKED);
    proxy.thaw();
    harness::eventually(GENEROUS, "readiness shows it", async || publisher.health().blocked).await;
    proxy.forge_answer(UNBLOCKED);
    recovers(&publisher).await;
}

#[tokio::test]
async fn an_acknowledgement_after_the_connection_is_lost_is_lost_and_the_message_comes_again() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = connected(&fixture).await;
    publisher.deliver(WEBHOOK, &delivery("second"), soon()).await.unwrap();
    let link = fixture.link();
    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    let first = next(&mut consumer).await;
    proxy.cut();

    // What had arrived and was not handed out may still come until the loss is noticed; then it ends.
    let mut last = first.tag;
    while let Some(incoming) = timeout(GENEROUS, consumer.next()).await.unwrap() {
        last = incoming.tag;
    }
    assert_eq!(consumer.ack(first.tag).await, Settled::Lost);
    assert_eq!(consumer.ack_through(last).await, Settled::Lost);
    assert_eq!(consumer.park(first.tag).await, Settled::Lost);

    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    assert_eq!(consumer.ack_through(first.tag).await, Settled::Lost, "an old tag settles nothing here");
    for _ in 0..2 {
        assert!(next(&mut consumer).await.redelivered);
    }
    assert_eq!(consumer.settler().held(), 2);
}

#[tokio::test]
async fn opening_a_consumer_waits_for_the_broker() {
    let proxy = Proxy::to(&harness::amqp_url()).await;
    proxy.refuse();
    let fixture = Fixture::through(proxy.url());
    let link = fixture.link();
    assert!(!link.is_connected());
    let opening = Consumer::open(&link, Queue::Events, 1);
    let coming = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        proxy.accept();
    };
    let (consumer, ()) = tokio::join!(timeout(GENEROUS, opening), coming);
    consumer.unwrap().unwrap();
    assert!(link.is_connected());
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_print_it() {
    let url = harness::amqp_url();
    let (_, host) = url.rsplit_once('@').unwrap();
    let options = broker::BrokerOptions::new(&format!("amqp://guest:hunter2@{host}"), "t", "test").unwrap();
    let error = Session::open(&options).await.unwrap_err();
    let printed = format!("{} {error:?}", runtime::chain(&error));
    assert!(
        printed.starts_with("cannot connect to the broker: ") && !printed.contains("hunter2"),
        "{printed}"
    );
}
