//! Where webhooks may go: to the world and not into our own network. Who adds an endpoint tells our worker whom to call, so the address that is connected to is looked at, and not the name alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Longer than any honest address.
const LONGEST: usize = 2_000;

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("it is no address such as `https://example.org/hooks/cars`")]
    Form,
    #[error("it has to begin with `https://`")]
    Plain,
    #[error("it holds a name or a password: put what is secret into the path")]
    Credentials,
    #[error("it leads into a private network")]
    Private,
}

/// Reads where an endpoint is.
///
/// # Errors
///
/// If nothing may be sent there.
pub fn endpoint(text: &str, may_be_private: bool) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::Form)?;
    if text.len() > LONGEST || !matches!(url.scheme(), "https" | "http") || url.fragment().is_some() {
        return Err(AddressError::Form);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    if may_be_private {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(AddressError::Plain);
    }
    let is_private = match url.host() {
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        // A name without a dot is one of the own network. Others are looked at when they are resolved.
        Some(Host::Domain(name)) => !name.trim_end_matches('.').contains('.'),
        None => true,
    };
    if is_private { Err(AddressError::Private) } else { Ok(url) }
}

/// Resolves names to public addresses only: what is connected to is what was looked at.
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

impl PublicOnly {
    pub fn resolver() -> Arc<dyn Resolve> {
        Arc::new(Self)
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One private address among public ones is a trap: it would be reached when the others are not.
            if found.iter().any(|address| !is_public(address.ip())) {
                return Err(AddressError::Private.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is of the world, by IANA's registries of special-purpose addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0
        || a == 10
        || a == 127
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113);
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, ..] = address.segments();
    // Global unicast, without what leads to IPv4 elsewhere (6to4, Teredo) and without examples.
    (0x2000..0x4000).contains(&a) && a != 0x2002 && !(a == 0x2001 && (b < 0x200 || b == 0xdb8)) && a != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_of_the_world_and_by_tls() {
        for (text, expected) in [
            ("https://example.org/hook?a=b", Ok(())),
            ("https://93.184.216.34:8443/", Ok(())),
            ("https://[2606:2800:220:1::1]/", Ok(())),
            ("http://example.org/", Err(AddressError::Plain)),
            ("https://user:secret@example.org/", Err(AddressError::Credentials)),
            ("https://127.0.0.1/", Err(AddressError::Private)),
            ("https://2130706433/", Err(AddressError::Private)),
            ("https://0x7f.1/", Err(AddressError::Private)),
            ("https://localhost/", Err(AddressError::Private)),
            ("https://rabbitmq:15672/", Err(AddressError::Private)),
            ("https://10.0.0.1/", Err(AddressError::Private)),
            ("https://100.64.0.1/", Err(AddressError::Private)),
            ("https://169.254.169.254/latest/meta-data", Err(AddressError::Private)),
            ("https://[::1]/", Err(AddressError::Private)),
            ("https://[::ffff:127.0.0.1]/", Err(AddressError::Private)),
            ("https://[fd00::1]/", Err(AddressError::Private)),
            ("https://[fe80::1]/", Err(AddressError::Private)),
            ("https://[64:ff9b::7f00:1]/", Err(AddressError::Private)),
            ("ftp://example.org/", Err(AddressError::Form)),
            ("https://example.org/#part", Err(AddressError::Form)),
            ("example.org", Err(AddressError::Form)),
        ] {
            assert_eq!(endpoint(text, false).map(|_| ()), expected, "{text}");
        }
        assert!(endpoint("http://127.0.0.1:9/", true).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_not_connected_to() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert_eq!(refused.to_string(), AddressError::Private.to_string());
    }
}
