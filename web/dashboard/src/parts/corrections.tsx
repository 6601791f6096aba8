// Confirm, correct, reject, cut, join, undo: people win.

import type { ReactNode } from "react";

import { Act } from "./book.tsx";
import { deedsOf, type Corrected } from "./deeds.ts";
import { DialogButton } from "./dialog.tsx";
import { Field, Form, instant, localInput } from "./form.tsx";

interface Props {
  book: Corrected;
  carId: string;
  entry: { id: string; state: string | null | undefined; source: string; goesOn: boolean };
  /** The one before it in time, with which it may be one. */
  earlier?: { id: string; name: string } | undefined;
  /** The time in which it can be cut. */
  span?: { from: string; to: string } | undefined;
  /** The fields of its own, with what happens to them. */
  form: (done: () => void) => ReactNode;
}

export function Corrections({ book, carId, entry, earlier, span, form }: Props) {
  const deeds = deedsOf(book, carId, entry.id);
  // What goes on is the machine's until it is over.
  if (entry.goesOn) return null;
  const isMachines = entry.source === "smartcar_sync" && entry.state !== "confirmed";
  return (
    <>
      {isMachines && <Act name="Confirm" act={deeds.confirm} isQuiet={entry.state !== "candidate"} />}
      {entry.state === "candidate" && <Act name="That never was" act={deeds.reject} isQuiet />}
      <DialogButton name="Correct" title="Correct it" look="quiet small">
        {(done) => (
          <>
            {form(done)}
            <Cuts deeds={deeds} id={entry.id} earlier={earlier} span={span} done={done} />
            <div className="acts end">
              {entry.source === "smartcar_sync" && <Act name="Undo my last word" act={deeds.undo} isQuiet done={done} />}
              <Act
                name="That never was"
                isQuiet
                confirm="Take this entry out of the book?"
                act={entry.source === "smartcar_sync" ? deeds.reject : deeds.remove}
                done={done}
              />
            </div>
          </>
        )}
      </DialogButton>
    </>
  );
}

function Cuts(props: {
  deeds: ReturnType<typeof deedsOf>;
  id: string;
  earlier: Props["earlier"];
  span: Props["span"];
  done: () => void;
}) {
  const { deeds, id, earlier, span, done } = props;
  const { split } = deeds;
  return (
    <>
      {split && span && (
        <details>
          <summary>These were two</summary>
          <Form name="Split" done={done} submit={({ at }) => split(instant(at ?? ""))}>
            <Field
              label="The second began at"
              name="at"
              type="datetime-local"
              required
              min={localInput(span.from)}
              max={localInput(span.to)}
              defaultValue={localInput(new Date((Date.parse(span.from) + Date.parse(span.to)) / 2).toISOString())}
            />
          </Form>
        </details>
      )}
      {earlier && (
        <details>
          <summary>It belongs to the one before</summary>
          <p className="faint">{earlier.name}</p>
          <Act name="Join both" act={() => deeds.merge([earlier.id, id])} done={done} />
        </details>
      )}
    </>
  );
}
