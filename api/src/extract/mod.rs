//! What handlers take: bodies, parameters and cars that were checked before the handler sees them, and refused in words
//! that name the field.

mod body;
mod file;
mod own_car;
mod own_thing;
mod params;
mod span;

pub use body::{Body, LARGEST as LARGEST_BODY};
pub use file::File;
pub use own_car::{EntryOf, OwnCar};
pub use own_thing::OwnThing;
pub use params::{Cursor, Params, Place, PlaceAmongAll};
pub use span::Span;
