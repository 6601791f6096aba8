//! Every route, told to the router and to the `OpenAPI` description in one breath: neither can have one that the other
//! does not.

mod alerts;
mod battery;
mod books;
mod callback;
mod cars;
mod charging_sessions;
mod command;
mod connect;
mod consents;
mod corrections;
mod costs;
mod disconnect;
mod energy;
mod evidence;
mod expenses;
mod exports;
mod fuel_entries;
mod geofence_events;
mod geofences;
mod health;
mod imports;
mod live;
mod meter_entries;
mod mileage;
mod notifications;
mod operator;
mod person_export;
mod preferences;
mod purposes;
mod reminders;
mod service_centers;
mod status;
mod sync;
mod tariffs;
mod timeline;
mod trips;
mod watch;

use axum::Router;
use axum::response::Json;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{App, description};

/// The routes and their description.
pub fn all() -> (Router<App>, OpenApi) {
    let (routes, mut api) = OpenApiRouter::with_openapi(description::begin())
        .routes(routes!(openapi))
        .routes(routes!(cars::list))
        .routes(routes!(live::follow))
        .routes(routes!(meter_entries::list, meter_entries::add))
        .routes(routes!(meter_entries::change, meter_entries::delete))
        .routes(routes!(fuel_entries::list, fuel_entries::add))
        .routes(routes!(fuel_entries::find, fuel_entries::change, fuel_entries::delete))
        .routes(routes!(fuel_entries::said::confirm))
        .routes(routes!(fuel_entries::said::reject))
        .routes(routes!(fuel_entries::said::merge))
        .routes(routes!(fuel_entries::said::undo))
        .routes(routes!(charging_sessions::list))
        .routes(routes!(charging_sessions::find, charging_sessions::change, charging_sessions::delete))
        .routes(routes!(charging_sessions::said::confirm))
        .routes(routes!(charging_sessions::said::reject))
        .routes(routes!(charging_sessions::said::split))
        .routes(routes!(charging_sessions::said::merge))
        .routes(routes!(charging_sessions::said::undo))
        .routes(routes!(trips::list))
        .routes(routes!(trips::find, trips::change, trips::delete))
        .routes(routes!(trips::said::confirm))
        .routes(routes!(trips::said::reject))
        .routes(routes!(trips::said::split))
        .routes(routes!(trips::said::merge))
        .routes(routes!(trips::said::undo))
        .routes(routes!(battery::list))
        .routes(routes!(battery::find))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::find))
        .routes(routes!(alerts::see))
        .routes(routes!(alerts::dismiss))
        .routes(routes!(health::read))
        .routes(routes!(reminders::list, reminders::add))
        .routes(routes!(reminders::change, reminders::delete))
        .routes(routes!(reminders::said::done))
        .routes(routes!(reminders::said::snooze))
        .routes(routes!(reminders::said::dismiss))
        .routes(routes!(service_centers::find))
        .routes(routes!(timeline::find))
        .routes(routes!(evidence::find))
        .routes(routes!(energy::find))
        .routes(routes!(expenses::list, expenses::add))
        .routes(routes!(expenses::change, expenses::delete))
        .routes(routes!(tariffs::list, tariffs::add))
        .routes(routes!(tariffs::read, tariffs::change, tariffs::delete))
        .routes(routes!(tariffs::versions::add))
        .routes(routes!(tariffs::versions::withdraw))
        .routes(routes!(tariffs::preview::of_tariff))
        .routes(routes!(tariffs::preview::of_version))
        .routes(routes!(preferences::read, preferences::change))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::read_all))
        .routes(routes!(notifications::read))
        .routes(routes!(notifications::preferences::read, notifications::preferences::change))
        .routes(routes!(notifications::email::add, notifications::email::delete))
        .routes(routes!(notifications::email::confirm))
        .routes(routes!(notifications::unsubscribe::ask, notifications::unsubscribe::unsubscribe))
        .routes(routes!(notifications::webhooks::list, notifications::webhooks::add))
        .routes(routes!(notifications::webhooks::delete))
        .routes(routes!(notifications::webhooks::test))
        .routes(routes!(notifications::webhooks::rotate))
        .routes(routes!(notifications::webhooks::enable))
        .routes(routes!(costs::read))
        .routes(routes!(imports::list, imports::bring))
        .routes(routes!(imports::undo))
        .routes(routes!(exports::export))
        .routes(routes!(person_export::export))
        .routes(routes!(geofences::list, geofences::add))
        .routes(routes!(geofences::read, geofences::change, geofences::delete))
        .routes(routes!(geofences::preview::of_new))
        .routes(routes!(geofences::preview::of_change))
        .routes(routes!(geofence_events::list))
        .routes(routes!(purposes::list, purposes::add))
        .routes(routes!(purposes::change, purposes::delete))
        .routes(routes!(watch::read, watch::switch))
        .routes(routes!(mileage::between))
        .routes(routes!(mileage::at))
        .routes(routes!(mileage::log::read))
        .routes(routes!(connect::connect))
        .routes(routes!(callback::callback))
        .routes(routes!(sync::sync))
        .routes(routes!(consents::list))
        .routes(routes!(disconnect::by_post, disconnect::by_delete))
        .routes(routes!(status::status))
        .routes(routes!(command::command))
        .routes(routes!(operator::pipeline))
        .routes(routes!(operator::parked::list))
        .routes(routes!(operator::parked::replay))
        .split_for_parts();
    description::complete(&mut api);
    (routes, api)
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", operation_id = "getDescription",
    responses((status = 200, description = "The OpenAPI description", body = serde_json::Value)))]
async fn openapi() -> Json<OpenApi> {
    Json(all().1)
}
