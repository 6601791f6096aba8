//! What can go wrong with the database, and whether the data are to blame.

use std::error::Error;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("DATABASE_URL is not an address of a PostgreSQL database")]
    Url(#[source] sqlx::Error),
    #[error("cannot reach the database or it refused")]
    Database(#[from] sqlx::Error),
    #[error("{table}.{column} holds what no version of this program wrote")]
    Corrupt {
        table: &'static str,
        column: &'static str,
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether these very data can never be stored (SQLSTATE classes 22, data exception, and 23, integrity
    /// violation). Everything else is the world's fault and passes: connection, deadlock, disk full, a
    /// missing right.
    pub fn is_fault_of_the_data(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(refusal)) => refusal
                .code()
                .is_some_and(|code| code.starts_with("22") || code.starts_with("23")),
            // Values that cannot be sent at all.
            Self::Database(sqlx::Error::Encode(_)) => true,
            Self::Database(_) | Self::Url(_) | Self::Corrupt { .. } => false,
        }
    }

    pub(crate) fn corrupt(
        table: &'static str,
        column: &'static str,
    ) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self::Corrupt {
            table,
            column,
            source,
        }
    }
}
