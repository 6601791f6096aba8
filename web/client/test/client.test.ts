// What the client sends and how it reads answers, without a browser and without an api.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RefusedError, createSyncClient, unwrap, type SyncResult } from "../src/index.js";

const CAR = "3d3a9ce2-52b1-4a39-9f5c-2fd0b7a5c1aa";

function client(answer: { status: number; body: unknown }) {
  const seen: Request[] = [];
  const made = createSyncClient({
    baseUrl: "https://sync.example",
    accessToken: async () => "the-token",
    fetch: async (request) => {
      seen.push(request);
      return new Response(JSON.stringify(answer.body), {
        status: answer.status,
        headers: { "Content-Type": "application/json" },
      });
    },
  });
  return { made, seen };
}

test("every request carries the person's token and the cookie of the journey", async () => {
  const { made, seen } = client({ status: 200, body: { items: [] } });
  const garage = await unwrap(made.GET("/api/cars"));
  assert.deepEqual(garage.items, []);
  assert.equal(seen[0]?.url, "https://sync.example/api/cars");
  assert.equal(seen[0]?.headers.get("authorization"), "Bearer the-token");
  assert.equal(seen[0]?.credentials, "include");
});

test("sync now is told apart by its result", async () => {
  const { made, seen } = client({ status: 200, body: { result: "waiting", until: "2026-01-01T00:00:00Z", why: "asleep" } });
  const result: SyncResult = await unwrap(
    made.POST("/api/smartcar/sync/{carId}", { params: { path: { carId: CAR } } }),
  );
  assert.equal(seen[0]?.url, `https://sync.example/api/smartcar/sync/${CAR}`);
  switch (result.result) {
    case "written":
      assert.fail(`${result.entries.length} entries`);
      break;
    case "duplicate":
    case "nothing_new":
      assert.fail(`${result.odometerKm} km`);
      break;
    case "waiting":
      assert.equal(result.why, "asleep");
  }
});

test("a refusal is a problem with a code", async () => {
  const body = { type: "urn:carvetka:problem:plan-limit", title: "t", status: 402, detail: "One car.", code: "plan_limit", instance: "1" };
  const { made } = client({ status: 402, body });
  const asked = made.GET("/api/smartcar/connect", { params: { query: { carId: CAR } } });
  await assert.rejects(unwrap(asked), (error) => error instanceof RefusedError && error.problem.code === "plan_limit");
});

test("fields that the api would refuse do not compile", async () => {
  const { made } = client({ status: 201, body: {} });
  const path = { carId: CAR };
  const good = { odometerKm: 1, entryDate: "2026-01-01T00:00:00Z" };
  await made.POST("/api/cars/{carId}/meter-entries", { params: { path }, body: good });
  // @ts-expect-error the name is odometerKm
  await made.POST("/api/cars/{carId}/meter-entries", { params: { path }, body: { odometer: 1, entryDate: "" } });
  // @ts-expect-error there is no such command
  await made.POST("/api/smartcar/commands/{carId}", { params: { path }, body: { command: "fly" } });
  await made.PATCH("/api/cars/{carId}/meter-entries/{entryId}", {
    params: { path: { carId: CAR, entryId: CAR } },
    body: { notes: null },
  });
});
