import { useQuery } from "@tanstack/react-query";

import { api, download, unwrap } from "../api.ts";
import { moment, plain } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { Choice, Field, Form } from "../parts/form.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Wait } from "../parts/states.tsx";
import { usePreferences } from "../preferences.ts";
import { signOut } from "../session.ts";

const ZONES = Intl.supportedValuesOf("timeZone");

/** In what a person reckons. */
export default function SettingsPage() {
  const preferences = usePreferences();
  return (
    <>
      <h1>Settings</h1>
      <Wait for={preferences}>
        {(said) => (
          <section className="card">
            <Form
              name="Save"
              told="Saved."
              submit={({ units, currency, timeZone, fuelPrice }) =>
                unwrap(
                  api.PATCH("/api/preferences", {
                    body: {
                      units: units === "us" || units === "uk" || units === "metric" ? units : null,
                      currency: currency ?? null,
                      timeZone: timeZone ?? null,
                      fuelPricePerLitre: fuelPrice ? Number(fuelPrice) : null,
                    },
                  }),
                )
              }
            >
              <Choice label="Units" name="units" defaultValue={said.units ?? "metric"}>
                <option value="metric">Kilometres and litres</option>
                <option value="us">Miles and US gallons</option>
                <option value="uk">Miles and imperial gallons</option>
              </Choice>
              <Field
                label="Currency"
                name="currency"
                pattern="[A-Z]{3}"
                maxLength={3}
                placeholder="EUR"
                defaultValue={said.currency ?? ""}
                note="Of estimates that bring none of their own. What was paid is never converted."
              />
              <Field
                label="What a litre of fuel usually costs you"
                name="fuelPrice"
                type="number"
                step="0.001"
                min="0"
                defaultValue={said.fuelPricePerLitre ?? ""}
                note="For fill-ups of which nobody knows what was paid."
              />
              <Field
                label="Time zone"
                name="timeZone"
                list="zones"
                defaultValue={said.timeZone ?? ""}
                note="By its clock days and months are reckoned."
              />
              <datalist id="zones">
                {ZONES.map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </Form>
          </section>
        )}
      </Wait>
      <Privacy />
      <div className="acts">
        <button type="button" className="quiet" onClick={signOut}>
          Sign out
        </button>
      </div>
    </>
  );
}

/** What is known of a person, and what they agreed to. */
function Privacy() {
  const consents = useQuery({ queryKey: ["consents"], queryFn: () => unwrap(api.GET("/api/consents")) });
  return (
    <section className="card" aria-labelledby="privacy">
      <h2 id="privacy">What is known of you</h2>
      <div className="acts">
        <Act name="Save all of it as a file" isQuiet act={() => download("/api/export", "everything.json")} />
      </div>
      <Wait for={consents}>
        {({ items }) =>
          items.length > 0 && (
            <Scroll label="What you agreed to">
              <table>
                <caption>What you agreed to</caption>
                <tbody>
                  {items.map((consent) => (
                    <tr key={`${consent.at}-${consent.carId}-${consent.what}`}>
                      <td>{moment(consent.at)}</td>
                      <td>{plain(consent.what)}</td>
                      <td>{consent.location ? "with positions" : "without positions"}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Wait>
    </section>
  );
}
