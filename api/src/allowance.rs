//! How often somebody may ask. Each process counts for itself, so that many of them allow more: this keeps one person or
//! address from taking everything, and is not a plan's quota.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderMap;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::AllowanceConfig;
use crate::metric;
use crate::problem::{Code, Problem};

/// How often those who did not come for a while are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

pub struct Allowance {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    people: DefaultKeyedRateLimiter<Uuid>,
    actions: DefaultKeyedRateLimiter<Uuid>,
    proxies: usize,
}

impl Allowance {
    pub fn new(config: &AllowanceConfig) -> Self {
        Self {
            addresses: RateLimiter::hashmap(per_minute(config.requests_per_minute_and_address)),
            people: RateLimiter::hashmap(per_minute(config.requests_per_minute)),
            actions: RateLimiter::hashmap(per_minute(config.actions_per_minute)),
            proxies: usize::from(config.proxies),
        }
    }

    /// One request of whoever is behind this address.
    pub fn address(&self, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Problem> {
        take(&self.addresses, &network(self.origin(peer, headers)), "address")
    }

    /// One request of this person.
    pub fn person(&self, person: Uuid) -> Result<(), Problem> {
        take(&self.people, &person, "person")
    }

    /// One request of this person that asks Smartcar.
    pub fn action(&self, person: Uuid) -> Result<(), Problem> {
        take(&self.actions, &person, "action")
    }

    /// Forgets, now and then, those who could come as often again as if they had never come.
    pub async fn upkeep(&self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(FORGET_EVERY);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            self.addresses.retain_recent();
            self.people.retain_recent();
            self.actions.retain_recent();
        }
    }

    /// The last address that one of our own proxies saw. What stands left of it in the header, anybody may have written.
    fn origin(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let Some(place) = self.proxies.checked_sub(1) else {
            return peer.ip();
        };
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let addresses = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
        addresses.map(str::trim).nth(place).and_then(|address| address.parse().ok()).unwrap_or(peer.ip())
    }
}

/// As many at once as in a minute, and then one each time a minute's share is over.
fn per_minute(requests: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN))
}

/// One household has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
    }
}

fn take<K: Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
    kind: &'static str,
) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|not_until| {
        metric::limited(kind);
        let wait = not_until.wait_time_from(DefaultClock::default().now());
        let detail = "That was too often. Wait as long as `retryAfterSeconds` says, and ask less often.";
        Problem::new(Code::TooManyRequests, detail).retry_after(Some(wait.max(Duration::from_secs(1))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(proxies: u8) -> Allowance {
        let requests = 1_000;
        Allowance::new(&AllowanceConfig {
            requests_per_minute: requests,
            requests_per_minute_and_address: requests,
            actions_per_minute: 2,
            proxies,
        })
    }

    #[test]
    fn only_addresses_that_our_own_proxies_saw_are_believed() {
        let peer: SocketAddr = "10.0.0.9:5000".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "1.1.1.1, 2.2.2.2".parse().unwrap());
        headers.append("x-forwarded-for", "3.3.3.3".parse().unwrap());
        let origin = |proxies: u8| allowance(proxies).origin(peer, &headers).to_string();
        assert_eq!(origin(0), "10.0.0.9");
        assert_eq!(origin(1), "3.3.3.3");
        assert_eq!(origin(2), "2.2.2.2");
        assert_eq!(origin(4), "10.0.0.9", "fewer than there should be: somebody came past the proxies");
    }

    #[test]
    fn a_household_is_one_address() {
        let network = |address: &str| network(address.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:1.2.3.4"), network("1.2.3.4"));
    }

    #[test]
    fn one_who_asks_too_often_is_told_how_long_to_wait_and_others_are_not_held_up() {
        let (allowance, often, seldom) = (allowance(0), Uuid::new_v4(), Uuid::new_v4());
        assert!(allowance.action(often).is_ok() && allowance.action(often).is_ok());
        let problem = allowance.action(often).unwrap_err();
        let wait = problem.details("").retry_after_seconds.unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        assert!(allowance.action(seldom).is_ok());
        assert!(allowance.person(often).is_ok(), "reading goes on");
    }
}
