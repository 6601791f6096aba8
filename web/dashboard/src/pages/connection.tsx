import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { age, distance, moment } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { Trouble, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Status = components["schemas"]["ConnectionStatus"];
type SyncResult = components["schemas"]["SyncResult"];

const WORDS: Record<Status["badge"], { text: string; look: string }> = {
  not_connected: { text: "Not connected", look: "grey" },
  connected: { text: "Connected", look: "good" },
  stale: { text: "Connected, but silent", look: "warn" },
  reconnect_needed: { text: "Please connect again", look: "bad" },
};

/** How the car is connected, and what a person may do about it. */
export function Connection({ carId }: { carId: string }) {
  const status = useQuery({
    queryKey: ["status", carId],
    queryFn: () => unwrap(api.GET("/api/smartcar/status/{carId}", { params: { path: { carId } } })),
    refetchInterval: 15_000,
  });
  return <Wait for={status}>{(status) => <Connected status={status} carId={carId} />}</Wait>;
}

function Connected({ status, carId }: { status: Status; carId: string }) {
  const { text, look } = WORDS[status.badge];
  const isConnected = status.badge !== "not_connected";
  return (
    <>
      <section className="card">
        <div className="row">
          <span className={`badge ${look}`}>{text}</span>
          <span className="faint">{status.lastSyncedAt ? `heard of ${age(status.lastSyncedAt)}` : "never heard of"}</span>
        </div>
        {status.reconnect?.message && <p>{status.reconnect.message}</p>}
        {status.consentExpiresAt && <p>Your consent ends {moment(status.consentExpiresAt)}: please connect again.</p>}
        {status.rests && <p className="faint">The car is left alone until {moment(status.rests.until)}.</p>}
        <div className="acts">
          {isConnected && <SyncNow carId={carId} />}
          {status.badge !== "connected" && <Connect carId={carId} />}
          {isConnected && (
            <Act
              name="Disconnect"
              confirm="Disconnect this car? The book stays; nothing new is written."
              act={() =>
                unwrap(api.POST("/api/smartcar/disconnect/{carId}", { params: { path: { carId } } }))
              }
            />
          )}
        </div>
      </section>
      {status.signals.length > 0 && (
        <section className="card scroll">
          <table>
            <caption>What the car tells, and when it last did</caption>
            <tbody>
              {status.signals.map(({ signal, at }) => (
                <tr key={signal}>
                  <th scope="row">{signal}</th>
                  <td>{age(at)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

function Connect({ carId }: { carId: string }) {
  const [location, setLocation] = useState(false);
  const way = useMutation({ mutationFn: () => api.connect(carId, { location }) });
  return (
    <>
      <label className="check">
        <input type="checkbox" checked={location} onChange={(event) => setLocation(event.target.checked)} />
        Also keep where the car is (trips, places)
      </label>
      <button onClick={() => way.mutate()} disabled={way.isPending}>
        Connect to Smartcar
      </button>
      {way.isError && <Trouble error={way.error} />}
    </>
  );
}

function SyncNow({ carId }: { carId: string }) {
  const units = useUnits();
  const queries = useQueryClient();
  const sync = useMutation({
    mutationFn: () => unwrap(api.POST("/api/smartcar/sync/{carId}", { params: { path: { carId } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const told = (done: SyncResult): string => {
    switch (done.result) {
      case "written":
        return `${distance(done.entries.at(-1)?.odometerKm, units, 0)} written`;
      case "duplicate":
      case "nothing_new":
        return "Nothing new since the last time";
      case "waiting":
        return `The car rests: try again after ${moment(done.until)}`;
    }
  };
  return (
    <>
      <button onClick={() => sync.mutate()} disabled={sync.isPending}>
        {sync.isPending ? "Asking the car…" : "Sync now"}
      </button>
      <span role="status">{sync.data && told(sync.data)}</span>
      {sync.isError && <Trouble error={sync.error} />}
    </>
  );
}
