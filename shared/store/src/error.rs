//! What can go wrong with the database, and whether the data are to blame.

use std::error::Error;

use sqlx::postgres::PgDatabaseError;

/// Classes of SQLSTATE that say nothing about the data (PostgreSQL's manual, appendix A): connection, invalid
/// transaction state, authorization, catalog and schema names, rollback, syntax and rights, resources, object not in
/// the prerequisite state, operator intervention, system error, configuration file, internal error.
const OF_THE_WORLD: [&str; 13] =
    ["08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "F0", "XX"];

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("DATABASE_URL is not an address of a PostgreSQL database")]
    Url(#[source] sqlx::Error),
    #[error("the database did not do what it was asked")]
    Database(#[from] sqlx::Error),
    #[error("{table}.{column} holds what no version of this program wrote")]
    Corrupt { table: &'static str, column: &'static str, source: Box<dyn Error + Send + Sync> },
}

impl StoreError {
    /// Whether these very data can never be stored: then they are looked for and set aside. What is the world's
    /// fault passes, and is waited for: connections, rights, locks, resources, an operator's intervention.
    pub fn is_fault_of_the_data(&self) -> bool {
        match self {
            Self::Database(_) if self.is_stale_plan() => false,
            Self::Database(sqlx::Error::Database(refusal)) => {
                !refusal.code().is_none_or(|code| OF_THE_WORLD.iter().any(|class| code.starts_with(class)))
            }
            // Values that cannot be sent or understood at all.
            Self::Database(
                sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. },
            )
            | Self::Corrupt { .. } => true,
            Self::Database(_) | Self::Url(_) => false,
        }
    }

    /// Whether a migration has changed what a statement gives since this session prepared it. The session has to go: it
    /// would say the same each time.
    pub fn is_stale_plan(&self) -> bool {
        let Self::Database(sqlx::Error::Database(refusal)) = self else { return false };
        // By the server's own function: its words are translated, and its code means many things.
        let refusal = refusal.try_downcast_ref::<PgDatabaseError>();
        refusal.and_then(PgDatabaseError::routine) == Some("RevalidateCachedQuery")
    }

    pub(crate) fn corrupt(
        table: &'static str,
        column: &'static str,
    ) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self::Corrupt { table, column, source }
    }
}
