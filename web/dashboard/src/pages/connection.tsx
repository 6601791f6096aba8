import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { age, distance, moment, plain } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { Act } from "../parts/book.tsx";
import { Check } from "../parts/form.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { signalName } from "../parts/signals.ts";
import { Trouble, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Status = components["schemas"]["ConnectionStatus"];
type Command = components["schemas"]["CommandWord"];
type SyncResult = components["schemas"]["SyncResult"];

const WORDS: Record<Status["badge"], { text: string; look: string }> = {
  not_connected: { text: "Not connected", look: "grey" },
  connected: { text: "Connected", look: "good" },
  stale: { text: "Connected, but silent", look: "warn" },
  reconnect_needed: { text: "Please connect again", look: "bad" },
};

function useStatus(carId: string) {
  const askEvery = useAskEvery();
  return useQuery({
    queryKey: ["status", carId],
    queryFn: () => unwrap(api.GET("/api/smartcar/status/{carId}", { params: { path: { carId } } })),
    refetchInterval: askEvery,
  });
}

/** How the car is connected, in short. */
export function ConnectionCard({ carId }: { carId: string }) {
  const status = useStatus(carId);
  return <Wait for={status}>{(status) => <Connected status={status} carId={carId} isShort />}</Wait>;
}

/** How the car is connected, and what a person may do about it. */
export default function ConnectionPage({ carId }: { carId: string }) {
  const status = useStatus(carId);
  return (
    <Wait for={status}>
      {(status) => (
        <>
          <Connected status={status} carId={carId} />
          <Commands status={status} carId={carId} />
          <Consent status={status} />
          <Signals signals={status.signals} />
          {status.badge !== "not_connected" && <Disconnect carId={carId} />}
        </>
      )}
    </Wait>
  );
}

const OUTCOMES: Record<string, string> = {
  connected: "The car is connected.",
  refused: "You did not agree, so nothing was connected.",
  incompatible: "Smartcar cannot reach this car.",
};

/** What came of the journey from which the person comes back. */
function outcome(): string | undefined {
  const word = new URLSearchParams(window.location.search).get("smartcar");
  return word ? (OUTCOMES[word] ?? `Connecting ended: ${plain(word)}.`) : undefined;
}

function Connected({ status, carId, isShort }: { status: Status; carId: string; isShort?: boolean }) {
  const { text, look } = WORDS[status.badge];
  const isConnected = status.badge !== "not_connected";
  const back = outcome();
  return (
    <section className="card" aria-label="Connection">
      <div className="row">
        <span className={`badge ${look}`}>{text}</span>
        <span className="faint">{status.lastSyncedAt ? `heard of ${age(status.lastSyncedAt)}` : "never heard of"}</span>
      </div>
      {back && <p role="status">{back}</p>}
      {status.reconnect?.message && <p>{status.reconnect.message}</p>}
      {status.reconnect?.url && (
        <p>
          <a href={status.reconnect.url} rel="noreferrer">
            Put it right at your car's maker
          </a>
        </p>
      )}
      {status.consentExpiresAt && <p>Your consent ends {moment(status.consentExpiresAt)}: please connect again.</p>}
      {status.rests && <p className="faint">The car is left alone until {moment(status.rests.until)}.</p>}
      <div className="acts">
        {isConnected && <SyncNow carId={carId} />}
        {status.badge !== "connected" && status.badge !== "stale" && <Connect carId={carId} />}
      </div>
      {!isShort && isConnected && <p className="faint">It may be asked {status.callsLeft} more times this month.</p>}
    </section>
  );
}

const COMMANDS: { command: Command; name: string; needs: string }[] = [
  { command: "lock", name: "Lock", needs: "control_security" },
  { command: "unlock", name: "Unlock", needs: "control_security" },
  { command: "start_charge", name: "Start charging", needs: "control_charge" },
  { command: "stop_charge", name: "Stop charging", needs: "control_charge" },
];

/** What the car can be told, as far as its owner agreed. */
function Commands({ status, carId }: { status: Status; carId: string }) {
  const allowed = COMMANDS.filter(({ needs }) => status.scopes.includes(needs));
  const [told, tell] = useState<string>();
  if (allowed.length === 0 || status.badge === "not_connected") return null;
  return (
    <section className="card" aria-labelledby="commands">
      <h2 id="commands">Tell the car</h2>
      <div className="acts">
        {allowed.map(({ command, name }) => (
          <Act
            key={command}
            name={name}
            confirm={`${name}: shall the car do it now?`}
            act={async () => {
              tell(undefined);
              const { result } = await unwrap(
                api.POST("/api/smartcar/commands/{carId}", { params: { path: { carId } }, body: { command } }),
              );
              tell(result === "done" ? `${name}: done.` : `${name}: it was told, and nobody knows yet whether it did.`);
            }}
          />
        ))}
      </div>
      <p role="status">{told}</p>
    </section>
  );
}

function Consent({ status }: { status: Status }) {
  if (status.scopes.length === 0) return null;
  return (
    <section className="card" aria-labelledby="consent">
      <h2 id="consent">What you agreed to</h2>
      <p>
        {status.locationConsent
          ? "Where the car is is kept, so that trips and places can be told."
          : "Where the car is is not kept: positions are removed before anything is stored."}
      </p>
      <p className="faint">{status.scopes.map(plain).join(" · ")}</p>
    </section>
  );
}

function Signals({ signals }: { signals: Status["signals"] }) {
  if (signals.length === 0) return null;
  return (
    <section className="card">
      <Scroll label="What the car tells">
        <table>
          <caption>What the car tells, and when it last did</caption>
          <tbody>
            {signals.map(({ signal, at }) => (
              <tr key={signal}>
                <th scope="row">{signalName(signal)}</th>
                <td>{age(at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Disconnect({ carId }: { carId: string }) {
  const [deleteData, setDeleteData] = useState(false);
  return (
    <section className="card" aria-labelledby="disconnect">
      <h2 id="disconnect">Disconnect</h2>
      <Check
        label="Also delete what the car told, and the entries that nobody touched"
        checked={deleteData}
        onChange={() => setDeleteData(!deleteData)}
      />
      <div className="acts">
        <Act
          name="Disconnect"
          isQuiet
          confirm={
            deleteData
              ? "Disconnect this car, and delete what it told? That cannot be undone."
              : "Disconnect this car? The book stays; nothing new is written."
          }
          act={() =>
            unwrap(api.POST("/api/smartcar/disconnect/{carId}", { params: { path: { carId }, query: { deleteData } } }))
          }
        />
      </div>
    </section>
  );
}

function Connect({ carId }: { carId: string }) {
  const [location, setLocation] = useState(false);
  const way = useMutation({ mutationFn: () => api.connect(carId, { location }) });
  return (
    <>
      <Check label="Also keep where the car is (trips, places)" checked={location} onChange={() => setLocation(!location)} />
      <button type="button" onClick={() => way.mutate()} disabled={way.isPending}>
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
      <button type="button" onClick={() => sync.mutate()} disabled={sync.isPending}>
        {sync.isPending ? "Asking the car…" : "Sync now"}
      </button>
      <span role="status">{sync.data && told(sync.data)}</span>
      {sync.isError && <Trouble error={sync.error} />}
    </>
  );
}
