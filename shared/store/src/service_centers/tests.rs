//! Which places are found, in which order, wherever on earth.

use super::*;

fn at(latitude: f64, longitude: f64) -> Position {
    Position::from_degrees(latitude, longitude).unwrap()
}

fn center(number: i64, kind: CenterKind, at: Position) -> Center {
    Center {
        id: OsmId { drawn_as: OsmType::Node, number },
        kind,
        name: format!("Workshop {number}"),
        at,
        address: None,
        phone: None,
        website: None,
        opening_hours: None,
        operator: None,
        brand: None,
    }
}

async fn found(db: &mut PgConnection, around: Position, radius_m: u32) -> Vec<i64> {
    let search = Search { around, kind: None, radius_m, limit: 10 };
    nearest(db, search).await.unwrap().iter().map(|near| near.center.id.number).collect()
}

#[tokio::test]
async fn a_place_is_written_once_changed_when_it_differs_and_forgotten_when_it_is_gone() {
    let database = harness::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let now = DateTime::UNIX_EPOCH;
    let mut told = [1, 2, 3].map(|number| center(number, CenterKind::Repair, at(52.0, 13.0)));
    assert_eq!(upsert(&mut db, &told, now).await.unwrap(), Upserted { new: 3, changed: 0 });
    assert_eq!(upsert(&mut db, &told, now).await.unwrap(), Upserted::default());
    told[1].phone = Some("+49 30 1".to_owned());
    told[2].id.drawn_as = OsmType::Way;
    assert_eq!(upsert(&mut db, &told, now).await.unwrap(), Upserted { new: 1, changed: 1 });
    assert_eq!(forget_others(&mut db, &told).await.unwrap(), 1);
    let search = Search { around: at(52.0, 13.0), kind: None, radius_m: 100, limit: 10 };
    let kept: Vec<Center> =
        nearest(&mut db, search).await.unwrap().into_iter().map(|near| near.center).collect();
    assert_eq!(kept, told);
}

#[tokio::test]
async fn the_nearest_come_first_and_none_from_beyond_the_radius() {
    let database = harness::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let here = at(52.0, 13.0);
    // A degree is 111 km towards the pole, and 68 km along this parallel.
    let told = [
        center(1, CenterKind::Repair, at(52.1, 13.0)),
        center(2, CenterKind::Tyres, at(52.0, 13.1)),
        center(3, CenterKind::Tyres, at(52.0, 12.8)),
        center(4, CenterKind::Dealer, at(52.08, 13.13)),
    ];
    upsert(&mut db, &told, DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(found(&mut db, here, 20_000).await, [2, 1, 4, 3]);
    assert_eq!(found(&mut db, here, 11_500).await, [2, 1], "the corner of the box is no part of the circle");
    let tyres = Search { around: here, kind: Some(CenterKind::Tyres), radius_m: 20_000, limit: 1 };
    let near = nearest(&mut db, tyres).await.unwrap();
    assert_eq!(
        near.iter().map(|near| (near.center.id.number, near.metres)).collect::<Vec<_>>(),
        [(2, 6_846)]
    );
}

#[tokio::test]
async fn circles_across_the_date_line_and_round_a_pole_are_whole() {
    let database = harness::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let told = [
        center(1, CenterKind::Repair, at(-16.8, 179.98)),
        center(2, CenterKind::Repair, at(-16.8, -179.97)),
        center(3, CenterKind::Repair, at(89.9, 100.0)),
        center(4, CenterKind::Repair, at(-16.8, 0.0)),
    ];
    upsert(&mut db, &told, DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(found(&mut db, at(-16.8, 179.99), 10_000).await, [1, 2]);
    assert_eq!(found(&mut db, at(-16.8, -180.0), 10_000).await, [1, 2]);
    assert_eq!(found(&mut db, at(89.9, -80.0), 30_000).await, [3]);
}
