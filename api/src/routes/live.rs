//! News of a person's cars, as they happen: pages need not ask again and again.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt, stream};
use sqlx::PgPool;
use store::notifications::Unread;
use store::{news, notifications};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::sleep;
use uuid::Uuid;

use crate::App;
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};

/// How often the database is asked, whoever follows.
const LOOK: Duration = Duration::from_secs(2);
/// A token is looked at when somebody comes, so that nobody stays much longer than theirs is good.
const LONGEST: Duration = Duration::from_mins(15);
/// Proxies close what is silent.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// Where too many follow already.
const COME_BACK: Duration = Duration::from_mins(1);

/// Follows the person's cars: an event `car` with its id whenever something about it may be new, and `notifications` with the
/// number of unread ones whenever that may be another. What is new is told by the other addresses. The stream ends after a quarter of an hour: come back with the token that is good then.
#[utoipa::path(get, path = "/api/live", tag = "cars", operation_id = "followCars", security(("person" = [])),
    responses((status = 200, description = "The events", content((String = "text/event-stream")))))]
pub async fn follow(
    State(app): State<App>,
    person: Person,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let seat = Arc::clone(&app.followers).try_acquire_owned().map_err(|_| {
        let detail = "Too many pages are told of news at once: ask now and then instead.";
        Problem::new(Code::TooManyRequests, detail).retry_after(Some(COME_BACK))
    })?;
    let mut follower = Follower {
        pool: app.pool.clone(),
        user: person.id,
        known: BTreeMap::new(),
        unread: None,
        _seat: seat,
    };
    follower.look().await?;
    let over = Box::pin(async move {
        let _ = app.stopping.run_until_cancelled(sleep(LONGEST)).await;
    });
    let news = stream::unfold(follower, |mut follower| async {
        sleep(LOOK).await;
        // A database that is away is news of no car.
        let news = follower.look().await.unwrap_or_default();
        Some((stream::iter(news), follower))
    });
    let events = news.flatten().map(|news| Ok(news.event()));
    Ok(Sse::new(events.take_until(over)).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

/// What somebody who follows hears.
enum News {
    Car(Uuid),
    /// How many are unread.
    Notifications(i64),
}

impl News {
    fn event(&self) -> Event {
        match self {
            Self::Car(car) => Event::default().event("car").data(car.to_string()),
            Self::Notifications(unread) => Event::default().event("notifications").data(unread.to_string()),
        }
    }
}

/// Somebody who follows, and what was known of their cars at the last look.
struct Follower {
    pool: PgPool,
    user: Uuid,
    known: BTreeMap<Uuid, String>,
    unread: Option<Unread>,
    _seat: OwnedSemaphorePermit,
}

impl Follower {
    /// The cars about which something changed since the last look, also those that came or went, and what is unread.
    async fn look(&mut self) -> Answer<Vec<News>> {
        let mut db = self.pool.acquire().await?;
        let marks = news::of_user(&mut db, self.user).await?;
        let seen: BTreeMap<Uuid, String> = marks.into_iter().map(|mark| (mark.car_id, mark.mark)).collect();
        let gone = self.known.keys().filter(|car| !seen.contains_key(car));
        let changed = seen.iter().filter(|(car, mark)| self.known.get(car) != Some(mark)).map(|(car, _)| car);
        let mut news: Vec<News> = gone.chain(changed).copied().map(News::Car).collect();
        self.known = seen;
        let unread = notifications::unread(&mut db, self.user).await?;
        if self.unread.replace(unread).is_some_and(|before| before != unread) {
            news.push(News::Notifications(unread.count));
        }
        Ok(news)
    }
}
