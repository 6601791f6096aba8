//! What a consent covers: its user, its vehicles, what they are and what they permit.

use domain::reading::Signal;
use reqwest::Url;
use secrecy::SecretString;
use serde_json::Value;

use super::address::header;
use super::error::{PlatformError, Transport};
use super::http::{Call, Patience};
use super::json::{number, text, texts};
use super::{Access, ApiVersion, Client, ConnectionFilter};

/// The platform's largest page of API v2.0.
const PAGE: usize = 50;
/// A list that never ends ends here: a thousand cars of one person.
const PAGES: usize = 20;

/// Which car it is, as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VehicleInfo {
    /// In capitals for live cars.
    pub make: Option<String>,
    pub model: Option<String>,
    pub year: Option<i32>,
    /// `BEV`, `PHEV`, `HEV`, `ICE`, …; v3 only.
    pub powertrain: Option<String>,
}

impl VehicleInfo {
    /// Out of an object that has these fields.
    pub(super) fn read(json: &Value) -> Self {
        Self {
            make: text(json, "/make"),
            model: text(json, "/model"),
            year: number(json, "/year"),
            powertrain: text(json, "/powertrainType"),
        }
    }
}

impl Client {
    /// Whose consent it is, by the platform's id.
    pub async fn user(&self, access: Access<'_>) -> Result<String, PlatformError> {
        match access {
            Access::User { token } => {
                let address = self.inner.addresses.api(ApiVersion::V2, &["user"]);
                let json = self.told(token, address, Patience::Platform).await?;
                text(&json, "/id").ok_or_else(unreadable)
            }
            Access::Application { user_id } => Ok(user_id.to_owned()),
        }
    }

    /// The ids of the vehicles that the consent covers.
    pub async fn vehicles(&self, access: Access<'_>) -> Result<Vec<String>, PlatformError> {
        match access {
            Access::User { token } => {
                let address = self.inner.addresses.api(ApiVersion::V2, &["vehicles"]);
                self.pages(token, &address, "/vehicles").await
            }
            Access::Application { user_id } => {
                let filter = ConnectionFilter { user_id: Some(user_id), ..ConnectionFilter::default() };
                let connections = self.connections(&filter).await?;
                Ok(connections.into_iter().map(|connection| connection.vehicle_id).collect())
            }
        }
    }

    /// Make, model and year.
    pub async fn vehicle_info(
        &self,
        access: Access<'_>,
        vehicle_id: &str,
    ) -> Result<VehicleInfo, PlatformError> {
        let json = self.of_vehicle(access, vehicle_id, &[], &[]).await?;
        // v3: `data` around the resource in the documentation, nothing around it in the SDKs' samples.
        let places = ["/data/attributes", "/attributes", ""];
        let found = places.iter().filter_map(|place| json.pointer(place)).find(|json| json.is_object());
        found.map(VehicleInfo::read).ok_or_else(unreadable)
    }

    /// The vehicle identification number, in capitals.
    pub async fn vin(&self, access: Access<'_>, vehicle_id: &str) -> Result<String, PlatformError> {
        let json = self.of_vehicle(access, vehicle_id, &["vin"], &["signals", Signal::VIN]).await?;
        let resource = json.get("data").unwrap_or(&json);
        if let Some(error) = resource.pointer("/attributes/status/error") {
            return Err(PlatformError::of(super::fault::Said::of(error), None, None));
        }
        let vin = text(resource, "/attributes/body/value").or_else(|| text(&json, "/vin"));
        vin.map(|vin| vin.to_ascii_uppercase()).ok_or_else(unreadable)
    }

    /// What the owner permits, in the platform's words: `read_odometer`, `control_charge`, …
    pub async fn permissions(
        &self,
        access: Access<'_>,
        vehicle_id: &str,
    ) -> Result<Vec<String>, PlatformError> {
        match access {
            Access::User { token } => {
                let address = self.inner.addresses.vehicle(ApiVersion::V2, vehicle_id, &["permissions"])?;
                self.pages(token, &address, "/permissions").await
            }
            Access::Application { user_id } => {
                let filter = ConnectionFilter {
                    user_id: Some(user_id),
                    vehicle_id: Some(vehicle_id),
                    external_id: None,
                };
                let connections = self.connections(&filter).await?;
                Ok(connections.into_iter().flat_map(|connection| connection.permissions).collect())
            }
        }
    }

    /// One question about one vehicle: its path with v2, and with v3.
    async fn of_vehicle(
        &self,
        access: Access<'_>,
        vehicle_id: &str,
        v2: &[&str],
        v3: &[&str],
    ) -> Result<Value, PlatformError> {
        let addresses = &self.inner.addresses;
        match access {
            Access::User { token } => {
                let address = addresses.vehicle(ApiVersion::V2, vehicle_id, v2)?;
                self.told(token, address, Patience::Car).await
            }
            Access::Application { user_id } => {
                let address = addresses.vehicle(ApiVersion::V3, vehicle_id, v3)?;
                let call = Call::get(address, Patience::Car).of_user(header(user_id)?);
                self.ask_as_application(&call).await?.json()
            }
        }
    }

    async fn told(
        &self,
        token: &SecretString,
        address: Url,
        patience: Patience,
    ) -> Result<Value, PlatformError> {
        self.ask_as_user(&Call::get(address, patience), token).await?.json()
    }

    /// All items of a list of API v2.0. Its `count` is not believed: the vendor's own samples count 25 for one.
    async fn pages(
        &self,
        token: &SecretString,
        address: &Url,
        place: &str,
    ) -> Result<Vec<String>, PlatformError> {
        let mut all: Vec<String> = Vec::new();
        for _ in 0..PAGES {
            let mut address = address.clone();
            address
                .query_pairs_mut()
                .append_pair("limit", &PAGE.to_string())
                .append_pair("offset", &all.len().to_string());
            let page = texts(&self.told(token, address, Patience::Platform).await?, place);
            let mut new = page.ok_or_else(unreadable)?;
            let full = new.len() >= PAGE;
            new.retain(|item| !all.contains(item));
            if new.is_empty() {
                break;
            }
            all.extend(new);
            if !full {
                break;
            }
        }
        Ok(all)
    }
}

fn unreadable() -> PlatformError {
    PlatformError::transport(Transport::Unreadable, None)
}
