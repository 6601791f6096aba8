//! Exchanges and queues.

use broker::{Queue, Session, Wait, Work};
use tokio::task::JoinSet;

use crate::fixture::Fixture;

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
    assert_eq!(
        topology
            .waiting(&session, Work::Delivery, Wait::S3600)
            .await
            .unwrap(),
        Some(0)
    );
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
