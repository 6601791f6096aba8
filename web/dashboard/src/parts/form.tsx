// Fields with their labels, and a form that says what went wrong.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, type ComponentProps, type ReactNode } from "react";

import { Trouble } from "./states.tsx";

export function Field({ label, note, ...input }: { label: string; note?: string } & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-describedby={note ? `${id}-note` : undefined} {...input} />
      {note && (
        <span id={`${id}-note`} className="faint">
          {note}
        </span>
      )}
    </div>
  );
}

export function Choice({ label, children, ...select }: { label: string; children: ReactNode } & ComponentProps<"select">) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} {...select}>
        {children}
      </select>
    </div>
  );
}

export function Check({ label, ...input }: { label: string } & ComponentProps<"input">) {
  return (
    <label className="check">
      <input type="checkbox" {...input} />
      {label}
    </label>
  );
}

/** What stands in the fields, by their names; empty ones are absent. */
export type Filled = Record<string, string>;

export function Form(props: {
  submit: (filled: Filled) => Promise<unknown>;
  name: string;
  done?: () => void;
  /** What is said when it is done and stays open. */
  told?: string;
  /** What is no field is there, too. */
  isReady?: boolean;
  /** Something else stands in the fields. */
  changed?: () => void;
  children: ReactNode;
  more?: ReactNode;
}) {
  const { submit, name, done, told, isReady = true, changed, children, more } = props;
  const queries = useQueryClient();
  const deed = useMutation({
    mutationFn: submit,
    onSuccess: async () => {
      done?.();
      await queries.invalidateQueries();
    },
  });
  return (
    <form
      onInput={changed}
      onSubmit={(event) => {
        event.preventDefault();
        const filled: Filled = {};
        for (const [key, value] of new FormData(event.currentTarget)) {
          if (typeof value === "string" && value.trim()) filled[key] = value.trim();
        }
        deed.mutate(filled);
      }}
    >
      {children}
      {deed.isError && <Trouble error={deed.error} />}
      <div className="acts">
        <button type="submit" disabled={deed.isPending || !isReady}>
          {name}
        </button>
        {more}
        {told && <span role="status">{deed.isSuccess && told}</span>}
      </div>
    </form>
  );
}

/** As the field of a browser has it, in the person's own clock. */
export function localInput(at: string | null | undefined): string {
  if (!at) return "";
  const moment = new Date(at);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function instant(local: string): string {
  return new Date(local).toISOString();
}
