//! Which people connected which vehicles to the application, as the platform knows it, and ending that.

use chrono::{DateTime, Utc};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::address::segment;
use super::error::{PlatformError, Transport};
use super::fault::Form;
use super::http::{Call, Patience, send};
use super::json::{list, number, text, texts};
use super::{Access, ApiVersion, Client, VehicleInfo, VehicleRef};

/// The platform's largest page.
const PAGE: usize = 100;
/// A list that never ends ends here.
const PAGES: usize = 100;

/// One person's consent for one vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The connection's own id; v3 only.
    pub id: Option<String>,
    pub vehicle_id: String,
    pub user_id: String,
    /// The id that we gave the person when we sent them to give their consent; v3 only.
    pub external_id: Option<String>,
    /// What the owner permits: `read_odometer`, …; v3 only.
    pub permissions: Vec<String>,
    /// v3 only.
    pub info: VehicleInfo,
    /// When it began.
    pub created_at: Option<DateTime<Utc>>,
}

/// Which connections are meant: those that fulfil all that is given. What the platform answers is filtered again, so that
/// a filter which it does not understand shows nobody else's cars.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectionFilter<'a> {
    pub user_id: Option<&'a str>,
    pub vehicle_id: Option<&'a str>,
    /// API v2.0 knows none, so nothing there has it.
    pub external_id: Option<&'a str>,
}

impl ConnectionFilter<'_> {
    fn admits(&self, connection: &Connection) -> bool {
        let is = |wanted: Option<&str>, given: Option<&str>| wanted.is_none_or(|id| given == Some(id));
        is(self.user_id, Some(&connection.user_id))
            && is(self.vehicle_id, Some(&connection.vehicle_id))
            && is(self.external_id, connection.external_id.as_deref())
    }
}

impl Client {
    /// All connections of the application that the filter admits, through the API of the configuration, and of its mode.
    /// API v2.0 asks with the application management token.
    pub async fn connections(&self, filter: &ConnectionFilter<'_>) -> Result<Vec<Connection>, PlatformError> {
        match self.inner.version {
            ApiVersion::V2 => self.connections_v2(filter).await,
            ApiVersion::V3 => self.connections_v3(filter).await,
        }
    }

    async fn connections_v3(&self, filter: &ConnectionFilter<'_>) -> Result<Vec<Connection>, PlatformError> {
        let mut address = self.inner.addresses.api(ApiVersion::V3, &["connections"]);
        let pairs = [
            ("filter[userId]", filter.user_id),
            ("filter[vehicleId]", filter.vehicle_id),
            ("filter[user.externalId]", filter.external_id),
            // Without it the platform tells of live cars only.
            ("filter[vehicle.mode]", Some(self.inner.mode.as_str())),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                address.query_pairs_mut().append_pair(name, value);
            }
        }
        let rows = self.resources(&address).await?;
        let connections = rows.iter().filter_map(connection_v3);
        Ok(connections.filter(|connection| filter.admits(connection)).collect())
    }

    /// All rows of a list of API v3, page after page by number: the links in the answer are never followed.
    pub(super) async fn resources(&self, address: &Url) -> Result<Vec<Value>, PlatformError> {
        let mut all: Vec<Value> = Vec::new();
        for page in 1..=PAGES {
            let mut address = address.clone();
            address
                .query_pairs_mut()
                .append_pair("page[number]", &page.to_string())
                .append_pair("page[size]", &PAGE.to_string());
            let answer = self.ask_as_application(&Call::get(address, Patience::Platform)).await?;
            let json: Value = answer.json()?;
            let rows = list(&json, "/data").ok_or_else(unreadable)?;
            let before = all.len();
            let new = rows.iter().filter(|row| !all.iter().any(|known| known.get("id") == row.get("id")));
            let new: Vec<Value> = new.cloned().collect();
            all.extend(new);
            let total: Option<usize> = number(&json, "/meta/totalCount");
            let complete = total.map_or(rows.len() < PAGE, |total| all.len() >= total);
            if complete || all.len() == before {
                break;
            }
        }
        Ok(all)
    }

    async fn connections_v2(&self, filter: &ConnectionFilter<'_>) -> Result<Vec<Connection>, PlatformError> {
        let Some(token) = &self.inner.management_token else {
            return Err(PlatformError::not_configured());
        };
        let path = self.inner.addresses.management(ApiVersion::V2, &["management", "connections"]);
        let mut all: Vec<Connection> = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES {
            let mut address = path.clone();
            let limit = PAGE.to_string();
            // The SDKs refuse both filters at once: the narrower one goes out, the other one is applied to the answer.
            let user_id = filter.user_id.filter(|_| filter.vehicle_id.is_none());
            let pairs = [
                ("limit", Some(limit.as_str())),
                ("mode", Some(self.inner.mode.as_str())),
                ("vehicle_id", filter.vehicle_id),
                ("user_id", user_id),
                ("cursor", cursor.as_deref()),
            ];
            for (name, value) in pairs {
                if let Some(value) = value {
                    address.query_pairs_mut().append_pair(name, value);
                }
            }
            let request = self.inner.http.request(&Call::get(address, Patience::Platform));
            let request = request.basic_auth("default", Some(token.expose_secret()));
            let json: Value = send(request).await?.success(Form::Api)?.json()?;
            let rows = list(&json, "/connections").ok_or_else(unreadable)?;
            all.extend(rows.iter().filter_map(connection_v2));
            let next = text_of_any_length(&json, "/paging/cursor");
            if rows.is_empty() || next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        all.retain(|connection| filter.admits(connection));
        Ok(all)
    }

    /// Ends the consent for one vehicle at the platform. With v3, one that is gone already is ended.
    pub async fn disconnect(&self, access: Access<'_>, vehicle: &VehicleRef) -> Result<(), PlatformError> {
        let vehicle_id = &vehicle.smartcar_vehicle_id;
        match access {
            Access::User { token } => {
                let address = self.inner.addresses.vehicle(ApiVersion::V2, vehicle_id, &["application"])?;
                self.ask_as_user(&Call::delete(address, Patience::Platform), token).await.map(drop)
            }
            Access::Application { user_id } => {
                let filter = ConnectionFilter {
                    user_id: Some(user_id),
                    vehicle_id: Some(vehicle_id),
                    external_id: None,
                };
                for connection in self.connections_v3(&filter).await? {
                    if let Some(id) = connection.id {
                        self.remove_connection(&id).await?;
                    }
                }
                Ok(())
            }
        }
    }

    async fn remove_connection(&self, id: &str) -> Result<(), PlatformError> {
        let address = self.inner.addresses.api(ApiVersion::V3, &["connections", segment(id)?]);
        match self.ask_as_application(&Call::delete(address, Patience::Platform)).await {
            Err(error) if error.status != Some(404) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn connection_v3(row: &Value) -> Option<Connection> {
    let user_id = text(row, "/attributes/user/id").or_else(|| text(row, "/relationships/user/data/id"))?;
    Some(Connection {
        id: text(row, "/id"),
        vehicle_id: text(row, "/relationships/vehicle/data/id")?,
        user_id,
        external_id: text(row, "/attributes/user/externalId"),
        permissions: texts(row, "/attributes/permissions").unwrap_or_default(),
        info: row.pointer("/attributes/vehicle").map(VehicleInfo::read).unwrap_or_default(),
        created_at: moment(row, "/meta/createdAt"),
    })
}

fn connection_v2(row: &Value) -> Option<Connection> {
    Some(Connection {
        id: None,
        vehicle_id: text(row, "/vehicleId")?,
        user_id: text(row, "/userId")?,
        external_id: None,
        permissions: Vec::new(),
        info: VehicleInfo::default(),
        created_at: moment(row, "/connectedAt"),
    })
}

fn moment(row: &Value, place: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&text(row, place)?).ok().map(|at| at.to_utc())
}

/// A cursor is the platform's business, and longer than any name.
fn text_of_any_length(json: &Value, place: &str) -> Option<String> {
    json.pointer(place)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn unreadable() -> PlatformError {
    PlatformError::transport(Transport::Unreadable, None)
}
