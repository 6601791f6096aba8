//! A car's book beside what the car really did.

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryState};
use domain::charging::ChargingSession;
use domain::fuel::FillUp;
use domain::reading::{Reading, Signal, Value};
use domain::tariff;
use domain::trips::Trip;
use simulator::world::{Doing, Fill, Gauges, PlaceKind, Segment, Session};

use super::example;
use super::life::{DAY, Lived, NIGHT, NIGHT_FROM, NIGHT_TO};
use super::pairing::{Pairing, Span, pair};
use super::plain;
use super::score::{Precision, Score};

pub struct Judged {
    pub score: Score,
    pub plain: Score,
    pub examples: Vec<String>,
}

/// What is worth a line, in points.
const BIG_FILL: u32 = 20;
const MIDDLE_FILL: u32 = 10;
const CHARGE: u32 = 5;
/// What has to be left of it between the reports around it, so that anybody could know: more than gauges are off.
const SEEN_FILL: i64 = 8;
const HIDDEN_CHARGE: i64 = 8;
/// An amount that is off by more than this part of it is an example of a mistake.
const FAR_OFF: i64 = 10;

/// Judges the book; keeps so many examples of each kind of mistake.
pub fn judge(lived: &Lived, examples: usize) -> Judged {
    let mut judge = Judge {
        lived,
        telling: telling(&lived.readings),
        score: Score::default(),
        plain: Score::default(),
        examples: Vec::new(),
        wanted: examples,
    };
    judge.score.cars = 1;
    judge.score.reports = u32::try_from(lived.reports.len()).unwrap_or(u32::MAX);
    judge.fill_ups();
    judge.sessions();
    judge.trips();
    judge.score.alerts = count(lived.book.iter().filter(|entry| matches!(entry, Entry::Alert(_))));
    judge.alert_examples();
    Judged { score: judge.score, plain: judge.plain, examples: judge.examples }
}

/// What reports tell of a true session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// It brought so little that nobody asks.
    Small,
    /// A reading of the time after current had begun to flow and before the cable was out shows it: see [`telling`].
    AtThePlug,
    /// None does, but the level is much higher in the report after it than it was in the one before.
    Later,
    Never,
}

impl Seen {
    const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::AtThePlug => "seen",
            Self::Later => "hidden",
            Self::Never => "unseen",
        }
    }
}

struct Judge<'a> {
    lived: &'a Lived,
    telling: Vec<DateTime<Utc>>,
    score: Score,
    plain: Score,
    examples: Vec<String>,
    wanted: usize,
}

impl Judge<'_> {
    fn fill_ups(&mut self) {
        let lived = self.lived;
        let told: Vec<&FillUp> = lived
            .book
            .iter()
            .filter_map(|entry| match entry {
                Entry::FillUp(fill) if fill.state == EntryState::Recorded => Some(fill),
                _ => None,
            })
            .collect();
        self.score.asked_fill_ups = count(
            lived
                .book
                .iter()
                .filter(|entry| matches!(entry, Entry::FillUp(fill) if fill.state == EntryState::Candidate)),
        );
        let fills: Vec<&Fill> = lived.truth.fills.iter().filter(|fill| self.is_over(fill.ended_at)).collect();
        let truths: Vec<Span> =
            fills.iter().map(|fill| Span::within(fill.started_at, fill.ended_at)).collect();
        let claims: Vec<Span> =
            told.iter().map(|fill| Span::within(fill.between.after, fill.between.by)).collect();
        let seen_rise = |fill: &Fill| {
            self.seen_rise(fill.started_at, fill.ended_at, |gauges| gauges.fuel_ml, lived.tank_ml)
        };
        let rises: Vec<i64> = fills.iter().map(|fill| seen_rise(fill)).collect();
        let counts = |place: usize| rises[place] >= SEEN_FILL;
        let pairing = pair(&claims, &truths, counts);
        let simple = plain::fill_ups(&lived.readings);
        let simple_pairing = pair(&simple, &truths, counts);
        for (place, fill) in fills.iter().enumerate() {
            let points = points(fill.after_ml - fill.before_ml, lived.tank_ml);
            let seen = rises[place];
            if seen < SEEN_FILL {
                self.score.unseen_fill_ups += 1;
                continue;
            }
            let found = pairing.claims[place].is_some();
            for (score, found) in
                [(&mut self.score, found), (&mut self.plain, simple_pairing.claims[place].is_some())]
            {
                match points {
                    BIG_FILL.. => score.big_fill_ups.count(found),
                    MIDDLE_FILL.. => score.middle_fill_ups.count(found),
                    _ => {}
                }
            }
            if !found {
                self.example(
                    "fill-up missed",
                    truths[place],
                    &format!("{points} points, {seen} seen"),
                    &example::FUEL,
                );
            }
        }
        for place in &pairing.wrong {
            let fill = told[*place];
            let text = format!("{} to {}, {:?}", fill.level_before, fill.level_after, fill.evidence.marks);
            self.example("fill-up that never was", claims[*place], &text, &example::FUEL);
        }
        self.score.fill_ups = precision(&claims, &pairing);
        self.plain.fill_ups = precision(&simple, &simple_pairing);
        self.litres(&told, &fills, &pairing);
    }

    fn litres(&mut self, told: &[&FillUp], fills: &[&Fill], pairing: &Pairing) {
        for (claim, fill) in told.iter().enumerate() {
            let true_ml: i64 = of_claim(pairing, claim)
                .map(|place| i64::from(fills[place].after_ml - fills[place].before_ml))
                .sum();
            if let (Some(litres), 1..) = (fill.litres, true_ml) {
                self.score.millilitres.count(true_ml, litres.amount.0);
                let span = Span::within(fill.between.after, fill.between.by);
                let text = format!("{true_ml} ml, told {} ± {}", litres.amount.0, litres.plus_minus.0);
                self.far_off("litres", (true_ml, litres.amount.0), span, &text, &example::FUEL);
            }
        }
    }

    fn sessions(&mut self) {
        let lived = self.lived;
        let told: Vec<&ChargingSession> = lived
            .book
            .iter()
            .filter_map(|entry| match entry {
                Entry::ChargingSession(session) if session.state == EntryState::Recorded => Some(session),
                _ => None,
            })
            .collect();
        self.score.asked_sessions = count(lived.book.iter().filter(
            |entry| matches!(entry, Entry::ChargingSession(session) if session.state == EntryState::Candidate),
        ));
        let sessions: Vec<&Session> =
            lived.truth.sessions.iter().filter(|session| self.is_over(session.ended_at)).collect();
        let truths: Vec<Span> = sessions
            .iter()
            .map(|session| Span { from: session.plugged_at, begun: session.started_at, to: until(session) })
            .collect();
        let claims: Vec<Span> = told.iter().map(|session| self.claimed(session)).collect();
        let seen: Vec<Seen> = sessions.iter().map(|session| self.seen(session)).collect();
        let counts = |place: usize| matches!(seen[place], Seen::AtThePlug | Seen::Later);
        let mut pairing = pair(&claims, &truths, counts);
        let simple = plain::sessions(&lived.readings);
        let simple_pairing = pair(&simple, &truths, counts);
        for place in 0..sessions.len() {
            let found = pairing.claims[place].is_some();
            for (score, found) in
                [(&mut self.score, found), (&mut self.plain, simple_pairing.claims[place].is_some())]
            {
                match seen[place] {
                    Seen::AtThePlug => score.seen_sessions.count(found),
                    Seen::Later => score.hidden_sessions.count(found),
                    Seen::Never => score.unseen_sessions += 1,
                    Seen::Small => {}
                }
            }
            if !found && counts(place) {
                self.example(
                    &format!("{} session missed", seen[place].name()),
                    truths[place],
                    "",
                    &example::CHARGE,
                );
            }
        }
        let unfinished = |claim: &Span| {
            let all = lived.truth.sessions.iter().filter(|session| !self.is_over(session.ended_at));
            all.map(|session| Span::within(session.plugged_at, lived.truth.as_of))
                .any(|span| claim.meets(span))
        };
        pairing.wrong.retain(|place| !unfinished(&claims[*place]));
        for place in &pairing.wrong {
            let session = told[*place];
            let text = format!(
                "{:?} to {:?}, inferred {}, {:?}",
                session.start_level, session.end_level, session.inferred, session.evidence.marks
            );
            self.example("session that never was", claims[*place], &text, &example::CHARGE);
        }
        self.score.sessions = precision(&claims, &pairing);
        self.plain.sessions = precision(&simple, &simple_pairing);
        self.energy_and_cost(&told, &sessions, &pairing);
    }

    fn energy_and_cost(&mut self, told: &[&ChargingSession], sessions: &[&Session], pairing: &Pairing) {
        let told_wh = told.iter().filter_map(|session| session.energy).map(|energy| energy.wh).sum();
        let all_wh =
            self.lived.truth.sessions.iter().map(|truth| i64::from(truth.after_wh - truth.before_wh)).sum();
        self.score.all_watt_hours.count(all_wh, told_wh);
        for (claim, session) in told.iter().enumerate() {
            let truths: Vec<&Session> = of_claim(pairing, claim).map(|place| sessions[place]).collect();
            let true_wh: i64 = truths.iter().map(|truth| i64::from(truth.after_wh - truth.before_wh)).sum();
            if let (Some(energy), 1..) = (session.energy, true_wh) {
                self.score.watt_hours.count(true_wh, energy.wh);
                let text = format!(
                    "{true_wh} Wh in {} sessions, told {} ± {} by {:?}, {:?}",
                    truths.len(),
                    energy.wh,
                    energy.plus_minus_wh,
                    energy.source,
                    session.evidence.marks
                );
                let span = self.claimed(session);
                self.far_off("energy", (true_wh, energy.wh), span, &text, &example::CHARGE);
            }
            let true_cost: i64 = truths.iter().map(|truth| self.true_cost(truth)).sum();
            if let (Some(cost), 1..) = (tariff::cost(session, &self.lived.setup), true_cost) {
                self.score.cost.count(true_cost, cost.expected.0);
            }
        }
    }

    fn trips(&mut self) {
        let lived = self.lived;
        let told: Vec<&Trip> = lived
            .book
            .iter()
            .filter_map(|entry| match entry {
                Entry::Trip(trip) if trip.state == EntryState::Recorded => Some(trip),
                _ => None,
            })
            .collect();
        let driven = lived.truth.trips.iter().filter(|trip| self.is_over(trip.ended_at));
        self.score.trips.happened = count(driven);
        self.score.trips.told = count(told.iter());
        let metres_told: i64 = told.iter().map(|trip| trip.distance.metres()).sum();
        let odometer = |at: &DateTime<Utc>| i64::try_from(self.gauges(*at).odometer_m).unwrap_or(i64::MAX);
        if let (Some(first), Some(last)) = (lived.reports.first(), lived.reports.last()) {
            self.score.metres.count(odometer(last) - odometer(first), metres_told);
        }
        if self.score.trips.happened == 0 {
            for trip in told {
                let span = Span::within(trip.start.after, trip.end.map_or(trip.start.by, |end| end.by));
                self.example(
                    "trip that never was",
                    span,
                    &format!("{} m", trip.distance.metres()),
                    &example::ROAD,
                );
            }
        }
    }

    fn alert_examples(&mut self) {
        for entry in &self.lived.book {
            if let Entry::Alert(alert) = entry {
                let span = Span::within(alert.at, alert.at);
                self.example("alert", span, &format!("{:?}", alert.what), &example::EVERYTHING);
            }
        }
    }

    /// Whether a report came after it.
    fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.lived.reports.last().is_some_and(|last| at + TimeDelta::minutes(1) < *last)
    }

    /// What anybody could know of it.
    fn seen(&self, session: &Session) -> Seen {
        let lived = self.lived;
        let until = until(session);
        if points(session.after_wh - session.before_wh, lived.battery_wh) < CHARGE {
            Seen::Small
        } else if self.telling.iter().any(|at| (session.started_at..=until).contains(at)) {
            Seen::AtThePlug
        } else if self.seen_rise(session.started_at, until, |gauges| gauges.battery_wh, lived.battery_wh)
            >= HIDDEN_CHARGE
        {
            Seen::Later
        } else {
            Seen::Never
        }
    }

    /// The rise between the last report before and the first after, in points: what of it anybody could see.
    fn seen_rise(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        of: impl Fn(Gauges) -> u32,
        whole: u32,
    ) -> i64 {
        let reports = &self.lived.reports;
        let before = reports.partition_point(|at| *at <= from).checked_sub(1);
        let after = reports.partition_point(|at| *at <= to);
        let (Some(before), Some(after)) = (before, reports.get(after)) else { return 0 };
        let rise = i64::from(of(self.gauges(*after))) - i64::from(of(self.gauges(reports[before])));
        rise * 100 / i64::from(whole.max(1))
    }

    fn gauges(&self, at: DateTime<Utc>) -> Gauges {
        let segments = &self.lived.segments;
        let place = segments.partition_point(|segment| segment.from <= at).saturating_sub(1);
        segments.get(place).map_or(self.lived.truth.now, |segment| segment.gauges_at(at))
    }

    /// An open session lasts on.
    fn claimed(&self, session: &ChargingSession) -> Span {
        let end = session.end.map_or(self.lived.truth.as_of, |end| end.by);
        Span { from: session.start.after, begun: session.start.by, to: end.max(session.start.by) }
    }

    /// What the session cost, minute by minute, in millionths.
    fn true_cost(&self, session: &Session) -> i64 {
        let segments = self.lived.segments.iter();
        let charging = segments.filter(|segment| {
            matches!(segment.doing, Doing::Charging { .. })
                && segment.from >= session.started_at
                && segment.until <= session.ended_at
        });
        charging.map(cost_of).sum()
    }

    fn far_off(
        &mut self,
        what: &str,
        (true_amount, told): (i64, i64),
        span: Span,
        text: &str,
        signals: &[&str],
    ) {
        if (told - true_amount).abs() * FAR_OFF > true_amount {
            self.example(&format!("{what} far off"), span, text, signals);
        }
    }

    fn example(&mut self, kind: &str, span: Span, text: &str, signals: &[&str]) {
        if self.examples.iter().filter(|example| example.starts_with(kind)).count() < self.wanted {
            let mut example = example::of(kind, self.lived, span, text, signals);
            if signals == example::CHARGE {
                example.push_str(&example::sessions(self.lived, span));
            }
            self.examples.push(example);
        }
    }
}

/// When readings were taken that show a charging: the cable is in, current flows, the battery is full, the level is higher or
/// the counter another than when it was read before.
fn telling(readings: &[Reading]) -> Vec<DateTime<Utc>> {
    let (mut level, mut counter) = (None, None);
    let tells = |reading: &&Reading| match &reading.value {
        Value::Bool(is_so) => {
            let is_of_the_plug =
                reading.signal.is(Signal::CABLE_CONNECTED) || reading.signal.is(Signal::IS_CHARGING);
            *is_so && is_of_the_plug
        }
        Value::Text(status) => reading.signal.is(Signal::CHARGING_STATUS) && status != "NOT_CHARGING",
        Value::Number(now) if reading.signal.is(Signal::STATE_OF_CHARGE) => {
            level.replace(*now).is_some_and(|before| *now > before)
        }
        Value::Number(now) if reading.signal.is(Signal::ENERGY_ADDED) => {
            counter.replace(*now).is_some_and(|before| *now != before)
        }
        Value::Number(_) | Value::Position(_) | Value::Structure(_) => false,
    };
    readings.iter().filter(tells).map(|reading| reading.at).collect()
}

fn cost_of(segment: &Segment) -> i64 {
    let per_cent = if segment.place.kind == PlaceKind::FastCharger { 95 } else { 90 };
    let mut cost = 0;
    let mut at = segment.from;
    while at < segment.until {
        let to = (at + TimeDelta::minutes(1)).min(segment.until);
        let wh = i64::from(segment.gauges_at(to).battery_wh) - i64::from(segment.gauges_at(at).battery_wh);
        let hour = chrono::Timelike::hour(&at);
        let price = if (NIGHT_TO..NIGHT_FROM).contains(&hour) { DAY } else { NIGHT };
        cost += wh * price.0 / 10 / per_cent;
        at = to;
    }
    cost
}

fn until(session: &Session) -> DateTime<Utc> {
    session.unplugged_at.unwrap_or(session.ended_at)
}

/// The truths that a claim tells.
fn of_claim(pairing: &Pairing, claim: usize) -> impl Iterator<Item = usize> + '_ {
    (0..pairing.claims.len()).filter(move |truth| pairing.claims[*truth] == Some(claim))
}

fn precision(claims: &[Span], pairing: &Pairing) -> Precision {
    Precision { told: count(claims.iter()), wrong: count(pairing.wrong.iter()) }
}

fn points(part: u32, whole: u32) -> u32 {
    u32::try_from(u64::from(part) * 100 / u64::from(whole.max(1))).unwrap_or(u32::MAX)
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
