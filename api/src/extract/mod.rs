//! What handlers take: bodies, parameters and cars that were checked before the handler sees them, and refused in words
//! that name the field.

mod body;
mod own_car;
mod params;
mod span;

pub use body::{Body, LARGEST as LARGEST_BODY};
pub use own_car::{EntryOf, OwnCar};
pub use params::{Cursor, Params, Place, PlaceAmongAll};
pub use span::Span;
