//! What a tariff would change, before anybody writes it: it is written in a transaction that is never committed, so a preview
//! cannot differ from what is previewed.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::setup::Setup;
use domain::tariff::{self, Cost};
use runtime::clock;
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use store::tariffs::{self, NewTariff, PricedSession, StoredCost};
use store::{StoreError, setups};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TariffInput, VersionInput, none};
use crate::App;
use crate::extract::{Body, OwnThing};
use crate::identity::Person;
use crate::problem::{Answer, Problem};

/// Which charging sessions would cost something else. Nothing was written.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TariffPreview)]
pub struct Preview {
    /// Sessions that went on after this moment were looked at.
    since: DateTime<Utc>,
    /// Those that would cost something else, newest first.
    sessions: Vec<Repriced>,
    /// How many would cost what they cost now.
    unchanged: usize,
    /// How many a person wrote, corrected or paid: these stay in any case.
    locked: i64,
    /// There are older sessions, which were not looked at.
    is_cut: bool,
}

/// A session, and what it costs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repriced {
    car_id: Uuid,
    session_id: Uuid,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    energy_kwh: Option<f64>,
    /// As it stands in the book; `null`: no price is known.
    before: Option<SessionCost>,
    /// As it would stand there.
    after: Option<SessionCost>,
}

/// What a session costs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SessionCost {
    amount: f64,
    low: f64,
    high: f64,
    currency: String,
    /// Of 1: how much of the energy has a price. Below 1 the amount is what is known of the whole, and not the whole.
    share: f64,
}

/// So many sessions are looked at.
const MOST: i64 = 2_000;

/// Tells what a new tariff would change, and writes nothing.
#[utoipa::path(post, path = "/api/tariffs/preview", tag = "costs", operation_id = "previewTariff",
    security(("person" = [])), request_body = TariffInput,
    responses((status = 200, description = "The sessions that would be priced anew", body = Preview)))]
pub async fn of_tariff(
    State(app): State<App>,
    person: Person,
    Body(input): Body<TariffInput>,
) -> Answer<Json<Preview>> {
    let TariffInput { name, network, is_default, version } = input;
    let (valid_from, terms) = version.checked("version")?;
    let now = clock::now();
    let since = valid_from.unwrap_or(now);
    let tariff = NewTariff { name: name.0, network: network.map(|network| network.0), is_default };
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let before = Before::look(&mut tx, person.id, since).await?;
    let id = tariffs::add(&mut tx, person.id, &tariff, now).await?;
    tariffs::add_version(&mut tx, person.id, id, since, &terms, now).await?;
    let after = before.setups(&mut tx).await?;
    tx.rollback().await?;
    before.compare(after).await.map(Json)
}

/// Tells what a version of a tariff would change, and writes nothing.
#[utoipa::path(post, path = "/api/tariffs/{tariffId}/preview", tag = "costs", operation_id = "previewTariffVersion",
    security(("person" = [])), params(("tariffId" = Uuid, Path)), request_body = VersionInput,
    responses((status = 200, description = "The sessions that would be priced anew", body = Preview)))]
pub async fn of_version(
    State(app): State<App>,
    own: OwnThing,
    Body(input): Body<VersionInput>,
) -> Answer<Json<Preview>> {
    let (person, [tariff]) = own.named(["tariffId"]).ok_or_else(none)?;
    let (valid_from, terms) = input.checked("")?;
    let now = clock::now();
    let since = valid_from.unwrap_or(now);
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let before = Before::look(&mut tx, person.id, since).await?;
    tariffs::add_version(&mut tx, person.id, tariff, since, &terms, now).await?.ok_or_else(none)?;
    let after = before.setups(&mut tx).await?;
    tx.rollback().await?;
    before.compare(after).await.map(Json)
}

/// How it is: sessions, and what people told so far.
pub struct Before {
    since: DateTime<Utc>,
    sessions: Vec<PricedSession>,
    setups: HashMap<Uuid, Setup>,
    locked: i64,
}

impl Before {
    pub async fn look(db: &mut PgConnection, user: Uuid, since: DateTime<Utc>) -> Result<Self, StoreError> {
        let sessions = tariffs::priced_sessions(db, user, since, MOST + 1).await?;
        let locked = tariffs::locked_sessions(db, user, since).await?;
        let mut before = Self { since, sessions, setups: HashMap::new(), locked };
        before.setups = before.setups(db).await?;
        Ok(before)
    }

    /// The setups of these sessions' vehicles, as this transaction sees them.
    pub async fn setups(&self, db: &mut PgConnection) -> Result<HashMap<Uuid, Setup>, StoreError> {
        let mut vehicles: Vec<Uuid> = self.sessions.iter().map(|session| session.vehicle).collect();
        vehicles.sort_unstable();
        vehicles.dedup();
        setups::of(db, &vehicles).await
    }

    /// What would be different with other setups.
    pub async fn compare(self, after: HashMap<Uuid, Setup>) -> Answer<Preview> {
        let work = tokio::task::spawn_blocking(move || self.reckon(&after));
        work.await.map_err(|panicked| Problem::internal(&panicked))
    }

    fn reckon(mut self, after: &HashMap<Uuid, Setup>) -> Preview {
        let most = usize::try_from(MOST).unwrap_or_default();
        let is_cut = self.sessions.len() > most;
        self.sessions.truncate(most);
        let looked_at = self.sessions.len();
        let cost = |session: &PricedSession, setups: &HashMap<Uuid, Setup>| {
            setups
                .get(&session.vehicle)
                .and_then(|setup| tariff::cost(&session.session, setup))
                .map(SessionCost::from)
        };
        let sessions: Vec<Repriced> = self
            .sessions
            .into_iter()
            .filter_map(|session| {
                // Both are reckoned: what waits to be priced anew in the book is no difference that this tariff makes.
                let next = cost(&session, after);
                (cost(&session, &self.setups) != next).then(|| Repriced::of(session, next))
            })
            .collect();
        let unchanged = looked_at - sessions.len();
        Preview { since: self.since, sessions, unchanged, locked: self.locked, is_cut }
    }
}

impl Repriced {
    fn of(session: PricedSession, after: Option<SessionCost>) -> Self {
        let PricedSession { id, car, vehicle: _, session, cost } = session;
        Self {
            car_id: car,
            session_id: id,
            started_at: session.start.by,
            ended_at: session.end.map(|end| end.by),
            energy_kwh: session.energy.map(|energy| domain::reading::Milli(energy.wh).to_f64()),
            before: cost.map(SessionCost::from),
            after,
        }
    }
}

impl From<StoredCost> for SessionCost {
    fn from(cost: StoredCost) -> Self {
        let StoredCost { amount, low, high, currency, share } = cost;
        Self { amount, low, high, currency, share }
    }
}

impl From<Cost> for SessionCost {
    fn from(cost: Cost) -> Self {
        Self {
            amount: cost.expected.to_f64(),
            low: cost.low.to_f64(),
            high: cost.high.to_f64(),
            currency: cost.currency.as_str().to_owned(),
            share: f64::from(cost.priced_share) / 1000.0,
        }
    }
}
