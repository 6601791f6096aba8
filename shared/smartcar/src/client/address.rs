//! Where calls go: the operator's addresses and the paths that the platform documents. Ids come from outside and are
//! never trusted to be one path segment.

use reqwest::Url;
use reqwest::header::HeaderValue;

use super::config::{ApiVersion, ClientConfig};
use super::error::PlatformError;

/// The platform's ids are UUIDs of 36 characters.
const ID_LIMIT: usize = 128;

/// The base address of each of the platform's hosts.
#[derive(Debug)]
pub(super) struct Addresses {
    v2: Url,
    v3: Url,
    management_v2: Url,
    management_v3: Url,
    connect: Url,
    /// The whole address.
    pub v2_token: Url,
    /// The whole address.
    pub v3_token: Url,
}

impl Addresses {
    pub(super) fn of(config: &ClientConfig) -> Self {
        let management = |default: &str, version| {
            let given = config.smartcar_management_api_origin.as_ref();
            given.map_or_else(|| below(&known(default), &[version]), |url| below(url, &[version]))
        };
        Self {
            v2: below(&config.smartcar_api_origin, &["v2.0"]),
            v3: below(&config.smartcar_vehicle_api_v3_origin, &["v3"]),
            management_v2: management("https://management.smartcar.com", "v2.0"),
            management_v3: management("https://management.api.smartcar.com", "v3"),
            connect: config.smartcar_connect_origin.clone(),
            v2_token: whole(&config.smartcar_auth_origin, &["oauth", "token"]),
            v3_token: whole(&config.smartcar_iam_origin, &["oauth2", "token"]),
        }
    }

    /// A path of the vehicle API.
    pub(super) fn api(&self, version: ApiVersion, path: &[&str]) -> Url {
        match version {
            ApiVersion::V2 => below(&self.v2, path),
            ApiVersion::V3 => below(&self.v3, path),
        }
    }

    /// A path of the vehicle API that belongs to one vehicle.
    pub(super) fn vehicle(&self, version: ApiVersion, id: &str, path: &[&str]) -> Result<Url, PlatformError> {
        Ok(below(&self.api(version, &["vehicles", segment(id)?]), path))
    }

    /// A path of the management API.
    pub(super) fn management(&self, version: ApiVersion, path: &[&str]) -> Url {
        match version {
            ApiVersion::V2 => below(&self.management_v2, path),
            ApiVersion::V3 => below(&self.management_v3, path),
        }
    }

    /// A page that people are sent to.
    pub(super) fn connect(&self, path: &[&str]) -> Url {
        below(&self.connect, path)
    }
}

/// An id that may stand in a path, where it is percent-encoded. A dot or two would be understood as a step in the path
/// and not as a name.
pub(super) fn segment(id: &str) -> Result<&str, PlatformError> {
    let sensible = !id.is_empty() && id.len() <= ID_LIMIT && !id.chars().any(char::is_control);
    if sensible && id != "." && id != ".." { Ok(id) } else { Err(PlatformError::bad_id()) }
}

/// An id that may stand in a header.
pub(super) fn header(id: &str) -> Result<HeaderValue, PlatformError> {
    HeaderValue::from_str(segment(id)?).map_err(|_| PlatformError::bad_id())
}

fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    // Only an address without a host has no path, and the configuration refuses those.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// Smartcar's Python SDK takes the whole address from the variable, its Node SDK adds the path: without a path, it is
/// added.
fn whole(url: &Url, path: &[&str]) -> Url {
    if url.path() == "/" { below(url, path) } else { url.clone() }
}

fn known(address: &str) -> Url {
    Url::parse(address).expect("an address of our own is one")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        client: ClientConfig,
    }

    fn addresses(arguments: &[&str]) -> Addresses {
        let arguments = std::iter::once("program").chain(arguments.iter().copied());
        Addresses::of(&Program::try_parse_from(arguments).unwrap().client)
    }

    #[test]
    fn paths_are_joined_as_the_platforms_own_sdks_join_them() {
        let real = addresses(&[]);
        let v2 = |path: &[&str]| real.api(ApiVersion::V2, path).to_string();
        assert_eq!(v2(&["vehicles"]), "https://api.smartcar.com/v2.0/vehicles");
        assert_eq!(v2(&["user"]), "https://api.smartcar.com/v2.0/user");
        assert_eq!(
            real.vehicle(ApiVersion::V3, "v1", &["signals", "odometer-traveleddistance"]).unwrap().as_str(),
            "https://vehicle.api.smartcar.com/v3/vehicles/v1/signals/odometer-traveleddistance"
        );
        assert_eq!(
            real.management(ApiVersion::V2, &["management", "connections"]).as_str(),
            "https://management.smartcar.com/v2.0/management/connections"
        );
        assert_eq!(
            real.management(ApiVersion::V3, &["webhooks"]).as_str(),
            "https://management.api.smartcar.com/v3/webhooks"
        );
        assert_eq!(
            real.connect(&["oauth", "authorize"]).as_str(),
            "https://connect.smartcar.com/oauth/authorize"
        );
    }

    #[test]
    fn a_token_address_may_be_whole_or_an_origin() {
        let table = [
            ("http://a/oauth/token", "http://a/oauth/token"),
            ("http://a/custom", "http://a/custom"),
            ("http://a", "http://a/oauth/token"),
            ("http://a/", "http://a/oauth/token"),
        ];
        for (given, expected) in table {
            assert_eq!(addresses(&["--smartcar-auth-origin", given]).v2_token.as_str(), expected);
        }
        assert_eq!(
            addresses(&["--smartcar-iam-origin", "http://a"]).v3_token.as_str(),
            "http://a/oauth2/token"
        );
    }

    #[test]
    fn an_origin_may_lie_below_a_path() {
        let stand_in = addresses(&["--smartcar-api-origin", "http://a/platform/"]);
        assert_eq!(stand_in.api(ApiVersion::V2, &["vehicles"]).as_str(), "http://a/platform/v2.0/vehicles");
    }

    #[test]
    fn whatever_an_id_holds_it_stays_one_segment_of_the_path() {
        let table = [
            ("36ab27d0-fd9d", "36ab27d0-fd9d"),
            ("../user", "..%2Fuser"),
            ("a/../../b", "a%2F..%2F..%2Fb"),
            ("a?b=c#d", "a%3Fb=c%23d"),
            ("%2e%2e", "%252e%252e"),
            ("a b\u{e9}", "a%20b%C3%A9"),
            ("a\\b", "a%5Cb"),
            ("@evil.example", "@evil.example"),
        ];
        for (id, encoded) in table {
            let url = addresses(&[]).vehicle(ApiVersion::V2, id, &["vin"]).unwrap();
            assert_eq!(url.as_str(), format!("https://api.smartcar.com/v2.0/vehicles/{encoded}/vin"));
        }
    }

    proptest! {
        #[test]
        fn no_id_adds_to_the_path_or_leaves_it(id in any::<String>()) {
            if let Ok(url) = addresses(&[]).vehicle(ApiVersion::V3, &id, &["signals"]) {
                let path: Vec<&str> = url.path_segments().unwrap().collect();
                prop_assert_eq!(path.len(), 4);
                prop_assert_eq!((path[0], path[1], path[3]), ("v3", "vehicles", "signals"));
                prop_assert_eq!(url.host_str(), Some("vehicle.api.smartcar.com"));
                prop_assert!(url.query().is_none() && url.fragment().is_none() && url.username().is_empty());
            }
        }
    }

    #[test]
    fn an_id_that_is_a_step_in_the_path_or_a_line_of_a_header_is_refused() {
        for id in ["", ".", "..", "a\r\nx: y", "a\0", "a\tb", &"a".repeat(129)] {
            assert!(segment(id).is_err() && header(id).is_err(), "{id:?}");
        }
        assert!(header("218eda3b-0656").is_ok());
    }
}
