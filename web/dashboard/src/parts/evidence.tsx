// "Why was this recorded?"

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { api, unwrap, type components } from "../api.ts";
import { moment, percent, plain } from "../format.ts";
import { DialogButton } from "./dialog.tsx";
import { Scroll } from "./scroll.tsx";
import { signalName } from "./signals.ts";
import { Wait } from "./states.tsx";

export type BookWord = components["schemas"]["Book"];
type Evidence = components["schemas"]["EntryEvidence"];

interface Named {
  carId: string;
  book: BookWord;
  entryId: string;
}

export function useEvidence({ carId, book, entryId }: Named) {
  return useQuery({
    queryKey: ["evidence", carId, book, entryId],
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/evidence/{book}/{entryId}", { params: { path: { carId, book, entryId } } })),
  });
}

/** `about`: of what, for those who hear a list of buttons. */
export function EvidenceButton({ about, children, ...named }: Named & { about: string; children?: ReactNode }) {
  return (
    <DialogButton name="Why?" title="Why was this recorded?" about={about} look="quiet small">
      {() => (
        <>
          <Reasons {...named} />
          {children}
        </>
      )}
    </DialogButton>
  );
}

function Reasons(named: Named) {
  const evidence = useEvidence(named);
  return <Wait for={evidence}>{(evidence) => <Told evidence={evidence} />}</Wait>;
}

function Told({ evidence }: { evidence: Evidence }) {
  return (
    <>
      <p>
        {evidence.isPersons
          ? "You wrote or confirmed it: the machine leaves it alone."
          : `The machine is ${percent((evidence.confidence ?? 0) * 100)} sure.`}{" "}
        {evidence.asOf && <span className="faint">As of {moment(evidence.asOf)}.</span>}
      </p>
      {evidence.marks.length > 0 && (
        <ul className="plain">
          {evidence.marks.map(({ mark, words }) => (
            <li key={mark}>{words}</li>
          ))}
        </ul>
      )}
      {evidence.readings.length > 0 ? <Readings readings={evidence.readings} /> : null}
      <Past evidence={evidence} />
    </>
  );
}

function Readings({ readings }: { readings: Evidence["readings"] }) {
  return (
    <Scroll label="What the car said">
      <table>
        <caption>What the car said</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          {readings.map((reading) => (
            <tr key={`${reading.at}-${reading.signal}-${reading.value}`}>
              <td>{moment(reading.at)}</td>
              <td>{signalName(reading.signal)}</td>
              <td>{reading.value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** What people and the machine did with it, in the order of time. */
function Past({ evidence }: { evidence: Evidence }) {
  const past = [
    ...evidence.decisions.map(({ decidedAt, verdict }) => ({ at: decidedAt, words: `${plain(verdict)} by you` })),
    ...evidence.history.map(({ changedAt, what }) => ({ at: changedAt, words: plain(what) })),
  ].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  if (past.length === 0) return null;
  return (
    <ul className="plain faint">
      {past.map(({ at, words }) => (
        <li key={`${at}-${words}`}>
          {moment(at)}: {words}
        </li>
      ))}
    </ul>
  );
}
