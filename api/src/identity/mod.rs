//! Who asks: the person that an access token of Supabase names, or an operator.

mod keys;
mod operator;
mod person;
mod token;

pub use operator::{Operator, OperatorKey};
pub use person::Person;
pub use token::{TokenError, Tokens};
