// Fields that many forms have.

import { usePreferences } from "../preferences.ts";

import { Field, localInput } from "./form.tsx";

/** When something was: now, where nobody said. */
export function When({ at }: { at?: string | null | undefined }) {
  return <Field label="When" name="at" type="datetime-local" required defaultValue={localInput(at ?? new Date().toISOString())} />;
}

/** The person's own, where nobody said another. */
export function Currency({ currency, isRequired = false }: { currency: string | null | undefined; isRequired?: boolean }) {
  const { data: preferences } = usePreferences();
  return (
    <Field
      label="Currency"
      name="currency"
      pattern="[A-Z]{3}"
      maxLength={3}
      required={isRequired}
      defaultValue={currency ?? preferences?.currency ?? "EUR"}
    />
  );
}

export function Notes({ notes }: { notes: string | null | undefined }) {
  return <Field label="Notes" name="notes" maxLength={2000} defaultValue={notes ?? ""} />;
}
