//! Which lines of a file are in the books already, and which tell of the same as an entry of the machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::identity;
use crate::number::Number;
use crate::read::Line;
use crate::record::{Kind, Record};

/// An entry that stands in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub id: Uuid,
    pub kind: Kind,
    /// From when to when it happened; the same for what takes no time.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Kilometres on the counter, litres, kilowatt hours, kilometres driven, money.
    pub amount: Option<Number>,
    /// The machine wrote it, and no person has changed it.
    pub is_machines: bool,
}

/// What is to become of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nothing in the books is like it. It becomes this row.
    New(Uuid),
    /// It stands there in this row, by an earlier import or in a person's words.
    Known(Uuid),
    /// The machine wrote of the same: the person chooses.
    Same(Same),
}

/// A line and the machine's entries that tell of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Same {
    /// The row that the line becomes if it takes their place.
    pub id: Uuid,
    /// At least one, the likest first.
    pub machines: Vec<Uuid>,
    /// Exactly one line tells of exactly one entry, so that this entry can be filled in.
    pub is_one_to_one: bool,
}

/// How like two entries have to be to be one.
struct Likeness {
    /// So near in time they are the same, whatever the amounts: nobody fills up twice in an hour. `None`: no nearness
    /// is enough.
    near: Option<TimeDelta>,
    /// So near they are the same if the amounts agree: sparse readings see late.
    far: TimeDelta,
    /// Amounts agree if they differ by no more than this, or by so many hundredths.
    amount: Number,
    hundredths: i64,
    /// Several of the machine may be one of a person's, and the other way round.
    may_be_cut: bool,
}

const HALF_A_DAY: TimeDelta = TimeDelta::hours(12);
/// A person who wrote the same twice wrote the same minute.
const SAME_MOMENT: TimeDelta = TimeDelta::minutes(1);
/// Rows that began longer before a line are not looked at: none lasts so long.
const LONGEST: TimeDelta = TimeDelta::days(8);

const fn likeness(kind: Kind) -> Likeness {
    const NONE: TimeDelta = TimeDelta::zero();
    let (near, far, amount, hundredths, may_be_cut) = match kind {
        Kind::MeterEntries => (None, TimeDelta::hours(1), 1, 0, false),
        Kind::FuelEntries => (Some(TimeDelta::hours(1)), TimeDelta::hours(24), 5, 25, false),
        Kind::ChargingSessions => (Some(NONE), TimeDelta::minutes(30), 3, 30, true),
        Kind::Trips => (Some(NONE), TimeDelta::minutes(30), 1, 10, true),
        Kind::Expenses => (None, SAME_MOMENT, 0, 0, false),
    };
    Likeness { near, far, amount: Number::whole(amount), hundredths, may_be_cut }
}

/// What becomes of each line of a file, in its order. `stored` are the entries of the car around the lines' time, `known` those
/// of the lines' own ids (see [`ids`](identity::ids)) that exist, whatever became of them.
pub fn compare(car: Uuid, lines: &[Line], stored: &[Stored], known: &BTreeSet<Uuid>) -> Vec<Finding> {
    let ids = identity::ids(car, lines);
    let own: HashSet<Uuid> = ids.iter().copied().collect();
    let mut shelf = Shelf::new(stored.iter().filter(|row| !own.contains(&row.id)));
    let findings = lines.iter().zip(ids).map(|(line, id)| {
        if known.contains(&id) {
            return Finding::Known(id);
        }
        let shape = Shape::of(&line.record);
        if let Some(row) = shelf.take_persons(&shape) {
            return Finding::Known(row);
        }
        match shelf.take_machines(&shape) {
            machines if machines.is_empty() => Finding::New(id),
            machines => Finding::Same(Same { id, is_one_to_one: machines.len() == 1, machines }),
        }
    });
    let findings: Vec<Finding> = findings.collect();
    one_to_one(findings)
}

/// An entry that two lines tell of cannot be filled in by either.
fn one_to_one(mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut claims: HashMap<Uuid, usize> = HashMap::new();
    let claimed = findings.iter().filter_map(|finding| match finding {
        Finding::Same(same) => Some(&same.machines),
        Finding::New(_) | Finding::Known(_) => None,
    });
    claimed.flatten().for_each(|row| *claims.entry(*row).or_default() += 1);
    for finding in &mut findings {
        if let Finding::Same(same) = finding {
            same.is_one_to_one &= same.machines.iter().all(|row| claims.get(row) == Some(&1));
        }
    }
    findings
}

/// What of a record is compared.
struct Shape {
    kind: Kind,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    amount: Option<Number>,
    whole_day: bool,
}

impl Shape {
    fn of(record: &Record) -> Self {
        let when = record.when();
        let (to, amount) = match record {
            Record::Meter(entry) => (None, Some(entry.odometer_km)),
            Record::Fuel(entry) => (None, entry.litres),
            Record::Charging(session) => (session.ended_at, session.energy_kwh.or(session.grid_kwh)),
            Record::Trip(trip) => (trip.ended_at, Some(trip.distance_km)),
            Record::Expense(expense) => (None, Some(expense.amount)),
        };
        let to = to.map_or(when.at, |to| to.at);
        Self { kind: record.kind(), from: when.at, to, amount, whole_day: when.whole_day }
    }

    /// How far apart they are in time; zero if they touch. A line that tells only the day is near to all of that day.
    fn gap(&self, row: &Stored) -> TimeDelta {
        let slack = if self.whole_day { HALF_A_DAY } else { TimeDelta::zero() };
        let gap = (row.from - self.to).max(self.from - row.to);
        (gap - slack).max(TimeDelta::zero())
    }

    /// Whether the shorter lies at least half within the longer, and is not more of it than there is.
    fn overlaps(&self, row: &Stored) -> bool {
        let shared = self.to.min(row.to) - self.from.max(row.from);
        let (own, other) = (self.to - self.from, row.to - row.from);
        if shared <= TimeDelta::zero() || shared * 2 < own.min(other) {
            return false;
        }
        let (part, whole) = if own <= other { (self.amount, row.amount) } else { (row.amount, self.amount) };
        let fits = |(part, whole): (Number, Number)| part <= whole || self.agrees(row, &likeness(self.kind));
        part.zip(whole).is_none_or(fits)
    }

    fn difference(&self, row: &Stored) -> Option<Number> {
        self.amount.zip(row.amount).map(|(one, other)| one.minus(other).abs())
    }

    /// What is not known contradicts nothing.
    fn agrees(&self, row: &Stored, likeness: &Likeness) -> bool {
        let share = self.amount.map_or(0, |amount| amount.abs().millionths() / 100 * likeness.hundredths);
        let most = likeness.amount.millionths().max(share);
        self.difference(row).is_none_or(|difference| difference.millionths() <= most)
    }

    fn is_like(&self, row: &Stored) -> bool {
        let likeness = likeness(self.kind);
        let gap = self.gap(row);
        let is_near = if likeness.may_be_cut {
            self.overlaps(row)
        } else {
            likeness.near.is_some_and(|near| gap <= near && !self.whole_day)
        };
        is_near || (gap <= likeness.far && self.agrees(row, &likeness))
    }

    fn is_the_same(&self, row: &Stored) -> bool {
        self.gap(row) <= SAME_MOMENT && self.difference(row) == Some(Number::ZERO)
    }
}

/// The stored rows, to be found by time.
struct Shelf<'a> {
    rows: BTreeMap<(Kind, DateTime<Utc>, Uuid), &'a Stored>,
    taken: HashSet<Uuid>,
}

impl<'a> Shelf<'a> {
    fn new(stored: impl Iterator<Item = &'a Stored>) -> Self {
        let rows = stored.map(|row| ((row.kind, row.from, row.id), row)).collect();
        Self { rows, taken: HashSet::new() }
    }

    /// A person's row that says the same. It stands for one line only.
    fn take_persons(&mut self, shape: &Shape) -> Option<Uuid> {
        let found = self.around(shape).find(|row| !row.is_machines && shape.is_the_same(row))?.id;
        self.taken.insert(found);
        Some(found)
    }

    /// The machine's rows that tell of the same.
    fn take_machines(&mut self, shape: &Shape) -> Vec<Uuid> {
        let is_like = |row: &&Stored| row.is_machines && shape.is_like(row);
        let mut found: Vec<&Stored> = self.around(shape).filter(is_like).collect();
        let unknown = Number::whole(i64::from(i32::MAX));
        found.sort_by_key(|row| {
            (Reverse(shape.overlaps(row)), shape.gap(row), shape.difference(row).unwrap_or(unknown), row.id)
        });
        if likeness(shape.kind).may_be_cut {
            // What is only near in time stands for one line; what overlaps may stand for several.
            let overlapping: Vec<Uuid> =
                found.iter().filter(|row| shape.overlaps(row)).map(|row| row.id).collect();
            if !overlapping.is_empty() {
                return overlapping;
            }
        }
        let best: Vec<Uuid> = found.first().map(|row| row.id).into_iter().collect();
        self.taken.extend(&best);
        best
    }

    fn around(&self, shape: &Shape) -> impl Iterator<Item = &'a Stored> {
        let key = |at| (shape.kind, at, Uuid::nil());
        let range = key(shape.from - LONGEST)..key(shape.to + LONGEST);
        self.rows.range(range).map(|(_, row)| *row).filter(|row| !self.taken.contains(&row.id))
    }
}
