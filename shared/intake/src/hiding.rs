//! Places that became private: what was stored before of the cars that were there is hidden, too, when the vehicle is replayed.
//!
//! The bodies of deliveries keep what they told until they expire: they have no index by vehicle, and nobody but operators can
//! read them.

use domain::fences::{Fence, named};
use smartcar::redact;
use sqlx::PgConnection;
use store::{StoreError, geofences, hiding};
use uuid::Uuid;

/// Readings of a step.
const AT_ONCE: i64 = 5_000;

/// Hides what lies in the places of which something is still to be hidden of this vehicle, which the caller has locked. What
/// follows from readings follows with the fold.
pub(crate) async fn hide(db: &mut PgConnection, vehicle: Uuid, car: Uuid) -> Result<(), StoreError> {
    if hiding::take_places(db, vehicle).await?.is_empty() {
        return Ok(());
    }
    let mut zones = geofences::private_for(db, &[vehicle]).await?;
    let Some(zones) = zones.remove(&vehicle) else { return Ok(()) };
    hide_readings(db, vehicle, &zones).await?;
    for (signal, value) in hiding::untimed(db, vehicle).await? {
        let mut hidden = value.clone();
        let stays = redact::hide_value(&signal, &mut hidden, &zones);
        if !stays || hidden != value {
            hiding::replace_untimed(db, vehicle, &signal, stays.then_some(&hidden)).await?;
        }
    }
    let spots = hiding::spots(db, car).await?;
    let zone_of = |spot: &hiding::Spot| named(&zones, spot.at).map(Fence::zone);
    let hidden: Vec<_> =
        spots.into_iter().filter_map(|spot| zone_of(&spot).map(|zone| (spot, zone))).collect();
    if !hidden.is_empty() {
        hiding::hide_spots(db, &hidden).await?;
    }
    hiding::clear_history(db, car).await
}

async fn hide_readings(db: &mut PgConnection, vehicle: Uuid, zones: &[Fence]) -> Result<(), StoreError> {
    let mut behind = None;
    loop {
        let (tellings, next) = hiding::tellings(db, vehicle, behind.as_ref(), AT_ONCE).await?;
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for seen in tellings {
            let mut hidden = seen.clone();
            let stays = redact::hide_value(&seen.reading.signal, &mut hidden.reading.value, zones);
            if stays && hidden.reading.value == seen.reading.value {
                continue;
            }
            hidden.reading.original = None;
            old.push(seen.reading);
            new.extend(stays.then_some(hidden));
        }
        if !old.is_empty() {
            hiding::replace(db, vehicle, &old, one_of_each(new)).await?;
        }
        behind = next;
        if behind.is_none() {
            return Ok(());
        }
    }
}

/// Several positions of one moment may be one zone.
fn one_of_each(mut sightings: Vec<domain::fold::Sighting>) -> Vec<domain::fold::Sighting> {
    let mut seen = std::collections::BTreeSet::new();
    sightings.retain(|one| {
        let reading = &one.reading;
        seen.insert((reading.at, reading.signal.clone(), reading.value.clone()))
    });
    sightings
}
