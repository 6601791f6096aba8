//! Books in and out of files: what other programs wrote becomes records, and our records become CSV and JSON.
//!
//! Nothing here knows a database or a clock. [`read`](read::read) understands a file, [`compare`](compare::compare)
//! says which of its lines are in the books already, [`write`] tells the books again. A line that cannot be understood
//! says why and what to do, and stops no other.

pub mod centers;
pub mod compare;
pub mod decimal;
pub mod identity;
mod lines;
pub mod missing;
pub mod moment;
pub mod number;
pub mod options;
mod programs;
pub mod read;
pub mod record;
pub mod row;
pub mod table;
pub mod units;
pub mod write;
