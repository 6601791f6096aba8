'use strict';
// A whole journey with Smartcar's own Node SDK against the stand-in; prints what went wrong and exits 1.

const assert = require('node:assert/strict');
const fs = require('node:fs');

// From where the SDK was installed, which is not beside this file.
const smartcar = require(require.resolve('smartcar', {paths: [process.env.NODE_MODULES]}));

const {STAND_IN, MANAGEMENT_TOKEN, SMARTCAR_REDIRECT_URI, WEBHOOK_ID} = process.env;
const ASKED = [
  'control_charge', 'control_navigation', 'control_security', 'read_battery', 'read_charge', 'read_diagnostics',
  'read_engine_oil', 'read_fuel', 'read_location', 'read_odometer', 'read_security', 'read_service_history',
  'read_tires', 'read_vehicle_info', 'read_vin',
];

/** Asks what only the stand-in answers. */
async function developer(method, path, body) {
  const answer = await fetch(`${STAND_IN}/_simulator/${path}`, {
    method,
    headers: {'Content-Type': 'application/json'},
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

/** Follows a link of Connect by the stand-in's shortcut; gives the parameters with which it comes back. */
async function connect(url, login) {
  const answer = await fetch(`${url}&auto=${encodeURIComponent(login)}`, {redirect: 'manual'});
  assert.equal(answer.status, 302);
  const back = answer.headers.get('location');
  assert.ok(back.startsWith(SMARTCAR_REDIRECT_URI), back);
  return Object.fromEntries(new URL(back).searchParams);
}

/** The call has to fail with an error of the SDK that has these properties. */
async function fails(call, expected) {
  const error = await Promise.resolve().then(call).then(
    (answer) => assert.fail(`expected ${JSON.stringify(expected)}, and it answered ${JSON.stringify(answer)}`),
    (error) => error,
  );
  assert.equal(error.name, 'SmartcarError', error.stack);
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(error[name], value, `${name} of ${error.message}`);
  }
  return error;
}

const carOf = async(powertrain) =>
  (await developer('GET', 'cars')).find((car) => car.powertrain === powertrain);

async function accessFor(login) {
  const client = new smartcar.AuthClient({redirectUri: SMARTCAR_REDIRECT_URI});
  const back = await connect(client.getAuthUrl(ASKED, {state: 'a state & more', forcePrompt: true}), login);
  assert.equal(back.state, 'a state & more');
  return {client, access: await client.exchangeCode(back.code)};
}

async function tokens() {
  const {client, access} = await accessFor('4-vehicles@smartcar.com');
  assert.ok(Math.abs(access.expiration - Date.now() - 7_200_000) < 60_000);
  assert.ok((await smartcar.getUser(access.accessToken)).id);
  const listed = await smartcar.getVehicles(access.accessToken, {limit: 3, offset: 2});
  assert.deepEqual([listed.paging, listed.vehicles.length], [{count: 4, offset: 2}, 2]);
  assert.ok(listed.meta.requestId);

  const again = await client.exchangeRefreshToken(access.refreshToken);
  assert.notEqual(again.refreshToken, access.refreshToken);
  assert.ok((await smartcar.getUser(access.accessToken)).id, 'the old access token lives on');
  await client.exchangeRefreshToken(access.refreshToken);
  await developer('POST', 'clock', {advanceSeconds: 61});
  await fails(() => client.exchangeRefreshToken(access.refreshToken), {type: 'invalid_grant', statusCode: 400});
  const late = await connect(client.getAuthUrl(ASKED), 'anna@example.org');
  await developer('POST', 'clock', {advanceSeconds: 600});
  await fails(() => client.exchangeCode(late.code), {type: 'invalid_grant', statusCode: 400});
  await developer('POST', 'revoke', {});
  await fails(() => client.exchangeRefreshToken(again.refreshToken), {type: 'invalid_grant'});
  await fails(() => smartcar.getUser(again.accessToken), {type: 'AUTHENTICATION', statusCode: 401});
}

async function links() {
  const client = new smartcar.AuthClient({redirectUri: SMARTCAR_REDIRECT_URI, mode: 'simulated'});
  const true_ = await carOf('PHEV');
  const single = {enabled: true, vin: true_.vin};
  const back = await connect(client.getAuthUrl(['required:read_vin'], {singleSelect: single, user: 'u1'}),
    '12-vehicles@smartcar.com');
  const access = await client.exchangeCode(back.code);
  const {vehicles} = await smartcar.getVehicles(access.accessToken);
  assert.deepEqual(vehicles, [true_.smartcar_vehicle_id]);
  const none = await connect(client.getAuthUrl(ASKED, {makeBypass: 'LADA'}), 'anna@example.org');
  assert.equal(none.error, 'no_vehicles');
  const elsewhere = new smartcar.AuthClient({redirectUri: 'https://evil.example'});
  const refused = await fetch(elsewhere.getAuthUrl(ASKED), {redirect: 'manual'});
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /Invalid parameter redirect_uri/);
}

async function hybrid() {
  const true_ = await carOf('PHEV');
  const {access} = await accessFor(true_.login);
  const [id] = (await smartcar.getVehicles(access.accessToken)).vehicles;
  assert.equal(id, true_.smartcar_vehicle_id);
  const vehicle = new smartcar.Vehicle(id, access.accessToken);
  const {meta: _, ...info} = await vehicle.attributes();
  assert.deepEqual(info, {id, make: true_.make, model: true_.model, year: true_.year});
  assert.equal((await vehicle.vin()).vin, true_.vin);
  assert.deepEqual((await vehicle.permissions()).paging, {count: ASKED.length, offset: 0});

  const odometer = await vehicle.odometer();
  assert.ok(odometer.meta.dataAge <= odometer.meta.fetchedAt && odometer.meta.unitSystem === 'metric');
  const miles = await new smartcar.Vehicle(id, access.accessToken, {unitSystem: 'imperial'}).odometer();
  assert.ok(Math.abs(miles.distance * 1.609344 - odometer.distance) < 0.05);
  assert.equal(miles.meta.unitSystem, 'imperial');
  assert.ok((await vehicle.fuel()).percentRemaining <= 1);
  assert.ok((await vehicle.battery()).percentRemaining <= 1);
  assert.equal((await vehicle.batteryCapacity()).capacity, true_.battery_capacity_kwh);
  assert.equal((await vehicle.nominalCapacity()).capacity.source, 'SMARTCAR');
  assert.equal(typeof (await vehicle.charge()).isPluggedIn, 'boolean');
  assert.ok((await vehicle.getChargeLimit()).limit <= 1);
  assert.ok((await vehicle.location()).latitude);
  assert.ok((await vehicle.tirePressure()).backRight > 180);
  assert.ok((await vehicle.engineOil()).lifeRemaining <= 1);
  assert.equal((await vehicle.lockStatus()).doors.length, 4);
  assert.ok((await vehicle.diagnosticSystemStatus()).systems.length);
  assert.deepEqual((await vehicle.diagnosticTroubleCodes()).activeCodes, []);
  assert.ok(Array.isArray((await vehicle.serviceHistory('2026-01-01', '2026-12-31')).data));

  await batch(vehicle);
  await signals(vehicle, access);
  await webhooks(vehicle);
  await errors(vehicle);
  await management(true_, vehicle);
}

async function batch(vehicle) {
  await developer('POST', 'faults', {path: '/fuel', times: 1, then: {
    answer: 'error', type: 'RATE_LIMIT', code: 'VEHICLE', retryAfterSeconds: 252}});
  const answers = await vehicle.batch(['/odometer', '/tires/pressure', '/', '/fuel']);
  assert.equal(answers.odometer().distance, (await vehicle.odometer()).distance);
  assert.ok(answers.odometer().meta.dataAge && answers.odometer().meta.requestId);
  assert.ok(answers.tirePressure().frontLeft && answers.attributes().id);
  // The SDK gives the status of the whole batch here.
  await fails(async() => answers.fuel(), {type: 'RATE_LIMIT', code: 'VEHICLE', statusCode: 200});
  await fails(() => vehicle.batch([]), {type: 'VALIDATION', statusCode: 400});
}

async function signals(vehicle, access) {
  const {body} = await vehicle.getSignals();
  assert.equal(body.data.length, 19);
  assert.equal(body.included.vehicle.id, vehicle.id);
  const one = (await vehicle.getSignal('odometer-traveleddistance')).body.data;
  assert.equal(one.attributes.status.value, 'SUCCESS');
  assert.ok(Date.parse(one.meta.oemUpdatedAt) <= Date.parse(one.meta.retrievedAt));
  const resource = (await smartcar.getVehicle(access.accessToken, vehicle.id)).body;
  assert.equal(resource.type, 'vehicle');
  // The SDK does not know the form of v3's errors.
  await fails(() => vehicle.getSignal('odometer-nothing'), {statusCode: 404, type: 'SDK_ERROR'});
}

async function webhooks(vehicle) {
  assert.match(smartcar.hashChallenge('amt', 'challenge'), /^9baf5a7464bd8674/);
  assert.equal((await vehicle.unsubscribe(MANAGEMENT_TOKEN, WEBHOOK_ID)).status, 'success');
  assert.deepEqual((await vehicle.getSignals()).body.data, []);
  assert.equal((await vehicle.subscribe(WEBHOOK_ID)).vehicleId, vehicle.id);
  const {signature, body} = JSON.parse(fs.readFileSync(process.env.DELIVERY, 'utf8'));
  // This SDK prints the parsed body again: the bytes on the wire are those that JavaScript prints.
  assert.ok(smartcar.verifyPayload(MANAGEMENT_TOKEN, signature, JSON.parse(body)));
  assert.ok(!smartcar.verifyPayload('another token', signature, JSON.parse(body)));
}

async function errors(vehicle) {
  for (const [type, code, statusCode, resolution] of JSON.parse(process.env.PROBLEMS)) {
    const then = {answer: 'error', type, code};
    if (type === 'RATE_LIMIT' && code === 'VEHICLE') {
      then.retryAfterSeconds = 60;
    }
    if (resolution === 'REAUTHENTICATE') {
      then.resolutionUrl = 'https://connect.smartcar.com/oauth/reauthenticate';
    }
    await developer('POST', 'faults', {path: '/odometer', times: 1, then});
    const expected = {type, code: code ?? undefined, statusCode, retryAfter: then.retryAfterSeconds && '60'};
    const error = await fails(() => vehicle.odometer(), expected);
    assert.ok(error.description && error.docURL && error.requestId, error);
    const url = then.resolutionUrl;
    assert.deepEqual(error.resolution, url ? {type: resolution, url} : {type: resolution});
  }
  assert.ok((await vehicle.odometer()).distance);
  const page = {answer: 'page', status: 502, body: '<html>Bad gateway</html>'};
  await developer('POST', 'faults', {path: '/odometer', times: 1, then: page});
  await fails(() => vehicle.odometer(), {statusCode: 502, message: '<html>Bad gateway</html>'});
  await developer('POST', 'faults', {path: '/odometer', times: 1, then: {answer: 'hangUp'}});
  await assert.rejects(() => vehicle.odometer());
}

async function commands() {
  const true_ = await carOf('BEV');
  const {access} = await accessFor(true_.login);
  const vehicle = new smartcar.Vehicle(true_.smartcar_vehicle_id, access.accessToken);
  await fails(() => vehicle.fuel(), {type: 'COMPATIBILITY', code: 'VEHICLE_NOT_CAPABLE', statusCode: 501});
  const states = ['IN_MOTION', 'CHARGING_PLUG_NOT_CONNECTED', 'CHARGING_IN_PROGRESS', 'NOT_CHARGING', 'FULLY_CHARGED'];
  for (const command of ['lock', 'unlock', 'startCharge', 'stopCharge']) {
    const done = await vehicle[command]().catch((error) => error);
    assert.ok(done.status === 'success' || (done.type === 'VEHICLE_STATE' && states.includes(done.code)), done);
  }
  assert.equal((await vehicle.setChargeLimit(0.7)).status, 'success');
  assert.equal((await vehicle.sendDestination(52.5, 13.4)).status, 'success');
  await developer('POST', `cars/${vehicle.id}`, {asleep: true});
  await fails(() => vehicle.battery(), {type: 'VEHICLE_STATE', code: 'ASLEEP', statusCode: 409});
  await developer('POST', `cars/${vehicle.id}`, {asleep: false});
  assert.equal((await vehicle.disconnect()).status, 'success');
  await fails(() => vehicle.battery(), {type: 'AUTHENTICATION', statusCode: 401});
}

async function management(true_, vehicle) {
  const compatible = await smartcar.getCompatibility(true_.vin, ['read_odometer', 'read_fuel'], 'DE');
  assert.ok(compatible.compatible && compatible.capabilities.every((one) => one.capable));
  const matrix = await smartcar.getCompatibilityMatrix('EUROPE', {make: true_.make});
  assert.equal(matrix[true_.make][0].model, true_.model);
  const userId = (await smartcar.getUser(vehicle.token)).id;
  const mine = await smartcar.getConnections(MANAGEMENT_TOKEN, {userId});
  assert.deepEqual(mine.connections.map((one) => one.vehicleId), [vehicle.id]);
  await fails(() => smartcar.getConnections('another token'), {type: 'AUTHENTICATION', statusCode: 401});
  const gone = await smartcar.deleteConnections(MANAGEMENT_TOKEN, {userId});
  assert.deepEqual(gone.connections, [{vehicleId: vehicle.id, userId}]);
  await fails(() => vehicle.odometer(), {type: 'AUTHENTICATION', statusCode: 401});
}

(async() => {
  for (const step of [tokens, links, hybrid, commands]) {
    try {
      await step();
    } catch (error) {
      console.error(`--- ${step.name}`);
      throw error;
    }
  }
  console.log('the journey is over');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
