//! Time in slots in which a price does not change: quarters of an hour, half-open, cut also where a version begins or ends and
//! at the minutes at which a price begins or ends to count.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::Tariff;
use super::choice::Known;

/// Seconds.
const QUARTER: i64 = 15 * 60;
/// What lasts longer than this many quarters (a month) is cut more coarsely.
const MOST: i64 = 3_000;

#[derive(Debug, Clone, Copy)]
pub(super) struct Slot<'a> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The version that counts; `None`: no price is known.
    pub tariff: Option<&'a Tariff>,
}

/// The slots of a time, oldest first; none where it lasts no time.
pub(super) fn cut<'a>(from: DateTime<Utc>, to: DateTime<Utc>, known: &Known<'a>) -> Vec<Slot<'a>> {
    let mut slots = Vec::new();
    let step = QUARTER * ((to - from).num_seconds() / (QUARTER * MOST) + 1);
    let mut begin = from;
    while begin < to {
        let into_step = begin.timestamp().rem_euclid(step);
        let whole_second = begin - TimeDelta::nanoseconds(i64::from(begin.timestamp_subsec_nanos()));
        let end = (whole_second + TimeDelta::seconds(step - into_step)).min(to);
        let mut edges: Vec<DateTime<Utc>> =
            known.versions().flat_map(|tariff| edges(tariff, begin, end)).collect();
        edges.push(end);
        edges.sort_unstable();
        edges.dedup();
        for edge in edges {
            slots.push(Slot { from: begin, to: edge, tariff: known.valid(begin) });
            begin = edge;
        }
    }
    slots
}

/// The moments between these two at which this version may change its price.
fn edges(tariff: &Tariff, from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    // Clocks are only set at the beginning of a quarter: within it, minutes of the clock are minutes.
    let of_day = from.with_timezone(&tariff.zone).time() - NaiveTime::MIN;
    let by_clock =
        tariff.parts.edges().map(move |minute| from + TimeDelta::minutes(i64::from(minute)) - of_day);
    let by_version = [Some(tariff.valid_from), tariff.valid_to].into_iter().flatten();
    by_clock.chain(by_version).filter(move |edge| from < *edge && *edge < to)
}
