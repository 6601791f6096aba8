"""A whole journey with Smartcar's own Python SDK against the stand-in; prints what went wrong and exits 1."""

import json
import os
import re
import sys
import urllib.parse
import urllib.request

import smartcar
import smartcar.smartcar
from smartcar.exception import SmartcarException

ORIGIN = os.environ["STAND_IN"]
AMT = os.environ["MANAGEMENT_TOKEN"]
REDIRECT_URI = os.environ["SMARTCAR_REDIRECT_URI"]
WEBHOOK_ID = os.environ["WEBHOOK_ID"]
ASKED = [
    "control_charge", "control_navigation", "control_security", "read_battery", "read_charge", "read_diagnostics",
    "read_engine_oil", "read_fuel", "read_location", "read_odometer", "read_security", "read_service_history",
    "read_tires", "read_vehicle_info", "read_vin",
]


def developer(method, path, body=None):
    """Asks what only the stand-in answers."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{ORIGIN}/_simulator/{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class StopAtTheDoor(urllib.request.HTTPRedirectHandler):
    """Follows the pages of Connect, and not the way back to the application."""

    def redirect_request(self, request, file, code, message, headers, to):
        if not to.startswith(ORIGIN) and not to.startswith("/"):
            raise Arrived(to)
        return super().redirect_request(request, file, code, message, headers, to)


class Arrived(Exception):
    """The browser is sent back to the application."""


def connect(url, login, withheld=()):
    """Goes through Connect's pages as a browser does; gives the parameters with which it comes back."""
    browser = urllib.request.build_opener(StopAtTheDoor)
    answers = {"brand": {}, "login": {"username": login, "password": "any"}, "consent": {"decision": "allow"}}
    try:
        page = browser.open(url)
        for _ in range(5):
            html, address = page.read().decode(), page.url
            step = re.search(r'name="step" value="(\w+)"', html)[1]
            fields = [("step", step), *answers[step].items()]
            if step == "brand":
                fields.append(("make", re.search(r'name="make" value="([^"]*)"', html)[1]))
            for name, value in re.findall(r'name="(vehicle|scope)"\s+value="([^"]+)" checked', html):
                if value not in withheld:
                    fields.append((name, value))
            page = browser.open(address, urllib.parse.urlencode(fields).encode())
    except Arrived as arrived:
        to = urllib.parse.urlparse(str(arrived))
        check(str(arrived).startswith(REDIRECT_URI), f"came back to {arrived}")
        return dict(urllib.parse.parse_qsl(to.query))
    raise AssertionError("the pages do not come to an end")


def check(true, what):
    assert true, what


def fails(call, **expected):
    """The call has to fail with these attributes of the exception."""
    try:
        answer = call()
    except SmartcarException as error:
        seen = {name: getattr(error, name, "absent") for name in expected}
        check(seen == expected, f"expected {expected}, saw {seen}: {error!r}")
        return error
    raise AssertionError(f"expected {expected}, and it answered {answer}")


def cars():
    return developer("GET", "cars")


def car_of(powertrain):
    return next(car for car in cars() if car["powertrain"] == powertrain)


def access_for(login, scope=tuple(ASKED), withheld=()):
    client = smartcar.AuthClient()
    options = {"state": "a state & more", "make_bypass": None}
    back = connect(client.get_auth_url(list(scope), options), login, withheld)
    check(back["state"] == "a state & more", back)
    return client, client.exchange_code(back["code"])


def tokens():
    client, access = access_for("3-vehicles@smartcar.com")
    check(access.token_type == "Bearer" and access.expires_in == 7200, access)
    check(smartcar.get_user(access.access_token).id, "a user has an id")
    listed = smartcar.get_vehicles(access.access_token, {"limit": 2, "offset": 1})
    check(listed.paging.count == 3 and listed.paging.offset == 1 and len(listed.vehicles) == 2, listed)
    check(listed.meta.request_id, listed)

    again = client.exchange_refresh_token(access.refresh_token)
    check(again.access_token != access.access_token and again.refresh_token != access.refresh_token, again)
    check(smartcar.get_user(access.access_token).id, "the old access token lives on")
    client.exchange_refresh_token(access.refresh_token)
    developer("POST", "clock", {"advanceSeconds": 61})
    fails(lambda: client.exchange_refresh_token(access.refresh_token), type="invalid_grant", status_code=400)
    fails(lambda: client.exchange_code("no-such-code"), type="invalid_grant", status_code=400)
    stranger = smartcar.AuthClient(client_id="somebody", client_secret="else", redirect_uri=REDIRECT_URI)
    fails(lambda: stranger.exchange_refresh_token(again.refresh_token), type="invalid_client", status_code=401)
    developer("POST", "clock", {"advanceSeconds": 7200})
    fails(lambda: smartcar.get_user(again.access_token), type="AUTHENTICATION", status_code=401)


def refusals():
    client = smartcar.AuthClient()
    for name in ["access_denied", "vehicle_incompatible", "invalid_subscription", "no_vehicles",
                 "configuration_error", "server_error", "user_manually_returned_to_application"]:
        login = f"smartcar@{name.replace('_', '-')}.com"
        back = dict(connect_or_share(client.get_auth_url(ASKED, {"state": "s"}), login))
        check(back["error"] == name and back["state"] == "s" and back["error_description"], back)
    check("vin" in dict(connect_or_share(client.get_auth_url(ASKED), "smartcar@vehicle-incompatible.com")), "shared")


def connect_or_share(url, login):
    browser = urllib.request.build_opener(StopAtTheDoor)
    try:
        address, html = (page := browser.open(url)).url, page.read().decode()
        make = re.search(r'name="make" value="([^"]*)"', html)[1]
        for fields in [{"step": "brand", "make": make}, {"step": "login", "username": login, "password": "any"},
                       {"step": "incompatible", "share": "yes"}]:
            browser.open(address, urllib.parse.urlencode(fields).encode())
    except Arrived as arrived:
        return urllib.parse.parse_qsl(urllib.parse.urlparse(str(arrived)).query)
    raise AssertionError("nobody was sent back")


def hybrid():
    """Every endpoint, on a car that has both a tank and a battery."""
    true = car_of("PHEV")
    client, access = access_for(true["login"])
    ids = smartcar.get_vehicles(access.access_token).vehicles
    check(ids == [true["smartcar_vehicle_id"]], ids)
    vehicle = smartcar.Vehicle(ids[0], access.access_token)
    info = vehicle.attributes()
    check((info.id, info.make, info.model, info.year) == (ids[0], true["make"], true["model"], true["year"]), info)
    check(vehicle.vin().vin == true["vin"], "vin")
    permissions = vehicle.permissions({"limit": 5, "offset": 0})
    check(len(permissions.permissions) == 5 and permissions.paging.count == len(ASKED), permissions)

    odometer = vehicle.odometer()
    check(-5 < true["odometerM"] / 1000 - odometer.distance < 500, (odometer, true["odometerM"]))
    check(odometer.meta.unit_system == "metric" and odometer.meta.data_age <= odometer.meta.fetched_at, odometer)
    imperial = smartcar.Vehicle(ids[0], access.access_token, {"unit_system": "imperial"}).odometer()
    check(abs(imperial.distance * 1.609344 - odometer.distance) < 0.05, (imperial, odometer))
    check(imperial.meta.unit_system == "imperial", imperial)

    fuel = vehicle.fuel()
    check(0 <= fuel.percent_remaining <= 1 and fuel.range > 0, fuel)
    battery = vehicle.battery()
    check(0 <= battery.percent_remaining <= 1 and battery.range >= 0, battery)
    check(vehicle.battery_capacity().capacity == true["battery_capacity_kwh"], "capacity")
    check(vehicle.nominal_capacity().capacity["nominal"] == true["battery_capacity_kwh"], "nominal capacity")
    charge = vehicle.charge()
    check(charge.state in ("CHARGING", "NOT_CHARGING", "FULLY_CHARGED"), charge)
    check(isinstance(charge.is_plugged_in, bool), charge)
    check(0.5 <= vehicle.get_charge_limit().limit <= 1, "limit")
    location = vehicle.location()
    check(abs(location.latitude) <= 90 and abs(location.longitude) <= 180, location)
    tires = vehicle.tire_pressure()
    check(all(180 < pressure < 320 for pressure in tires[:4]), tires)
    check(0 <= vehicle.engine_oil().life_remaining <= 1, "oil")
    check(len(vehicle.lock_status().doors) == 4, "doors")
    check(vehicle.diagnostic_system_status().systems[0].status == "OK", "systems")
    check(vehicle.diagnostic_trouble_codes().active_codes == [], "codes")
    check(isinstance(vehicle.service_history("2026-01-01", "2026-12-31").items, list), "history")

    batch(vehicle)
    signals(vehicle, ids[0], access)
    webhooks(vehicle)
    errors(vehicle)
    management(true, vehicle)


def batch(vehicle):
    # Tell the SDK's own prefix from the rest: it names paths of its methods.
    developer("POST", "faults", {"path": "/fuel", "times": 1, "then": {
        "answer": "error", "type": "RATE_LIMIT", "code": "VEHICLE", "retryAfterSeconds": 252}})
    answers = vehicle.batch(["/odometer", "/location", "/fuel", "/tires/pressure", "/", "/engine/oil", "/security"])
    check(answers.odometer().distance == vehicle.odometer().distance, "odometer")
    check(answers.odometer().meta.data_age and answers.odometer().meta.request_id, answers.odometer())
    check(answers.tire_pressure().front_left > 0 and answers.attributes().id == vehicle.vehicle_id, "batch")
    fails(answers.fuel, type="RATE_LIMIT", code="VEHICLE", status_code=429, retry_after="252")
    fails(lambda: vehicle.batch([]), type="VALIDATION", status_code=400)


def signals(vehicle, vehicle_id, access):
    everything = vehicle.get_signals()["body"]
    check(everything["meta"]["totalCount"] == len(everything["data"]) == 19, everything["meta"])
    check(everything["included"]["vehicle"]["id"] == vehicle_id, everything["included"])
    codes = [row["attributes"]["code"] for row in everything["data"]]
    check(codes == sorted(codes), codes)
    one = vehicle.get_signal("odometer-traveleddistance")["body"]["data"]
    check(one["attributes"]["body"]["value"] > 0 and one["meta"]["oemUpdatedAt"].endswith("Z"), one)
    resource = smartcar.smartcar.get_vehicle(access.access_token, vehicle_id)["body"]
    check(resource["type"] == "vehicle" and resource["attributes"]["make"], resource)
    fails(lambda: vehicle.get_signal("odometer-nothing"), status_code=404)


def webhooks(vehicle):
    check(smartcar.hash_challenge("amt", "challenge").startswith("9baf5a7464bd8674"), "the vendor's vector")
    check(vehicle.unsubscribe(AMT, WEBHOOK_ID).status == "success", "unsubscribe")
    check(vehicle.get_signals()["body"]["data"] == [], "who hears of nothing has nothing stored")
    subscribed = vehicle.subscribe(WEBHOOK_ID)
    check((subscribed.webhook_id, subscribed.vehicle_id) == (WEBHOOK_ID, vehicle.vehicle_id), subscribed)
    with open(os.environ["DELIVERY"], "rb") as file:
        delivery = json.load(file)
    check(smartcar.verify_payload(AMT, delivery["signature"], delivery["body"]), "the signature of a delivery")
    check(not smartcar.verify_payload(AMT, delivery["signature"], delivery["body"] + " "), "a forged delivery")


def errors(vehicle):
    """Each type and code of the platform, as the SDK reads it."""
    for kind, code, status, resolution in json.loads(os.environ["PROBLEMS"]):
        then = {"answer": "error", "type": kind, "code": code}
        if code == "VEHICLE" and kind == "RATE_LIMIT":
            then["retryAfterSeconds"] = 60
        if resolution == "REAUTHENTICATE":
            then["resolutionUrl"] = "https://connect.smartcar.com/oauth/reauthenticate"
        developer("POST", "faults", {"path": "/odometer", "times": 1, "then": then})
        # The SDK reads an absent code as nothing.
        expected = {"type": kind, "code": code, "status_code": status}
        error = fails(vehicle.odometer, **expected)
        check(error.description and error.doc_url and error.request_id, vars(error))
        if "resolutionUrl" in then:
            check(error.resolution == {"type": resolution, "url": then["resolutionUrl"]}, error.resolution)
        if "retryAfterSeconds" in then:
            check(error.retry_after == "60", vars(error))
    check(vehicle.odometer().distance > 0, "after all errors")
    developer("POST", "faults", {"path": "/odometer", "times": 1, "then": {
        "answer": "page", "status": 502, "body": "<html>Bad gateway</html>"}})
    fails(vehicle.odometer, status_code=502, message="<html>Bad gateway</html>")
    developer("POST", "faults", {"path": "/odometer", "times": 1, "then": {"answer": "hangUp"}})
    fails(vehicle.odometer, message="SDK_ERROR")
    fails(lambda: vehicle.request("GET", "mind"), type="RESOURCE_NOT_FOUND", code="PATH", status_code=404)


def commands():
    """Commands change the car, or are refused by what it does."""
    true = car_of("BEV")
    _, access = access_for(true["login"], withheld=["read_location"])
    vehicle = smartcar.Vehicle(true["smartcar_vehicle_id"], access.access_token)
    fails(vehicle.fuel, type="COMPATIBILITY", code="VEHICLE_NOT_CAPABLE", status_code=501)
    fails(vehicle.location, type="PERMISSION", code=None, status_code=403)
    for command in [vehicle.lock, vehicle.unlock]:
        try:
            check(command().status == "success", command)
        except SmartcarException as error:
            check(error.code == "IN_MOTION", error)
    charge = vehicle.charge()
    for command, impossible in [(vehicle.start_charge, "CHARGING"), (vehicle.stop_charge, "NOT_CHARGING")]:
        try:
            check(command().status == "success", command)
            check(charge.is_plugged_in, charge)
        except SmartcarException as error:
            codes = ["IN_MOTION", "CHARGING_PLUG_NOT_CONNECTED", "CHARGING_IN_PROGRESS", "NOT_CHARGING", "FULLY_CHARGED"]
            check(error.type == "VEHICLE_STATE" and error.code in codes, error)
    check(vehicle.set_charge_limit(0.7).status == "success", "limit")
    check(vehicle.send_destination(52.5, 13.4).message, "destination")
    fails(lambda: vehicle.set_charge_limit(7), type="VALIDATION", status_code=400)
    developer("POST", f"cars/{vehicle.vehicle_id}", {"asleep": True})
    fails(vehicle.battery, type="VEHICLE_STATE", code="ASLEEP", status_code=409)
    developer("POST", f"cars/{vehicle.vehicle_id}", {"asleep": False, "error": "authenticationFailed"})
    error = fails(vehicle.battery, type="CONNECTED_SERVICES_ACCOUNT", code="AUTHENTICATION_FAILED", status_code=400)
    check(error.resolution["url"].startswith(f"{ORIGIN}/oauth/reauthenticate?"), error.resolution)
    developer("POST", f"cars/{vehicle.vehicle_id}", {"error": "none", "vanished": True})
    fails(vehicle.battery, type="CONNECTED_SERVICES_ACCOUNT", code="VEHICLE_MISSING", status_code=400)
    developer("POST", f"cars/{vehicle.vehicle_id}", {"vanished": False})
    check(vehicle.disconnect().status == "success", "disconnect")
    fails(vehicle.battery, type="AUTHENTICATION", status_code=401)


def management(true, vehicle):
    compatible = smartcar.get_compatibility(true["vin"], ["read_odometer", "read_fuel"])
    check(compatible.compatible and all(one.capable for one in compatible.capabilities), compatible)
    check(not smartcar.get_compatibility("0" * 17, ["read_odometer"]).compatible, "nobody's VIN")
    matrix = smartcar.smartcar.get_compatibility_matrix("EUROPE", true["make"])
    check(matrix[true["make"]][0].model == true["model"], matrix)
    user = smartcar.get_user(vehicle.access_token).id
    mine = smartcar.get_connections(AMT, {"user_id": user})
    check([one.vehicle_id for one in mine.connections] == [vehicle.vehicle_id], mine)
    first = smartcar.get_connections(AMT, {}, {"limit": 2})
    second = smartcar.get_connections(AMT, {}, {"limit": 2, "cursor": first.paging.cursor})
    check(first.connections != second.connections, (first, second))
    fails(lambda: smartcar.get_connections("another token"), type="AUTHENTICATION", status_code=401)
    gone = smartcar.delete_connections(AMT, {"user_id": user})
    check([one.vehicle_id for one in gone.connections] == [vehicle.vehicle_id], gone)
    fails(vehicle.odometer, type="AUTHENTICATION", status_code=401)


for step in [tokens, refusals, hybrid, commands]:
    try:
        step()
    except Exception:
        print(f"--- {step.__name__}", file=sys.stderr)
        raise
print("the journey is over")
