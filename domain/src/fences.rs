//! Geofences: when the car entered, left, stayed in or passed a place that people marked.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, Evidence};
use crate::fact::RowId;
use crate::fold::{Event, Scene};
use crate::reading::Position;

/// A marked place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    pub id: RowId,
    pub name: String,
    pub shape: Shape,
    /// Where fences overlap, the higher one names the place; of equal ones the smaller.
    pub priority: i16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    Circle {
        centre: Position,
        radius_m: u32,
    },
    /// Corners in order, without the first again at the end. The shorter way round the earth lies between two corners.
    Polygon {
        corners: Vec<Position>,
    },
}

/// Something that happened at a fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceEvent {
    pub at: DateTime<Utc>,
    pub fence: RowId,
    pub name: String,
    pub passage: Passage,
    /// Nobody saw it there: the way between two fixes leads through.
    pub inferred: bool,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Passage {
    Enter,
    Exit,
    Dwell,
    Passed,
}

impl Passage {
    /// As it is stored, and as pages know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Exit => "exit",
            Self::Dwell => "dwell",
            Self::Passed => "passed",
        }
    }
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fences {}

impl Fences {
    pub fn take(&mut self, _event: &Event<'_>, _scene: &Scene<'_>, _book: &mut Book) {}

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        Vec::new()
    }
}

/// The fence that names this place: the one of the highest priority that it lies in, of equal ones the smallest.
pub fn named(_fences: &[Fence], _at: Position) -> Option<&Fence> {
    None
}
