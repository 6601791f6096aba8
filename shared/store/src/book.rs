//! The book of a batch's vehicles: the derived rows of all kinds, compared with what follows from the fold and
//! changed where they differ. A few statements a batch, whatever the number of vehicles or their history.

mod history;
mod lines;
mod notes;
mod remembered;
mod rows;
mod stored;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::book::{Entry, EntryKey};
use domain::decision::{Beginning, Decision, apply as decide};
use domain::setup::Setup;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub use self::lines::{Change, Tally};
pub(crate) use self::lines::{moment, says, thousandths};
pub use self::remembered::{Basis, Remembered};
pub(crate) use self::stored::KnownRow;
use crate::decisions::{self, Asked};
use crate::scope::{Reached, Scope, row_ids};
use crate::sheet::{Row, Sheet};
use crate::{StoreError, sync_logs};

/// What follows for one vehicle from folding on from `since`.
#[derive(Debug)]
pub struct Page<'a> {
    pub vehicle: Uuid,
    pub car: Uuid,
    pub setup: &'a Setup,
    /// The starting state's moment: rows whose evidence is no newer cannot have changed, but for `open`.
    pub since: Option<DateTime<Utc>>,
    /// Where the history goes on after the last reading of this fold, the last one: rows whose evidence is newer, and entries
    /// that stay open, are for the next fold. `None`: this is all.
    pub until: Option<DateTime<Utc>>,
    /// What rests on nothing newer stays as it is: the readings that it rests on are gone.
    pub kept_until: Option<DateTime<Utc>>,
    pub open: Vec<EntryKey>,
    /// Some of these that the fold left as they were.
    pub unchanged: Vec<EntryKey>,
    pub entries: Vec<Entry>,
    /// What the head remembers; nothing of a car that somebody marked: what is stored of it is asked for.
    pub remembered: Remembered,
    /// How often people had changed anything about the car when this fold began.
    pub told: i64,
    /// The head that follows: up to when it is settled, and what stays open in it; `None` where it is settled as it was.
    pub settled_until: Option<DateTime<Utc>>,
    pub stays_open: Option<Vec<EntryKey>>,
    /// Something came late or changed: what a row said before is kept.
    pub is_late: bool,
}

impl Page<'_> {
    /// The entries whose rows are what they should be: of what is remembered, on the same basis, and as it was.
    fn settled_rows(&mut self) -> Vec<EntryKey> {
        let is_known = self.remembered.rows.is_some() && self.is_undecided();
        if is_known { std::mem::take(&mut self.unchanged) } else { Vec::new() }
    }

    /// Decisions may be about whatever the fold may write: what came since, and what was open before.
    fn asked(&self) -> Asked {
        let since = self.since.unwrap_or(DateTime::UNIX_EPOCH);
        let oldest = self.open.iter().filter_map(EntryKey::at).min();
        Asked { vehicle: self.vehicle, since: oldest.map_or(since, |at| at.min(since)) }
    }
}

/// What the book's rows have to become.
#[derive(Debug, Default)]
pub struct PageChanges {
    pub(crate) insert: Vec<Row>,
    pub(crate) amend: Vec<Row>,
    pub(crate) retract: Vec<Taken>,
    /// Rows of before there were digests: nobody can see whether they change.
    adopt: Vec<Row>,
    /// Vehicles whose rows' old forms are kept.
    late: HashSet<Uuid>,
    /// What rows said that are taken back or amended, where it was asked for.
    pub(crate) before: HashMap<Uuid, Value>,
    partly: Vec<(Uuid, DateTime<Utc>)>,
    /// What people wrote beside entries, of those cars of which they wrote anything.
    notes: Vec<notes::Beside>,
    /// What the heads remember once all this is written.
    remembered: HashMap<Uuid, Remembered>,
}

/// A row that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken {
    pub sheet: Sheet,
    pub id: Uuid,
    pub vehicle: Uuid,
    pub car: Uuid,
}

/// Rows that were found to be amended or taken back.
#[derive(Debug, Default)]
pub struct Disposed(HashSet<Uuid>);

impl Disposed {
    pub fn add(&mut self, changes: &PageChanges) {
        self.0.extend(changes.amend.iter().map(|row| row.id));
        self.0.extend(changes.retract.iter().map(|row| row.id));
    }
}

/// How many rows of people's books were written, changed and taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub inserted: usize,
    pub amended: usize,
    pub retracted: usize,
}

impl PageChanges {
    /// One line a change, for people: `+ 2026-11-21 08:00 25010 km`. What was taken back is told as it was if
    /// [`look_back`](Self::look_back) came before.
    pub fn lines(&self) -> Vec<String> {
        lines::all(self)
    }

    /// What changes of what people read, in the order of time. After [`look_back`](Self::look_back).
    pub fn changes(&self) -> Vec<Change> {
        lines::changes(self)
    }

    /// How much of each kind changes, and what it costs more or less. After [`look_back`](Self::look_back).
    pub fn tally(&self) -> Tally {
        lines::tally(self)
    }

    pub fn written(&self) -> Written {
        let of_book = |rows: &[Row]| rows.iter().filter(|row| row.sheet.is_book()).count();
        Written {
            inserted: of_book(&self.insert),
            amended: of_book(&self.amend),
            retracted: self.retract.iter().filter(|row| row.sheet.is_book()).count(),
        }
    }

    /// Reads what the rows say that are amended or taken back. Before they are written.
    pub async fn look_back(&mut self, db: &mut PgConnection) -> Result<(), StoreError> {
        let ids = self.amend.iter().map(|row| row.id).chain(self.retract.iter().map(|row| row.id));
        self.before = stored::contents(db, &ids.collect::<Vec<_>>()).await?;
        Ok(())
    }

    /// Takes out what an earlier stretch of the same history disposed of, which was not written: in a dry run.
    pub fn follow(&mut self, earlier: &Disposed) {
        self.retract.retain(|row| !earlier.0.contains(&row.id));
        let is_stored = |row: &Row| !earlier.0.contains(&row.id);
        let (amend, insert) = std::mem::take(&mut self.amend).into_iter().partition(is_stored);
        self.amend = amend;
        self.insert.extend::<Vec<Row>>(insert);
    }

    /// Vehicles that a person's joining or cutting reaches back in, and from when: they have to be folded from there on.
    pub fn partly(&self) -> impl Iterator<Item = (Uuid, DateTime<Utc>)> {
        self.partly.iter().copied()
    }

    /// Notes what is stored of one vehicle and what should be.
    fn add(&mut self, page: Wanted, stored: Vec<KnownRow>) {
        let is_ours = |row: &KnownRow| !page.left_alone.contains(&row.sheet) && !page.stays.contains(&row.id);
        let stored = stored.into_iter().filter(is_ours);
        let mut stored: BTreeMap<(Sheet, Uuid), Option<i64>> =
            stored.map(|row| ((row.sheet, row.id), row.digest)).collect();
        for row in page.rows.into_iter().filter(|row| !page.left_alone.contains(&row.sheet)) {
            match stored.remove(&(row.sheet, row.id)) {
                None => self.insert.push(row),
                Some(None) => self.adopt.push(row),
                Some(Some(digest)) if digest != row.digest => self.amend.push(row),
                Some(Some(_)) => {}
            }
        }
        let (vehicle, car) = (page.vehicle, page.car);
        self.retract.extend(stored.into_keys().map(|(sheet, id)| Taken { sheet, id, vehicle, car }));
        if page.is_late {
            self.late.insert(vehicle);
        }
    }
}

/// What a page's entries are as rows.
struct Wanted {
    vehicle: Uuid,
    car: Uuid,
    rows: Vec<Row>,
    /// Kinds of which this fold cannot tell all: their rows stay as they are.
    left_alone: HashSet<Sheet>,
    /// Rows that stay as they are: because nobody can tell any more what they should be, or not yet.
    stays: HashSet<Uuid>,
    is_late: bool,
}

impl Wanted {
    /// What rests on nothing newer stays as it is.
    fn keep_until(&mut self, kept_until: Option<DateTime<Utc>>) {
        let is_kept = |row: &Row| kept_until.is_some_and(|kept| row.until <= kept);
        self.stays.extend(self.rows.iter().filter(|row| is_kept(row)).map(|row| row.id));
        self.rows.retain(|row| !is_kept(row));
    }
}

/// Compares the pages with what is stored and with what people decided.
///
/// The rows are read first: one that a person deletes in between is then in both, and neither written nor missed.
pub async fn compare(db: &mut PgConnection, pages: Vec<Page<'_>>) -> Result<PageChanges, StoreError> {
    let unknown = Scope::of(pages.iter().filter(|page| page.remembered.rows.is_none()));
    let mut stored =
        if unknown.is_empty() { HashMap::new() } else { stored::reachable(db, &unknown).await? };
    let mut decisions = decided(db, &pages).await?;
    let mut changes = PageChanges::default();
    for mut page in pages {
        let (vehicle, car, setup, since) = (page.vehicle, page.car, page.setup, page.since);
        let mut entries = std::mem::take(&mut page.entries);
        let mut untold: BTreeSet<EntryKey> =
            page.until.and(page.stays_open.clone()).unwrap_or_default().into_iter().collect();
        untold.extend(page.settled_rows());
        entries.retain(|entry| !untold.contains(&entry.key()));
        let (decisions, undecided_since) = match decisions.remove(&vehicle) {
            _ if page.is_undecided() => (Vec::new(), page.remembered.undecided_since),
            Some(decisions) => (decisions, None),
            None => (Vec::new(), Some(page.asked().since)),
        };
        let taken: HashSet<Uuid> = decisions
            .iter()
            .filter(|decision| decision.takes_row())
            .map(|decision| Uuid::from_u128(decision.row.0))
            .collect();
        let applied = decide(entries, &decisions, Beginning { since, open: &page.open });
        changes.notes.extend(notes::beside(vehicle, &applied, &decisions));
        let stays = untold.iter().flat_map(|key| row_ids(vehicle, key)).collect();
        let mut wanted = Wanted {
            vehicle,
            car,
            rows: Vec::new(),
            left_alone: HashSet::new(),
            stays,
            is_late: page.is_late,
        };
        for (kind, stretch) in applied.partly {
            wanted.left_alone.extend(rows::sheets(kind));
            changes.partly.push((vehicle, stretch.start.after));
        }
        for told in &applied.told {
            rows::of(vehicle, car, told, setup, &mut wanted.rows)?;
        }
        wanted.rows.retain(|row| !taken.contains(&row.id));
        wanted.keep_until(page.kept_until);
        let is_read = page.remembered.rows.is_none();
        let known = match page.remembered.rows.clone() {
            Some(rows) => rows,
            None => stored.remove(&vehicle).unwrap_or_default(),
        };
        // What is remembered is what folding on from the settled state may change; this fold may have begun later.
        let reached = Reached::by(vehicle, since, &page.open);
        changes.remembered.insert(vehicle, page.remembers(&wanted, &known, &reached, undecided_since));
        changes.add(wanted, known.into_iter().filter(|row| is_read || reached.holds(row)).collect());
    }
    Ok(changes)
}

/// What people decided, of those vehicles of which it is not known that nobody did.
async fn decided(
    db: &mut PgConnection,
    pages: &[Page<'_>],
) -> Result<HashMap<Uuid, Vec<Decision>>, StoreError> {
    let asking = || pages.iter().filter(|page| !page.is_undecided());
    let asked: Vec<Asked> = asking().map(Page::asked).collect();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    decisions::since(db, &asked, &Scope::of(asking()).open).await
}

/// Makes the stored rows what they should be, keeps what they said where somebody may ask, and notes in the sync logs what
/// was done.
pub async fn apply(
    db: &mut PgConnection,
    todo: &mut PageChanges,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let is_kept = |row: &Row| todo.late.contains(&row.vehicle);
    if !todo.retract.is_empty() || todo.amend.iter().any(is_kept) {
        todo.look_back(db).await?;
        history::keep(db, todo, now).await?;
    }
    if !todo.adopt.is_empty() {
        rows::write(db, &[], &todo.adopt, now).await?;
    }
    rows::write(db, &todo.insert, &todo.amend, now).await?;
    if !todo.retract.is_empty() {
        stored::retract(db, &todo.retract).await?;
    }
    notes::carry_over(db, todo).await?;
    sync_logs::note(db, todo, now).await
}

impl PageChanges {
    /// What the vehicle's head remembers when this is written.
    pub fn remembered(&self, vehicle: Uuid) -> Remembered {
        self.remembered.get(&vehicle).cloned().unwrap_or_default()
    }

    /// Whether late data or a correction made this vehicle's changes, and not the next reading.
    pub(crate) fn is_late(&self, vehicle: Uuid) -> bool {
        self.late.contains(&vehicle)
    }
}
