//! How people are told outside of their page: when, in which words, and by e-mail or to a program of theirs. What there is to
//! tell, and whom, is in the store; who asks for it is the worker.

mod address;
mod config;
mod event;
mod letter;
mod mail;
mod moments;
mod places;
mod plan;
mod retry;
mod signature;
mod texts;
mod unsubscribing;
mod webhook;
mod words;

pub use address::{AddressError, endpoint};
pub use config::NotifyConfig;
pub use event::{EventError, body};
pub use letter::{Letter, confirmation, letter};
pub use mail::{Mail, MailError, is_email};
pub use places::{code_place, new_code, secret_place};
pub use plan::{News, Plan, Wishes, plan};
pub use retry::again;
pub use signature::{SecretError, new_secret, signatures};
pub use texts::Language;
pub use unsubscribing::{UNSUBSCRIBING, Unsubscribing, unsubscribe_address};
pub use webhook::{Answer, WebhookError, Webhooks};
pub use words::{Item, Tongue, Units};
