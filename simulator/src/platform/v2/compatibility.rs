//! Which cars can be connected, as it is asked before anybody signs in.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::Parameters;
use crate::platform::problems::{Kind, Problem};
use crate::platform::{Platform, auth};
use crate::world::{CarIdentity, Powertrain};

/// `GET /v2.0/compatibility`
pub async fn compatibility(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.client(&headers).and_then(|()| {
        let vin = query.get("vin").ok_or(Problem::validation("vin"))?;
        let scope = query.get("scope").ok_or(Problem::validation("scope"))?;
        Ok(judge(platform.fleet().iter().find(|car| car.vin.eq_ignore_ascii_case(vin)), scope))
    });
    platform.respond(body)
}

/// `GET /v2.0/compatibility/matrix`
pub async fn matrix(
    State(platform): State<Platform>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let body = platform.client(&headers).and_then(|()| {
        query.get("region").ok_or(Problem::validation("region"))?;
        let make = query.get("make").map(|make| make.to_uppercase());
        let mut makes = json!({});
        let wanted = |car: &&CarIdentity| make.as_ref().is_none_or(|make| make.contains(&car.make));
        for car in platform.fleet().iter().filter(wanted) {
            let model = json!({
                "model": car.model, "startYear": 2019, "endYear": 2026, "type": car.powertrain,
                "endpoints": ["Location", "Odometer"],
                "permissions": ["read_location", "read_odometer"],
            });
            match &mut makes[&car.make] {
                Value::Array(models) => models.push(model),
                nothing => *nothing = json!([model]),
            }
        }
        Ok(makes)
    });
    platform.respond(body)
}

fn judge(car: Option<&CarIdentity>, scope: &str) -> Value {
    let Some(car) = car else {
        return json!({ "compatible": false, "reason": "VEHICLE_NOT_COMPATIBLE", "capabilities": [] });
    };
    let fits = |permission: &str| match permission {
        "read_fuel" | "read_engine_oil" => car.powertrain != Powertrain::Bev,
        "read_battery" | "read_charge" | "control_charge" => car.powertrain != Powertrain::Ice,
        _ => true,
    };
    let capability = |permission: &str| {
        let capable = fits(permission);
        json!({
            "permission": permission,
            "endpoint": format!("/{}", permission.trim_start_matches("read_").trim_start_matches("control_")),
            "capable": capable,
            "reason": (!capable).then_some("VEHICLE_NOT_COMPATIBLE"),
        })
    };
    let capabilities: Vec<Value> = scope.split_whitespace().map(capability).collect();
    json!({ "compatible": true, "reason": null, "capabilities": capabilities })
}

impl Platform {
    fn client(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let known =
            auth::basic(headers).is_some_and(|(id, secret)| self.application().is_client(&id, &secret));
        known.then_some(()).ok_or(Problem::new(Kind::Authentication, None))
    }
}
