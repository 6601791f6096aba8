import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";

import { api, unwrap, type components } from "../api.ts";
import { moment, plain } from "../format.ts";
import { alertWords, Details } from "../parts/alert.tsx";
import { Act, BookList, usePages } from "../parts/book.tsx";
import { Check, Field, Form } from "../parts/form.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Wait } from "../parts/states.tsx";

type Notification = components["schemas"]["Notification"];
type Settings = components["schemas"]["NotificationSettings"];

const CHANNELS = ["page", "email", "webhook"] as const;

/** What a person is told, and how. */
export default function NotificationsPage() {
  const pages = usePages<Notification>(["notifications"], (cursor) =>
    unwrap(api.GET("/api/notifications", { params: { query: cursor ? { cursor } : {} } })),
  );
  const newest = pages.data?.pages[0]?.items[0];
  const hasUnread = pages.data?.pages.some((page) => page.items.some((item) => !item.readAt)) ?? false;
  return (
    <>
      <h1>Notifications</h1>
      {newest && hasUnread && (
        <div className="acts">
          <Act
            name="Mark all as read"
            isQuiet
            act={() => unwrap(api.POST("/api/notifications/read", { body: { until: newest.toldAt } }))}
          />
        </div>
      )}
      <BookList pages={pages} empty="Nothing to tell" about="When something is not as it should be with a car of yours, it stands here.">
        {(item) => <Line item={item} />}
      </BookList>
      <How />
    </>
  );
}

function Line({ item }: { item: Notification }) {
  const { title, text } = alertWords(item.kind);
  return (
    <>
      <div className="row">
        <h2>{title}</h2>
        <span className="faint">{moment(item.at)}</span>
      </div>
      <p>{text}</p>
      <Details details={item.details} />
      <p className="faint">
        <Link href={`/cars/${item.carId}/alerts`}>{item.carName}</Link>
        {item.foundLater && ": found later, when it was no news any more"}
      </p>
      {!item.readAt && (
        <div className="acts">
          <Act
            name="Read"
            isQuiet
            act={() => unwrap(api.POST("/api/notifications/{alertId}/read", { params: { path: { alertId: item.id } } }))}
          />
        </div>
      )}
    </>
  );
}

function How() {
  const settings = useQuery({ queryKey: ["notifications", "settings"], queryFn: () => unwrap(api.GET("/api/notifications/preferences")) });
  return (
    <Wait for={settings}>
      {(said) => (
        <>
          <When said={said} />
          <Email email={said.email} />
          <Kinds said={said} />
          {said.webhooksAvailable && <Webhooks />}
        </>
      )}
    </Wait>
  );
}

function When({ said }: { said: Settings }) {
  return (
    <section className="card" aria-labelledby="when">
      <h2 id="when">When</h2>
      <Form
        name="Save"
        told="Saved."
        submit={({ from, to, digestAt, gatherMinutes, urgentAlways }) =>
          unwrap(
            api.PATCH("/api/notifications/preferences", {
              body: {
                quietHours: from && to ? { from, to } : null,
                ...(digestAt ? { digestAt } : {}),
                gatherMinutes: Number(gatherMinutes ?? 0),
                urgentAlways: urgentAlways === "on",
              },
            }),
          )
        }
      >
        <div className="fields">
          <Field label="Nothing is sent from" name="from" type="time" defaultValue={said.quietHours?.from ?? ""} />
          <Field label="until" name="to" type="time" defaultValue={said.quietHours?.to ?? ""} note="By the clock of your settings." />
        </div>
        <Check label="except what cannot wait" name="urgentAlways" defaultChecked={said.urgentAlways} />
        <div className="fields">
          <Field label="What was found late comes at" name="digestAt" type="time" required defaultValue={said.digestAt} />
          <Field
            label="Minutes that an e-mail waits for others"
            name="gatherMinutes"
            type="number"
            min="0"
            max="1440"
            defaultValue={said.gatherMinutes}
            note="0: each comes alone."
          />
        </div>
      </Form>
    </section>
  );
}

function Email({ email }: { email: Settings["email"] }) {
  return (
    <section className="card" aria-labelledby="email">
      <h2 id="email">E-mail</h2>
      {!email.available && <p className="faint">This installation writes to nobody.</p>}
      {email.address && (
        <>
          <p>You are written to at {email.address}.</p>
          {email.trouble && <p role="status">The last e-mail had trouble: {email.trouble}</p>}
          <div className="acts">
            <Act name="Forget this address" isQuiet act={() => unwrap(api.DELETE("/api/notifications/email"))} />
          </div>
        </>
      )}
      {email.unconfirmed && (
        <Form
          name="Confirm"
          submit={({ code }) => unwrap(api.POST("/api/notifications/email/confirm", { body: { code: code ?? "" } }))}
        >
          <Field
            label={`The code that was sent to ${email.unconfirmed}`}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            {...(email.codeEndsAt ? { note: `It is good until ${moment(email.codeEndsAt)}.` } : {})}
          />
        </Form>
      )}
      {email.available && (
        <Form
          name="Send a code"
          submit={({ address }) => unwrap(api.POST("/api/notifications/email", { body: { address: address ?? "" } }))}
        >
          <Field label={email.address ? "Another address" : "Your address"} name="address" type="email" autoComplete="email" required />
        </Form>
      )}
    </section>
  );
}

function Kinds({ said }: { said: Settings }) {
  const wants = (kind: string, channel: string) =>
    said.choices.find((choice) => choice.kind === kind && choice.channel === channel)?.wanted ?? true;
  return (
    <section className="card" aria-labelledby="kinds">
      <h2 id="kinds">Of what</h2>
      <Form
        name="Save"
        told="Saved."
        submit={(filled) =>
          unwrap(
            api.PATCH("/api/notifications/preferences", {
              body: {
                choices: said.kinds.flatMap((kind) =>
                  CHANNELS.map((channel) => ({ kind, channel, wanted: filled[`${kind} ${channel}`] === "on" })),
                ),
              },
            }),
          )
        }
      >
        <Scroll label="Of what you are told where">
          <table className="choices">
            <caption className="visually-hidden">Of what you are told where</caption>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Page</th>
                <th scope="col">E-mail</th>
                <th scope="col">Webhook</th>
              </tr>
            </thead>
            <tbody>
              {said.kinds.map((kind) => (
                <tr key={kind}>
                  <th scope="row">{alertWords(kind).title}</th>
                  {CHANNELS.map((channel) => (
                    <td key={channel}>
                      <input
                        type="checkbox"
                        name={`${kind} ${channel}`}
                        aria-label={`${alertWords(kind).title}: ${channel}`}
                        defaultChecked={wants(kind, channel)}
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Form>
    </section>
  );
}

function Webhooks() {
  const [secret, setSecret] = useState<string>();
  const endpoints = useQuery({ queryKey: ["notifications", "webhooks"], queryFn: () => unwrap(api.GET("/api/notifications/webhooks")) });
  const show = (shown: { secret: string }) => setSecret(shown.secret);
  return (
    <section className="card" aria-labelledby="webhooks">
      <h2 id="webhooks">Programs of yours</h2>
      {secret && (
        <p role="status">
          The secret, shown this once: <code>{secret}</code>
        </p>
      )}
      <Wait for={endpoints}>
        {({ items }) => (
          <ul className="plain">
            {items.map((endpoint) => {
              const path = { endpointId: endpoint.id };
              return (
                <li key={endpoint.id}>
                  <p>{endpoint.url}</p>
                  <p className="faint">
                    {endpoint.disabledAt
                      ? `Nothing is sent there: ${endpoint.whyDisabled ?? ""}`
                      : endpoint.lastState
                        ? `${plain(endpoint.lastState)}${endpoint.lastTrouble ? `: ${endpoint.lastTrouble}` : ""}`
                        : "Nothing was sent there yet."}
                  </p>
                  <div className="acts">
                    <Act name="Send a test" isQuiet act={() => unwrap(api.POST("/api/notifications/webhooks/{endpointId}/test", { params: { path } }))} />
                    {endpoint.disabledAt && (
                      <Act name="Enable" isQuiet act={() => unwrap(api.POST("/api/notifications/webhooks/{endpointId}/enable", { params: { path } }))} />
                    )}
                    <Act
                      name="New secret"
                      isQuiet
                      confirm="For a day the present secret signs, too. Make a new one?"
                      act={async () => show(await unwrap(api.POST("/api/notifications/webhooks/{endpointId}/rotate", { params: { path } })))}
                    />
                    <Act
                      name="Take away"
                      isQuiet
                      confirm="Is this program to be told nothing any more?"
                      act={() => unwrap(api.DELETE("/api/notifications/webhooks/{endpointId}", { params: { path } }))}
                    />
                  </div>
                </li>
              );
            })}
          </ul>
        )}
      </Wait>
      <Form
        name="Add"
        submit={async ({ url }) => show(await unwrap(api.POST("/api/notifications/webhooks", { body: { url: url ?? "" } })))}
      >
        <Field label="Address" name="url" type="url" placeholder="https://example.org/hooks/cars" required />
      </Form>
    </section>
  );
}
