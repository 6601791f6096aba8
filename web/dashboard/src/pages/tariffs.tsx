import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { date, money, number, plain } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { DialogButton } from "../parts/dialog.tsx";
import { Currency } from "../parts/fields.tsx";
import { Check, Field, Form, type Filled } from "../parts/form.tsx";
import { Empty, Wait } from "../parts/states.tsx";
import { usePreferences } from "../preferences.ts";

type Schemas = components["schemas"];
type Tariff = Schemas["Tariff"];
type Parts = Schemas["TariffParts"];

/** What a kilowatt hour costs, where, when and since when. */
export default function TariffsPage() {
  const tariffs = useQuery({ queryKey: ["tariffs"], queryFn: () => unwrap(api.GET("/api/tariffs")) });
  return (
    <>
      <div className="row">
        <h1>Tariffs</h1>
        <DialogButton name="Add a tariff" title="A tariff">
          {(done) => <TariffForm done={done} />}
        </DialogButton>
      </div>
      <Wait for={tariffs}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No tariffs yet">With what a kilowatt hour costs you, charging sessions get their cost.</Empty>
          ) : (
            <ul className="cards wide">
              {items.map((tariff) => (
                <li key={tariff.id} className="card">
                  <TariffCard tariff={tariff} />
                </li>
              ))}
            </ul>
          )
        }
      </Wait>
    </>
  );
}

function TariffCard({ tariff }: { tariff: Tariff }) {
  const path = { tariffId: tariff.id };
  return (
    <>
      <div className="row">
        <h2>{tariff.name}</h2>
        <span>
          {tariff.isDefault && <span className="badge good">Wherever no other counts</span>}{" "}
          {tariff.network && <span className="badge">{tariff.network}</span>}
        </span>
      </div>
      <ul className="plain">
        {[...tariff.versions].reverse().map((version) => (
          <li key={version.id}>
            <strong>
              since {date(version.validFrom)}
              {version.validTo && ` until ${date(version.validTo)}`}
            </strong>
            : {inWords(version.parts, version.currency)} <span className="faint">({version.timeZone})</span>
          </li>
        ))}
      </ul>
      <div className="acts">
        <DialogButton name="New price" title={`${tariff.name}: a new price`} about={`of ${tariff.name}`} look="quiet small">
          {(done) => <TariffForm tariff={tariff} done={done} />}
        </DialogButton>
        <Act
          name="Delete"
          isQuiet
          confirm={`Delete ${tariff.name}? Sessions priced by it lose their cost.`}
          act={() => unwrap(api.DELETE("/api/tariffs/{tariffId}", { params: { path } }))}
        />
      </div>
    </>
  );
}

function inWords(parts: Parts, currency: string): string {
  const energy = (parts.energy ?? []).map(({ perKwh, when, aboveKwh }) => {
    const isAlways = !when || when.from === when.to;
    const months = when?.months && when.months.length < 12 ? ` in months ${when.months.join(", ")}` : "";
    const tier = aboveKwh > 0 ? ` above ${number(aboveKwh)} kWh` : "";
    return `${exact(perKwh, currency)} a kWh${isAlways ? "" : ` ${when.from}–${when.to}`}${months}${tier}`;
  });
  const minutes = (parts.minutes ?? []).map(
    ({ perMinute, of, afterMinutes }) => `${exact(perMinute, currency)} a minute ${plain(of).toLowerCase()}${afterMinutes > 0 ? ` after ${afterMinutes}` : ""}`,
  );
  const once = [
    parts.sessionFee ? `${money(parts.sessionFee, currency)} a session` : "",
    parts.parking ? `${money(parts.parking, currency)} for parking` : "",
    parts.freeKwh > 0 ? `${number(parts.freeKwh)} kWh free` : "",
  ];
  return [...energy, ...minutes, ...once].filter(Boolean).join("; ") || "nothing";
}

/** Prices have more digits than amounts. */
function exact(price: number, currency: string): string {
  return price.toLocaleString(navigator.language, { style: "currency", currency, maximumFractionDigits: 4 });
}

/** A price for all day, another by night if there is one, and what is paid once. */
function TariffForm({ tariff, done }: { tariff?: Tariff; done: () => void }) {
  const { data: preferences } = usePreferences();
  const newest = tariff?.versions.at(-1);
  const [isSeen, see] = useState(false);
  const zone = newest?.timeZone ?? preferences?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const versionOf = (filled: Filled): Schemas["VersionInput"] => ({
    currency: filled["currency"] ?? "EUR",
    timeZone: zone,
    ...(filled["since"] ? { validFrom: new Date(`${filled["since"]}T00:00`).toISOString() } : {}),
    parts: partsOf(filled),
  });
  const whole = (filled: Filled): Schemas["TariffInput"] => ({
    name: filled["name"] ?? "",
    network: filled["network"] ?? null,
    isDefault: filled["isDefault"] === "on",
    version: versionOf(filled),
  });
  const preview = useMutation({
    mutationFn: (filled: Filled) =>
      tariff
        ? unwrap(api.POST("/api/tariffs/{tariffId}/preview", { params: { path: { tariffId: tariff.id } }, body: versionOf(filled) }))
        : unwrap(api.POST("/api/tariffs/preview", { body: whole(filled) })),
  });
  // First what would change, then the word to do it.
  const submit = async (filled: Filled): Promise<void> => {
    if (!isSeen) {
      await preview.mutateAsync(filled);
      see(true);
      return;
    }
    if (tariff) {
      await unwrap(api.POST("/api/tariffs/{tariffId}/versions", { params: { path: { tariffId: tariff.id } }, body: versionOf(filled) }));
    } else {
      await unwrap(api.POST("/api/tariffs", { body: whole(filled) }));
    }
    done();
  };
  return (
    <Form name={isSeen ? "Save it" : "What would change?"} submit={submit} changed={() => see(false)}>
      {!tariff && (
        <div className="fields">
          <Field label="Name" name="name" required maxLength={64} />
          <Field label="Network of charging stations" name="network" maxLength={64} note="Counts at places that are called so." />
        </div>
      )}
      <div className="fields">
        <Field label="A kilowatt hour" name="day" type="number" step="0.0001" required />
        <Currency currency={newest?.currency} isRequired />
        <Field label="By night" name="night" type="number" step="0.0001" />
        <Field label="Night from" name="from" type="time" defaultValue="22:00" />
        <Field label="Night until" name="to" type="time" defaultValue="06:00" />
        <Field label="Once a session" name="fee" type="number" step="0.01" min="0" />
        <Field label="Since" name="since" type="date" note="Empty: from now on." />
      </div>
      {!tariff && <Check label="It counts wherever no other does" name="isDefault" />}
      {isSeen && preview.data && <Preview preview={preview.data} />}
    </Form>
  );
}

function partsOf(filled: Filled): Parts {
  const { day, night, from, to, fee } = filled;
  const byNight = night && from && to ? [{ perKwh: Number(night), aboveKwh: 0, when: { from, to } }] : [];
  return {
    // The first that fits counts.
    energy: [...byNight, { perKwh: Number(day), aboveKwh: 0 }],
    freeKwh: 0,
    meter: "grid",
    ...(fee ? { sessionFee: Number(fee) } : {}),
  };
}

function Preview({ preview }: { preview: Schemas["TariffPreview"] }) {
  return (
    <div role="status">
      <p>
        {preview.sessions.length === 0
          ? "No charging session would cost something else."
          : `${preview.sessions.length} charging sessions would cost something else:`}{" "}
        {preview.unchanged > 0 && `${preview.unchanged} would cost what they cost now. `}
        {preview.locked > 0 && `${preview.locked} are yours and stay.`}
      </p>
      <ul className="plain faint">
        {preview.sessions.slice(0, 20).map(({ sessionId, startedAt, before, after }) => (
          <li key={sessionId}>
            {date(startedAt)}: {before ? money(before.amount, before.currency) : "no price"} →{" "}
            {after ? money(after.amount, after.currency) : "no price"}
          </li>
        ))}
      </ul>
    </div>
  );
}
