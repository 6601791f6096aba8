import type { ReactNode } from "react";

/** What is wider than a phone. It takes the focus, so that arrow keys move it. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
