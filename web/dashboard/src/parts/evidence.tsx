// "Why was this recorded?"

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, unwrap, type components } from "../api.ts";
import { moment, percent } from "../format.ts";
import { Wait } from "./states.tsx";

export type BookWord = components["schemas"]["Book"];
type Evidence = components["schemas"]["EntryEvidence"];

interface Named {
  carId: string;
  book: BookWord;
  entryId: string;
}

export function EvidenceButton(named: Named) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button className="quiet small" onClick={() => setOpen(true)} aria-haspopup="dialog">
        Why?
      </button>
      {isOpen && <EvidenceDialog {...named} close={() => setOpen(false)} />}
    </>
  );
}

function EvidenceDialog({ carId, book, entryId, close }: Named & { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const evidence = useQuery({
    queryKey: ["evidence", carId, book, entryId],
    queryFn: () =>
      unwrap(api.GET("/api/cars/{carId}/evidence/{book}/{entryId}", { params: { path: { carId, book, entryId } } })),
  });
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="why">
      <div className="row">
        <h2 id="why">Why was this recorded?</h2>
        <button className="quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <Wait for={evidence}>{(evidence) => <Reasons evidence={evidence} />}</Wait>
    </dialog>
  );
}

function Reasons({ evidence }: { evidence: Evidence }) {
  return (
    <>
      <p>
        {evidence.isPersons
          ? "You wrote or confirmed it: the machine leaves it alone."
          : `The machine is ${percent((evidence.confidence ?? 0) * 100)} sure.`}{" "}
        {evidence.asOf && <span className="faint">As of {moment(evidence.asOf)}.</span>}
      </p>
      {evidence.marks.length > 0 && (
        <ul>
          {evidence.marks.map(({ mark, words }) => (
            <li key={mark}>{words}</li>
          ))}
        </ul>
      )}
      {evidence.readings.length > 0 && (
        <table>
          <caption>What the car said</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Signal</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {evidence.readings.map((reading) => (
              <tr key={`${reading.at}-${reading.signal}-${reading.value}`}>
                <td>{moment(reading.at)}</td>
                <td>{reading.signal}</td>
                <td>{reading.value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {evidence.decisions.map((decision) => (
        <p key={decision.decidedAt} className="faint">
          {decision.verdict} by you, {moment(decision.decidedAt)}
        </p>
      ))}
      {evidence.history.map((change) => (
        <p key={change.changedAt} className="faint">
          {change.what}, {moment(change.changedAt)}
        </p>
      ))}
    </>
  );
}
