import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, download, unwrap, type components } from "../api.ts";
import { moment, plain } from "../format.ts";
import { Act } from "../parts/book.tsx";
import { Check, Choice } from "../parts/form.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Trouble, Wait } from "../parts/states.tsx";

type Report = components["schemas"]["ImportReport"];

const FORMATS = {
  carvetka: "Carvetka sync",
  fuelio: "Fuelio",
  lubelogger: "LubeLogger",
  "teslamate-charges": "TeslaMate, charges",
  "teslamate-drives": "TeslaMate, drives",
  mapping: "Another program (CSV with headings)",
} as const;

const KINDS = ["meter-entries", "fuel-entries", "charging-sessions", "trips", "expenses", "battery-estimates", "geofence-events", "alerts", "issues"];

/** Books of other programs in, and all of ours out. */
export default function DataPage({ carId }: { carId: string }) {
  return (
    <>
      <Import carId={carId} />
      <Imports carId={carId} />
      <Export carId={carId} />
    </>
  );
}

interface Asked {
  file: File;
  format: keyof typeof FORMATS;
  same: "attach" | "replace" | "leave";
}

function bring(carId: string, { file, format, same }: Asked, dryRun: boolean): Promise<Report> {
  return file.text().then((body) =>
    unwrap(
      api.POST("/api/cars/{carId}/imports", {
        params: { path: { carId }, query: { format, same, dryRun } },
        headers: { "Content-Type": "text/csv" },
        body,
        bodySerializer: (text: string) => text,
      }),
    ),
  );
}

function Import({ carId }: { carId: string }) {
  const queries = useQueryClient();
  const [file, setFile] = useState<File>();
  const [format, setFormat] = useState<Asked["format"]>("carvetka");
  const [replaces, setReplaces] = useState(false);
  const asked = file && { file, format, same: replaces ? ("replace" as const) : ("attach" as const) };
  const look = useMutation({ mutationFn: (asked: Asked) => bring(carId, asked, true) });
  const write = useMutation({
    mutationFn: (asked: Asked) => bring(carId, asked, false),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <section className="card" aria-labelledby="import">
      <h2 id="import">Import</h2>
      <p className="faint">First you see what would become of each line. Nothing is written before you say so.</p>
      <Choice label="Who wrote the file" value={format} onChange={(event) => setFormat(event.target.value as Asked["format"])}>
        {Object.entries(FORMATS).map(([word, name]) => (
          <option key={word} value={word}>
            {name}
          </option>
        ))}
      </Choice>
      <label className="field">
        The file
        <input
          type="file"
          accept=".csv,text/csv,text/plain"
          onChange={(event) => {
            look.reset();
            write.reset();
            setFile(event.target.files?.[0]);
          }}
        />
      </label>
      <Check
        label="Where the machine wrote of the same, the line takes its place (else it fills in what is missing)"
        checked={replaces}
        onChange={() => setReplaces(!replaces)}
      />
      <div className="acts">
        <button type="button" disabled={!asked || look.isPending} onClick={() => asked && look.mutate(asked)}>
          Look at it
        </button>
        {asked && look.data && !write.data && (
          <button type="button" disabled={write.isPending} onClick={() => write.mutate(asked)}>
            Import it
          </button>
        )}
      </div>
      {look.isError && <Trouble error={look.error} />}
      {write.isError && <Trouble error={write.error} />}
      {write.data ? <Told report={write.data} isDone /> : look.data && <Told report={look.data} />}
    </section>
  );
}

function Told({ report, isDone }: { report: Report; isDone?: boolean }) {
  const { done } = report;
  return (
    <div role="status">
      <p>
        {isDone
          ? `${done.written} lines became entries, ${done.attached} filled entries in, ${done.replaced} took the place of one.`
          : `${report.new} lines are new, ${report.same} tell of what the machine found, ${report.known} are known, ${report.impossible} cannot be read.`}
      </p>
      {!isDone && (
        <Scroll label="What becomes of the lines">
          <table>
            <thead>
              <tr>
                <th scope="col">Line</th>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col">Becomes</th>
              </tr>
            </thead>
            <tbody>
              {report.lines.map((line) => (
                <tr key={line.line}>
                  <td>{line.line}</td>
                  <td>{moment(line.at)}</td>
                  <td>{line.what}</td>
                  <td>{line.problem ?? plain(line.becomes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {report.notShown > 0 && <p className="faint">{report.notShown} more lines.</p>}
    </div>
  );
}

function Imports({ carId }: { carId: string }) {
  const imports = useQuery({
    queryKey: ["imports", carId],
    queryFn: () => unwrap(api.GET("/api/cars/{carId}/imports", { params: { path: { carId } } })),
  });
  return (
    <Wait for={imports}>
      {({ items }) =>
        items.length > 0 && (
          <section className="card">
            <Scroll label="Imports">
              <table>
                <caption>Imports</caption>
                <tbody>
                  {items.map((entry) => (
                    <tr key={entry.id}>
                      <td>{moment(entry.importedAt)}</td>
                      <td>{plain(entry.program)}</td>
                      <td>{entry.written + entry.attached + entry.replaced} lines</td>
                      <td>
                        {entry.undoneAt ? (
                          "taken out"
                        ) : (
                          <Act
                            name="Take it out"
                            isQuiet
                            confirm="Take this import out of the books? What you changed since stays."
                            act={() =>
                              unwrap(
                                api.POST("/api/cars/{carId}/imports/{entryId}/undo", {
                                  params: { path: { carId, entryId: entry.id } },
                                }),
                              )
                            }
                          />
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </section>
        )
      }
    </Wait>
  );
}

function Export({ carId }: { carId: string }) {
  const [kind, setKind] = useState("trips");
  const base = `/api/cars/${carId}/export`;
  return (
    <section className="card" aria-labelledby="export">
      <h2 id="export">Export</h2>
      <Choice label="A book" value={kind} onChange={(event) => setKind(event.target.value)}>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {plain(kind)}
          </option>
        ))}
      </Choice>
      <div className="acts">
        <Act name="As CSV" act={() => download(`${base}?format=csv&kind=${kind}`, `${kind}.csv`)} />
        <Act name="All books as JSON" isQuiet act={() => download(`${base}?format=json`, "carvetka.json")} />
      </div>
    </section>
  );
}
