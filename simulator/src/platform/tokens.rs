//! Codes and tokens with their rules of life. Pure: time is an argument, and new tokens come from a stream of
//! chance.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::chance::Chance;

/// How long a code may be exchanged (source for all of these: the platform's pages on authorization).
pub const CODE_LIVES: TimeDelta = TimeDelta::minutes(10);
/// How long an access token of a user opens the API.
pub const ACCESS_LIVES: TimeDelta = TimeDelta::hours(2);
/// How long a refresh token can be used.
pub const REFRESH_LIVES: TimeDelta = TimeDelta::days(60);
/// How long a refresh token can be used again, once it was. Another page of the platform says ten minutes.
pub const USED_REFRESH_LIVES: TimeDelta = TimeDelta::minutes(1);
/// How long the token of an application opens API v3.
pub const APPLICATION_LIVES: TimeDelta = TimeDelta::hours(1);

/// One consent of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub user_id: String,
    /// The vehicles that were chosen.
    pub vehicle_ids: Vec<String>,
}

/// What an exchange answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    pub access_token: String,
    pub token_type: &'static str,
    pub expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGrant {
    #[error("Invalid or expired authorization code.")]
    Code,
    #[error("The redirect_uri does not match the one of the authorization request.")]
    RedirectUri,
    #[error("Invalid or expired refresh token.")]
    RefreshToken,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    User(Grant),
    Application,
}

#[derive(Debug)]
struct Code {
    grant: Grant,
    redirect_uri: String,
    until: DateTime<Utc>,
}

#[derive(Debug)]
struct Refresh {
    grant: Grant,
    until: DateTime<Utc>,
}

#[derive(Debug)]
struct Access {
    bearer: Bearer,
    until: DateTime<Utc>,
}

/// All that were given out.
#[derive(Debug)]
pub struct Tokens {
    chance: Chance,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, Refresh>,
    access: HashMap<String, Access>,
}

impl Tokens {
    pub fn new(chance: Chance) -> Self {
        Self { chance, codes: HashMap::new(), refresh: HashMap::new(), access: HashMap::new() }
    }

    /// A code for a consent, bound to the address to which people are sent back with it.
    pub fn code(&mut self, grant: Grant, redirect_uri: &str, now: DateTime<Utc>) -> String {
        let code = self.chance.uuid().to_string();
        let redirect_uri = redirect_uri.to_owned();
        self.codes.insert(code.clone(), Code { grant, redirect_uri, until: now + CODE_LIVES });
        code
    }

    /// Exchanges a code: once, and within its time, whatever else is wrong. An address may be left out.
    pub fn exchange(
        &mut self,
        code: &str,
        redirect_uri: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Pair, InvalidGrant> {
        let code = self.codes.remove(code).filter(|code| now < code.until).ok_or(InvalidGrant::Code)?;
        if redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
            return Err(InvalidGrant::RedirectUri);
        }
        Ok(self.pair(code.grant, now))
    }

    /// Exchanges a refresh token for a new pair. The old access token lives on; the old refresh token for a
    /// short while.
    pub fn refresh(&mut self, token: &str, now: DateTime<Utc>) -> Result<Pair, InvalidGrant> {
        let known = self.refresh.get_mut(token).filter(|known| now < known.until);
        let known = known.ok_or(InvalidGrant::RefreshToken)?;
        known.until = known.until.min(now + USED_REFRESH_LIVES);
        let grant = known.grant.clone();
        Ok(self.pair(grant, now))
    }

    /// A token for all users of the application.
    pub fn application(&mut self, now: DateTime<Utc>) -> Pair {
        let access_token = self.chance.uuid().to_string();
        let access = Access { bearer: Bearer::Application, until: now + APPLICATION_LIVES };
        self.access.insert(access_token.clone(), access);
        Pair {
            access_token,
            token_type: "Bearer",
            expires_in: APPLICATION_LIVES.num_seconds(),
            refresh_token: None,
        }
    }

    pub fn bearer(&self, token: &str, now: DateTime<Utc>) -> Option<&Bearer> {
        self.access.get(token).filter(|access| now < access.until).map(|access| &access.bearer)
    }

    /// Takes back all tokens of a user; without a user, all tokens there are.
    pub fn revoke(&mut self, user_id: Option<&str>) {
        let spared = |grant: &Grant| user_id.is_some_and(|user_id| grant.user_id != user_id);
        self.codes.retain(|_, code| spared(&code.grant));
        self.refresh.retain(|_, refresh| spared(&refresh.grant));
        self.access.retain(|_, access| match &access.bearer {
            Bearer::User(grant) => spared(grant),
            Bearer::Application => user_id.is_some(),
        });
    }

    /// A vehicle is no longer connected: a grant without any vehicle is over.
    pub fn forget(&mut self, user_id: &str, vehicle_id: &str) {
        let narrow = |grant: &mut Grant| {
            if grant.user_id == user_id {
                grant.vehicle_ids.retain(|id| id != vehicle_id);
            }
            !grant.vehicle_ids.is_empty()
        };
        self.codes.retain(|_, code| narrow(&mut code.grant));
        self.refresh.retain(|_, refresh| narrow(&mut refresh.grant));
        self.access.retain(|_, access| match &mut access.bearer {
            Bearer::User(grant) => narrow(grant),
            Bearer::Application => true,
        });
    }

    fn pair(&mut self, grant: Grant, now: DateTime<Utc>) -> Pair {
        let (access_token, refresh_token) = (self.chance.uuid().to_string(), self.chance.uuid().to_string());
        let access = Access { bearer: Bearer::User(grant.clone()), until: now + ACCESS_LIVES };
        self.access.insert(access_token.clone(), access);
        self.refresh.insert(refresh_token.clone(), Refresh { grant, until: now + REFRESH_LIVES });
        Pair {
            access_token,
            token_type: "Bearer",
            expires_in: ACCESS_LIVES.num_seconds(),
            refresh_token: Some(refresh_token),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "https://carvetka.example/back";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::new(Chance::new(1))
    }

    fn grant() -> Grant {
        Grant { user_id: "anna".to_owned(), vehicle_ids: vec!["one".to_owned(), "two".to_owned()] }
    }

    fn pair(tokens: &mut Tokens) -> Pair {
        let code = tokens.code(grant(), BACK, at(0));
        tokens.exchange(&code, Some(BACK), at(0)).unwrap()
    }

    #[test]
    fn a_code_is_exchanged_once_and_within_ten_minutes() {
        let mut tokens = tokens();
        let code = tokens.code(grant(), BACK, at(0));
        assert!(tokens.exchange(&code, Some(BACK), at(599)).is_ok());
        assert_eq!(tokens.exchange(&code, Some(BACK), at(599)), Err(InvalidGrant::Code));
        let late = tokens.code(grant(), BACK, at(0));
        assert_eq!(tokens.exchange(&late, Some(BACK), at(600)), Err(InvalidGrant::Code));
    }

    #[test]
    fn a_code_is_bound_to_its_address() {
        let mut tokens = tokens();
        let code = tokens.code(grant(), BACK, at(0));
        assert_eq!(
            tokens.exchange(&code, Some("https://evil.example"), at(1)),
            Err(InvalidGrant::RedirectUri)
        );
        assert_eq!(tokens.exchange(&code, Some(BACK), at(1)), Err(InvalidGrant::Code));
    }

    #[test]
    fn an_access_token_lives_two_hours() {
        let mut tokens = tokens();
        let pair = pair(&mut tokens);
        assert_eq!(tokens.bearer(&pair.access_token, at(7_199)), Some(&Bearer::User(grant())));
        assert_eq!(tokens.bearer(&pair.access_token, at(7_200)), None);
    }

    #[test]
    fn a_used_refresh_token_lives_a_minute_and_its_access_token_as_long_as_ever() {
        let mut tokens = tokens();
        let first = pair(&mut tokens);
        let refresh = first.refresh_token.unwrap();
        let second = tokens.refresh(&refresh, at(100)).unwrap();
        assert_ne!(second.refresh_token.as_deref(), Some(refresh.as_str()));
        assert!(tokens.bearer(&first.access_token, at(200)).is_some());
        assert!(tokens.refresh(&refresh, at(159)).is_ok());
        assert_eq!(tokens.refresh(&refresh, at(160)), Err(InvalidGrant::RefreshToken));
    }

    #[test]
    fn a_refresh_token_lives_sixty_days() {
        let mut tokens = tokens();
        let refresh = pair(&mut tokens).refresh_token.unwrap();
        let end = 60 * 86_400;
        assert_eq!(tokens.refresh(&refresh, at(end)), Err(InvalidGrant::RefreshToken));
        assert!(tokens.refresh(&refresh, at(end - 1)).is_ok());
        // The last minute is not a minute longer.
        assert_eq!(tokens.refresh(&refresh, at(end)), Err(InvalidGrant::RefreshToken));
    }

    #[test]
    fn the_token_of_an_application_lives_an_hour_and_cannot_be_refreshed() {
        let mut tokens = tokens();
        let pair = tokens.application(at(0));
        assert_eq!(pair.refresh_token, None);
        assert_eq!(tokens.bearer(&pair.access_token, at(3_599)), Some(&Bearer::Application));
        assert_eq!(tokens.bearer(&pair.access_token, at(3_600)), None);
    }

    #[test]
    fn a_grant_ends_with_its_last_vehicle_or_when_it_is_revoked() {
        let mut tokens = tokens();
        let pair = pair(&mut tokens);
        tokens.forget("anna", "one");
        assert!(tokens.bearer(&pair.access_token, at(1)).is_some());
        tokens.forget("anna", "two");
        assert!(tokens.bearer(&pair.access_token, at(1)).is_none());
        let application = tokens.application(at(0));
        tokens.revoke(Some("anna"));
        assert!(tokens.bearer(&application.access_token, at(1)).is_some());
        tokens.revoke(None);
        assert!(tokens.bearer(&application.access_token, at(1)).is_none());
    }
}
