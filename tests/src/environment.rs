//! Which servers the tests use, and names on them that nobody else has.

use uuid::Uuid;

/// Where the tests' PostgreSQL is: `DATABASE_URL`.
///
/// # Panics
/// When the variable is missing, with what to do about it. A test without its servers is red, never skipped.
pub fn database_url() -> String {
    variable("DATABASE_URL", "PostgreSQL")
}

/// Where the tests' RabbitMQ is: `AMQP_URL`.
///
/// # Panics
/// When the variable is missing, with what to do about it. A test without its servers is red, never skipped.
pub fn amqp_url() -> String {
    variable("AMQP_URL", "RabbitMQ")
}

/// A fresh prefix for all exchanges and queues of one test, so that any number of tests share one broker.
pub fn namespace() -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("t-{}", &random[..12])
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line; this is the one place that asks")]
fn variable(name: &str, server: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!(
            "no {server} ({name} is not set): run `make test`, \
             or `eval \"$(scripts/services up && scripts/services env)\"` before this command"
        )
    })
}
