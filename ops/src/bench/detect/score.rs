//! How much was found, and what was found that never happened.

use std::fmt;

use serde::Serialize;

use super::Round;

/// Of so many that happened, so many are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Recall {
    pub happened: u32,
    pub told: u32,
}

/// Of so many that are told, so many did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Precision {
    pub told: u32,
    pub wrong: u32,
}

/// Sums of an amount, in its smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    pub happened: i64,
    pub told: i64,
    /// Of each entry how far it is off, summed.
    pub off: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    pub cars: u32,
    pub reports: u32,
    /// Of at least twenty points.
    pub big_fill_ups: Recall,
    /// Of ten to twenty points.
    pub middle_fill_ups: Recall,
    /// Of no more than a few points between the reports around them: nobody could know.
    pub unseen_fill_ups: u32,
    pub fill_ups: Precision,
    /// Only asked about.
    pub asked_fill_ups: u32,
    pub millilitres: Amount,
    /// Of at least five points, with a report from the stay at the plug.
    pub seen_sessions: Recall,
    /// Without any report; the level shows them.
    pub hidden_sessions: Recall,
    pub unseen_sessions: u32,
    pub sessions: Precision,
    pub asked_sessions: u32,
    /// Of sessions that are told.
    pub watt_hours: Amount,
    /// Of everything that was charged, told or not; by car.
    pub all_watt_hours: Amount,
    /// Millionths of the currency's unit.
    pub cost: Amount,
    pub trips: Recall,
    pub metres: Amount,
    pub alerts: u32,
}

impl Recall {
    pub fn count(&mut self, told: bool) {
        self.happened += 1;
        self.told += u32::from(told);
    }

    fn add(&mut self, other: Self) {
        self.happened += other.happened;
        self.told += other.told;
    }

    /// From 0 to 1; 1 if nothing happened.
    pub fn share(self) -> f64 {
        share(self.told, self.happened)
    }
}

impl Precision {
    fn add(&mut self, other: Self) {
        self.told += other.told;
        self.wrong += other.wrong;
    }

    /// From 0 to 1; 1 if nothing is told.
    pub fn share(self) -> f64 {
        share(self.told - self.wrong, self.told)
    }
}

impl Amount {
    pub fn count(&mut self, happened: i64, told: i64) {
        self.happened += happened;
        self.told += told;
        self.off += (told - happened).abs();
    }

    fn add(&mut self, other: Self) {
        self.happened += other.happened;
        self.told += other.told;
        self.off += other.off;
    }

    /// How far the sum is off, as a share of what happened.
    pub fn error(self) -> f64 {
        ratio(self.told - self.happened, self.happened)
    }

    /// How far an entry is off on average, as a share of what happened.
    pub fn spread(self) -> f64 {
        ratio(self.off, self.happened)
    }
}

impl Score {
    pub fn add(&mut self, other: &Self) {
        // Taken apart without `..`: a new figure does not compile until it is summed.
        let Self {
            cars,
            reports,
            big_fill_ups,
            middle_fill_ups,
            unseen_fill_ups,
            fill_ups,
            asked_fill_ups,
            millilitres,
            seen_sessions,
            hidden_sessions,
            unseen_sessions,
            sessions,
            asked_sessions,
            watt_hours,
            all_watt_hours,
            cost,
            trips,
            metres,
            alerts,
        } = *other;
        self.cars += cars;
        self.reports += reports;
        self.big_fill_ups.add(big_fill_ups);
        self.middle_fill_ups.add(middle_fill_ups);
        self.unseen_fill_ups += unseen_fill_ups;
        self.fill_ups.add(fill_ups);
        self.asked_fill_ups += asked_fill_ups;
        self.millilitres.add(millilitres);
        self.seen_sessions.add(seen_sessions);
        self.hidden_sessions.add(hidden_sessions);
        self.unseen_sessions += unseen_sessions;
        self.sessions.add(sessions);
        self.asked_sessions += asked_sessions;
        self.watt_hours.add(watt_hours);
        self.all_watt_hours.add(all_watt_hours);
        self.cost.add(cost);
        self.trips.add(trips);
        self.metres.add(metres);
        self.alerts += alerts;
    }

    /// Entries of any kind, asked about or not.
    pub fn entries(&self) -> u32 {
        let asked = self.asked_fill_ups + self.asked_sessions;
        self.fill_ups.told + self.sessions.told + self.trips.told + self.alerts + asked
    }
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} ({} of {})", self.share(), self.told, self.happened)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} ({} wrong of {})", self.share(), self.wrong, self.told)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.2} % in sum, {:.2} % each", self.error() * 100.0, self.spread() * 100.0)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reports, score, plain, parked, .. } = self;
        let often = if *reports == 0 { "as the makes do".to_owned() } else { format!("{reports} a day") };
        writeln!(f, "reports {often} ({} arrived)", score.reports)?;
        let mut line = |what: &str, ours: String, plain: String| writeln!(f, "  {what:<38}{ours:<34}{plain}");
        line("", "by our rules".to_owned(), "by the simplest rules".to_owned())?;
        line("fill-ups of 20 points and more, found", text(score.big_fill_ups), text(plain.big_fill_ups))?;
        line("fill-ups of 10 to 20 points, found", text(score.middle_fill_ups), text(plain.middle_fill_ups))?;
        line("fill-ups that are true", text(score.fill_ups), text(plain.fill_ups))?;
        line("sessions seen, found", text(score.seen_sessions), text(plain.seen_sessions))?;
        line("sessions hidden, found", text(score.hidden_sessions), text(plain.hidden_sessions))?;
        line("sessions that are true", text(score.sessions), text(plain.sessions))?;
        line("litres", text(score.millilitres), String::new())?;
        line("energy of what is told", text(score.watt_hours), String::new())?;
        line("energy of all that was charged", text(score.all_watt_hours), String::new())?;
        line("cost", text(score.cost), String::new())?;
        line("trips told of driven", text(score.trips), String::new())?;
        line("distance", text(score.metres), String::new())?;
        writeln!(
            f,
            "  asked about: {} fill-ups, {} sessions; unseen: {} fill-ups, {} sessions; alerts: {}",
            score.asked_fill_ups,
            score.asked_sessions,
            score.unseen_fill_ups,
            score.unseen_sessions,
            score.alerts
        )?;
        write!(f, "  {} parked cars: {} entries in their books", parked.cars, parked.entries())
    }
}

fn text(figure: impl fmt::Display) -> String {
    figure.to_string()
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

#[expect(clippy::cast_precision_loss, reason = "sums of a fleet's years are far below 2^53")]
fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
