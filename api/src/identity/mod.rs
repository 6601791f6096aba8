//! Who asks: the person that an access token of Supabase names.

mod keys;
mod person;
mod token;

pub use person::Person;
pub use token::{TokenError, Tokens};
