//! Secrets of people's webhooks, sealed anew.

use std::io::Write;

use notify::secret_place;
use sqlx::{Connection, PgConnection};
use store::webhook_endpoints::{self, OldSeal};
use uuid::Uuid;
use vault::{KeyRing, Unopenable};

/// How many endpoints.
#[derive(Debug, Default)]
pub struct Done {
    pub sealed: i64,
    /// No key of the ring opens their secrets.
    pub left: i64,
}

/// Seals all secrets that another key sealed with the first one.
pub async fn seal_anew(
    db: &mut PgConnection,
    ring: &KeyRing,
    batch: i64,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<Done> {
    let (mut done, mut after) = (Done::default(), Uuid::nil());
    loop {
        let old = webhook_endpoints::sealed_otherwise(db, ring.sealing_id(), after, batch).await?;
        let Some(last) = old.last() else { return Ok(done) };
        after = last.id;
        let mut tx = db.begin().await?;
        for endpoint in &old {
            match anew(ring, endpoint) {
                Ok((secret, former)) => {
                    // One that was changed meanwhile was sealed by that.
                    let resealed =
                        webhook_endpoints::reseal(&mut tx, endpoint, &secret, former.as_deref()).await?;
                    done.sealed += i64::from(resealed);
                }
                Err(error) => {
                    writeln!(out, "the secret of endpoint {} stays as it is: {error}", endpoint.id)?;
                    done.left += 1;
                }
            }
        }
        tx.commit().await?;
    }
}

fn anew(ring: &KeyRing, old: &OldSeal) -> Result<(String, Option<String>), Unopenable> {
    let place = secret_place(old.id);
    let seal = |sealed: &str| ring.open(sealed, &place).map(|secret| ring.seal(&secret, &place));
    Ok((seal(&old.secret)?, old.former_secret.as_deref().map(seal).transpose()?))
}
