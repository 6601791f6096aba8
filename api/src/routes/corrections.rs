//! What people do to the entries of a book beside writing into it: confirm, reject, cut, join, take back. The car is folded
//! again before the answer, so that the answer shows what became of it.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Json;
use chrono::{DateTime, TimeDelta, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::corrections::{self, Corrected, CorrectedBook};
use store::{StoreError, dirty};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::{EntryOf, OwnCar};
use crate::problem::{Answer, Code, Problem};
use crate::value::Moment;

/// An entry of a book that is corrected in these ways.
pub trait BookEntry: Sized + Send {
    const BOOK: CorrectedBook;

    /// The entry of this car as it stands.
    fn find(
        db: &mut PgConnection,
        car: Uuid,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Self>, StoreError>> + Send;
}

/// The entries that stand in the time that a correction was about, oldest first. They may have other ids than before.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing<T> {
    items: Vec<T>,
}

/// Where the second part begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitInput {
    at: Moment,
}

/// What is one: neighbours, from the first to the last.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    #[schema(min_items = 2, max_items = 100)]
    ids: Vec<Uuid>,
}

/// Nobody waits longer for a car to be folded; it goes on meanwhile.
const FOLDED_WITHIN: Duration = Duration::from_secs(15);
/// What lies further apart is two things.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(24);
const MOST_MERGED: usize = 100;

/// Folds the car again where a correction marked it. Should that take long, the answer shows what stands so far.
pub async fn refold(app: &App, car: Uuid) -> Answer<()> {
    let pool = app.pool.clone();
    let folded = app.to_its_end(async move {
        let marked = dirty::of_car(&mut *pool.acquire().await?, car).await?;
        for vehicle in marked {
            intake::replay::replay(&pool, vehicle, clock::now()).await?;
        }
        Ok::<(), StoreError>(())
    });
    let Ok(folded) = tokio::time::timeout(FOLDED_WITHIN, folded).await else {
        return Ok(());
    };
    folded?.map_err(|error| {
        let detail =
            "Your correction is kept. What follows from it will stand in the book within some minutes.";
        Problem::unavailable(detail).because(&error)
    })
}

/// The entry as it stands now.
pub async fn found<E: BookEntry>(app: &App, entry: EntryOf) -> Answer<Json<E>> {
    let mut db = app.pool.acquire().await?;
    let found = E::find(&mut db, entry.car.id, entry.id, clock::now()).await?;
    found.map(Json).ok_or_else(EntryOf::none)
}

/// Says that an entry is right.
pub async fn confirm<E: BookEntry>(app: &App, entry: EntryOf) -> Answer<Json<E>> {
    let mut db = app.pool.acquire().await?;
    ended(&one(&mut db, E::BOOK, entry).await?)?;
    corrections::confirm(&mut db, E::BOOK, entry.car.id, entry.id).await.map_err(refuse)?;
    drop(db);
    refold(app, entry.car.id).await?;
    found(app, entry).await
}

/// Says that there was nothing.
pub async fn reject(app: &App, book: CorrectedBook, entry: EntryOf) -> Answer<StatusCode> {
    let mut db = app.pool.acquire().await?;
    if !corrections::reject(&mut db, book, entry.car.id, entry.id).await? {
        return Err(EntryOf::none());
    }
    drop(db);
    refold(app, entry.car.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that an entry is two.
pub async fn split<E: BookEntry>(app: &App, entry: EntryOf, input: SplitInput) -> Answer<Json<Standing<E>>> {
    let (car, Moment(at)) = (entry.car.id, input.at);
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let row = one(&mut tx, E::BOOK, entry).await?;
    let end = machines(&row)?;
    if at <= row.started_after || at >= end {
        let detail = format!("Cut it between {} and {end}.", row.started_after);
        return Err(Problem::new(Code::InvalidField, detail).at_field("at"));
    }
    let odometer = corrections::odometer_at(&mut tx, car, at).await?;
    corrections::split(&mut tx, E::BOOK, entry.id, at, odometer).await?;
    tx.commit().await?;
    drop(db);
    refold(app, car).await?;
    standing(app, car, row.started_after, end).await
}

/// Says that entries are one.
pub async fn merge<E: BookEntry>(app: &App, car: OwnCar, input: MergeInput) -> Answer<Json<Standing<E>>> {
    let ids: BTreeSet<Uuid> = input.ids.into_iter().collect();
    if ids.len() < 2 || ids.len() > MOST_MERGED {
        let detail = format!("Name 2 to {MOST_MERGED} different entries.");
        return Err(Problem::new(Code::InvalidField, detail).at_field("ids"));
    }
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let wanted: Vec<Uuid> = ids.iter().copied().collect();
    let rows = corrections::find(&mut tx, E::BOOK, car.id, &wanted).await?;
    if rows.len() < wanted.len() {
        return Err(EntryOf::none());
    }
    let ends = rows.iter().map(machines).collect::<Answer<Vec<_>>>()?;
    let ([first, .., last], Some(end)) = (rows.as_slice(), ends.into_iter().max()) else {
        return Err(EntryOf::none());
    };
    let between = corrections::between(&mut tx, E::BOOK, car.id, first.started_at, last.started_at).await?;
    neighbours(&rows, &between)?;
    corrections::merge(&mut tx, E::BOOK, first.id, last.id).await?;
    tx.commit().await?;
    drop(db);
    refold(app, car.id).await?;
    standing(app, car.id, first.started_after, end).await
}

/// Takes back what was decided last about an entry.
pub async fn undo<E: BookEntry>(app: &App, entry: EntryOf) -> Answer<Json<Standing<E>>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let undone = corrections::undo(&mut tx, E::BOOK, entry.car.id, entry.id).await?;
    let Some((from, to)) = undone else {
        one(&mut tx, E::BOOK, entry).await?;
        let detail = "Nothing was decided about this entry, so there is nothing to take back.";
        return Err(Problem::new(Code::NothingToUndo, detail));
    };
    tx.commit().await?;
    drop(db);
    refold(app, entry.car.id).await?;
    standing(app, entry.car.id, from, to).await
}

/// What a write is refused with that came too late to be looked at before.
pub fn refuse(error: StoreError) -> Problem {
    /// What the triggers say of an entry that goes on.
    const GOES_ON: &str = "PT409";
    match &error {
        StoreError::Database(sqlx::Error::Database(refusal))
            if refusal.code().as_deref() == Some(GOES_ON) =>
        {
            goes_on()
        }
        StoreError::Database(_) | StoreError::Url(_) | StoreError::Corrupt { .. } => error.into(),
    }
}

pub fn goes_on() -> Problem {
    let detail = "This entry still goes on, as far as the car said. Its price, its purpose and its notes can be \
                  changed now, all else when it has ended. If there was nothing at all, reject it.";
    Problem::new(Code::EntryGoesOn, detail)
}

async fn one(db: &mut PgConnection, book: CorrectedBook, entry: EntryOf) -> Answer<Corrected> {
    let found = corrections::find(db, book, entry.car.id, &[entry.id]).await?.pop();
    found.ok_or_else(EntryOf::none)
}

/// The end of what is over. What a person wrote without an end is theirs to say of what they like.
fn ended(row: &Corrected) -> Answer<DateTime<Utc>> {
    match row.ended_at {
        None if row.is_machines => Err(goes_on()),
        ended_at => Ok(ended_at.unwrap_or(row.started_at)),
    }
}

/// The end of an entry that the machine may join and cut.
fn machines(row: &Corrected) -> Answer<DateTime<Utc>> {
    if !row.is_machines {
        let detail = "This entry is your own, so it stays as you wrote it. If it was found by the machine and you \
                      changed it, take that back first (undo); else change its times by hand.";
        return Err(Problem::new(Code::EntryIsYours, detail));
    }
    ended(row)
}

/// Whether nothing else lies between them, and not much time. What stands in no list comes along.
fn neighbours(rows: &[Corrected], between: &[Corrected]) -> Answer<()> {
    let is_named = |other: &Corrected| rows.iter().any(|row| row.id == other.id);
    if between.iter().any(|other| !(is_named(other) || other.is_machines && other.is_hidden)) {
        let detail = "Another entry lies between them. Name that one too, or merge neighbours only.";
        return Err(Problem::new(Code::NotNeighbours, detail).at_field("ids"));
    }
    let gaps = rows.windows(2).map(|pair| {
        let (before, after) = (&pair[0], &pair[1]);
        after.started_after - before.ended_at.unwrap_or(before.started_at)
    });
    if gaps.max().is_some_and(|gap| gap > LONGEST_GAP) {
        let detail = format!("More than {} hours lie between them.", LONGEST_GAP.num_hours());
        return Err(Problem::new(Code::NotNeighbours, detail).at_field("ids"));
    }
    Ok(())
}

/// What stands now where something was corrected.
async fn standing<E: BookEntry>(
    app: &App,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Answer<Json<Standing<E>>> {
    let mut db = app.pool.acquire().await?;
    let now = clock::now();
    let mut items = Vec::new();
    for row in corrections::between(&mut db, E::BOOK, car, from, to).await? {
        items.extend(E::find(&mut db, car, row.id, now).await?);
    }
    Ok(Json(Standing { items }))
}
