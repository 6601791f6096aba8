//! `carvetka keys`: the keys that seal tokens at rest, made and changed while programs run.

mod endpoints;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use connections::token_place;
use runtime::clock;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use store::grants::{self, ApiVersion, NewGrant, OldSeal, SealedPair};
use store::legacy_tokens::{self, PlainPair};
use uuid::Uuid;
use vault::KeyRing;

use crate::settings::DatabaseUrl;

/// Makes and changes the keys that seal tokens at rest.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    New(New),
    Rotate(Rotate),
}

/// Prints a new key, as it stands in `TOKEN_ENCRYPTION_KEYS`.
#[derive(Debug, Clone, Args)]
struct New {
    /// What the key is called: letters, digits, `-` and `_`, such as `2026a`.
    id: String,
}

/// Seals all tokens, and the secrets of people's webhooks, with the first key.
///
/// To change keys: put the new one first in `TOKEN_ENCRYPTION_KEYS` and leave the old ones behind it; restart the programs;
/// run this; when it says that nothing is left under other keys, take these away. Programs may run meanwhile, and it may
/// be stopped and run again at any time. Tokens that an older web app left in the clear are sealed, too.
#[derive(Debug, Clone, Args)]
struct Rotate {
    /// The keys, the new one first: `id:base64,id:base64`.
    #[arg(long, env = "TOKEN_ENCRYPTION_KEYS", hide_env_values = true)]
    token_encryption_keys: SecretString,

    /// How many token pairs are looked at in one go.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,

    #[command(flatten)]
    database: DatabaseUrl,
}

/// A refresh token of unknown age: half of its life is left, more or less.
const UNKNOWN_AGE: TimeDelta = TimeDelta::days(30);
/// Of a refresh token from its consent on.
const LIFE: TimeDelta = TimeDelta::days(60);

/// # Errors
///
/// If the keys cannot be used, or the database cannot be reached.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    match &options.what {
        What::New(new) => {
            let key = format!("{}:{}", new.id, vault::new_key().expose_secret());
            KeyRing::parse(&key.clone().into())?;
            writeln!(out, "{key}")?;
            Ok(ExitCode::SUCCESS)
        }
        What::Rotate(rotate) => rotate.run(out).await,
    }
}

/// What a rotation came to.
#[derive(Debug, Default)]
struct Done {
    sealed: usize,
    taken_out: usize,
    unopened: usize,
}

impl Rotate {
    async fn run(&self, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
        let ring = KeyRing::parse(&self.token_encryption_keys)?;
        let mut db = self.database.connect().await?;
        let mut done = Done::default();
        self.take_out_of_the_clear(&mut db, &ring, clock::now(), &mut done).await?;
        self.seal_anew(&mut db, &ring, &mut done, out).await?;
        let key = ring.sealing_id();
        writeln!(out, "sealed anew with key {key}: {} token pairs", done.sealed)?;
        if done.taken_out > 0 {
            writeln!(out, "taken out of the clear: {} token pairs of an older web app", done.taken_out)?;
        }
        let endpoints = endpoints::seal_anew(&mut db, &ring, self.batch.into(), out).await?;
        if endpoints.sealed > 0 {
            writeln!(out, "sealed anew, too: the secrets of {} webhooks", endpoints.sealed)?;
        }
        let mut left = endpoints.left;
        for (id, pairs) in grants::by_key(&mut db).await?.into_iter().filter(|(id, _)| id != key) {
            writeln!(out, "left under key {id}: {pairs}")?;
            left += pairs;
        }
        if left == 0 {
            writeln!(out, "nothing is left under other keys: they may be taken away")?;
        }
        db.close().await.ok();
        Ok(if left == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Goes through the grants by id: what is sealed already is not looked at again, so that stopping costs nothing.
    async fn seal_anew(
        &self,
        db: &mut PgConnection,
        ring: &KeyRing,
        done: &mut Done,
        out: &mut (dyn Write + Send),
    ) -> anyhow::Result<()> {
        let mut after = Uuid::nil();
        loop {
            let old = grants::sealed_otherwise(db, ring.sealing_id(), after, self.batch.into()).await?;
            let Some(last) = old.last() else { return Ok(()) };
            after = last.id;
            let mut tx = db.begin().await?;
            for pair in &old {
                match anew(ring, pair) {
                    Ok((access, refresh)) => {
                        // One that was renewed meanwhile was sealed by that.
                        done.sealed += usize::from(grants::reseal(&mut tx, pair, &access, &refresh).await?);
                    }
                    Err(error) => {
                        writeln!(out, "the tokens of consent {} stay as they are: {error}", pair.id)?;
                        done.unopened += 1;
                    }
                }
            }
            tx.commit().await?;
        }
    }

    async fn take_out_of_the_clear(
        &self,
        db: &mut PgConnection,
        ring: &KeyRing,
        now: DateTime<Utc>,
        done: &mut Done,
    ) -> anyhow::Result<()> {
        if !legacy_tokens::exist(db).await? {
            return Ok(());
        }
        loop {
            let plain = legacy_tokens::plain(db, self.batch.into()).await?;
            if plain.is_empty() {
                return Ok(());
            }
            let mut tx = db.begin().await?;
            for pair in &plain {
                adopt(&mut tx, ring, pair, now).await?;
            }
            tx.commit().await.context("cannot seal the tokens of an older web app")?;
            done.taken_out += plain.len();
            ensure!(done.taken_out < 100_000_000, "there is no end of tokens in the clear");
        }
    }
}

/// The same pair under the first key.
fn anew(ring: &KeyRing, old: &OldSeal) -> Result<(String, String), vault::Unopenable> {
    let seal = |sealed: &str, column: &str| {
        let place = token_place(old.id, column);
        ring.open(sealed, &place).map(|token| ring.seal(&token, &place))
    };
    Ok((seal(&old.access_token, "access_token")?, seal(&old.refresh_token, "refresh_token")?))
}

/// Makes a consent of a pair that was in the clear.
async fn adopt(
    db: &mut PgConnection,
    ring: &KeyRing,
    plain: &PlainPair,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let id = Uuid::new_v4();
    let seal = |token: &str, column| ring.seal(&token.to_owned().into(), &token_place(id, column));
    let pair = SealedPair {
        access_token: seal(&plain.access_token, "access_token"),
        refresh_token: seal(&plain.refresh_token, "refresh_token"),
        // Of unknown age: renewed before it is used.
        token_expires_at: plain.token_expires_at.unwrap_or(now),
        refresh_expires_at: plain
            .connected_at
            .map_or(now + UNKNOWN_AGE, |at| (at + LIFE).max(now + TimeDelta::days(1))),
    };
    let new = NewGrant {
        id,
        user_id: plain.user_id,
        api_version: ApiVersion::V2,
        smartcar_user_id: None,
        external_id: None,
        scopes: &[],
        tokens: Some(&pair),
    };
    grants::insert(db, &new, now).await?;
    legacy_tokens::take_out(db, &plain.vehicles, id).await?;
    Ok(())
}
