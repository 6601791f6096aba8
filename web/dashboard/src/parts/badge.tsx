import type { components } from "../api.ts";

const WORDS: Record<components["schemas"]["Connection"], { text: string; look: string }> = {
  not_connected: { text: "Not connected", look: "grey" },
  active: { text: "Connected", look: "good" },
  reauth_required: { text: "Please connect again", look: "bad" },
};

export function ConnectionBadge({ connection }: { connection: components["schemas"]["Connection"] }) {
  const { text, look } = WORDS[connection];
  return <span className={`badge ${look}`}>{text}</span>;
}

/** How sure the machine is, where that has to be said. */
export function StateBadge({ state }: { state: string | null | undefined }) {
  switch (state) {
    case "candidate":
      return <span className="badge warn">Is this right?</span>;
    case "confirmed":
      return <span className="badge good">Confirmed</span>;
    case "hidden":
      return <span className="badge grey">Small</span>;
    default:
      return null;
  }
}
