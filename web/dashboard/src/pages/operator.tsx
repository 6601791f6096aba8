import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { createSyncClient } from "../../../client/src/index.ts";
import { RefusedError, unwrap, type components } from "../api.ts";
import { age, moment, number } from "../format.ts";
import { Fact } from "../parts/fact.tsx";
import { Field, Form } from "../parts/form.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Trouble, Wait } from "../parts/states.tsx";

type Pipeline = components["schemas"]["Pipeline"];
type Message = components["schemas"]["ParkedMessage"];

/** Apart from people's token: neither opens what the other does. */
const KEY = "carvetka.operator_token";
const LOOK_EVERY_MS = 10_000;

const api = createSyncClient({ accessToken: () => sessionStorage.getItem(KEY) });

const ask = () => unwrap(api.GET("/api/operator/pipeline"));

/** `#operator_token=…`; it does not stay in the address. */
function givenToken(): string | null {
  const given = new URLSearchParams(window.location.hash.slice(1)).get("operator_token");
  if (given) {
    sessionStorage.setItem(KEY, given);
    window.history.replaceState(null, "", window.location.pathname);
  }
  return sessionStorage.getItem(KEY);
}

/** The pipeline, for those who look after it. Nothing of people stands here. */
export default function OperatorPage() {
  const [token, setToken] = useState(givenToken);
  const leave = () => {
    sessionStorage.removeItem(KEY);
    setToken(null);
  };
  if (!token) {
    return (
      <section className="card">
        <h1>For operators</h1>
        <Form
          name="Look"
          submit={async ({ token }) => {
            sessionStorage.setItem(KEY, token ?? "");
            await ask().catch((refused: unknown) => {
              sessionStorage.removeItem(KEY);
              throw refused;
            });
            setToken(token ?? null);
          }}
        >
          <Field label="OPERATOR_TOKEN of this installation" name="token" type="password" required autoComplete="off" />
        </Form>
      </section>
    );
  }
  return <Look leave={leave} />;
}

function Look({ leave }: { leave: () => void }) {
  const pipeline = useQuery({
    queryKey: ["operator", "pipeline"],
    queryFn: ask,
    refetchInterval: LOOK_EVERY_MS,
  });
  return (
    <>
      <div className="row">
        <h1>The pipeline</h1>
        <button type="button" className="quiet small" onClick={leave}>
          Leave
        </button>
      </div>
      <Wait for={pipeline}>{(seen) => <Seen seen={seen} />}</Wait>
      <ParkedMessages />
    </>
  );
}

function Seen({ seen }: { seen: Pipeline }) {
  const { deliveries, marked, parked, vehicles, tokens, calls, queues, silent } = seen;
  return (
    <>
      <p className="faint" role="status">
        As of {moment(seen.at)}
      </p>
      <section className="card" aria-label="Deliveries">
        <dl className="facts">
          <Fact name="Accepted, not stored" value={count(deliveries.unstored)} note={since(deliveries.spooled, "in the spool")} />
          <Fact name="The newest stored" value={deliveries.newestAt ? age(deliveries.newestAt) : "none"} />
          <Fact
            name="Slowest of five minutes"
            value={deliveries.slowestSeconds == null ? "–" : `${number(deliveries.slowestSeconds)} s`}
            note={`of ${count(deliveries.storedLately)}`}
          />
          <Fact name="Books to tell anew" value={count(marked.number)} note={since(marked)} />
          <Fact name="Parked" value={count(parked.number)} note={since(parked)} />
          <Fact name="Calls this month" value={`${count(calls.spent)} of ${count(calls.allowed)}`} note={circuits(calls.circuitsOpen)} />
        </dl>
      </section>
      <section className="card" aria-label="Connections">
        <dl className="facts">
          <Fact name="Active" value={count(vehicles.active)} />
          <Fact name="To be connected again" value={count(vehicles.reauthRequired)} />
          <Fact name="Silent" value={count(vehicles.unheard)} />
          <Fact name="At rest" value={count(vehicles.resting)} />
          <Fact name="Tokens held" value={count(tokens.held)} note={`${count(tokens.toRenew)} to renew`} />
          <Fact name="Tokens that end soon" value={count(tokens.ending)} note={`${count(tokens.refused)} refused`} />
        </dl>
      </section>
      {queues ? <Queues queues={queues} /> : <p className="card">Nobody knows what lies in the queues: the broker does not answer, or the api has no AMQP_URL.</p>}
      {silent.length > 0 && (
        <details className="card">
          <summary>Silent connections</summary>
          <ul className="plain">
            {silent.map(({ vehicleId, since }) => (
              <li key={vehicleId}>
                <code>{vehicleId}</code> {since && age(since)}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Queues({ queues }: { queues: NonNullable<Pipeline["queues"]> }) {
  return (
    <section className="card">
      <Scroll label="Queues">
        <table>
          <caption>Queues</caption>
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col">Messages</th>
              <th scope="col">To retry</th>
            </tr>
          </thead>
          <tbody>
            {queues.map(({ queue, messages, waiting }) => (
              <tr key={queue}>
                <th scope="row">{queue}</th>
                <td>{count(messages)}</td>
                <td>{waiting == null ? "" : count(waiting)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function ParkedMessages() {
  const parked = useQuery({
    queryKey: ["operator", "parked"],
    queryFn: () => unwrap(api.GET("/api/operator/parked")),
    refetchInterval: LOOK_EVERY_MS,
  });
  return (
    <Wait for={parked}>
      {({ items }) =>
        items.length === 0 ? null : (
          <section className="card" aria-labelledby="parked">
            <h2 id="parked">Parked messages</h2>
            <p className="faint">No retry helped these. Mend the cause first; what each says, carvetka parked show tells.</p>
            <ul className="cards wide">
              {items.map((message) => (
                <li key={message.id}>
                  <ParkedMessage message={message} />
                </li>
              ))}
            </ul>
          </section>
        )
      }
    </Wait>
  );
}

function ParkedMessage({ message }: { message: Message }) {
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: () => unwrap(api.POST("/api/operator/parked/{messageId}/replay", { params: { path: { messageId: message.id } } })),
    // Also where somebody else was quicker.
    onSettled: () => queries.invalidateQueries({ queryKey: ["operator"] }),
  });
  return (
    <div className="row">
      <div>
        <code>{message.id}</code> <span className="faint">{`${message.queue}, ${age(message.parkedAt)}, ${count(message.bytes)} bytes`}</span>
        <p>{message.why}</p>
        {replay.isError && replay.error instanceof RefusedError && <Trouble error={replay.error} />}
      </div>
      <button type="button" className="small" disabled={replay.isPending} onClick={() => replay.mutate()} aria-label={`Replay ${message.id}`}>
        Replay
      </button>
    </div>
  );
}

function count(value: number | null | undefined): string {
  return value == null ? "?" : number(value, 0);
}

function since(heap: { number: number; since?: string | null }, what = ""): string | undefined {
  if (heap.number === 0 || !heap.since) return undefined;
  return `${what && `${count(heap.number)} ${what}, `}oldest ${age(heap.since)}`;
}

function circuits(open: number): string | undefined {
  return open === 0 ? undefined : `${count(open)} makers are not asked`;
}
