"use client";
// A page of a Next.js app (app/cars/[carId]/page.tsx) that shows how a car is connected, what it said last, and "Sync now".
// It needs React and the typed client alone; `sync` is made once in lib/sync.ts (see ../carvetka.md).

import { use, useCallback, useEffect, useState } from "react";
import { RefusedError, unwrap, type components, type ConnectionStatus } from "@carvetka/sync-client";
import { sync } from "@/lib/sync";

type Health = components["schemas"]["Health"];
type Signal = Health["signals"][number];

const BADGES = {
  not_connected: "Not connected",
  connected: "Connected",
  stale: "Connected, but silent",
  reconnect_needed: "Please connect again",
} satisfies Record<ConnectionStatus["badge"], string>;

/** What is shown, in this order. Names that are not here may be shown as they are: more may come. */
const LABELS: Record<string, string> = {
  odometer: "Odometer",
  battery_level: "Battery",
  fuel_level: "Tank",
  battery_range: "Range",
  fuel_range: "Range",
  charging: "Charging",
  locked: "Locked",
  doors: "Doors",
  tires: "Tyres",
  oil_life: "Oil life",
  low_voltage_battery_level: "12 V battery",
  trouble_code_count: "Trouble codes",
  engine_running: "Engine running",
  coolant_temperature: "Coolant temperature",
};

export default function CarPage({ params }: { params: Promise<{ carId: string }> }) {
  const { carId } = use(params);
  const [status, setStatus] = useState<ConnectionStatus>();
  const [health, setHealth] = useState<Health>();
  const [notice, setNotice] = useState<string>();
  const [isSyncing, setIsSyncing] = useState(false);

  const load = useCallback(async () => {
    const path = { params: { path: { carId } } };
    const [status, health] = await Promise.all([
      unwrap(sync.GET("/api/smartcar/status/{carId}", path)),
      unwrap(sync.GET("/api/cars/{carId}/health", path)),
    ]);
    setStatus(status);
    setHealth(health);
  }, [carId]);

  useEffect(() => {
    load().catch((error: unknown) => setNotice(words(error)));
  }, [load]);

  async function syncNow() {
    setIsSyncing(true);
    try {
      // Some cars have to be woken: this may take a minute.
      const done = await unwrap(sync.POST("/api/smartcar/sync/{carId}", { params: { path: { carId } } }));
      setNotice(done.result === "written" ? "The book is up to date." : "Nothing new since the last time.");
      await load();
    } catch (error) {
      setNotice(words(error));
    } finally {
      setIsSyncing(false);
    }
  }

  if (!status) return <p role="status">{notice ?? "One moment …"}</p>;
  return (
    <main>
      <p>
        <strong>{BADGES[status.badge]}</strong>
        {status.reconnect && <> – {status.reconnect.message}</>}
      </p>
      {status.badge === "not_connected" ? (
        <button onClick={() => sync.connect(carId).catch((error: unknown) => setNotice(words(error)))}>
          Connect to Smartcar
        </button>
      ) : (
        <button onClick={syncNow} disabled={isSyncing}>
          {isSyncing ? "Asking the car …" : "Sync now"}
        </button>
      )}
      <p role="status">{notice}</p>
      <dl>
        {health?.signals
          .filter((signal) => signal.name in LABELS && signal.state !== "not_reported")
          .map((signal) => (
            <div key={signal.name} style={{ opacity: signal.state === "stale" ? 0.5 : 1 }}>
              <dt>{LABELS[signal.name]}</dt>
              <dd>{shown(signal)}</dd>
            </div>
          ))}
      </dl>
    </main>
  );
}

/** A value with its age; and where no car can say it over this platform, that. */
function shown(signal: Signal): string {
  if (signal.state === "not_available_over_smartcar") return "not available over Smartcar";
  const age = signal.ageSeconds == null ? "" : ` (${ago(signal.ageSeconds)})`;
  if (typeof signal.value === "boolean") return `${signal.value ? "yes" : "no"}${age}`;
  if (typeof signal.value === "number") {
    const unit = signal.unit === "percent" ? "%" : (signal.unit ?? "");
    return `${signal.value.toLocaleString()} ${unit}${age}`;
  }
  // Doors, tyres and the like consist of parts: a page of its own draws them on the car.
  return typeof signal.value === "string" ? signal.value + age : JSON.stringify(signal.value) + age;
}

function ago(seconds: number): string {
  const inWords = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  if (seconds < 3600) return inWords.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86_400) return inWords.format(-Math.round(seconds / 3600), "hour");
  return inWords.format(-Math.round(seconds / 86_400), "day");
}

/** The api's own words are for the person; everything else is our trouble. */
function words(error: unknown): string {
  return error instanceof RefusedError ? error.message : "Please try again.";
}
