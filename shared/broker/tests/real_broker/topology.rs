//! Exchanges and queues.

use std::time::Duration;

use broker::{DeclareError, Destination, PublishError, Queue, Session, Wait, Work};
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::fixture::{Fixture, delivery};

#[tokio::test]
async fn declaring_twice_changes_nothing() {
    let fixture = Fixture::new();
    let session = fixture.session().await;
    let topology = fixture.options.topology();
    topology.declare(&session).await.unwrap();
    topology.declare(&session).await.unwrap();
    for queue in Queue::ALL {
        assert_eq!(topology.depth(&session, queue).await.unwrap(), Some(0), "{queue}");
    }
    assert_eq!(topology.waiting(&session, Work::Delivery, Wait::S3600).await.unwrap(), Some(0));
}

#[tokio::test]
async fn eight_programs_may_declare_at_once() {
    let fixture = Fixture::new();
    let mut programs = JoinSet::new();
    for _ in 0..8 {
        let options = fixture.options.clone();
        programs.spawn(async move {
            let session = Session::open(&options).await.unwrap();
            options.topology().declare(&session).await
        });
    }
    for declared in programs.join_all().await {
        declared.unwrap();
    }
}

#[tokio::test]
async fn deleting_leaves_nothing() {
    let fixture = Fixture::new();
    let session = fixture.session().await;
    let topology = fixture.options.topology();
    topology.declare(&session).await.unwrap();
    topology.delete(&session).await.unwrap();
    for queue in Queue::ALL {
        assert_eq!(topology.depth(&session, queue).await.unwrap(), None, "{queue}");
    }
    topology.delete(&session).await.unwrap();
}

#[tokio::test]
async fn what_exists_and_is_made_differently_is_an_error_that_says_so() {
    let fixture = Fixture::new();
    let events = fixture.options.topology().queue(Queue::Events);
    let options = QueueDeclareOptions::durable();
    fixture.channel().await.queue_declare(events.into(), options, FieldTable::default()).await.unwrap();
    let session = fixture.session().await;

    let declared = fixture.options.topology().declare(&session).await;

    assert!(matches!(declared, Err(DeclareError::Different(_))), "{declared:?}");
    let words = runtime::chain(&declared.unwrap_err());
    assert!(words.contains("inequivalent arg"), "{words}");
    let publisher = fixture.publisher();
    let soon = Instant::now() + Duration::from_secs(1);
    let answer = publisher.deliver(Destination::Webhook { version: "4.0" }, &delivery(0), soon).await;
    assert_eq!(answer, Err(PublishError::Unavailable), "no message goes where it may be dropped");
}
