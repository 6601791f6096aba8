//! The api over real HTTP and a real PostgreSQL. Every answer that these tests see is compared with the `OpenAPI`
//! description that the program gives of itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod books;
mod browsers;
mod connected;
mod connecting;
mod dashboard;
mod deeds;
mod description;
mod edits;
mod files;
mod fill_ups;
mod fixture;
mod garage;
mod health;
mod identity;
mod life;
mod limits;
mod live;
mod looks;
mod mileage;
mod notifications;
mod operators;
mod outages;
mod past;
mod places;
mod problems;
mod process;
mod reminders;
mod service_centers;
mod stage;
mod strangers;
mod tariffs;
mod token;
