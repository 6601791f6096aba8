import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { plain } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { DialogButton } from "../parts/dialog.tsx";
import { Check, Choice, Field, Form } from "../parts/form.tsx";
import { Wait } from "../parts/states.tsx";

type Schemas = components["schemas"];
type Rule = Schemas["PurposeRule"];
type Weekday = Schemas["Weekday"];

const WEEKDAYS: Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Which trips are for business, without a word for each. */
export function PurposeRules({ places }: { places: Schemas["Geofence"][] }) {
  const rules = useQuery({ queryKey: ["purpose-rules"], queryFn: () => unwrap(api.GET("/api/purpose-rules")) });
  return (
    <section className="card" aria-labelledby="rules">
      <div className="row">
        <h2 id="rules">Business or private</h2>
        <DialogButton name="Add a rule" title="A rule" look="small">
          {(done) => <RuleForm places={places} done={done} />}
        </DialogButton>
      </div>
      <Wait for={rules}>
        {({ items }) => (
          <>
            <p className="faint">The first rule that fits says what a trip was for. What you say of a trip yourself counts more.</p>
            <ol className="rules">
              {items.map((rule) => (
                <li key={rule.id} className="row">
                  {inWords(rule, places)}
                  <Act
                    name="Delete"
                    isQuiet
                    act={() => unwrap(api.DELETE("/api/purpose-rules/{ruleId}", { params: { path: { ruleId: rule.id } } }))}
                  />
                </li>
              ))}
            </ol>
          </>
        )}
      </Wait>
    </section>
  );
}

function inWords(rule: Rule, places: Schemas["Geofence"][]): string {
  const days = rule.weekdays.length === 7 ? "any day" : rule.weekdays.map((day) => plain(day).slice(0, 3)).join(", ");
  const time = rule.from === rule.to ? "" : `, ${rule.from}–${rule.to}`;
  const where = rule.geofenceIds.map((id) => places.find((place) => place.id === id)?.name ?? "a place").join(" or ");
  return `${plain(rule.purpose)}: ${days}${time}${where ? `, from or to ${where}` : ""}`;
}

function RuleForm({ places, done }: { places: Schemas["Geofence"][]; done: () => void }) {
  return (
    <Form
      name="Save"
      done={done}
      submit={(filled) =>
        unwrap(
          api.POST("/api/purpose-rules", {
            body: {
              purpose: filled["purpose"] === "private" ? "private" : "business",
              weekdays: WEEKDAYS.filter((day) => filled[day] === "on"),
              from: filled["from"] ?? "00:00",
              to: filled["to"] ?? "00:00",
              geofenceIds: places.map(({ id }) => id).filter((id) => filled[id] === "on"),
            },
          }),
        )
      }
    >
      <Choice label="Trips are" name="purpose" defaultValue="business">
        <option value="business">business</option>
        <option value="private">private</option>
      </Choice>
      <fieldset>
        <legend>If they begin on</legend>
        {WEEKDAYS.map((day) => (
          <Check key={day} label={plain(day)} name={day} defaultChecked={day !== "saturday" && day !== "sunday"} />
        ))}
      </fieldset>
      <div className="fields">
        <Field label="At or after" name="from" type="time" defaultValue="07:00" />
        <Field label="Before" name="to" type="time" defaultValue="19:00" />
      </div>
      {places.length > 0 && (
        <fieldset>
          <legend>And lead from or to one of these, if any is chosen</legend>
          {places.map(({ id, name }) => (
            <Check key={id} label={name} name={id} />
          ))}
        </fieldset>
      )}
    </Form>
  );
}
