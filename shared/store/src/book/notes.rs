//! What people wrote beside entries of the machine goes along when an entry moves to another row, is joined to its neighbour, or
//! is taken back and found again.

use std::collections::HashSet;

use domain::decision::{Applied, Decision, Note};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::scope::row_ids;
use crate::{StoreError, book::PageChanges};

/// Words of a person and the entry that they stand beside.
#[derive(Debug)]
pub(super) struct Beside {
    /// `decisions.id`
    words: Uuid,
    /// The row that they were in when they were written or moved last.
    row: Uuid,
    /// The rows that the entry may have: its own, and that of its expense.
    rows: Vec<Uuid>,
}

/// Where the words of people stand by this fold.
pub(super) fn beside<'a>(
    vehicle: Uuid,
    applied: &'a Applied,
    decisions: &'a [Decision],
) -> impl Iterator<Item = Beside> + 'a {
    applied.notes.iter().filter_map(move |Note { words, entry }| {
        let decision = decisions.iter().find(|decision| decision.words() == Some(*words))?;
        Some(Beside {
            words: Uuid::from_u128(words.0),
            row: Uuid::from_u128(decision.row.0),
            rows: row_ids(vehicle, entry).collect(),
        })
    })
}

/// Once all rows are written and taken back: words whose row is gone, or was written anew, go to the row of their entry. Where
/// their row still has them, they stay there. Nothing is asked unless there are such words.
pub(super) async fn carry_over(db: &mut PgConnection, todo: &PageChanges) -> Result<(), StoreError> {
    if todo.notes.is_empty() {
        return Ok(());
    }
    let new: HashSet<Uuid> = todo.insert.iter().map(|row| row.id).collect();
    let is_elsewhere =
        |note: &&Beside| !note.rows.contains(&note.row) || note.rows.iter().any(|row| new.contains(row));
    let (words, rows): (Vec<Uuid>, Vec<Uuid>) = todo
        .notes
        .iter()
        .filter(is_elsewhere)
        .filter_map(|note| Some((note.words, *note.rows.first()?)))
        .unzip();
    if words.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"WITH moved AS (
             SELECT note.id, note.started_at, note.note AS words,
               CASE note.verdict WHEN 'expense_noted' THEN session.expense_id ELSE beside.row END AS row
             FROM unnest($1::uuid[], $2::uuid[]) AS beside (id, row)
             JOIN decisions AS note ON note.id = beside.id
             LEFT JOIN charging_sessions AS session ON session.id = beside.row
             WHERE NOT EXISTS (
               SELECT FROM (
                 SELECT id, notes FROM fuel_entries UNION ALL SELECT id, notes FROM charging_sessions
                 UNION ALL SELECT id, notes FROM trips UNION ALL SELECT id, notes FROM expenses) AS entry
               WHERE entry.id = note.row_id AND strpos(entry.notes, note.note) > 0)
           ), said AS (
             SELECT row, string_agg(words, E'\n' ORDER BY started_at, id) AS words FROM moved GROUP BY row
           ), fuel AS (
             UPDATE fuel_entries AS entry SET notes = concat_ws(E'\n', entry.notes, said.words)
             FROM said WHERE entry.id = said.row AND entry.evidence_until IS NOT NULL RETURNING entry.id
           ), charge AS (
             UPDATE charging_sessions AS entry SET notes = concat_ws(E'\n', entry.notes, said.words)
             FROM said WHERE entry.id = said.row AND entry.evidence_until IS NOT NULL RETURNING entry.id
           ), trip AS (
             UPDATE trips AS entry SET notes = concat_ws(E'\n', entry.notes, said.words)
             FROM said WHERE entry.id = said.row AND entry.evidence_until IS NOT NULL RETURNING entry.id
           ), expense AS (
             -- The machine's own words give way, those of people do not.
             UPDATE expenses AS entry SET notes = concat_ws(E'\n', CASE WHEN EXISTS (
                 SELECT FROM decisions AS other WHERE other.row_id = entry.id AND other.verdict = 'expense_noted'
                   AND strpos(entry.notes, other.note) > 0) THEN entry.notes END, said.words)
             FROM said WHERE entry.id = said.row AND entry.evidence_until IS NOT NULL RETURNING entry.id
           )
           UPDATE decisions AS note SET row_id = moved.row
           FROM moved
           WHERE note.id = moved.id AND moved.row IN (
             SELECT id FROM fuel UNION ALL SELECT id FROM charge UNION ALL SELECT id FROM trip UNION ALL SELECT id FROM expense)"#,
        &words,
        &rows,
    )
    .execute(db)
    .await?;
    Ok(())
}
