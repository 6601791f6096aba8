import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type components } from "../api.ts";
import { date, distance, distanceUnit, kmOf, unitsPerKm } from "../format.ts";
import { useAskEvery } from "../live.ts";
import { Act } from "../parts/book.tsx";
import { DialogButton } from "../parts/dialog.tsx";
import { Fact } from "../parts/fact.tsx";
import { Notes, When } from "../parts/fields.tsx";
import { Check, Field, Form, instant, localInput, type Filled } from "../parts/form.tsx";
import { NearBy } from "../parts/near_by.tsx";
import { Empty, Wait } from "../parts/states.tsx";
import { useUnits } from "../preferences.ts";

type Reminder = components["schemas"]["Reminder"];

/** What has to be done to the car, and when. */
export default function RemindersPage({ carId }: { carId: string }) {
  const askEvery = useAskEvery();
  const reminders = useQuery({
    queryKey: ["reminders", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/reminders", { params: { path: { carId } } })),
    refetchInterval: askEvery,
  });
  return (
    <>
      <div className="acts end">
        <DialogButton name="Add a reminder" title="A reminder">
          {(done) => <ReminderForm carId={carId} done={done} />}
        </DialogButton>
      </div>
      <Wait for={reminders}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing to remember">Oil, tyres, inspection: by kilometres, by months, or both.</Empty>
          ) : (
            <>
              <ul className="cards wide">
                {items.map((reminder) => (
                  <li key={reminder.id} className="card">
                    <ReminderCard reminder={reminder} carId={carId} />
                  </li>
                ))}
              </ul>
              {items.some(isPressing) && <NearBy carId={carId} />}
            </>
          )
        }
      </Wait>
    </>
  );
}

const LOOKS: Record<string, string> = { soon: "warn", urgent: "warn", due: "bad", overdue: "bad" };

/** It is time to look for somebody who does it. */
function isPressing({ due, finishedAt }: Reminder): boolean {
  return finishedAt == null && ["urgent", "due", "overdue"].includes(due.stage);
}

function ReminderCard({ reminder, carId }: { reminder: Reminder; carId: string }) {
  const units = useUnits();
  const { due, proposal } = reminder;
  const params = { path: { carId, entryId: reminder.id } };
  const isOver = reminder.finishedAt != null;
  return (
    <>
      <div className="row">
        <h2>{reminder.title}</h2>
        {isOver ? <span className="badge good">Done</span> : <span className={`badge ${LOOKS[due.stage] ?? "good"}`}>{due.stage}</span>}
      </div>
      {!isOver && <p>{due.text}</p>}
      <dl className="facts">
        {!isOver && due.date && <Fact name="Most likely" value={date(due.date)} note={likely(reminder)} />}
        {!isOver && due.odometerKm != null && <Fact name="At" value={distance(due.odometerKm, units, 0)} />}
        <Fact name="Every" value={interval(reminder, units)} />
        <Fact name="Done last" value={date(reminder.doneAt)} note={reminder.doneKm == null ? undefined : distance(reminder.doneKm, units, 0)} />
      </dl>
      {reminder.notes && <p>{reminder.notes}</p>}
      {reminder.snoozedUntil && <p className="faint">You hear of it again on {date(reminder.snoozedUntil)}.</p>}
      {proposal && (
        <div className="acts">
          <span>
            {proposal.because === "oil_renewed" ? "The car says that its oil is new" : "You paid for a service"} since {date(proposal.at)}: was it
            done then?
          </span>
          <Act
            name="Yes, it was done"
            act={() =>
              unwrap(
                api.POST("/api/cars/{carId}/reminders/{entryId}/done", {
                  params,
                  body: { at: proposal.at, ...(proposal.odometerKm == null ? {} : { odometerKm: proposal.odometerKm }) },
                }),
              )
            }
          />
          <Act
            name="No"
            isQuiet
            act={() => unwrap(api.POST("/api/cars/{carId}/reminders/{entryId}/dismiss-proposal", { params }))}
          />
        </div>
      )}
      <div className="acts">
        {!isOver && (
          <>
            <DialogButton name="Done" title={`${reminder.title}: done`} about={reminder.title} look="small">
              {(done) => <DoneForm reminder={reminder} carId={carId} done={done} />}
            </DialogButton>
            <Act
              name="In a week"
              isQuiet
              act={() =>
                unwrap(api.POST("/api/cars/{carId}/reminders/{entryId}/snooze", { params, body: { until: inAWeek() } }))
              }
            />
          </>
        )}
        <DialogButton name="Change" title={reminder.title} about={reminder.title} look="quiet small">
          {(done) => <ReminderForm carId={carId} reminder={reminder} done={done} />}
        </DialogButton>
        <Act
          name="Delete"
          isQuiet
          confirm={`Delete ${reminder.title}?`}
          act={() => unwrap(api.DELETE("/api/cars/{carId}/reminders/{entryId}", { params }))}
        />
      </div>
    </>
  );
}

function likely({ due }: Reminder): string | undefined {
  if (!due.earliest || !due.latest || date(due.earliest) === date(due.latest)) return undefined;
  return `${date(due.earliest)} – ${date(due.latest)}`;
}

function interval(reminder: Reminder, units: ReturnType<typeof useUnits>): string {
  const parts = [
    reminder.intervalKm == null ? "" : distance(reminder.intervalKm, units, 0),
    reminder.intervalMonths == null ? "" : `${reminder.intervalMonths} months`,
    reminder.watchesOil ? "when the oil is used up" : "",
  ];
  return parts.filter(Boolean).join(" or ");
}

function inAWeek(): string {
  return new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
}

function DoneForm({ reminder, carId, done }: { reminder: Reminder; carId: string; done: () => void }) {
  const units = useUnits();
  return (
    <Form
      name="It was done"
      done={done}
      submit={({ at, odometer }) =>
        unwrap(
          api.POST("/api/cars/{carId}/reminders/{entryId}/done", {
            params: { path: { carId, entryId: reminder.id } },
            body: { at: instant(at ?? ""), ...(odometer ? { odometerKm: kmOf(odometer, units) } : {}) },
          }),
        )
      }
    >
      <div className="fields">
        <When />
        <Field
          label={`The counter showed (${distanceUnit(units)})`}
          name="odometer"
          type="number"
          step="1"
          min="0"
          note="Empty: what the book says of then."
        />
      </div>
    </Form>
  );
}

function ReminderForm({ carId, reminder, done }: { carId: string; reminder?: Reminder; done: () => void }) {
  const units = useUnits();
  const shown = (km: number | null | undefined) => (km == null ? "" : (km * unitsPerKm(units)).toFixed(0));
  const last = localInput(reminder?.doneAt);
  const save = (filled: Filled) => {
    const { km, months, at } = filled;
    const body = {
      title: filled["title"] ?? "",
      notes: filled["notes"] ?? null,
      // What nobody touched is not rounded.
      ...(km === shown(reminder?.intervalKm) ? {} : { intervalKm: km ? kmOf(km, units) : null }),
      intervalMonths: months ? Number(months) : null,
      isRecurring: filled["isRecurring"] === "on",
      isFixed: filled["isFixed"] === "on",
      watchesOil: filled["watchesOil"] === "on",
      ...(at && at !== last ? { doneAt: instant(at) } : {}),
    };
    return reminder
      ? unwrap(
          api.PATCH("/api/cars/{carId}/reminders/{entryId}", {
            params: { path: { carId, entryId: reminder.id } },
            body,
          }),
        )
      : unwrap(api.POST("/api/cars/{carId}/reminders", { params: { path: { carId } }, body }));
  };
  return (
    <Form name="Save" done={done} submit={save}>
      <Field label="What is to be done" name="title" required maxLength={64} defaultValue={reminder?.title ?? ""} />
      <div className="fields">
        <Field label={`Every (${distanceUnit(units)})`} name="km" type="number" step="1" min="1" defaultValue={shown(reminder?.intervalKm)} />
        <Field label="Every (months)" name="months" type="number" step="1" min="1" max="240" defaultValue={reminder?.intervalMonths ?? ""} />
        <Field label="Done last" name="at" type="datetime-local" defaultValue={last} note="Empty: it counts from now on." />
      </div>
      <Check label="Again and again" name="isRecurring" defaultChecked={reminder?.isRecurring ?? true} />
      <Check label="It keeps its dates, however early or late it is done" name="isFixed" defaultChecked={reminder?.isFixed ?? false} />
      <Check label="Also when the car says that its oil is used up" name="watchesOil" defaultChecked={reminder?.watchesOil ?? false} />
      <Notes notes={reminder?.notes} />
    </Form>
  );
}
